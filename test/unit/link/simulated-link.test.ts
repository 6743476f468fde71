/** The twin keeps the contract, and under every fault each message still comes at least once. */
import { describe, expect, it } from "vitest";
import { SimulatedBus } from "../../../src/link/simulated-bus.ts";
import { createSimulatedLink, simulatedClientId } from "../../../src/link/simulated-link.ts";
import {
  checkedIn,
  commandKey,
  describeLink,
  type LinkWorld,
  machine,
  msn,
  Recorder,
  root,
  type Seen,
} from "./link-contract.ts";
import { recordingLog, seededEntropy, VirtualClock } from "./virtual-clock.ts";

function makeParts(seed = 1) {
  const clock = new VirtualClock();
  const entropy = seededEntropy(seed);
  const bus = new SimulatedBus(clock, entropy);
  const log = recordingLog();
  const link = (boot: number) =>
    createSimulatedLink({
      msn,
      merchantQrId: machine,
      sessionNumber: boot,
      version: "1.2.3",
      clock,
      entropy,
      bus,
      log,
      commands: { key: commandKey, highestCounter: 0 },
    });
  return { clock, bus, link };
}

function makeWorld(): Promise<LinkWorld> {
  const { clock, bus, link } = makeParts();
  const seen: Seen[] = [];
  bus.watch(({ topic, payload }) => seen.push({ topic, json: JSON.parse(payload), retained: false }));
  return Promise.resolve({
    link,
    seen,
    wallMs: () => clock.wallMs(),
    publish: (topic, payload, retain = false) => Promise.resolve(bus.publish({ topic, payload, retain, qos: 1 })),
    until: async (what, check) => {
      for (let tries = 0; !check(); tries += 1) {
        if (tries > 500) throw new Error(`it never happened: ${what}`);
        await clock.advance(100);
      }
    },
    quiet: () => clock.advance(5_000),
    breakBroker: () => Promise.resolve(bus.setUp(false)),
    reviveBroker: () => Promise.resolve(bus.setUp(true)),
    close: () => Promise.resolve(),
  });
}

describeLink("simulated", makeWorld);

describe("simulated link under faults", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("delivers every event at least once, seed %i", async (seed) => {
    const { clock, bus, link } = makeParts(seed);
    bus.setFaults({ delayMs: { min: 0, max: 2_000 }, duplicate: 0.3, loss: 0.3 });
    const recorder = new Recorder();
    recorder.refuse = (attempt) => attempt % 5 === 0;
    const device = link(1);
    await device.start(recorder);
    await clock.advance(5_000);
    const ids = Array.from({ length: 20 }, (_, index) => `event-${index}`);
    for (const id of ids) {
      bus.publish({ topic: `${root}/event/checked-in`, payload: checkedIn(clock.wallMs(), id), qos: 1, retain: false });
      if (id === "event-10") bus.setPartitioned(simulatedClientId({ msn, merchantQrId: machine }), true);
      await clock.advance(100);
    }
    bus.setPartitioned(simulatedClientId({ msn, merchantQrId: machine }), false);
    await clock.advance(600_000);
    const got = new Set(recorder.messages.map((message) => (message.kind === "checked-in" ? message.eventId : "")));
    expect([...got].sort()).toEqual([...ids].sort());
    expect(recorder.messages.length).toBeGreaterThan(ids.length);
  });

  it("publishes the will when the power is cut, with that boot's session number", async () => {
    const { clock, bus, link } = makeParts();
    const device = link(41);
    await device.start(new Recorder());
    await clock.advance(1_000);
    device.cutPower();
    await clock.advance(1_000);
    expect(JSON.parse(bus.retained(`${root}/state`)?.payload ?? "{}")).toMatchObject({ state: "lost", session: 41 });
  });

  it("says its state again when an old will came after its birth", async () => {
    const { clock, bus, link } = makeParts();
    const device = link(2);
    await device.start(new Recorder());
    await clock.advance(1_000);
    device.publishState({ state: "ready", reason: undefined, version: "1.2.3", since: "2026-11-23T10:00:00.000Z" });
    await clock.advance(1_000);
    const will = { state: "lost", session: 1, version: "1.2.3", since: "2026-11-23T09:00:00.000Z" };
    bus.publish({ topic: `${root}/state`, payload: JSON.stringify(will), qos: 1, retain: true });
    await clock.advance(1_000);
    expect(JSON.parse(bus.retained(`${root}/state`)?.payload ?? "{}")).toMatchObject({ state: "ready", session: 2 });
  });
});
