/**
 * Goal: every shape in which the provider says no becomes one error that says what to do, and tells no secret.
 * Method: the documented examples, tables of statuses and codes, and arbitrary bytes.
 */
import * as fc from "fast-check";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../../src/kit/json.ts";
import { errorFromAnswer, retryAfterMs } from "../../../src/vipps/error-answer.ts";
import { adviceFor, errorBeforeSending, unusable } from "../../../src/vipps/errors.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import { printable, redacted } from "../../../src/vipps/redact.ts";
import { Secret } from "../../../src/vipps/secret.ts";
import type { HttpResponse } from "../../../src/vipps/transport.ts";
import { examples, exampleNamed } from "./openapi.ts";
import { json, nothing, text } from "./support.ts";

const nowWallMs = Date.UTC(2026, 10, 23, 12);

function read(response: HttpResponse, secrets: readonly string[] = []) {
  return errorFromAnswer(response, { operation: "capture payment", stage: "call", nowWallMs, secrets });
}

describe("the shapes", () => {
  it.each([
    [
      "QR, time-out",
      json(400, exampleNamed("otp-400-timeout").body),
      { title: "Order timeout", detail: "Payment has already timed out", advice: "change-request" },
    ],
    [
      "QR, validation",
      json(400, exampleNamed("qr-400-validation").body),
      { detail: "BadRequest", advice: "change-request" },
    ],
    [
      "QR, an id that is taken",
      json(409, exampleNamed("redirect-409").body),
      { takenId: "billboard_1", advice: "change-request" },
    ],
    ["QR, 404 without a body", nothing(404), { title: "", status: 404, advice: "give-up" }],
    [
      "QR exchange",
      json(400, exampleNamed("exchange-400").body),
      {
        title: "Bad request",
        faults: [{ name: "qrCode", reason: "The complete data contained in the QR code is required." }],
      },
    ],
    [
      "exchange of a customer",
      json(400, exampleNamed("exchange-customer-400").body),
      { faults: [{ name: "customer", reason: "Customer object is required." }] },
    ],
    [
      "ePayment, validation",
      json(400, exampleNamed("payment-400-validation").body, { "content-type": "application/problem+json" }),
      { traceId: "00-6614b5c7ea5c404b17e45c3a398c4754-5ca6de688e27022d-01", code: undefined, advice: "change-request" },
    ],
    [
      "ePayment, a numeric code",
      json(400, exampleNamed("payment-400-6080").body),
      { code: "6080", faults: [], advice: "give-up" },
    ],
    [
      "Webhooks, all nullable",
      json(400, {
        type: null,
        title: null,
        status: null,
        detail: "Limit reached",
        instance: null,
        traceId: null,
        extraDetails: null,
      }),
      { title: "", detail: "Limit reached", faults: [] },
    ],
    [
      "Azure, 401",
      json(401, { statusCode: 401, message: "Access denied due to invalid subscription key." }),
      { detail: "Access denied due to invalid subscription key.", advice: "refresh-token" },
    ],
    ["Azure, 403", json(403, { statusCode: 403, message: "Forbidden" }), { advice: "give-up" }],
    [
      "Azure, 422",
      json(422, { error: { code: "ValidationError", message: "no" } }),
      { detail: "no", advice: "change-request" },
    ],
    [
      "Azure, 429 with a pause",
      json(
        429,
        { statusCode: 429, message: "Rate limit is exceeded. Try again in 7 seconds." },
        { "retry-after": "7" },
      ),
      { retryAfterMs: 7_000, advice: "retry" },
    ],
    [
      "a token's error",
      json(401, { error: "unauthorized_client", error_description: "x" }),
      { detail: "unauthorized_client" },
    ],
    ["status as text", json(400, { title: "Bad", status: "400", detail: "x" }), { title: "Bad", status: 400 }],
    ["HTML from a gateway", text(502, "<html>Bad Gateway</html>"), { title: "", status: 502, advice: "retry" }],
    ["a body that is cut off", text(500, '{"title": "Inter'), { title: "", advice: "retry" }],
    ["an array", json(400, [{ errorCode: "41" }]), { title: "", advice: "change-request" }],
    [
      "both lists",
      json(400, {
        title: "x",
        invalidParams: [{ name: "a", reason: "b" }],
        extraDetails: [{ name: "ErrorCode", reason: "4040" }],
      }),
      { code: "4040", faults: [{ name: "a", reason: "b" }] },
    ],
    [
      "a list with a hole",
      json(400, { extraDetails: [null, "x", { name: "a" }, { name: "n", reason: 5 }] }),
      { faults: [{ name: "n", reason: "5" }] },
    ],
  ] as const)("%s", (_name, response, facts) => {
    expect(read(response).facts).toMatchObject({ status: response.status, operation: "capture payment", ...facts });
  });

  it("are all read: no error example is left out", () => {
    const errors = examples().filter(({ direction, status }) => direction === "response" && (status ?? 0) >= 400);
    expect(errors.length).toBeGreaterThanOrEqual(8);
    for (const { name, status = 0, body } of errors) {
      const { facts, message } = read(json(status, body));
      expect([name, facts.title !== "" || facts.takenId !== undefined]).toEqual([name, true]);
      expect(message).toContain(`HTTP ${status}`);
    }
  });

  it("whatever bytes come, an error comes out, of bounded length and of one line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 300, max: 599 }), (body, status) => {
        const { facts, message } = read({ status, headers: {}, body });
        expect(facts.status).toBe(status);
        expect(message).not.toMatch(/[\p{Cc}]/u);
        expect(message.length).toBeLessThan(10_000);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(read(text(400, body)).message).not.toMatch(/[\p{Cc}]/u);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what to do", () => {
  it.each([
    [400, undefined, "change-request"],
    [401, undefined, "refresh-token"],
    [403, undefined, "give-up"],
    [404, "5090", "give-up"],
    [404, undefined, "give-up"],
    [408, undefined, "retry"],
    [409, "4010", "give-up"],
    [409, "4020", "give-up"],
    [409, "4150", "give-up"],
    [409, "6250", "retry"],
    [409, "6160", "retry"],
    [400, "6280", "retry"],
    [400, "3010", "retry"],
    [400, "4040", "change-request"],
    [400, "4050", "change-request"],
    [400, "5040", "change-request"],
    [400, "5080", "give-up"],
    [400, "6010", "change-request"],
    [400, "6040", "give-up"],
    [400, "6060", "give-up"],
    [400, "6090", "change-request"],
    [400, "6140", "give-up"],
    [400, "6260", "give-up"],
    [400, "7010", "give-up"],
    [415, undefined, "change-request"],
    [422, undefined, "change-request"],
    [423, undefined, "retry"],
    [425, undefined, "retry"],
    [429, undefined, "retry"],
    [500, undefined, "retry"],
    [501, undefined, "give-up"],
    [502, undefined, "retry"],
    [503, undefined, "retry"],
    [504, undefined, "retry"],
    [302, undefined, "give-up"],
  ] as const)("HTTP %s with code %s: %s", (status, code, advice) => {
    expect(adviceFor(status, code)).toBe(advice);
  });
});

describe("Retry-After", () => {
  it.each([
    ["7", 7_000],
    [" 7 ", 7_000],
    ["0", 0],
    ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
    ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
    ["99999999", 86_400_000],
    ["soon", undefined],
    [undefined, undefined],
  ])("%s", (header, delayMs) => {
    expect(retryAfterMs(header, nowWallMs)).toBe(delayMs);
  });
});

describe("what an error never tells", () => {
  const phone = "4712345678";
  const token = "wbA8ceVRKkoYiQAVELHeFCC3Sn5dtNCvvEtVPiOT77j6wx7uR965AG6Q+q0ATP4=";

  it("is what the provider quotes of the request", () => {
    const quoting = json(400, {
      title: `The token ${token} is not valid`,
      detail: `user ${phone} / +${phone} is unknown`,
      extraDetails: [{ name: "customer.phoneNumber", reason: `'${phone}' is wrong; eyJhbGciOiJIUzI1NiJ9.e30.xyz` }],
    });
    const error = read(quoting, [token, phone]);
    for (const shown of [
      error.message,
      inspect(error, { depth: 9 }),
      JSON.stringify(error.facts),
      String(error.stack),
    ]) {
      expect(shown).not.toContain(token);
      expect(shown).not.toContain(phone);
      expect(shown).not.toContain("eyJ");
    }
    expect(error.message).toContain("[redacted]");
  });

  it("leaves references, ids and amounts readable", () => {
    const plain =
      "reference kiosk-7-01JD0000000000000000000001, 5000 of 65000000x NOK, code 6090, trace 00-6614b5c7ea5c404b-01";
    expect(redacted(plain, [])).toBe(plain);
  });

  it("is a key: secrets print as [redacted] everywhere", () => {
    const held = { secret: new Secret("hush-hush"), keys: credentials("client-1", "hush-hush", "key-1") };
    for (const shown of [inspect(held, { depth: 9, showHidden: true }), JSON.stringify(held), held.secret.toString()])
      expect(shown).not.toContain("hush-hush");
    expect(held.secret.reveal()).toBe("hush-hush");
  });

  it.each(["", "with space", "line\n", "kjøtt"])(
    "and a key that cannot stand in a header is refused without being shown (%j)",
    (key) => {
      expect(() => credentials("client", key, "subscription")).toThrow("client secret");
      expect(() => credentials("client", "bad key here", "subscription")).not.toThrow("bad key here");
    },
  );

  it("has no control characters, and an end", () => {
    expect(printable("a\u001b[31m\nb\u202ec")).toBe("a [31m b c");
    expect(printable("x".repeat(5_000)).length).toBeLessThan(500);
  });
});

describe("an error before sending, and one without an answer", () => {
  it("name what is wrong", () => {
    const before = errorBeforeSending("create payment", [{ name: "amount.value", reason: "99 is not allowed: …" }]);
    expect(before.message).toBe(
      "create payment: not sent; the request breaks the provider's rules; amount.value: 99 is not allowed: …",
    );
    expect(before.code).toBe("provider-call-failed");
    expect(unusable("get payment", "the connection failed").facts).toMatchObject({
      advice: "retry",
      status: undefined,
    });
  });

  it("JSON that is not UTF-8 is no JSON", () => {
    expect(parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
  });
});
