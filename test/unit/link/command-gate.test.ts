/** Which commands pass: ours, signed, newer than all before, in time, and with an order that makes sense. */
import { describe, expect, it } from "vitest";
import { CommandGate, type CommandTrust } from "../../../src/link/command-gate.ts";
import { command, commandKey, machine, msn } from "./link-contract.ts";
import { commandSchema } from "../../../src/link/command-message.ts";
import { type StationId, stationId } from "../../../src/sale/ids.ts";
import { VirtualClock } from "./virtual-clock.ts";

function gate(trust: Partial<CommandTrust> = {}, plausible = true) {
  const clock = new VirtualClock();
  clock.plausible = plausible;
  const made = new CommandGate({ msn, merchantQrId: machine }, { key: commandKey, highestCounter: 5, ...trust }, clock);
  const judge = (fields: Omit<Parameters<typeof command>[0], "wallMs">) =>
    made.judge(JSON.parse(command({ wallMs: clock.wallMs(), counter: 6, ...fields })));
  return { clock, gate: made, judge };
}

const reference = `${machine}-01JDB2Q0C8X6R3Y5T7W9ZABCDE`;
const product = { id: "cola", name: "Cola", price: { minor: 2500, currency: "NOK" }, vatRate: 1500, line: "B4" };
const catalogue = { currency: "NOK", version: "v2", products: [product] };

describe("command gate", () => {
  it.each([
    { kind: "out-of-service" },
    { kind: "in-service" },
    { kind: "set-catalogue", catalogue },
    { kind: "refund", reference, amount: { minor: 500, currency: "NOK" } },
    { kind: "cancel", reference },
    { kind: "deliver", line: "B4", orderId: "shop-1" },
    { kind: "identify" },
    { kind: "screenshot" },
    { kind: "logs" },
    { kind: "restart" },
    { kind: "reboot" },
    { kind: "update" },
    { kind: "update", version: "1.4.2" },
  ])("passes $kind as it was ordered", (order) => {
    expect(gate().judge({ order })).toMatchObject({ kind: "pass", command: { id: "command-1", counter: 6, order } });
  });

  it.each([
    { kind: "self-destruct" },
    { kind: "update", version: "https://updates.example/" },
    { kind: "deliver" },
    { kind: "refund", reference: "somebody-else" },
    { kind: "refund", reference, amount: { minor: 0.5, currency: "NOK" } },
    { kind: "refund", reference, amount: { minor: 5, currency: "SEK" } },
    { kind: "set-catalogue", catalogue: { ...catalogue, products: [] } },
    { kind: "set-catalogue", catalogue: { ...catalogue, products: [product, product] } },
    { kind: "set-catalogue", catalogue: { ...catalogue, currency: "EUR" } },
  ])("refuses an order that makes no sense: %o", (order) => {
    const verdict = gate().judge({ order });
    expect(verdict).toMatchObject({ kind: "reply", reply: { outcome: "refused" } });
    expect(JSON.stringify(verdict)).toContain('"reason":"order: ');
  });

  it("refuses another machine's reference", () => {
    const order = { kind: "cancel", reference: "vend-2-01JDB2Q0C8X6R3Y5T7W9ZABCDE" };
    expect(gate().judge({ order })).toMatchObject({ reply: { outcome: "refused", reason: "foreign-reference" } });
  });

  it("hands on which outlet is meant: the named one, or the one in the reference", () => {
    const w1 = stationId("w1");
    const { judge } = gate({ stations: [w1, stationId("w2")] });
    const ofW1 = `${machine}--w1-01JDB2Q0C8X6R3Y5T7W9ZABCDE`;
    const orders = [
      { id: "a", counter: 10, station: "w1", order: { kind: "deliver", line: "B4" } },
      { id: "b", counter: 11, order: { kind: "cancel", reference: ofW1 } },
      { id: "c", counter: 12, station: "w1", order: { kind: "refund", reference: ofW1 } },
    ];
    for (const { id, ...fields } of orders)
      expect([id, judge({ id, ...fields })]).toMatchObject([id, { kind: "pass", command: { id, station: w1 } }]);
    expect(judge({ id: "d", counter: 13 })).toMatchObject({
      kind: "pass",
      command: { id: "d", counter: 13, order: { kind: "identify" } },
    });
    expect(JSON.stringify(judge({ id: "e", counter: 14 }))).not.toContain("station");
  });

  it.each([
    ["an outlet that it has not", { station: "w9" }, "unknown-station"],
    ["an outlet, of a machine without any", { station: "w1" }, "unknown-station", []],
    [
      "an outlet, where the computer is meant",
      { station: "w1", order: { kind: "reboot" } },
      "station: reboot is for the whole machine",
    ],
    ["another outlet's reference", { station: "w1", order: { kind: "cancel", reference } }, "foreign-reference"],
    ["a name that is none", { station: "-" }, "unreadable: station"],
  ])("refuses %s", (_name, fields, reason, stations: readonly StationId[] = [stationId("w1")]) => {
    const verdict = gate({ stations }).judge(fields);
    expect(verdict).toMatchObject({ kind: "reply", reply: { outcome: "refused" } });
    expect(JSON.stringify(verdict)).toContain(`"reason":"${reason}`);
  });

  it("still hands on what a reference says of an outlet that has left", () => {
    const order = { kind: "cancel", reference: `${machine}--gone-01JDB2Q0C8X6R3Y5T7W9ZABCDE` };
    expect(gate({ stations: [] }).judge({ order })).toMatchObject({ kind: "pass", command: { station: "gone" } });
  });

  it("finds the signature wrong where the station was changed, added or taken away", () => {
    const trust = { stations: [stationId("w1"), stationId("w2")] };
    for (const [signed, sent] of [
      ["w1", "w2"],
      ["w1", undefined],
      [undefined, "w1"],
    ]) {
      const { gate: judging, clock } = gate(trust);
      const made = command({
        wallMs: clock.wallMs(),
        counter: 6,
        ...(signed === undefined ? {} : { station: signed }),
      });
      const verdict = judging.judge({ ...commandSchema.parse(JSON.parse(made)), station: sent });
      expect(verdict).toMatchObject({ reply: { reason: "signature" } });
    }
  });

  it("refuses a counter that is not newer than the journal's, and than what it took since", () => {
    const { gate: made, judge } = gate();
    expect(judge({ counter: 5 })).toMatchObject({ reply: { outcome: "refused", reason: "counter" } });
    const first = judge({ id: "a", counter: 9 });
    expect(first).toMatchObject({ kind: "pass" });
    if (first.kind === "pass") made.taken(first.command);
    expect(judge({ id: "b", counter: 9 })).toMatchObject({ reply: { reason: "counter" } });
    expect(judge({ id: "a", counter: 9 })).toEqual({ kind: "drop", reason: "duplicate" });
    expect(judge({ id: "c", counter: 10 })).toMatchObject({ kind: "pass" });
  });

  it("lets a command that was not taken in come again", () => {
    const { judge } = gate();
    expect(judge({})).toMatchObject({ kind: "pass" });
    expect(judge({})).toMatchObject({ kind: "pass" });
  });

  it("forgets in silence what the journal has already", () => {
    expect(gate({ wasSeen: (id) => id === "command-1" }).judge({ counter: 3 })).toEqual({
      kind: "drop",
      reason: "duplicate",
    });
  });

  it("says expired after the deadline, and refuses while its clock cannot be believed", () => {
    const { judge } = gate();
    expect(judge({ deadline: "2026-11-23T09:59:59Z" })).toMatchObject({ reply: { outcome: "expired" } });
    expect(gate({}, false).judge({})).toMatchObject({ reply: { outcome: "refused", reason: "clock" } });
  });

  it.each([
    ["2026-11-24T10:00:00Z", "pass"],
    ["2026-11-24T10:00:01Z", "deadline: more than a day ahead"],
    ["2027-11-23T10:00:00Z", "deadline: more than a day ahead"],
    ["9999-12-31T23:59:59Z", "deadline: more than a day ahead"],
  ])("takes a deadline of at most a day: %s", (deadline, expected) => {
    const verdict = gate().judge({ deadline });
    expect(verdict.kind === "reply" && "reason" in verdict.reply ? verdict.reply.reason : verdict.kind).toBe(expected);
  });

  it.each(["2026-11-31T10:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:01:00"])(
    "does not guess what the deadline %s may mean",
    (deadline) => {
      const verdict = gate().judge({ deadline });
      expect(JSON.stringify(verdict)).toContain("unreadable: deadline: not an RFC 3339 time with its offset");
    },
  );

  it("takes counters one by one or as milliseconds since 1970, and none that would be the last", () => {
    const nowMs = Date.UTC(2026, 10, 23, 10);
    const kindOf = (counter: number, highestCounter = 5) => gate({ highestCounter }).judge({ counter }).kind;
    for (const counter of [6, 1_000_005, nowMs, nowMs + 86_400_000]) expect(kindOf(counter)).toBe("pass");
    for (const counter of [nowMs + 86_400_001, nowMs * 1_000, 1e13, Number.MAX_SAFE_INTEGER])
      expect(kindOf(counter)).toBe("reply");
    // A machine whose counter is ahead of the time already goes on from there.
    expect(kindOf(5e12 + 1_000_000, 5e12)).toBe("pass");
    expect(kindOf(5e12 + 1_000_001, 5e12)).toBe("reply");
  });

  it("answers each signed command once, whatever the answer is and however often it comes", () => {
    const { judge } = gate();
    const cases = [
      { id: "late", deadline: "2026-11-23T09:59:59Z" },
      { id: "old", counter: 1 },
      { id: "far", deadline: "2026-11-25T10:00:00Z" },
      { id: "odd", order: { kind: "self-destruct" } },
    ];
    expect(cases.map((fields) => judge(fields).kind)).toEqual(["reply", "reply", "reply", "reply"]);
    expect(cases.map((fields) => judge(fields).kind)).toEqual(["drop", "drop", "drop", "drop"]);
  });

  it("does not let an unsigned command use up the id of a signed one", () => {
    const { clock, gate: made, judge } = gate();
    const forged = command({ wallMs: clock.wallMs(), counter: 6 }, Buffer.alloc(32, 1));
    expect(made.judge(JSON.parse(forged))).toMatchObject({ reply: { reason: "signature" } });
    expect(judge({})).toMatchObject({ kind: "pass" });
  });

  it("refuses what could not even be parsed, where its id is known", () => {
    const { gate: made } = gate();
    expect(made.judgeUnreadable("c-1", "too large")).toEqual({
      kind: "reply",
      reply: { id: "c-1", outcome: "refused", reason: "unreadable: too large" },
    });
    for (const id of [undefined, "", "a b", "x".repeat(65)])
      expect(made.judgeUnreadable(id, "too large")).toEqual({ kind: "drop", reason: "unreadable: too large" });
  });

  it("takes none without a key", () => {
    expect(gate({ key: undefined }).judge({})).toMatchObject({
      reply: { outcome: "refused", reason: "commands-disabled" },
    });
  });

  it.each([undefined, null, 1, "text", [], {}, { id: "a b" }, { id: "x".repeat(65) }])(
    "drops %j, which nobody can be answered to",
    (json) => {
      expect(gate().gate.judge(json)).toMatchObject({ kind: "drop" });
    },
  );
});
