/** What a body says, told by its fields; an identity that survives retries; never an exception. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ageOf, toMachine } from "../../../src/relay/forward.ts";
import { readWebhookEvent, type WebhookEvent } from "../../../src/relay/webhook-event.ts";

const read = (value: unknown): WebhookEvent => readWebhookEvent(Buffer.from(JSON.stringify(value), "utf8"));

/** The provider's documented example, compact as on the wire. */
const example = {
  customerToken: "wbA8ceVRKkoYiQAVELHeFCC3Sn5dtNCvvEtVPiOT77j6wx7uR965AG6Q+q0ATP4=",
  merchantQrId: "d8b7d76d-49aa-48b8-90c6-38779372c163",
  msn: "12345",
  initiatedAt: "2023-10-06T10:45:40.3061965Z",
};
const short = { ...example, merchantQrId: "vend-1" };
const reference = "vend-1-01JDB2Q0C8X6R3Y5T7W9ZABCDE";
const payment = {
  msn: "12345",
  reference,
  pspReference: "740e7483-c083-4b95-9246-a37299ad53b7",
  name: "AUTHORIZED",
  amount: { currency: "NOK", value: 12100 },
  timestamp: "2025-05-31T17:29:23.358Z",
  success: true,
};
const limits = { checkInFreshnessMs: 20_000, paymentExpiryMs: 900_000 };

describe("a webhook body", () => {
  it("of a check-in keeps the provider's time as written", () => {
    expect(read(example)).toMatchObject({
      kind: "checked-in",
      merchantQrId: example.merchantQrId,
      msn: "12345",
      initiatedAt: "2023-10-06T10:45:40.3061965Z",
      initiatedAtWallMs: Date.UTC(2023, 9, 6, 10, 45, 40, 306),
    });
  });

  it.each([
    { ...short, msn: undefined, merchantSerialNumber: "12345" },
    { ...short, msn: 12345 },
    { ...short, added: { later: true } },
  ])("is read in its older and newer forms: %o", (body) => {
    expect(read(body)).toMatchObject({ kind: "checked-in", msn: "12345", merchantQrId: "vend-1" });
  });

  it("of a payment leads to the machine in its reference, by the last hyphen", () => {
    expect(read(payment)).toMatchObject({ kind: "payment", merchantQrId: "vend-1", reference, name: "AUTHORIZED" });
  });

  it.each([{}, [], { ...payment, reference: "inv-8-attempt-2" }, { ...payment, name: undefined }])(
    "that is no event, or somebody else's payment, is unknown: %o",
    (body) => {
      const event = read(body);
      expect(event.kind).toBe("unknown");
      expect(JSON.stringify(event)).not.toContain(example.customerToken);
    },
  );

  it.each([
    [{ ...short, msn: undefined }, "unreadable: no msn"],
    [{ ...short, initiatedAt: "yesterday" }, "unreadable: initiatedAt missing or unreadable"],
    [{ ...short, initiatedAt: "2023-02-29T10:45:40Z" }, "unreadable: initiatedAt missing or unreadable"],
    [{ ...short, initiatedAt: undefined }, "unreadable: initiatedAt missing or unreadable"],
    [{ ...short, customerToken: "" }, "unreadable: customerToken missing or unreadable"],
    [{ ...short, merchantQrId: "kiosk_7" }, "no machine can have this code's id"],
    [{ ...short, merchantQrId: "not/a/machine" }, "no machine can have this code's id"],
    [{ ...short, merchantQrId: "x".repeat(38) }, "no machine can have this code's id"],
    [{ ...short, merchantQrId: "relay" }, "no machine can have this code's id"],
  ])("of a check-in that no machine can take says why, and no token: %o", (body, reason) => {
    const event = read(body);
    expect(event).toMatchObject({ kind: "unserved-check-in", reason });
    expect(JSON.stringify(event)).not.toContain(example.customerToken);
  });

  it("of an unserved check-in keeps the time, where it can be read", () => {
    expect(read({ ...short, merchantQrId: "kiosk_7" })).toMatchObject({
      initiatedAtWallMs: Date.UTC(2023, 9, 6, 10, 45, 40, 306),
    });
    expect(read({ ...short, initiatedAt: 5 })).toMatchObject({ initiatedAtWallMs: undefined });
  });

  it("nested too deeply is unknown, not a fault", () => {
    const deep = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
    const body = JSON.stringify(short).replace("}", `,"more":${deep}}`);
    expect(readWebhookEvent(Buffer.from(body)).kind).toBe("unknown");
  });

  it("never throws, whatever the bytes", () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(body, (bytes) => {
        expect(["checked-in", "payment", "unserved-check-in", "unknown"]).toContain(readWebhookEvent(bytes).kind);
      }),
      { numRuns: 200 },
    );
  });

  it("has one identity for all its copies, and another for each other event", () => {
    const id = (value: unknown): string => {
      const event = read(value);
      return "eventId" in event ? event.eventId : "";
    };
    expect(id({ ...short, added: 1 })).toBe(id(short));
    expect(id({ ...payment, amount: undefined })).toBe(id(payment));
    const others = [
      short,
      example,
      { ...short, customerToken: "other" },
      { ...short, initiatedAt: "2023-10-06T10:45:40.3061966Z" },
      payment,
      { ...payment, name: "CAPTURED" },
      { ...payment, pspReference: "another" },
    ];
    expect(new Set(others.map(id)).size).toBe(others.length);
  });
});

describe("the message to the machine", () => {
  const checkedIn = read(short);
  const paid = read(payment);
  if (checkedIn.kind !== "checked-in" || paid.kind !== "payment") throw new Error("the examples are unreadable");
  const then = checkedIn.initiatedAtWallMs;

  it.each([
    [then + 1_500, 1_500, 19],
    [then + 19_999, 19_999, 1],
    [then - 60_000, 0, 20],
    [then + 60_000, 60_000, 1],
  ])("at %i has age %i ms and an expiry of %i s", (nowMs, ageMs, expiryS) => {
    expect(ageOf(checkedIn, nowMs)).toBe(ageMs);
    const message = toMachine(checkedIn, nowMs, limits);
    expect(message).toMatchObject({ topic: "kvitt/v1/12345/vend-1/event/checked-in", qos: 1, retain: false, expiryS });
    expect(JSON.parse(message.payload)).toEqual({
      schema: "kvitt.checked-in/1",
      specversion: "1.0",
      id: checkedIn.eventId,
      source: "/kvitt/v1/12345",
      type: "kvitt.checked-in.v1",
      subject: "vend-1",
      time: "2023-10-06T10:45:40.3061965Z",
      datacontenttype: "application/json",
      data: { customerToken: example.customerToken, publishedAt: new Date(nowMs).toISOString(), ageMs },
    });
  });

  it("of a payment carries its name and nothing about the customer", () => {
    const message = toMachine(paid, paid.timestampWallMs + 10, limits);
    expect(message).toMatchObject({ topic: "kvitt/v1/12345/vend-1/event/payment", expiryS: 900 });
    expect(JSON.parse(message.payload)).toMatchObject({
      type: "kvitt.payment.v1",
      data: {
        reference,
        name: "AUTHORIZED",
        ageMs: 10,
        publishedAt: new Date(paid.timestampWallMs + 10).toISOString(),
      },
    });
  });
});
