/**
 * Goal: an output that is on for what was bought is on for exactly that, also when more is bought, when the guard dies and after a restart, and never
 * for longer. Method: the driver over actuators in memory, on the simulated clock.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { remainingMs } from "../../../src/machine/gpio/timed.ts";
import type { TimedLine } from "../../../src/machine/gpio/settings.ts";
import { money } from "../../../src/sale/money.ts";
import { merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { createRig, output } from "./gpio-rig.ts";

const shower: TimedLine = {
  form: "timed",
  line: "A1",
  button: undefined,
  output: output("A1", 17),
  onMs: 120_000,
  creditValue: undefined,
};
const coins: TimedLine = { ...shower, onMs: 60_000, creditValue: 500 };
const parking: TimedLine = { ...shower, onMs: undefined };
const price = (minor: number) => ({ price: money(minor, "NOK") });
type Rig = ReturnType<typeof createRig>;

/** How long the output was on, looked at every second. */
async function onFor(rig: Rig, withinMs = 3_600_000): Promise<number> {
  let ms = 0;
  for (let at = 0; at < withinMs && rig.actuators.isOn("A1"); at += 1_000) {
    await rig.clock.advance(1_000);
    ms += 1_000;
  }
  return ms;
}

describe("an output that is on for what was bought", () => {
  it("is delivered when it is on, and goes off by itself", async () => {
    const rig = createRig([shower]);
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(1);
    expect(delivery.outcome).toEqual({ kind: "delivered", detail: "on for 120 s", onForMs: 120_000 });
    expect(await onFor(rig)).toBeCloseTo(120_000, -4);
  });

  it("is as many credits as the price is worth, and no part of one", async () => {
    const rig = createRig([coins]);
    await rig.start();
    const delivery = rig.deliver(price(1_500));
    await rig.clock.advance(1);
    expect(delivery.outcome).toMatchObject({ kind: "delivered", onForMs: 180_000 });
    await rig.clock.advance(200_000);
    const odd = rig.deliver(price(1_501));
    await rig.clock.advance(1);
    expect(odd.outcome).toMatchObject({ kind: "not-delivered" });
    expect(rig.actuators.anyOn).toBe(false);
  });

  it("bought again while it is on, lasts for both, and says so", async () => {
    const rig = createRig([shower]);
    await rig.start();
    rig.deliver();
    await rig.clock.advance(30_000);
    const second = rig.deliver();
    await rig.clock.advance(1);
    expect(second.outcome).toMatchObject({ kind: "delivered", onForMs: 210_000 });
    expect(await onFor(rig)).toBeCloseTo(210_000, -4);
  });

  it("bought again and again is never on for longer in one piece than allowed: more is refused, and not cut short", async () => {
    const rig = createRig([coins], { maxOnMs: 150_000 });
    await rig.start();
    rig.deliver(price(1_000));
    await rig.clock.advance(100_000);
    const more = rig.deliver(price(500));
    await rig.clock.advance(1);
    expect(more.outcome).toMatchObject({ kind: "not-delivered" });
    await rig.clock.advance(30_000);
    const afterwards = rig.deliver(price(1_000));
    await rig.clock.advance(1);
    expect(afterwards.outcome).toMatchObject({ kind: "delivered", onForMs: 120_000 });
  });

  it("is never on for longer than allowed, whatever was bought", async () => {
    const rig = createRig([coins], { maxOnMs: 150_000 });
    await rig.start();
    const much = rig.deliver(price(1_500));
    await rig.clock.advance(1);
    expect(much.outcome).toMatchObject({ kind: "not-delivered" });
    rig.deliver(price(1_000));
    await rig.clock.advance(10_000);
    const more = rig.deliver(price(500));
    await rig.clock.advance(1);
    expect(more.outcome).toMatchObject({ kind: "not-delivered" });
    expect(await onFor(rig)).toBeCloseTo(110_000, -4);
  });

  it("goes on again when the guard is back, for what is left", async () => {
    const rig = createRig([shower]);
    await rig.start();
    rig.deliver();
    await rig.clock.advance(20_000);
    rig.actuators.setTrouble("the guard died");
    await rig.clock.advance(10_000);
    expect(rig.actuators.anyOn).toBe(false);
    rig.actuators.setTrouble(undefined);
    await rig.clock.advance(2_000);
    expect(rig.actuators.isOn("A1")).toBe(true);
    expect(await onFor(rig)).toBeCloseTo(88_000, -4);
  });

  it("that does not go on gave nothing", async () => {
    const rig = createRig([shower]);
    await rig.start();
    rig.actuators.onFault = "the guard refused";
    const delivery = rig.deliver();
    await rig.clock.advance(5_000);
    expect(delivery.outcome).toMatchObject({ kind: "not-delivered" });
  });
});

describe("what goes wrong long after the delivery", () => {
  const [first, second] = ["1", "2"].map((end) => referenceOf(merchantQrId("kiosk-7"), end.padStart(26, "0")));
  const namesOf = (rig: Rig): readonly unknown[] =>
    rig.log.lines.filter(({ level }) => level !== "debug").map(({ fields }) => fields["reference"]);

  it("names the sale whose output did not go on again, or did not go off", async () => {
    const rig = createRig([shower]);
    await rig.start();
    rig.deliver({ reference: first });
    await rig.clock.advance(1_000);
    rig.actuators.setTrouble("the guard is gone");
    rig.actuators.onFault = "EIO";
    rig.actuators.setTrouble(undefined);
    await rig.clock.advance(1_000);
    expect(namesOf(rig)).toEqual([first]);
    rig.actuators.onFault = undefined;
    rig.actuators.offFault = "EIO";
    await rig.clock.advance(121_000);
    expect(new Set(namesOf(rig))).toEqual(new Set([first]));
    expect(namesOf(rig).length).toBeGreaterThan(2);
  });

  it("names the one that bought last, also after a restart", async () => {
    const rig = createRig([shower]);
    await rig.start();
    rig.deliver({ reference: first });
    await rig.clock.advance(1_000);
    rig.deliver({ reference: second });
    await rig.clock.advance(1_000);
    rig.actuators.offFault = "EIO";
    await rig.clock.advance(239_000);
    expect(namesOf(rig).at(-1)).toBe(second);
    const later = createRig([shower]);
    await later.start();
    const until = { untilWallMs: later.clock.wallMs() + 5_000, onForMs: 5_000 };
    await later.machine.resume(later.order({ kind: "line", line: "A1" }, { reference: first, ...until }));
    later.actuators.offFault = "EIO";
    await later.clock.advance(6_000);
    expect(namesOf(later).at(-1)).toBe(first);
  });
});

describe("after a restart", () => {
  async function restarted(line: TimedLine, leftMs: number, onForMs: number): Promise<Rig> {
    const rig = createRig([line]);
    await rig.start();
    const order = rig.order({ kind: "line", line: "A1" }, { untilWallMs: rig.clock.wallMs() + leftMs, onForMs });
    await rig.machine.resume(order);
    await rig.clock.advance(1);
    return rig;
  }

  it("it goes on for what is left", async () => {
    expect(await onFor(await restarted(shower, 45_000, 120_000))).toBeCloseTo(45_000, -4);
  });

  it("what was added to time that was left already is not lost", async () => {
    expect(await onFor(await restarted(shower, 200_000, 210_000))).toBeCloseTo(200_000, -4);
  });

  it("time alone goes on, too", async () => {
    expect(await onFor(await restarted(parking, 45_000, 3_600_000))).toBeCloseTo(45_000, -4);
  });

  it("a clock that jumped back gives nobody more than was bought", async () => {
    expect(await onFor(await restarted(shower, 9_000_000, 120_000))).toBeCloseTo(120_000, -4);
  });

  it("what is over stays off", async () => {
    const rig = await restarted(shower, -1, 120_000);
    expect(rig.actuators.anyOn).toBe(false);
  });

  it("the same order asked for twice is one", async () => {
    const rig = createRig([shower]);
    await rig.start();
    const order = rig.order(
      { kind: "line", line: "A1" },
      { untilWallMs: rig.clock.wallMs() + 45_000, onForMs: 45_000 },
    );
    await rig.machine.resume(order);
    await rig.machine.resume(order);
    await rig.clock.advance(1);
    expect(await onFor(rig)).toBeCloseTo(45_000, -4);
  });

  it("what is left is never more than was bought, nor less than nothing", () => {
    const ms = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(ms, fc.integer({ min: -1e9, max: 1e9 }), fc.boolean(), (total, until, isPlausible) => {
        const left = remainingMs(total, until, { wallMs: 0, isPlausible });
        expect(left).toBeLessThanOrEqual(total);
        expect(left).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
