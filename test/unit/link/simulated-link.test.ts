/** The twin keeps the contract, and under every fault each message still comes at least once. */
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { machineBeat } from "../../../src/link/freshness.ts";
import { noFaults, SimulatedBus } from "../../../src/link/simulated-bus.ts";
import { createSimulatedLink, simulatedClientId } from "../../../src/link/simulated-link.ts";
import {
  checkedIn,
  command,
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
  return { clock, bus, log, link };
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
  it("a reply that the broker did not acknowledge is sent again while the connection stands", async () => {
    const { clock, bus, link } = makeParts();
    const told: string[] = [];
    const device = link(1);
    await device.start(new Recorder());
    await clock.advance(1_000);
    bus.setFaults({ ...noFaults, loss: 1 });
    device.reply({ id: "one", outcome: "done" });
    device.reply({ id: "two", outcome: "done" });
    await clock.advance(100);
    bus.setFaults(noFaults);
    bus.watch(({ topic, payload }) => {
      if (topic.endsWith("/command/reply")) told.push(payload);
    });
    await clock.advance(5_000);
    expect(told).toEqual([
      `{"schema":"kvitt.reply/1","id":"one","outcome":"done"}`,
      `{"schema":"kvitt.reply/1","id":"two","outcome":"done"}`,
    ]);
    await device.stop();
  });

  it("asks a broker that takes no reply later and later, and no two machines in step", async () => {
    const delaysOf = async (seed: number): Promise<readonly number[]> => {
      const { clock, bus, log, link } = makeParts(seed);
      const device = link(1);
      await device.start(new Recorder());
      await clock.advance(1_000);
      device.publishState({ state: "ready", reason: undefined, version: "1", since: "2026-11-23T10:00:00.000Z" });
      await clock.advance(1_000);
      bus.setFaults({ ...noFaults, loss: 1 });
      device.reply({ id: "one", outcome: "done" });
      // Not as long as until the state is repeated, whose loss would end the connection.
      await clock.advance(100_000);
      bus.setFaults(noFaults);
      await clock.advance(300_000);
      await device.stop();
      return log.lines.flatMap(({ fields, message }) =>
        message.includes("it is sent again") ? [Number(fields["delayMs"])] : [],
      );
    };
    const [one, other] = await Promise.all([delaysOf(1), delaysOf(2)]);
    expect(one.length).toBeGreaterThan(2);
    for (const delays of [one, other])
      for (const [retry, delayMs] of delays.entries()) {
        expect(delayMs).toBeGreaterThanOrEqual(1_000 * 2 ** retry);
        expect(delayMs).toBeLessThanOrEqual(2_000 * 2 ** retry);
      }
    expect(one).not.toEqual(other);
  });

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

  it("repeats its state from memory, fresh each time, until it is stopped, and says when only where its clock is believed", async () => {
    const { clock, bus, link } = makeParts();
    const device = link(3);
    const told: Record<string, unknown>[] = [];
    bus.watch(({ topic, payload }) => {
      if (topic === `${root}/state`) told.push(z.record(z.string(), z.unknown()).parse(JSON.parse(payload)));
    });
    await device.start(new Recorder());
    await clock.advance(1_000);
    device.publishState({ state: "ready", reason: undefined, version: "1.2.3", since: "2026-11-23T10:00:00.000Z" });
    await clock.advance(1_000);
    const [first, before] = [told.at(-1), told.length];
    await clock.advance(1_200_000);
    const repeated = told.slice(before);
    // Twenty minutes are ten periods, each shorter or longer by at most a tenth.
    expect(repeated.length).toBeGreaterThanOrEqual(9);
    expect(repeated.length).toBeLessThanOrEqual(11);
    for (const one of repeated) expect({ ...one, at: "" }).toEqual({ ...first, at: "" });
    const times = told.slice(before - 1).map(({ at }) => Date.parse(String(at)));
    for (const [index, atMs] of times.slice(1).entries()) {
      // One repetition may be lost.
      expect(2 * (atMs - (times[index] ?? 0))).toBeLessThan(machineBeat.validForS * 1_000);
    }
    clock.plausible = false;
    await clock.advance(140_000);
    expect(told.at(-1)).toMatchObject({ state: "ready", validForS: machineBeat.validForS });
    expect(told.at(-1)).not.toHaveProperty("at");
    await device.stop();
    const stopped = told.length;
    await clock.advance(1_200_000);
    expect(told).toHaveLength(stopped);
    expect(told.at(-1)).not.toHaveProperty("validForS");
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

describe("a line of the log about a message", () => {
  const reference = `${machine}-01JDB2Q0C8X6R3Y5T7W9ZABCDE`;

  it("names the sale that the message is about", async () => {
    const { clock, bus, log, link } = makeParts();
    const recorder = new Recorder();
    let isRefused = true;
    recorder.refuse = () => isRefused;
    await link(1).start(recorder);
    await clock.advance(1_000);
    const event = {
      specversion: "1.0",
      id: "p-1",
      source: "/kvitt/v1/123456",
      type: "kvitt.payment.v1",
      subject: machine,
      time: "2026-11-23T10:00:00Z",
      data: { reference, name: "AUTHORIZED", ageMs: 0, publishedAt: "2026-11-23T10:00:00Z" },
    };
    bus.publish({ topic: `${root}/event/payment`, payload: JSON.stringify(event), qos: 1, retain: false });
    await clock.advance(1_000);
    const namesOf = (field: string, value: string): ReadonlySet<unknown> =>
      new Set(log.lines.filter(({ fields }) => fields[field] === value).map(({ fields }) => fields["reference"]));
    expect(namesOf("message", "payment-event")).toEqual(new Set([reference]));
    isRefused = false;
    await clock.advance(120_000);
    isRefused = true;
    const wallMs = clock.wallMs();
    const order = { kind: "refund", reference } as const;
    const foreign = { kind: "cancel", reference: "another-01JDB2Q0C8X6R3Y5T7W9ZABCDE" } as const;
    for (const text of [command({ wallMs, id: "c-2", order: foreign }), command({ wallMs, id: "c-1", order })])
      bus.publish({ topic: `${root}/command`, payload: text, qos: 1, retain: false });
    await clock.advance(5_000);
    expect(namesOf("command", "c-1")).toEqual(new Set([reference]));
    expect(namesOf("command", "c-2")).toEqual(new Set([foreign.reference]));
  });
});

describe("a queue of commands", () => {
  it("that grew while the machine was away is answered whole, however fast it is refused", async () => {
    const { clock, bus, link } = makeParts();
    const answered = new Set<string>();
    bus.watch(({ topic, payload }) => {
      const id = topic === `${root}/command/reply` ? /"id":"([^"]+)"/.exec(payload)?.[1] : undefined;
      if (id !== undefined) answered.add(id);
    });
    const [first, second] = [link(1), link(2)];
    await first.start(new Recorder());
    await clock.advance(1_000);
    await first.stop();
    const deadline = new Date(clock.wallMs() - 1_000).toISOString();
    for (let index = 0; index < 60; index += 1)
      bus.publish({
        topic: `${root}/command`,
        payload: command({ wallMs: clock.wallMs(), id: `c-${index}`, counter: index + 1, deadline }),
        qos: 1,
        retain: false,
      });
    bus.setFaults({ delayMs: { min: 50, max: 50 }, duplicate: 0, loss: 0 });
    await second.start(new Recorder());
    await clock.advance(30_000);
    expect(answered.size).toBe(60);
    bus.setFaults(noFaults);
    await second.stop();
  });
});

describe("two simulated links with one identity", () => {
  it("throw each other out a few times, say so, and then stay away for minutes instead of taking turns for ever", async () => {
    const { clock, link } = makeParts();
    const [first, second] = [new Recorder(), new Recorder()];
    const connections = (): number => [...first.connections, ...second.connections].filter(Boolean).length;
    const [one, other] = [link(1), link(1)];
    await one.start(first);
    await other.start(second);
    await clock.advance(60_000);
    // The one that is thrown out last stays away; the other has peace until it comes back, and knows then.
    expect([...first.rivals, ...second.rivals]).toEqual([true]);
    const inTheFirstMinute = connections();
    expect(inTheFirstMinute).toBeLessThan(10);
    await clock.advance(5 * 60_000);
    expect(first.rivals.at(-1)).toBe(true);
    expect(second.rivals.at(-1)).toBe(true);
    await clock.advance(3_600_000);
    expect(connections() - inTheFirstMinute).toBeLessThan(30);
    expect([first.rivals, second.rivals].map((told) => told.every(Boolean))).toEqual([true, true]);
    await one.stop();
    await clock.advance(25 * 60_000);
    expect(second.rivals.at(-1)).toBe(false);
    expect(other.isConnected()).toBe(true);
    await other.stop();
  });
});
