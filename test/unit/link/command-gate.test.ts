/** Which commands pass: ours, signed, newer than all before, in time, and with an order that makes sense. */
import { describe, expect, it } from "vitest";
import { CommandGate, type CommandTrust } from "../../../src/link/command-gate.ts";
import { command, commandKey, machine, msn } from "./link-contract.ts";
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
    { kind: "reboot" },
  ])("passes $kind as it was ordered", (order) => {
    expect(gate().judge({ order })).toMatchObject({ kind: "pass", command: { id: "command-1", counter: 6, order } });
  });

  it.each([
    { kind: "self-destruct" },
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
