/** The relay between a provider on HTTP and machines on MQTT: real sockets, real brokers (3.1.1 and 5), the real link at the end. */
import { readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import mqtt, { type MqttClient } from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { readWebhookEvent } from "../../../src/relay/webhook-event.ts";
import { referenceOf } from "../../../src/sale/ids.ts";
import { Recorder } from "../../unit/link/link-contract.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { type Broker, hasMosquitto, startAedes, startMosquitto } from "../link/brokers.ts";
import { until } from "../link/real-parts.ts";
import { untilTrue } from "../patience.ts";
import {
  FakeRegistry,
  deliver,
  machine,
  machineLink,
  msn,
  post,
  publicUrl,
  send,
  signedHeaders,
  startRelay,
} from "./relay-parts.ts";

const root = `kvitt/v1/${msn}/${machine}`;
const token = "wbA8ceVRKkoYiQAVELHeFCC3Sn5dtNCvvEtVPiOT77j6wx7uR965AG6Q+q0ATP4=";

interface Seen {
  readonly topic: string;
  readonly json: unknown;
  readonly retain: boolean;
  readonly expiryS: number | undefined;
}

function checkIn(ageMs = 1_000, more: Readonly<Record<string, unknown>> = { msn }): string {
  const initiatedAt = new Date(Date.now() - ageMs).toISOString().replace("Z", "1965Z");
  return JSON.stringify({ customerToken: token, merchantQrId: machine, ...more, initiatedAt });
}

function payment(reference: string, name = "AUTHORIZED"): string {
  return JSON.stringify({
    msn,
    reference,
    pspReference: "740e7483-c083-4b95-9246-a37299ad53b7",
    name,
    amount: { currency: "NOK", value: 2500 },
    timestamp: new Date().toISOString(),
    success: true,
    userDetails: { email: "somebody@example.test" },
  });
}

function brokers(): readonly (readonly [string, () => Promise<Broker>])[] {
  const known: [string, () => Promise<Broker>][] = [["aedes, MQTT 3.1.1", startAedes]];
  if (hasMosquitto()) known.push(["mosquitto, MQTT 5", () => startMosquitto()]);
  return known;
}

describe.each(brokers())("relay over %s", (name, startBroker) => {
  const endings: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function begin(state?: string) {
    const broker = await startBroker();
    endings.push(() => broker.close());
    const version = name.includes("5") ? (5 as const) : (4 as const);
    const client = await mqtt.connectAsync(broker.url, { protocolVersion: version, reconnectPeriod: 50 });
    endings.push(() => client.endAsync(true));
    const seen: Seen[] = [];
    client.on("message", (topic, payload, packet) => {
      const expiryS = packet.properties?.messageExpiryInterval;
      seen.push({ topic, json: JSON.parse(payload.toString()), retain: packet.retain, expiryS });
    });
    await client.subscribeAsync("kvitt/#", { qos: 1 });
    if (state !== undefined) await say(client, state);
    const registry = new FakeRegistry();
    const log = recordingLog();
    const running = await startRelay(broker.url, registry, log);
    endings.push(() => running.relay.stop());
    await until("registered", () => registry.registrations.length === 2);
    await until("healthy", () => seen.some((one) => isHealth(one, true, true)));
    const events = (leaf: string): Seen[] => seen.filter((one) => one.topic === `${root}/event/${leaf}`);
    const hook = (leaf: string) => {
      const found = registry.registrations.find((one) => one.url === `${publicUrl}/webhooks/${leaf}`);
      if (found === undefined) throw new Error(`nothing is registered for ${leaf}`);
      return found;
    };
    return { broker, client, seen, events, registry, hook, log, ...running };
  }

  async function say(client: MqttClient, state: string, session = 1): Promise<void> {
    const message = { state, session, version: "1", since: new Date().toISOString() };
    await client.publishAsync(`${root}/state`, JSON.stringify(message), { qos: 1, retain: true });
  }

  it("forwards a signed check-in to its machine and answers 200 when the broker has it", async () => {
    const world = await begin("ready");
    const startMs = Date.now();
    const body = checkIn();
    expect(await deliver(world.port, world.hook("check-in"), body)).toMatchObject({ status: 200 });
    await until("event", () => world.events("checked-in").length === 1);
    const [event] = world.events("checked-in");
    const parsed = readWebhookEvent(Buffer.from(body));
    expect(event?.retain).toBe(false);
    expect(event?.json).toMatchObject({
      specversion: "1.0",
      id: parsed.kind === "checked-in" ? parsed.eventId : "",
      type: "kvitt.checked-in.v1",
      subject: machine,
      time: parsed.kind === "checked-in" ? parsed.initiatedAt : "",
      data: { customerToken: token },
    });
    const age = readAge(event?.json);
    expect(age).toBeGreaterThanOrEqual(1_000);
    expect(age).toBeLessThanOrEqual(1_000 + Date.now() - startMs);
    if (name.includes("5")) expect(event?.expiryS).toBeGreaterThan(10);
    if (name.includes("5")) expect(event?.expiryS).toBeLessThanOrEqual(19);
  });

  it("reaches the real link", async () => {
    const world = await begin();
    const link = machineLink([world.broker.url], world.log);
    const recorder = new Recorder();
    await link.start(recorder);
    endings.push(() => link.stop());
    await until("relay seen", () => recorder.relays.at(-1)?.registered === true);
    const ready = { state: "ready", reason: undefined, version: "1", since: new Date().toISOString() } as const;
    link.publishState(ready);
    await until("ready", () => world.seen.some((one) => JSON.stringify(one.json).includes('"ready"')));
    const reference = referenceOf(machine, "01JDB2Q0C8X6R3Y5T7W9ZABCDE");
    await answers(world, 200);
    expect((await deliver(world.port, world.hook("payment"), payment(reference))).status).toBe(200);
    await until("both", () => recorder.messages.length === 2);
    expect(recorder.messages).toMatchObject([
      { kind: "checked-in", customerToken: token },
      { kind: "payment-event", reference },
    ]);
    await world.relay.stop();
    await until("relay gone", () => recorder.relays.at(-1)?.alive === false);
  });

  it.each([
    ["selling", 409],
    ["out-of-service", 503],
    ["init", 503],
    ["lost", 503],
    [undefined, 503],
  ] as const)("refuses a check-in while the machine is %s, and its repetition after that", async (state, status) => {
    const world = await begin(state);
    const body = checkIn();
    expect((await deliver(world.port, world.hook("check-in"), body)).status).toBe(status);
    await say(world.client, "ready", 2);
    await until("ready again", () => world.seen.some((one) => JSON.stringify(one.json).includes('"ready"')));
    expect((await deliver(world.port, world.hook("check-in"), body)).status).toBe(409);
    await answers(world, 200);
    await until("event", () => world.events("checked-in").length > 0);
    expect(world.events("checked-in")).toHaveLength(1);
  });

  it("answers a repetition of what it forwarded with 200 and does not forward it while the machine sells", async () => {
    const world = await begin("ready");
    const body = checkIn();
    expect((await deliver(world.port, world.hook("check-in"), body)).status).toBe(200);
    await say(world.client, "selling");
    await until("selling", () => world.seen.some((one) => JSON.stringify(one.json).includes('"selling"')));
    expect((await deliver(world.port, world.hook("check-in"), body)).status).toBe(200);
    await answers(world, 409);
  });

  it("refuses a stale check-in, and ends the repetitions of one whose token is dead", async () => {
    const world = await begin("ready");
    expect((await deliver(world.port, world.hook("check-in"), checkIn(30_000))).status).toBe(409);
    expect((await deliver(world.port, world.hook("check-in"), checkIn(16 * 60_000))).status).toBe(200);
    expect(world.events("checked-in")).toEqual([]);
  });

  it("forwards payment events by their reference, without the customer's details, with one id for all copies", async () => {
    const world = await begin();
    const reference = referenceOf(machine, "01JDB2Q0C8X6R3Y5T7W9ZABCDE");
    for (let copy = 0; copy < 2; copy += 1)
      expect((await deliver(world.port, world.hook("payment"), payment(reference))).status).toBe(200);
    await until("events", () => world.events("payment").length === 2);
    const ids = world.events("payment").map((one) => JSON.stringify(one.json).match(/"id":"([0-9a-f]{64})"/)?.[1]);
    expect(ids[0]).toBeDefined();
    expect(ids[0]).toBe(ids[1]);
    expect(JSON.stringify(world.seen)).not.toContain("somebody@example.test");
    expect(world.events("payment")[0]?.json).toMatchObject({
      subject: machine,
      data: { reference, name: "AUTHORIZED" },
    });
  });

  it("accepts merchantSerialNumber, and drops with 200 what is unknown or not ours", async () => {
    const world = await begin("ready");
    const old = checkIn(1_000, { merchantSerialNumber: msn });
    expect((await deliver(world.port, world.hook("check-in"), old)).status).toBe(200);
    await until("event", () => world.events("checked-in").length === 1);
    for (const body of ['{"hello":"world"}', "no json", payment("inv-8-attempt-2")])
      expect(await deliver(world.port, world.hook("payment"), body)).toEqual({ status: 200, text: "not for us\n" });
    expect((await deliver(world.port, world.hook("check-in"), checkIn(900, { msn: "654321" }))).status).toBe(404);
    expect((await deliver(world.port, world.hook("payment"), checkIn(900))).status).toBe(401);
  });

  it("refuses what is not signed, wrongly signed, or signed by a registration that is not known", async () => {
    const world = await begin("ready");
    const body = checkIn();
    const { id, url, secret } = world.hook("check-in");
    const good = { ...signedHeaders(url, secret, body), "webhook-id": id };
    const statuses = [
      await post(world.port, "/webhooks/check-in", {}, body),
      await post(world.port, "/webhooks/check-in", good, `${body} `),
      await post(world.port, "/webhooks/check-in", { ...good, "webhook-id": "somebody-else" }, body),
      await post(world.port, "/webhooks/check-in", { ...good, ...signedHeaders(url, "wrong", body) }, body),
    ].map((answer) => answer.status);
    expect(statuses).toEqual([401, 401, 401, 401]);
    expect(world.events("checked-in")).toEqual([]);
    const { authorization, ...stripped } = good;
    const fromProxy = { ...stripped, "x-vipps-authorization": authorization };
    expect((await post(world.port, "/webhooks/check-in", fromProxy, body)).status).toBe(200);
  });

  it("answers 503 while the broker is away, and forwards the payment event's repetition", async () => {
    const world = await begin("ready");
    await world.broker.kill();
    const body = payment(referenceOf(machine, "01JDB2Q0C8X6R3Y5T7W9ZABCDE"));
    expect((await deliver(world.port, world.hook("payment"), body)).status).toBe(503);
    expect((await deliver(world.port, world.hook("check-in"), checkIn())).status).toBe(503);
    expect((await send(world.port, "GET", "/health")).status).toBe(503);
    await world.broker.revive();
    await until("watching", () => world.client.connected);
    let status = 503;
    await untilTrue(async () => {
      status = (await deliver(world.port, world.hook("payment"), body)).status;
      return status === 200;
    });
    expect(status).toBe(200);
    expect(JSON.parse((await send(world.port, "GET", "/health")).text)).toMatchObject({ mqtt: true, registered: true });
  });

  it("keeps secrets and tokens out of the log, and its file to itself", async () => {
    const world = await begin("ready");
    await deliver(world.port, world.hook("check-in"), checkIn());
    await deliver(world.port, world.hook("check-in"), checkIn(16 * 60_000));
    await post(world.port, "/", {}, checkIn());
    const logged = JSON.stringify(world.log.lines);
    for (const secret of [token, ...world.registry.registrations.map((one) => one.secret)])
      expect(logged).not.toContain(secret);
    expect(statSync(world.registrationFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(world.registrationFile, "utf8")).toContain(world.hook("check-in").secret);
  });

  it("shares its registrations with a second relay that may not register", async () => {
    const world = await begin("ready");
    const second = await startRelay(world.broker.url, world.registry, world.log, {
      instance: "relay-2",
      registrationFile: world.registrationFile,
      mayRegister: false,
    });
    endings.push(() => second.relay.stop());
    await until("second is healthy", () =>
      world.seen.some((one) => one.topic.endsWith("relay/relay-2") && isHealth(one, true, true)),
    );
    expect((await deliver(second.port, world.hook("check-in"), checkIn())).status).toBe(200);
    expect(world.registry.registrations).toHaveLength(2);
  });

  it("refuses a repetition that reaches another relay than the one that said no", async () => {
    const world = await begin("selling");
    const second = await startRelay(world.broker.url, world.registry, world.log, {
      instance: "relay-2",
      registrationFile: world.registrationFile,
      mayRegister: false,
    });
    endings.push(() => second.relay.stop());
    await until("second is healthy", () =>
      world.seen.some((one) => one.topic.endsWith("relay/relay-2") && isHealth(one, true, true)),
    );
    const body = checkIn();
    expect((await deliver(world.port, world.hook("check-in"), body)).status).toBe(409);
    await until("told", () => world.seen.some((one) => one.topic.endsWith("relay-1/answered")));
    await say(world.client, "ready");
    await until("ready", () => world.seen.some((one) => JSON.stringify(one.json).includes('"ready"')));
    await answers({ ...world, port: second.port }, 200);
    expect((await deliver(second.port, world.hook("check-in"), body)).status).toBe(409);
  });

  it("lets nobody in late while another relay may have said no unheard", async () => {
    const world = await begin("ready");
    const presence = `kvitt/v1/${msn}/relay/relay-cut-off`;
    const dead = JSON.stringify({ alive: false, registered: false, at: new Date().toISOString() });
    await world.client.publishAsync(presence, dead, { qos: 1, retain: true });
    await until("heard", () => world.seen.some((one) => one.topic === presence));
    expect((await deliver(world.port, world.hook("check-in"), checkIn(2_500))).status).toBe(409);
    const another = checkIn(500).replace("wbA8", "wbA9");
    expect((await deliver(world.port, world.hook("check-in"), another)).status).toBe(200);
  });

  it("bounds what it reads", async () => {
    const world = await begin("ready");
    expect((await send(world.port, "GET", "/webhooks/check-in")).status).toBe(405);
    expect((await send(world.port, "POST", "/", {}, "x".repeat(70_000))).status).toBe(413);
    expect((await send(world.port, "POST", "/", { "content-encoding": "gzip" }, "x")).status).toBe(415);
    expect(await chunked(world.port, 2_000_000)).toContain("413");
    expect((await send(world.port, "GET", "/health")).status).toBe(200);
  });
});

/** New customers come until one is answered like this: the relay hears of a machine's state when the broker tells it, not when the test does. */
async function answers(
  world: { readonly port: number; readonly hook: (leaf: string) => Parameters<typeof deliver>[1] },
  status: number,
): Promise<void> {
  let tries = 0;
  const isAnswered = await untilTrue(async () => {
    tries += 1;
    return (await deliver(world.port, world.hook("check-in"), checkIn(500 + tries))).status === status;
  });
  if (!isAnswered) throw new Error(`no check-in was answered with ${status}`);
}

function isHealth(one: Seen, alive: boolean, registered: boolean): boolean {
  const json = JSON.stringify(one.json);
  return (
    one.topic.includes("/relay/") && json.includes(`"alive":${alive}`) && json.includes(`"registered":${registered}`)
  );
}

function readAge(json: unknown): number {
  const match = /"ageMs":(\d+)/.exec(JSON.stringify(json));
  return Number(match?.[1] ?? -1);
}

/** A body without a length, for as long as the relay reads it; the start of its answer. */
function chunked(port: number, bytes: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
    socket.write("POST / HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n");
    const block = "x".repeat(16_384);
    for (let sent = 0; sent < bytes; sent += block.length) socket.write(`4000\r\n${block}\r\n`);
  });
}
