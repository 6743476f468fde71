/**
 * Goal: many sales units on one relay know nothing of each other, come and go while it runs, and no two relays ever take each other's webhooks
 * down. Method: whole relays over a broker in memory and a provider that keeps one list of webhooks a unit, on a virtual clock.
 */
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { relaySchema } from "../../../src/config/relay.ts";
import type { KnownRegistration, RegistrationStore } from "../../../src/relay/registration-file.ts";
import type { ListedRegistration, WebhookRegistry } from "../../../src/relay/registration-keeper.ts";
import { Relay, wantedRegistrations } from "../../../src/relay/relay.ts";
import type { Clock } from "../../../src/service/port.ts";
import type { UnitPlan } from "../../../src/relay/sales-unit.ts";
import { realClock, until } from "../../integration/link/real-parts.ts";
import { send } from "../../integration/relay/relay-parts.ts";
import { faultOf, publishedChannels } from "../link/published.ts";
import { recordingLog, seededEntropy, settle, VirtualClock } from "../link/virtual-clock.ts";
import { Bus, type BusConnection } from "./bus.ts";
import { checkIn, machine, signed, verify } from "./parts.ts";

const checkInEvent = "user.checked-in.v1";
const channels = publishedChannels();

/** The provider's Webhooks API for any number of sales units: one check-in webhook each, and a log of what was done. */
function makeProvider(clock: Clock, delayMs: () => number = () => 20) {
  const units = new Map<string, ListedRegistration[]>();
  const calls: string[] = [];
  const listOf = (msn: string) => {
    const list = units.get(msn) ?? [];
    units.set(msn, list);
    return list;
  };
  let made = 0;
  const registryOf = (msn: string): WebhookRegistry => ({
    async list() {
      await clock.sleep(delayMs());
      return { kind: "ok", value: [...listOf(msn)] };
    },
    async register(url, events) {
      await clock.sleep(delayMs());
      const isTaken = events.includes(checkInEvent) && listOf(msn).some((one) => one.events.includes(checkInEvent));
      calls.push(`register ${msn} ${isTaken ? "refused" : "done"} ${url}`);
      if (isTaken) return { kind: "refused", status: 400, code: undefined, detail: "only one" };
      made += 1;
      const id = `id-${made}`;
      listOf(msn).push({ id, url, events });
      await clock.sleep(delayMs());
      return { kind: "ok", value: { id, secret: `secret-${id}` } };
    },
    async remove(id) {
      await clock.sleep(delayMs());
      calls.push(`remove ${msn} ${id}`);
      units.set(
        msn,
        listOf(msn).filter((one) => one.id !== id),
      );
      return { kind: "ok", value: undefined };
    },
  });
  return { listOf, registryOf, calls };
}

function memoryStore(known: readonly KnownRegistration[] = []): RegistrationStore {
  let kept = known;
  return { all: () => kept, refresh: () => undefined, replace: (next) => void (kept = next) };
}

const running: Relay[] = [];
afterEach(() => {
  // What a failed test has left would wait for a clock that nobody moves.
  for (const relay of running.splice(0)) void relay.stop();
});

function makeRelay(
  world: { readonly clock: Clock; readonly bus: Bus },
  instance: string,
  units: readonly UnitPlan[],
  isFleet = true,
) {
  const connections: BusConnection[] = [];
  const log = recordingLog();
  const relay = new Relay({
    isFleet,
    units,
    options: relaySchema.parse({ instance, listen_port: 0, public_url: "https://relay.example.test" }),
    connectionFor: (hooks) => {
      const connection = world.bus.connectionFor(hooks);
      connections.push(connection);
      return connection;
    },
    verify,
    clock: world.clock,
    entropy: seededEntropy(instance.length),
    log,
  });
  running.push(relay);
  return { relay, log, connection: () => connections[0] };
}

function makeWorld() {
  const clock = new VirtualClock();
  const bus = new Bus(clock);
  const provider = makeProvider(clock);
  const stores = new Map<string, RegistrationStore>();
  const plan = (msn: string, mark = "1"): UnitPlan => {
    const store = stores.get(msn) ?? memoryStore();
    stores.set(msn, store);
    return { msn, mark, registry: provider.registryOf(msn), store };
  };
  const hook = (msn: string, event: string): KnownRegistration => {
    const found = stores
      .get(msn)
      ?.all()
      .find((one) => one.events.includes(event));
    if (found === undefined) throw new Error(`${msn} has no webhook for ${event}`);
    return found;
  };
  return { clock, bus, provider, plan, hook };
}

/** Stops two relays under a clock that only moves when it is told to. */
async function stopAll(clock: VirtualClock): Promise<void> {
  const stopping = Promise.all(running.splice(0).map((relay) => relay.stop()));
  for (let turn = 0; turn < 20; turn += 1) await clock.advance(500);
  await stopping;
}

describe("a relay of several sales units", () => {
  it("registers each of them with its own addresses, says so for each, and hands its events to its machines", async () => {
    const world = makeWorld();
    const { relay } = makeRelay(world, "relay-1", [world.plan("111111"), world.plan("222222")]);
    const port = await relay.start();
    await world.clock.advance(5_000);
    for (const msn of ["111111", "222222"]) {
      expect(world.provider.listOf(msn).map(({ url }) => url)).toEqual([
        `https://relay.example.test/webhooks/${msn}/check-in`,
        `https://relay.example.test/webhooks/${msn}/payment`,
      ]);
      expect(world.bus.json(`kvitt/v1/${msn}/relay/relay-1`)).toMatchObject({
        alive: true,
        registered: true,
        validForS: 90,
      });
    }
    const state = JSON.stringify({ state: "ready", session: 1 });
    world.bus.publish({ topic: `kvitt/v1/222222/${machine}/state`, payload: state, qos: 1, retain: true });
    await world.clock.advance(100);
    const ask = async (msn: string, as: string, path: string) => {
      const request = signed(
        world.hook(as, checkInEvent),
        checkIn(world.clock.wallMs(), { msn }),
        world.clock.wallMs(),
      );
      const answer = send(port, "POST", path, request.headers, Buffer.from(request.body).toString());
      for (let turn = 0; turn < 40; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await world.clock.advance(100);
      }
      return answer;
    };
    expect(await ask("222222", "222222", "/webhooks/222222/check-in")).toEqual({ status: 200, text: "forwarded\n" });
    // The same machine's id in another unit is another machine.
    expect((await ask("111111", "111111", "/webhooks/111111/check-in")).text).toBe("machine unknown\n");
    // A proxy may change the path: then the webhook's id tells the unit.
    expect((await ask("111111", "111111", "/hooks")).text).toBe("machine unknown\n");
    // One unit's secret says nothing about another unit, whatever address it is sent to.
    expect((await ask("222222", "111111", "/webhooks/222222/check-in")).status).toBe(401);
    expect((await ask("222222", "111111", "/webhooks/111111/check-in")).status).toBe(404);
    expect((await send(port, "POST", "/webhooks/333333/check-in", {}, "{}")).status).toBe(401);
    const health: unknown = JSON.parse((await send(port, "GET", "/health")).text);
    expect(health).toMatchObject({ registered: true, units: { served: 2, registered: 2, unregistered: [] } });
    const one: unknown = JSON.parse((await send(port, "GET", "/health?unit=222222")).text);
    expect(one).toMatchObject({ units: { served: 1 }, counts: { forwarded: 1, forged: 1 } });
    expect((await send(port, "GET", "/health?unit=333333")).status).toBe(404);
    const ofRelay = () => [...world.bus.retained].filter(([topic]) => topic.includes("/relay/"));
    const faults = () => ofRelay().flatMap(([topic, payload]) => faultOf(channels, { topic, payload }) ?? []);
    expect(ofRelay()).toHaveLength(3);
    expect(faults()).toEqual([]);
    await stopAll(world.clock);
    expect(world.bus.json("kvitt/v1/111111/relay/relay-1")).toMatchObject({ alive: false, registered: false });
    expect(faults()).toEqual([]);
    expect(world.bus.json("kvitt/v1/relay/relay-1")).toMatchObject({ alive: false });
  }, 20_000);

  it("takes up and lets go of sales units while it runs, and leaves the others alone", async () => {
    const world = makeWorld();
    const [kept, leaving] = [world.plan("111111"), world.plan("222222")];
    const { relay, connection } = makeRelay(world, "relay-1", [kept, leaving]);
    await relay.start();
    await world.clock.advance(5_000);
    const before = [...world.provider.calls];
    const state = JSON.stringify({ state: "ready", session: 1 });
    world.bus.publish({ topic: `kvitt/v1/333333/${machine}/state`, payload: state, qos: 1, retain: true });
    const changed = relay.serve([kept, world.plan("333333")]);
    await world.clock.advance(5_000);
    expect(await changed).toEqual({ added: ["333333"], removed: ["222222"], changed: [] });
    expect(connection()?.isConnected()).toBe(true);
    expect(world.bus.json("kvitt/v1/222222/relay/relay-1")).toBeUndefined();
    expect(world.bus.json("kvitt/v1/333333/relay/relay-1")).toMatchObject({ alive: true, registered: true });
    // Nothing was done for the unit that stayed, and what the leaving one registered is another relay's to use.
    expect(world.provider.calls.slice(before.length).every((call) => call.includes("333333"))).toBe(true);
    expect(world.provider.listOf("222222")).toHaveLength(2);
    const again = relay.serve([world.plan("111111", "new keys"), world.plan("333333")]);
    await world.clock.advance(5_000);
    expect(await again).toEqual({ added: [], removed: [], changed: ["111111"] });
    expect(world.bus.json("kvitt/v1/111111/relay/relay-1")).toMatchObject({ alive: true, registered: true });
    await stopAll(world.clock);
  });

  it("is alive and registered for each of a thousand", async () => {
    const bus = new Bus(realClock);
    const provider = makeProvider(realClock);
    const plans = Array.from({ length: 1_000 }, (_, index): UnitPlan => {
      const msn = String(100_000 + index);
      const known = wantedRegistrations("https://relay.example.test", msn).map(({ url, events }, kind) => {
        const registration = { id: `${msn}-${kind}`, url, events };
        provider.listOf(msn).push(registration);
        return { ...registration, msn, secret: "s" };
      });
      return { msn, mark: "", registry: provider.registryOf(msn), store: memoryStore(known) };
    });
    const { relay } = makeRelay({ clock: realClock, bus }, "relay-1", plans);
    await relay.start();
    await until("all registered", () =>
      plans.every(({ msn }) => bus.retained.get(`kvitt/v1/${msn}/relay/relay-1`)?.includes('"registered":true')),
    );
    expect(provider.calls).toEqual([]);
    await relay.stop();
    expect([...bus.retained.values()].filter((text) => text.includes('"alive":true'))).toEqual([]);
  }, 60_000);
});

describe("two relays that both may register", () => {
  /** Each with a file of its own, so that neither knows the other's secrets. */
  function twoOf(world: ReturnType<typeof makeWorld>, names: readonly [string, string]) {
    return names.map((name) => {
      const plan = { msn: "111111", mark: "", registry: world.provider.registryOf("111111"), store: memoryStore() };
      return makeRelay(world, name, [plan], false);
    });
  }

  it("and start at once: one registers, the other leaves it alone, for good and whatever the delays are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.boolean(), fc.nat(1_500), async (seed, isSwapped, laterMs) => {
        const world = makeWorld();
        const delays = seededEntropy(seed);
        world.bus.delayMs = () => Math.floor(delays.fraction() * 400);
        const [first, second] = twoOf(world, isSwapped ? ["relay-b", "relay-a"] : ["relay-a", "relay-b"]);
        await first?.relay.start();
        await world.clock.advance(laterMs);
        await second?.relay.start();
        // One look after the other: both come back to it within the hour and a tenth.
        await world.clock.advance(4_000_000);
        expect(world.provider.calls.filter((call) => call.startsWith("remove"))).toEqual([]);
        expect(world.provider.calls.filter((call) => call.includes("done"))).toHaveLength(2);
        const registered = ["relay-a", "relay-b"].filter((name) =>
          JSON.stringify(world.bus.json(`kvitt/v1/111111/relay/${name}`)).includes('"registered":true'),
        );
        expect(registered).toHaveLength(1);
        await stopAll(world.clock);
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  it("when the one that registered is dead, the other takes over", async () => {
    const world = makeWorld();
    const [first, second] = twoOf(world, ["relay-a", "relay-b"]);
    await first?.relay.start();
    await world.clock.advance(5_000);
    await second?.relay.start();
    await world.clock.advance(60_000);
    expect(world.bus.json("kvitt/v1/111111/relay/relay-b")).toMatchObject({ alive: true, registered: false });
    expect(JSON.stringify(second?.log.lines)).toContain('"holder":"relay-a"');
    first?.connection()?.die();
    await world.clock.advance(400_000);
    expect(world.bus.json("kvitt/v1/111111/relay/relay-b")).toMatchObject({ alive: true, registered: true });
    expect(world.provider.listOf("111111")).toHaveLength(2);
    await settle();
    await stopAll(world.clock);
  });
});
