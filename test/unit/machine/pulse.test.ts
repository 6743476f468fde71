/**
 * Goal: relay and pulse train: what was sent, what the machine acknowledged and what was cut short each end as what they are. Method: the
 * driver over inputs and actuators in memory, on the simulated clock; planning and judging as tables and properties.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeTrain, planTrain, type PulseSettings } from "../../../src/machine/gpio/pulse-train.ts";
import type { PulseLine, RelayLine } from "../../../src/machine/gpio/settings.ts";
import { money } from "../../../src/sale/money.ts";
import { createRig, input, output } from "./gpio-rig.ts";

const acknowledge = { windowMs: 2_000, minMs: 5, without: "not-delivered" } as const;
const ackInput = input("motor runs", 22);
const inhibitInput = input("inhibit", 23);

const relay: RelayLine = {
  form: "relay",
  line: "A1",
  button: undefined,
  output: output("A1", 17),
  onMs: 500,
  acknowledge: undefined,
};
const pulses: PulseLine = {
  form: "pulse",
  line: "A1",
  button: undefined,
  output: output("A1", 17),
  onMs: 50,
  offMs: 50,
  creditValue: 500,
  pulses: 1,
  maxPulses: 20,
  acknowledge: undefined,
};
const withAck = { ...relay, acknowledge: { ...acknowledge, input: ackInput } };

describe("a relay", () => {
  it("that was on for its time has delivered, and is off", async () => {
    const rig = createRig([relay]);
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(499);
    expect(rig.actuators.isOn("A1")).toBe(true);
    await rig.clock.advance(1);
    expect(delivery.outcome).toMatchObject({ kind: "delivered" });
    expect(rig.actuators.anyOn).toBe(false);
  });

  it.each([
    ["stopped", (rig: ReturnType<typeof createRig>) => rig.stop.abort(new Error("stopped"))],
    ["without its guard", (rig: ReturnType<typeof createRig>) => rig.actuators.setTrouble("the guard died")],
    ["of a machine that stops", (rig: ReturnType<typeof createRig>) => void rig.machine.stop()],
  ])("%s in the middle is unknown, and off", async (_name, cut) => {
    const rig = createRig([relay]);
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(100);
    cut(rig);
    await rig.clock.advance(1);
    expect(delivery.outcome).toMatchObject({ kind: "unknown", creditsSent: 1 });
    expect(rig.actuators.anyOn).toBe(false);
  });

  it("is not begun without the guard", async () => {
    const rig = createRig([relay]);
    await rig.start();
    rig.actuators.setTrouble("the guard starts again");
    expect(rig.machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    const delivery = rig.deliver();
    await rig.clock.advance(1);
    expect(delivery.outcome).toEqual({ kind: "not-delivered", reason: "the guard starts again" });
    rig.actuators.setTrouble(undefined);
    expect(rig.machine.readiness()).toEqual({ ready: true });
  });
});

describe("the acknowledge input", () => {
  interface Case {
    readonly name: string;
    /** [time in ms after the order, level]; negative: before. */
    readonly levels: readonly (readonly [number, boolean])[];
    readonly without?: "unknown";
    readonly outcome: "delivered" | "not-delivered" | "unknown";
  }
  const cases: readonly Case[] = [
    { name: "within the pulse", levels: [[100, true]], outcome: "delivered" },
    { name: "within the window", levels: [[2_400, true]], outcome: "delivered" },
    { name: "as the window ends", levels: [[2_500, true]], outcome: "delivered" },
    { name: "after the window", levels: [[2_502, true]], outcome: "not-delivered" },
    { name: "never", levels: [], outcome: "not-delivered" },
    { name: "never, where that proves nothing", levels: [], without: "unknown", outcome: "unknown" },
    { name: "before the start, over already", levels: [[-200, true], [-100, false]], outcome: "not-delivered" }, // prettier-ignore
    { name: "before the start, over within", levels: [[-100, true], [100, false]], outcome: "not-delivered" }, // prettier-ignore
    { name: "before the start, and again within", levels: [[-100, true], [100, false], [300, true]], outcome: "delivered" }, // prettier-ignore
    { name: "active all the time", levels: [[-100, true]], outcome: "unknown" },
    { name: "noise of 2 ms", levels: [[100, true], [102, false]], outcome: "not-delivered" }, // prettier-ignore
  ];
  it.each(cases)("$name: $outcome", async ({ levels, without, outcome }) => {
    const line = { ...withAck, acknowledge: { ...withAck.acknowledge, ...(without === undefined ? {} : { without }) } };
    const rig = createRig([line]);
    await rig.start();
    for (const [atMs, active] of levels)
      rig.clock.startTimer("wire", 1_000 + atMs, () => rig.inputs.set(ackInput.bcm, active));
    await rig.clock.advance(1_000);
    const delivery = rig.deliver();
    await rig.clock.advance(3_000);
    expect(delivery.outcome?.kind).toBe(outcome);
  });

  it("that went away in the middle proves nothing: unknown", async () => {
    const rig = createRig([withAck]);
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(100);
    rig.inputs.remove(ackInput.bcm);
    expect(rig.machine.readiness()).toMatchObject({ fault: "fault" });
    await rig.clock.advance(3_000);
    expect(delivery.outcome?.kind).toBe("unknown");
    expect(rig.machine.readiness()).toEqual({ ready: true });
  });

  it("makes a closure that was cut short a delivery, and a train that was cut short not", async () => {
    for (const [line, kind] of [
      [withAck, "delivered"],
      [{ ...pulses, acknowledge: { ...acknowledge, input: ackInput } }, "unknown"],
    ] as const) {
      const rig = createRig([line]);
      await rig.start();
      const delivery = rig.deliver();
      await rig.clock.advance(20);
      rig.inputs.set(ackInput.bcm, true);
      await rig.clock.advance(10);
      rig.stop.abort(new Error("stopped"));
      await rig.clock.advance(1);
      expect(delivery.outcome?.kind).toBe(kind);
    }
  });
});

describe("a pulse train", () => {
  it("is so many pulses as the price is worth", async () => {
    const rig = createRig([pulses]);
    await rig.start();
    const delivery = rig.deliver({ price: money(3_500, "NOK") });
    await rig.clock.advance(1_000);
    expect(delivery.outcome).toMatchObject({ kind: "delivered", detail: "7 pulses of 50 ms" });
    expect(rig.actuators.starts.get("A1")).toBe(7);
  });

  it("is what a typed amount is worth on its line", async () => {
    const rig = createRig([pulses]);
    await rig.start();
    const price = money(2_000, "NOK");
    const order = rig.order({ kind: "priced", price, item: "A1" }, { price });
    const outcome = rig.machine.deliver(order, rig.stop.signal);
    await rig.clock.advance(5_000);
    expect(await outcome).toMatchObject({ kind: "delivered" });
    expect(rig.actuators.starts.get("A1")).toBe(4);
  });

  it("cut short tells the credits that were sent", async () => {
    const rig = createRig([{ ...pulses, pulses: 2 }]);
    await rig.start();
    const delivery = rig.deliver({ price: money(2_000, "NOK") });
    await rig.clock.advance(520);
    rig.stop.abort(new Error("stopped"));
    await rig.clock.advance(1);
    expect(delivery.outcome).toMatchObject({ kind: "unknown", creditsSent: 3 });
    await rig.clock.advance(5_000);
    expect(rig.actuators.starts.get("A1")).toBe(6);
  });

  it("stops when the machine inhibits in the middle, and is whole when it inhibits after the last began", async () => {
    for (const [atMs, kind] of [
      [120, "unknown"],
      [310, "delivered"],
    ] as const) {
      const rig = createRig([pulses], { inhibit: inhibitInput });
      await rig.start();
      const delivery = rig.deliver({ price: money(2_000, "NOK") });
      await rig.clock.advance(atMs);
      rig.inputs.set(inhibitInput.bcm, true);
      await rig.clock.advance(1_000);
      expect(delivery.outcome?.kind).toBe(kind);
      expect(rig.machine.readiness()).toMatchObject({ fault: "inhibited" });
    }
  });

  const settings = fc.record({
    output: fc.constant("A1"),
    onMs: fc.integer({ min: 10, max: 500 }),
    offMs: fc.integer({ min: 10, max: 500 }),
    creditValue: fc.option(fc.integer({ min: 1, max: 2_000 }), { nil: undefined }),
    pulses: fc.integer({ min: 1, max: 10 }),
    maxPulses: fc.integer({ min: 1, max: 200 }),
    acknowledge: fc.constant(undefined),
  });
  it("never has more pulses than allowed, and is worth exactly the price", () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 0, max: 20_000 }), (one: PulseSettings, price) => {
        const plan = planTrain(one, money(price, "NOK"));
        if (plan.kind === "impossible") return;
        expect(plan.train.count).toBeLessThanOrEqual(one.maxPulses);
        expect(plan.train.count).toBe(plan.credits * one.pulses);
        if (one.creditValue !== undefined) expect(plan.credits * one.creditValue).toBe(price);
      }),
    );
  });

  it.each([
    [{}, 1_250, /not a whole number of credits of 500/],
    [{}, 0, /not a whole number/],
    [{ maxPulses: 3 }, 2_000, /needs 4 pulses, and max_pulses is 3/],
    [{ creditValue: undefined, pulses: 30 }, 2_000, /needs 30 pulses/],
  ])("is refused before anything moves: %o at %i", async (more, price, message) => {
    const rig = createRig([{ ...pulses, ...more }]);
    await rig.start();
    const delivery = rig.deliver({ price: money(price, "NOK") });
    await rig.clock.advance(5_000);
    expect(delivery.outcome?.kind).toBe("not-delivered");
    expect(JSON.stringify(delivery.outcome)).toMatch(message);
    expect(rig.actuators.starts.size).toBe(0);
  });

  it("that was not whole is never delivered, and one that never began is never unknown", () => {
    const acknowledgements = fc.constantFrom(
      { kind: "none-configured" } as const,
      { kind: "seen", afterMs: 5 } as const,
      { kind: "blind" } as const,
      { kind: "missed", without: "unknown", windowMs: 5 } as const,
      { kind: "missed", without: "not-delivered", windowMs: 5 } as const,
    );
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.boolean(),
        fc.integer({ min: 2, max: 20 }),
        acknowledgements,
        (begun, whole, count, ack) => {
          const train = { onMs: 50, offMs: 50, count };
          const outcome = judgeTrain({ begun, isWhole: whole }, train, count, ack);
          if (begun === 0) expect(outcome.kind).toBe("not-delivered");
          else if (!whole || begun < count) expect(outcome).toMatchObject({ kind: "unknown" });
          if (outcome.kind === "unknown") expect(outcome.creditsSent).toBe(Math.min(begun, count));
        },
      ),
    );
  });
});
