/**
 * Goal: a coil with its home switch and drop sensor ends as delivered, not delivered or unknown, whatever goes wrong; it never turns on after its end,
 * and jogs no more often than allowed. Method: the driver over a coil in memory, on the simulated clock; any other coil by properties.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MotorEvent, motorIdle, type MotorSettings, stepMotor } from "../../../src/machine/gpio/motor.ts";
import type { MotorLine } from "../../../src/machine/gpio/settings.ts";
import { createRig, input, output } from "./gpio-rig.ts";

const home = input("home A1", 22);
const drop = input("drop sensor", 23);
const door = input("door", 24);

const line: MotorLine = {
  form: "motor",
  line: "A1",
  button: undefined,
  output: output("A1", 17),
  confirm: "drop",
  home,
  homeStableMs: 20,
  drop,
  dropMinMs: 3,
  leaveMs: 1_500,
  turnMs: 6_000,
  dropWaitMs: 2_000,
  jogs: 1,
};
const byHome: MotorLine = { ...line, confirm: "home", drop: undefined };
const withoutHome: MotorLine = { ...line, home: undefined };

/** What the coil does each time that it is switched on: when it leaves home, when it is there again, and when something falls. */
interface Coil {
  readonly leavesMs?: number;
  readonly returnsMs?: number;
  /** When something falls, by turn; undefined: nothing. */
  readonly fallsMs?: readonly (number | undefined)[];
  readonly pulseMs?: number;
  readonly startsAway?: boolean;
  readonly startsBlind?: boolean;
}

function coilRig(settings: MotorLine, coil: Coil, wide: Parameters<typeof createRig>[1] = {}) {
  const rig = createRig([settings], wide);
  const { clock, inputs, actuators } = rig;
  inputs.set(home.bcm, coil.startsAway !== true);
  inputs.set(drop.bcm, coil.startsBlind === true);
  actuators.onMove = () => {
    const turn = actuators.starts.get("A1") ?? 0;
    // A coil that stands still goes nowhere: what happens later needs it to be on.
    const later = (ms: number | undefined, act: () => void): void => {
      if (ms !== undefined)
        clock.startTimer("coil", ms, () => {
          if (actuators.isOn("A1")) act();
        });
    };
    later(coil.leavesMs, () => inputs.set(home.bcm, false));
    later(coil.returnsMs, () => inputs.set(home.bcm, true));
    const fallsMs = coil.fallsMs?.[turn - 1];
    if (fallsMs !== undefined)
      clock.startTimer("fall", fallsMs, () => {
        inputs.set(drop.bcm, true);
        clock.startTimer("fallen", coil.pulseMs ?? 15, () => inputs.set(drop.bcm, false));
      });
  };
  return rig;
}

const good = { leavesMs: 200, returnsMs: 3_200 };

describe("a coil", () => {
  it.each<readonly [string, MotorLine, Coil, string, RegExp, string | undefined, number]>([
    ["gives while it turns", line, { ...good, fallsMs: [2_500] }, "delivered", /drop sensor, turn 1/, undefined, 1],
    ["gives after it stopped", line, { ...good, fallsMs: [4_000] }, "delivered", /turn 1/, undefined, 1],
    ["gives at the second turn", line, { ...good, fallsMs: [undefined, 1_000] }, "delivered", /turn 2/, undefined, 2],
    ["is empty", line, good, "not-delivered", /nothing fell in 2 turns/, "sold-out", 2],
    ["jams at home", line, {}, "not-delivered", /not left within 1500/, "jammed", 1],
    ["jams in the turn", line, { leavesMs: 200 }, "not-delivered", /not reached within 6000/, "jammed", 1],
    ["jams, and gives", line, { leavesMs: 200, fallsMs: [3_000] }, "delivered", /jam/, "jammed", 1],
    ["jams, and gives late", line, { leavesMs: 200, fallsMs: [7_000] }, "delivered", /turn 1/, "jammed", 1],
    [
      "starts away from home",
      line,
      { ...good, startsAway: true, fallsMs: [2_000] },
      "delivered",
      /turn 1/,
      undefined,
      1,
    ],
    [
      "has something in its light curtain",
      line,
      { ...good, startsBlind: true },
      "not-delivered",
      /active though nothing falls/,
      undefined,
      0,
    ],
    [
      "gives less than noise",
      line,
      { ...good, fallsMs: [2_000, 2_000], pulseMs: 2 },
      "not-delivered",
      /nothing fell/,
      "sold-out",
      2,
    ],
    ["is trusted by its home switch", byHome, good, "delivered", /home again/, undefined, 1],
    [
      "is away from home with nothing else to trust",
      byHome,
      { ...good, startsAway: true },
      "not-delivered",
      /does not stand at home/,
      "jammed",
      0,
    ],
    ["leaves home and is lost", byHome, { leavesMs: 200 }, "unknown", /not reached/, "jammed", 1],
    ["never leaves home", byHome, {}, "not-delivered", /not left/, "jammed", 1],
    ["has no switch, and gives", withoutHome, { fallsMs: [3_000] }, "delivered", /turn 1/, undefined, 1],
    ["has no switch, and is empty", withoutHome, {}, "not-delivered", /2 turns/, "sold-out", 2],
  ])("that %s", async (_, settings, coil, kind, words, lineState, turns) => {
    const rig = coilRig(settings, coil);
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(60_000);
    expect(delivery.outcome).toMatchObject({ kind });
    expect(JSON.stringify(delivery.outcome)).toMatch(words);
    expect(rig.lineStates()).toEqual(lineState === undefined ? [] : [lineState]);
    expect(rig.actuators.starts.get("A1") ?? 0).toBe(turns);
    expect(rig.actuators.anyOn).toBe(false);
  });

  it("a home switch that chatters as it is left is not a turn", async () => {
    const rig = coilRig(byHome, good);
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(195);
    for (const active of [false, true, false, true, false]) {
      rig.inputs.set(home.bcm, active);
      await rig.clock.advance(4);
    }
    await rig.clock.advance(2_500);
    expect(delivery.outcome).toBeUndefined();
    await rig.clock.advance(1_000);
    expect(delivery.outcome).toMatchObject({ kind: "delivered" });
  });

  it.each<readonly [string, number, (rig: ReturnType<typeof coilRig>) => void, string]>([
    ["asked to stop in the turn", 1_000, (rig) => rig.stop.abort(new Error("too slow")), "unknown"],
    ["asked to stop after something fell", 2_600, (rig) => rig.stop.abort(new Error("too slow")), "delivered"],
    ["that loses its guard", 1_000, (rig) => rig.actuators.setTrouble("the guard died"), "unknown"],
    ["whose door is opened", 1_000, (rig) => rig.inputs.set(door.bcm, true), "unknown"],
  ])("%s stands still at once", async (_, afterMs, act, kind) => {
    const rig = coilRig(line, { ...good, fallsMs: [2_500] }, { door });
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(afterMs);
    act(rig);
    await rig.clock.advance(100);
    expect(delivery.outcome).toMatchObject({ kind });
    expect(rig.actuators.anyOn).toBe(false);
    await rig.clock.advance(60_000);
    expect(rig.actuators.starts.get("A1")).toBe(1);
  });

  it("that cannot be switched on gave nothing", async () => {
    const rig = coilRig(line, good);
    await rig.start();
    rig.actuators.onFault = "the guard refused";
    const delivery = rig.deliver();
    await rig.clock.advance(10_000);
    expect(delivery.outcome).toMatchObject({ kind: "not-delivered" });
  });

  it("is never continued after a restart", async () => {
    const rig = coilRig(line, { ...good, fallsMs: [2_500] });
    await rig.start();
    const order = rig.order(
      { kind: "line", line: "A1" },
      { untilWallMs: rig.clock.wallMs() + 60_000, onForMs: 60_000 },
    );
    await rig.machine.resume(order);
    await rig.clock.advance(60_000);
    expect(rig.actuators.starts.get("A1")).toBeUndefined();
  });
});

describe("any coil", () => {
  const events = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.boolean().map((active): MotorEvent => ({ kind: "home", active })) },
      { weight: 1, arbitrary: fc.constant<MotorEvent>({ kind: "drop" }) },
      { weight: 3, arbitrary: fc.constant<MotorEvent>({ kind: "time-out" }) },
      { weight: 1, arbitrary: fc.constant<MotorEvent>({ kind: "halt", reason: "stop" }) },
    ),
    { maxLength: 40 },
  );
  const settings = fc.record({
    output: fc.constant("A1"),
    confirm: fc.constantFrom<"drop" | "home">("drop", "home"),
    hasHome: fc.constant(true),
    leaveMs: fc.constant(1_500),
    turnMs: fc.constant(6_000),
    dropWaitMs: fc.constant(2_000),
    jogs: fc.integer({ min: 0, max: 3 }),
  });

  function play(motor: MotorSettings, all: readonly MotorEvent[]) {
    let state = motorIdle;
    let isOn = false;
    let turns = 0;
    let hasDropped = false;
    for (const event of [{ kind: "start", homeActive: true, dropActive: false } as const, ...all]) {
      if (event.kind === "drop") hasDropped ||= state.phase !== "ended";
      const step = stepMotor(motor, state, event);
      state = step.state;
      for (const command of step.commands) {
        if (command.kind === "on") turns += 1;
        if (command.kind !== "wait") isOn = command.kind === "on";
        if (command.kind === "on") expect(command.maxMs).toBeLessThanOrEqual(7_750);
      }
    }
    return { state, isOn, turns, hasDropped };
  }

  it("is off at its end, turns no more often than allowed, and delivered only what was seen", () => {
    fc.assert(
      fc.property(settings, events, (motor, all) => {
        const { state, isOn, turns, hasDropped } = play(motor, all);
        expect(turns).toBeLessThanOrEqual(motor.jogs + 1);
        if (state.phase !== "ended") return;
        expect(isOn).toBe(false);
        if (motor.confirm === "drop") expect(state.outcome.kind === "delivered").toBe(hasDropped);
        // Nothing that comes later changes what was said.
        expect(stepMotor(motor, state, { kind: "drop" })).toEqual({ state, commands: [] });
      }),
    );
  });

  it("ends when nothing more is heard of it", () => {
    fc.assert(
      fc.property(settings, events, (motor, all) => {
        const silence = Array.from({ length: 3 * (motor.jogs + 2) }, (): MotorEvent => ({ kind: "time-out" }));
        expect(play(motor, [...all, ...silence]).state.phase).toBe("ended");
      }),
    );
  });
});
