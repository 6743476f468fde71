/**
 * Goal: whatever the orders are and whoever dies, no output is on past its own deadline. Method: the guard's pure core under random orders, and
 * the daemon's side against the guard's twin, which is killed, frozen and broken on a virtual clock.
 */
import { array, assert, constant, constantFrom, integer, oneof, property, record, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { SimulatedHeader } from "../../../src/machine/gpio/simulated-lines.ts";
import {
  endAll,
  type GuardStep,
  initialGuard,
  nextDeadlineMs,
  passTime,
  takeOrder,
} from "../../../src/machine/guard/core.ts";
import { createGuardedActuators } from "../../../src/machine/guard/guarded-actuators.ts";
import { orderSchema } from "../../../src/machine/guard/protocol.ts";
import { createSimulatedGuard } from "../../../src/machine/guard/simulated-guard.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";

const names = ["a", "b"];
const maxOnMs = 5_000;

const orders = oneof(
  record({
    order: constant("pulse" as const),
    output: constantFrom(...names, "nobody"),
    onMs: integer({ min: 1, max: 8_000 }),
    offMs: integer({ min: 0, max: 500 }),
    count: integer({ min: 1, max: 6 }),
  }),
  record({
    order: constant("on" as const),
    output: constantFrom(...names),
    maxMs: integer({ min: 1, max: 20_000 }),
  }),
  record({ order: constant("off" as const), output: constantFrom(...names) }),
  record({ order: constant("ping" as const) }),
);

describe("the guard's core", () => {
  it("never leaves an output on past its deadline, answers every order, and ends every train once", () => {
    assert(
      property(array(tuple(orders, integer({ min: 0, max: 3_000 })), { maxLength: 40 }), (script) => {
        let state = initialGuard(names, maxOnMs);
        let nowMs = 0;
        /** Pieces of time for which an output is on; what is off for less than a contact needs does not end one. */
        const onSince = new Map<string, number>();
        const lastPiece = new Map<string, { readonly fromMs: number; readonly toMs: number }>();
        const answers = new Map<number, number>();
        const trains = new Map<number, number>();
        const apply = (step: GuardStep): void => {
          state = step.state;
          for (const action of step.actions) {
            if (action.kind === "set") {
              const { output, on } = action;
              const fromMs = onSince.get(output);
              const last = lastPiece.get(output);
              if (on)
                onSince.set(output, fromMs ?? (last !== undefined && nowMs - last.toMs < 10 ? last.fromMs : nowMs));
              else if (fromMs !== undefined) {
                expect(nowMs - fromMs).toBeLessThanOrEqual(maxOnMs);
                lastPiece.set(output, { fromMs, toMs: nowMs });
                onSince.delete(output);
              }
              continue;
            }
            const { reply } = action;
            if (reply.reply === "done" || reply.reply === "refused")
              answers.set(reply.id, (answers.get(reply.id) ?? 0) + 1);
            if (reply.reply === "begun") answers.set(reply.id, 1);
            if (reply.reply === "train") trains.set(reply.id, (trains.get(reply.id) ?? 0) + 1);
          }
        };
        const pass = (untilMs: number): void => {
          for (let next = nextDeadlineMs(state); next !== undefined && next <= untilMs; next = nextDeadlineMs(state)) {
            nowMs = Math.max(nowMs, next);
            apply(passTime(state, nowMs));
          }
          nowMs = untilMs;
          for (const [name, fromMs] of onSince) expect(nowMs - fromMs, name).toBeLessThanOrEqual(maxOnMs);
        };
        script.forEach(([order, waitMs], id) => {
          apply(takeOrder(state, orderSchema.parse({ ...order, id }), nowMs));
          expect(answers.get(id)).toBe(1);
          pass(nowMs + waitMs);
        });
        pass(nowMs + 1_000_000);
        expect([...onSince.keys()]).toEqual([]);
        for (const [id, [order]] of script.entries())
          if (order.order === "pulse" && answers.get(id) === 1 && trains.has(id)) expect(trains.get(id)).toBe(1);
        apply(endAll(state));
        expect([...onSince.keys()]).toEqual([]);
      }),
    );
  });

  /** Runs orders at their times, and says how long the output was on, piece by piece. */
  function pieces(script: readonly (readonly [number, object])[]): readonly number[] {
    let state = initialGuard(["a"], maxOnMs);
    const found: number[] = [];
    let sinceMs: number | undefined;
    const apply = (step: GuardStep, nowMs: number): void => {
      state = step.state;
      for (const action of step.actions) {
        if (action.kind !== "set") continue;
        if (action.on) sinceMs ??= nowMs;
        else if (sinceMs !== undefined) {
          found.push(nowMs - sinceMs);
          sinceMs = undefined;
        }
      }
    };
    const passUntil = (untilMs: number): void => {
      for (let next = nextDeadlineMs(state); next !== undefined && next <= untilMs; next = nextDeadlineMs(state))
        apply(passTime(state, next), next);
    };
    script.forEach(([atMs, order], id) => {
      passUntil(atMs);
      apply(takeOrder(state, orderSchema.parse({ ...order, output: "a", id }), atMs), atMs);
    });
    passUntil(1_000_000);
    return found;
  }

  it("counts what an output may be on from when it went on: no order renews it", () => {
    const every4s = Array.from({ length: 14 }, (_, index) => [index * 4_000, { order: "on", maxMs: 5_000 }] as const);
    expect(pieces(every4s)).toEqual([maxOnMs]);
  });

  it("takes an order again once it was told to put the output off", () => {
    expect(
      pieces([
        [0, { order: "on", maxMs: 60_000 }],
        [6_000, { order: "on", maxMs: 1_000 }],
        [7_000, { order: "off" }],
        [8_000, { order: "on", maxMs: 1_000 }],
      ]),
    ).toEqual([maxOnMs, 1_000]);
  });

  it("an off that no contact sees does not begin a new piece", () => {
    const flicker = Array.from({ length: 5 }, (_, index) => [
      [index * 1_000, { order: "off" }] as const,
      [index * 1_000 + 1, { order: "on", maxMs: 60_000 }] as const,
    ]).flat();
    const on = pieces(flicker);
    expect(on.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(maxOnMs);
  });

  it.each([
    [{ onMs: 1_000, offMs: 0, count: 6 }, 0],
    [{ onMs: 1_000, offMs: 9, count: 6 }, 0],
    [{ onMs: 1_000, offMs: 0, count: 5 }, 5_000],
    [{ onMs: 1_000, offMs: 10, count: 6 }, 6_000],
  ])("a train without a gap is one long on: %j", (train, onMs) => {
    expect(pieces([[0, { order: "pulse", ...train }]]).reduce((sum, ms) => sum + ms, 0)).toBe(onMs);
  });

  it("makes exactly the pulses that were ordered, each for its time", () => {
    let step = takeOrder(
      initialGuard(["a"], maxOnMs),
      { order: "pulse", id: 1, output: "a", onMs: 50, offMs: 30, count: 3 },
      0,
    );
    const levels: [number, boolean][] = [];
    let nowMs = 0;
    for (;;) {
      for (const action of step.actions) if (action.kind === "set") levels.push([nowMs, action.on]);
      const next = nextDeadlineMs(step.state);
      if (next === undefined) break;
      nowMs = next;
      step = passTime(step.state, nowMs);
    }
    expect(levels).toEqual([
      [0, true],
      [50, false],
      [80, true],
      [130, false],
      [160, true],
      [210, false],
    ]);
    expect(step.actions.at(-1)).toEqual({ kind: "reply", reply: { reply: "train", id: 1, begun: 3, isWhole: true } });
  });
});

async function world() {
  const clock = new SimulatedClock();
  const header = new SimulatedHeader(clock);
  const openLines = async () => header.open();
  const guard = createSimulatedGuard(clock, header);
  const log = createMemoryLog([]);
  const actuators = createGuardedActuators({
    hello: {
      order: "hello",
      outputs: [
        { name: "coil", bcm: 17, activeLow: false },
        { name: "barrier", bcm: 27, activeLow: true },
      ],
      maxOnMs: 60_000,
      lines: { backEnd: "simulated" },
    },
    startGuard: guard.start,
    openLines,
    clock,
    entropy: createSeededEntropy(1),
    log,
  });
  await actuators.start();
  await settle();
  const isOn = (): boolean => header.isHigh(17);
  return { clock, header, guard, actuators, isOn };
}

const never = new AbortController().signal;

describe("actuators with a guard", () => {
  it("put outputs off before anything else, the inverted one high", async () => {
    const { header, actuators } = await world();
    expect(header.isHigh(17)).toBe(false);
    expect(header.isHigh(27)).toBe(true);
    expect(actuators.trouble()).toBeUndefined();
  });

  it("pulse, and know that it was whole", async () => {
    const { clock, header, actuators } = await world();
    const train = actuators.pulse("coil", { onMs: 50, offMs: 50, count: 20 }, never);
    await clock.advance(5_000);
    expect(await train).toEqual({ begun: 20, isWhole: true });
    expect(header.history.filter(({ bcm, high }) => bcm === 17 && high)).toHaveLength(20);
  });

  it("stop a train when they are asked to, and say how far it came", async () => {
    const { clock, actuators, isOn } = await world();
    const stop = new AbortController();
    const train = actuators.pulse("coil", { onMs: 100, offMs: 100, count: 10 }, stop.signal);
    await clock.advance(250);
    stop.abort();
    await clock.advance(10);
    expect(isOn()).toBe(false);
    expect(await train).toMatchObject({ begun: 2, isWhole: false });
  });

  it("put an output off at the end of its time though nobody asks", async () => {
    const { clock, actuators, isOn } = await world();
    await actuators.on("coil", 4_000);
    expect(isOn()).toBe(true);
    await clock.advance(4_001);
    expect(isOn()).toBe(false);
  });

  it.each(["kill", "freeze"] as const)(
    "survive a guard that they lose (%s) in the middle of a train: off, told, and a new guard",
    async (how) => {
      const { clock, guard, actuators, isOn } = await world();
      const train = actuators.pulse("coil", { onMs: 2_000, offMs: 100, count: 3 }, never);
      await clock.advance(500);
      expect(isOn()).toBe(true);
      guard[how]();
      await clock.advance(10_000);
      expect(isOn()).toBe(false);
      const end = await train;
      expect(end).toMatchObject({ isWhole: false });
      expect(end.begun).toBeGreaterThanOrEqual(1);
      expect(end.begun).toBeLessThanOrEqual(2);
      await clock.advance(5_000);
      expect(actuators.trouble()).toBeUndefined();
      expect(guard.starts).toBe(2);
      const again = actuators.pulse("coil", { onMs: 10, offMs: 0, count: 1 }, never);
      await clock.advance(100);
      expect(await again).toEqual({ begun: 1, isWhole: true });
    },
  );

  it("notice a frozen guard while nothing moves", async () => {
    const { clock, guard, actuators } = await world();
    const news: (string | undefined)[] = [];
    actuators.onTrouble(() => news.push(actuators.trouble()));
    guard.freeze();
    await clock.advance(20_000);
    expect(news[0]).toMatch(/lost/);
    expect(news.at(-1)).toBeUndefined();
  });

  it("refuse orders while there is no guard, and try again for ever, less and less often", async () => {
    const { clock, guard, actuators } = await world();
    guard.isBroken = true;
    guard.kill();
    await clock.advance(3_600_000);
    expect(actuators.trouble()).toMatch(/lost/);
    expect(guard.starts).toBeGreaterThan(20);
    expect(guard.starts).toBeLessThan(150);
    expect(await actuators.pulse("coil", { onMs: 10, offMs: 0, count: 1 }, never)).toMatchObject({ begun: 0 });
    await expect(actuators.on("coil", 100)).rejects.toThrow(/guard/);
    guard.isBroken = false;
    await clock.advance(120_000);
    expect(actuators.trouble()).toBeUndefined();
  });

  it("say so when a line is gone and nobody can say that it is off", async () => {
    const { clock, header, actuators } = await world();
    await actuators.on("coil", 30_000);
    header.remove(17);
    const off = actuators.off("coil").then(
      () => "off",
      (error: unknown) => (error instanceof Error ? error.message : "?"),
    );
    await clock.advance(3_000);
    expect(await off).toMatch(/nobody can say/);
    expect(actuators.trouble()).toBeDefined();
  });

  it("end with everything off", async () => {
    const { clock, actuators, isOn } = await world();
    await actuators.on("coil", 30_000);
    const stopping = actuators.stop();
    await clock.advance(5_000);
    await stopping;
    expect(isOn()).toBe(false);
  });
});
