/**
 * Goal: with several brokers configured, the death of the one in use stops neither machine nor relay. Method: two real Mosquittos that share nothing, the
 * real relay and the real link, `kill -9` of the one that both use; then a broker that is there and says nothing (SIGSTOP).
 */
import mqtt from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { referenceOf } from "../../../src/sale/ids.ts";
import { Recorder } from "../../unit/link/link-contract.ts";
import { aSale } from "../../unit/link/reports.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { type BrokerProcess, hasMosquitto, startMosquitto } from "../link/brokers.ts";
import { until } from "../link/real-parts.ts";
import { untilTrue } from "../patience.ts";
import { FakeRegistry, deliver, machine, machineLink, msn, publicUrl, startRelay } from "./relay-parts.ts";

const root = `kvitt/v1/${msn}/${machine}`;

describe.skipIf(!hasMosquitto())("of several brokers", () => {
  const endings: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function twoBrokers(): Promise<readonly [BrokerProcess, BrokerProcess]> {
    const both = [await startMosquitto(), await startMosquitto()] as const;
    for (const broker of both) endings.push(() => broker.close());
    return both;
  }

  async function begin([first, second]: readonly [BrokerProcess, BrokerProcess]) {
    const log = recordingLog();
    const registry = new FakeRegistry();
    const { relay, port } = await startRelay([first.url, second.url], registry, log);
    endings.push(() => relay.stop());
    const link = machineLink([first.url, second.url], log, { settings: { connectTimeoutMs: 1_000 } });
    const recorder = new Recorder();
    await link.start(recorder);
    endings.push(() => link.stop());
    link.publishState({ state: "ready", reason: undefined, version: "1", since: new Date().toISOString() });
    const hook = (leaf: string) => {
      const found = registry.registrations.find((one) => one.url === `${publicUrl}/webhooks/${leaf}`);
      if (found === undefined) throw new Error(`nothing is registered for ${leaf}`);
      return found;
    };
    await until("registered", () => registry.registrations.length === 2);
    return { log, port, link, recorder, hook };
  }
  type World = Awaited<ReturnType<typeof begin>>;

  /** Until the relay takes one: customers come anew, as they would. */
  async function letOneIn({ port, hook, recorder }: World, customer: string): Promise<void> {
    let tries = 0;
    const isIn = await untilTrue(async () => {
      tries += 1;
      const initiatedAt = new Date().toISOString();
      const customerToken = `${customer}-${tries}`;
      const body = JSON.stringify({ customerToken, merchantQrId: machine, msn, initiatedAt });
      return (await deliver(port, hook("check-in"), body)).status === 200;
    });
    expect(isIn).toBe(true);
    const token = `${customer}-${tries}`;
    await until(`${token} is at the machine`, () =>
      recorder.messages.some((message) => message.kind === "checked-in" && message.customerToken === token),
    );
  }

  it("the next is taken when the one in use is killed, and the sale goes on there", async () => {
    const brokers = await twoBrokers();
    const [first, second] = brokers;
    const world = await begin(brokers);
    const { link, recorder, log, port, hook } = world;
    await letOneIn(world, "before");
    const watcher = await mqtt.connectAsync(second.url, { protocolVersion: 5 });
    endings.push(() => watcher.endAsync(true));
    const seen: string[] = [];
    watcher.on("message", (topic, payload) => seen.push(`${topic} ${payload.toString()}`));
    await watcher.subscribeAsync("kvitt/#", { qos: 1 });
    expect(seen).toEqual([]);
    await first.kill();
    const reference = referenceOf(machine, "01JDB2Q0C8X6R3Y5T7W9ZABCDE");
    const amount = { currency: "NOK", value: 2_500 };
    const body = JSON.stringify({
      msn,
      reference,
      pspReference: "740e7483-c083-4b95-9246-a37299ad53b7",
      name: "AUTHORIZED",
      amount,
      timestamp: new Date().toISOString(),
      success: true,
    });
    // The provider repeats what was refused.
    expect(await untilTrue(async () => (await deliver(port, hook("payment"), body)).status === 200)).toBe(true);
    await until("the machine is there", () => recorder.relays.at(-1)?.registered === true && link.isConnected());
    await letOneIn(world, "after");
    await link.publishSale("sale-1", aSale);
    await until("its sale arrives", () => seen.some((text) => text.startsWith(`${root}/sale`)));
    const lost = log.lines.filter(({ message }) => message === "no connection to the broker");
    expect(lost.map(({ fields }) => fields["broker"])).toContain(new URL(first.url).host);
    // It stays with the one that works.
    await first.revive();
    const connected = () => log.lines.filter(({ message }) => message === "connected to the broker").length;
    const before = connected();
    await letOneIn(world, "later");
    expect(connected()).toBe(before);
  });

  it("the next is taken when the one in use stops answering, before any keep-alive would tell", async () => {
    const brokers = await twoBrokers();
    const world = await begin(brokers);
    await letOneIn(world, "before");
    brokers[0].freeze();
    endings.push(async () => brokers[0].thaw());
    // Within the link's 10 s for an acknowledgement; the keep-alive would take 45.
    world.link.publishState({ state: "ready", reason: undefined, version: "1", since: new Date().toISOString() });
    await letOneIn(world, "after");
    const silent = world.log.lines.filter(({ fields }) => fields["reason"] === "the broker acknowledges nothing");
    expect(silent.length).toBeGreaterThan(0);
  });
});
