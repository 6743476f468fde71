/**
 * Goal: whatever happens in whatever order, at most one guard exists, none after stop(), and nobody opens an output under a running
 * delivery. Method: the GPIO machine and its actuators on a virtual clock, with guards and lines that are slow, refused, killed and frozen
 * at random; the twins write down every offence.
 */
import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { createGpioMachine } from "../../../src/machine/gpio/gpio-driver.ts";
import type { RelayLine } from "../../../src/machine/gpio/settings.ts";
import { SimulatedHeader } from "../../../src/machine/gpio/simulated-lines.ts";
import { createGuardedActuators } from "../../../src/machine/guard/guarded-actuators.ts";
import { createSimulatedGuard } from "../../../src/machine/guard/simulated-guard.ts";
import type { DeliveryOutcome } from "../../../src/machine/port.ts";
import { money } from "../../../src/sale/money.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";

const coil = { name: "A1", bcm: 17, activeLow: false };
const button = { name: "button A1", bcm: 5, activeLow: true };
const relay: RelayLine = { line: "A1", form: "relay", button, output: coil, onMs: 3_000, acknowledge: undefined };
const wide = {
  inhibit: undefined,
  inhibitWaitMs: 5_000,
  door: undefined,
  cancelButton: undefined,
  lamp: undefined,
  postDelayMs: 0,
  maxOnMs: 60_000,
  stableMs: 25,
};
/** A delivery that is told to stop, a guard that is asked to end and then killed, and outputs that are slow to go off. */
const stopMsMax = 18_000;

function createWorld(seed = 1) {
  const clock = new SimulatedClock();
  const header = new SimulatedHeader(clock);
  const guard = createSimulatedGuard(clock, header);
  const parts = { clock, entropy: createSeededEntropy(seed), log: createMemoryLog() };
  const openLines = async () => header.open();
  const actuators = createGuardedActuators({
    ...parts,
    hello: { order: "hello", outputs: [coil], maxOnMs: 61_000, lines: { backEnd: "simulated" } },
    startGuard: guard.start,
    openLines,
  });
  const machine = createGpioMachine({ ...parts, openInputs: openLines, actuators, lines: [relay], wide });
  let deliveries = 0;
  const deliver = () => {
    deliveries += 1;
    const result: { outcome: DeliveryOutcome | undefined; readonly fromMs: number } = {
      outcome: undefined,
      fromMs: clock.monotonicMs(),
    };
    void machine
      .deliver(
        {
          deliveryId: `d${deliveries}`,
          reference: undefined,
          selection: { kind: "line", line: "A1" },
          price: money(1_000, "NOK"),
        },
        new AbortController().signal,
      )
      .then((outcome) => (result.outcome = outcome));
    return result;
  };
  const start = () => machine.start(() => {});
  return { clock, header, guard, actuators, machine, deliver, start };
}

/** How long the promise takes on the virtual clock; undefined when it is not over within the limit. */
async function lasts(clock: SimulatedClock, work: Promise<unknown>, limitMs: number): Promise<number | undefined> {
  const fromMs = clock.monotonicMs();
  const seen: { endMs: number | undefined } = { endMs: undefined };
  void work.then(() => (seen.endMs = clock.monotonicMs()));
  await settle();
  while (seen.endMs === undefined && clock.monotonicMs() - fromMs < limitMs) await clock.advance(100);
  return seen.endMs === undefined ? undefined : seen.endMs - fromMs;
}

const steps = oneof(
  record({ step: constant("advance" as const), ms: integer({ min: 0, max: 8_000 }) }),
  record({ step: constant("slow" as const), ms: constantFrom(0, 0, 50, 700, 3_000, 6_000) }),
  record({ step: constant("boot" as const), ms: constantFrom(0, 300, 2_000, 20_000) }),
  record({ step: constant("dying" as const), ms: constantFrom(0, 5, 400) }),
  record({
    step: constantFrom(
      "start",
      "refuse",
      "allow",
      "kill",
      "freeze",
      "break",
      "mend",
      "deliver",
      "off",
      "stop",
      "unplug",
      "plug",
    ),
  }),
);

describe("the guard of the outputs", () => {
  it("is one, has one owner, and does not outlive the stop", async () => {
    await assert(
      asyncProperty(array(steps, { maxLength: 25 }), integer({ min: 1, max: 1_000_000 }), async (script, seed) => {
        const { clock, header, guard, actuators, machine, deliver, start } = createWorld(seed);
        const deliveries: ReturnType<typeof deliver>[] = [];
        const starting = start();
        for (const step of script) {
          await settle();
          switch (step.step) {
            case "advance":
              await clock.advance(step.ms);
              break;
            case "slow":
              header.openMs = step.ms;
              break;
            case "boot":
              guard.bootMs = step.ms;
              break;
            case "dying":
              guard.dyingMs = step.ms;
              break;
            case "start":
              void actuators.start();
              break;
            case "refuse":
              header.take(coil.bcm, "root");
              break;
            case "allow":
              header.free(coil.bcm);
              break;
            case "kill":
              guard.kill();
              break;
            case "freeze":
              guard.freeze();
              break;
            case "break":
              guard.isBroken = true;
              break;
            case "mend":
              guard.isBroken = false;
              break;
            case "deliver":
              deliveries.push(deliver());
              break;
            case "off":
              actuators.off(coil.name).catch(() => {});
              break;
            case "unplug":
              header.remove(button.bcm);
              break;
            case "plug":
              header.restore(button.bcm);
              break;
            case "stop":
              void machine.stop();
              break;
          }
        }
        expect(await lasts(clock, machine.stop(), stopMsMax), "stop() ends").toBeDefined();
        expect(await lasts(clock, starting, 1), "start() has ended by then").toBeDefined();
        expect(guard.alive, "guards after stop()").toBe(0);
        const { starts } = guard;
        await clock.advance(300_000);
        expect({ alive: guard.alive, starts: guard.starts }).toEqual({ alive: 0, starts });
        expect([...guard.offences, ...header.offences]).toEqual([]);
        expect(clock.timers()).toEqual([]);
        for (const { outcome } of deliveries) expect(outcome).toBeDefined();
        // Delivered is only what was on for its whole time.
        const whole = header.history.filter(
          ({ high, monoMs }, index) => !high && monoMs - (header.history[index - 1]?.monoMs ?? monoMs) >= relay.onMs,
        );
        expect(deliveries.filter(({ outcome }) => outcome?.kind === "delivered").length).toBeLessThanOrEqual(
          whole.length,
        );
      }),
      { numRuns: 600 },
    );
  });

  it("comes by itself once the lines are given, and a delivery is left alone", async () => {
    const { clock, header, guard, machine, deliver, start } = createWorld();
    header.take(coil.bcm, "root: udev is late");
    header.openMs = 4_000;
    const starting = start();
    await clock.advance(6_000);
    header.free(coil.bcm);
    await clock.advance(60_000);
    await starting;
    expect(machine.readiness()).toEqual({ ready: true });
    expect(guard.alive).toBe(1);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.outcome).toMatchObject({ kind: "delivered" });
    expect([...guard.offences, ...header.offences]).toEqual([]);
  });

  it("may be asked to stop at any moment of its start, and twice", async () => {
    for (let atMs = 0; atMs <= 5_000; atMs += 250) {
      const { clock, header, guard, machine, start } = createWorld();
      header.openMs = 1_000;
      guard.bootMs = 1_000;
      const starting = start();
      await clock.advance(atMs);
      const stopping = Promise.all([machine.stop(), machine.stop(), starting]);
      expect(await lasts(clock, stopping, stopMsMax), `stopped after ${atMs} ms`).toBeDefined();
      expect(guard.alive).toBe(0);
      expect(clock.timers()).toEqual([]);
    }
  });

  it("takes no order before it is ready, and is not killed for that", async () => {
    const { clock, guard, actuators, start } = createWorld();
    guard.bootMs = 5_000;
    const starting = start();
    await clock.advance(1_000);
    await expect(actuators.on(coil.name, 1_000)).rejects.toThrow();
    await expect(actuators.off(coil.name)).rejects.toThrow(/nobody can say/);
    await clock.advance(5_000);
    await starting;
    expect(guard.starts).toBe(1);
    expect(actuators.trouble()).toBeUndefined();
  });
});
