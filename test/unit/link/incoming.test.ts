/** Whatever bytes come on whatever topic, they become one meaning and never an exception. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readIncoming } from "../../../src/link/incoming.ts";
import { stationId } from "../../../src/sale/ids.ts";
import { checkedIn, machine, msn, root } from "./link-contract.ts";

const address = { msn, merchantQrId: machine };
const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");
const read = (topic: string, payload: string, retained = false) =>
  readIncoming(address, { topic, payload: bytes(payload), retained });
const now = Date.UTC(2026, 10, 23, 10);

describe("incoming messages", () => {
  it("are never an exception", () => {
    const topics = ["event/checked-in", "event/payment", "command", "state", "sale"].map((leaf) => `${root}/${leaf}`);
    const topic = fc.oneof(fc.constantFrom(...topics, `kvitt/v1/${msn}/relay/a`), fc.string());
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc.jsonValue({ maxDepth: 2 }).map((value) => bytes(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(topic, payload, fc.boolean(), (topic, payload, retained) => {
        expect(["event", "command", "unreadable-command", "relay", "called-lost", "nothing", "dropped"]).toContain(
          readIncoming(address, { topic, payload, retained }).kind,
        );
      }),
      { numRuns: 300 },
    );
  });

  it("that are commands too large or too deep to be read keep the id that their sender waits for", () => {
    const deep = `{"order":${"[".repeat(8_000)}${"]".repeat(8_000)},"id":"c-1"}`;
    for (const payload of [
      deep,
      `{"id":"c-1","order":"${"x".repeat(300_000)}"}`,
      `{"id":"c-1","order":"${"x".repeat(3_000_000)}`,
    ])
      expect(read(`${root}/command`, payload)).toMatchObject({ kind: "unreadable-command", id: "c-1" });
    expect(read(`${root}/command`, "{")).toMatchObject({ kind: "unreadable-command", id: undefined });
  });

  it.each([
    ["another sales unit's", `kvitt/v1/654321/${machine}/event/checked-in`, checkedIn(now), false, /foreign/],
    ["another machine's topic", `kvitt/v1/${msn}/vend-2/event/checked-in`, checkedIn(now), false, /foreign/],
    ["another machine's subject", `${root}/event/checked-in`, checkedIn(now, "e", "vend-2"), false, /foreign/],
    ["retained", `${root}/event/checked-in`, checkedIn(now), true, /retained/],
    ["a token that is dead", `${root}/event/checked-in`, checkedIn(now).replace("1500", "900001"), false, /stale/],
    ["a negative age", `${root}/event/checked-in`, checkedIn(now).replace("1500", "-1"), false, /ageMs/],
    ["no token", `${root}/event/checked-in`, checkedIn(now).replace("customerToken", "other"), false, /customerToken/],
    ["too large", `${root}/event/checked-in`, " ".repeat(300_000), false, /larger/],
    ["a retained command", `${root}/command`, "{}", true, /retained/],
    ["an unknown topic", `${root}/event/else`, "{}", false, /unknown topic/],
  ])("are dropped with a reason: %s", (_name, topic, payload, retained, reason) => {
    const meaning = read(topic, payload, retained);
    expect(meaning.kind).toBe("dropped");
    expect(meaning.kind === "dropped" && meaning.reason).toMatch(reason);
    expect(JSON.stringify(meaning)).not.toContain("dG9rZW4=");
  });

  describe("for an outlet", () => {
    const stations = [stationId("w1")];
    const outlet = (topic: string, payload: string, known = stations) =>
      readIncoming(address, { topic, payload: bytes(payload), retained: false }, known);
    const scan = (subject: string) => checkedIn(now, "e", subject);
    const payment = (subject: string, reference: string): string =>
      JSON.stringify({
        specversion: "1.0",
        id: "p",
        source: "/kvitt",
        type: "kvitt.payment.v1",
        subject,
        time: new Date(now).toISOString(),
        data: { reference, name: "AUTHORIZED", publishedAt: new Date(now).toISOString(), ageMs: 1 },
      });

    it("name it", () => {
      expect(outlet(`${root}/event/checked-in`, scan(`${machine}--w1`))).toMatchObject({
        kind: "event",
        message: { kind: "checked-in", station: "w1" },
      });
    });

    it.each([
      ["an outlet that it has not", scan(`${machine}--w2`), stations],
      ["an outlet, of a machine without any", scan(`${machine}--w1`), []],
      ["the machine itself, where only outlets sell", scan(machine), stations],
      ["an outlet of a machine with a longer name", scan(`${machine}-b--w1`), stations],
      ["an outlet of a machine with a shorter name", scan(`${machine.slice(0, -1)}--w1`), stations],
    ])("are dropped when they are about %s", (_name, payload, known) => {
      expect(outlet(`${root}/event/checked-in`, payload, known)).toMatchObject({ kind: "dropped" });
    });

    it("are handed over when they are about a payment, also of an outlet that has left", () => {
      const id = `${machine}--gone`;
      const reference = `${id}-01JDB2Q0C8X6R3Y5T7W9ZABCDE`;
      expect(outlet(`${root}/event/payment`, payment(id, reference))).toMatchObject({
        kind: "event",
        message: { kind: "payment-event", reference, station: "gone" },
      });
      expect(outlet(`${root}/event/payment`, payment(machine, reference))).toMatchObject({ kind: "dropped" });
    });
  });

  it("on the own state topic matter only when somebody now calls us lost", () => {
    const lost = '{"state":"lost","session":1,"version":"1","since":"2026-11-23T10:00:00Z"}';
    expect(read(`${root}/state`, lost).kind).toBe("called-lost");
    expect(read(`${root}/state`, lost, true).kind).toBe("nothing");
    expect(read(`${root}/state`, lost.replace("lost", "ready")).kind).toBe("nothing");
  });
});
