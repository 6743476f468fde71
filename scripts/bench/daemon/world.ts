/**
 * What stands around the daemon in its bench: the simulated provider over HTTP, a real broker, and a relay's part, all with the time at which
 * each thing crossed a socket.
 */
import { createServer, type IncomingMessage } from "node:http";
import mqtt, { type MqttClient } from "mqtt";
import { readWebhookEvent } from "../../../src/relay/webhook-event.ts";
import { toMachine } from "../../../src/relay/forward.ts";
import { createSystemEntropy } from "../../../src/service/entropy.ts";
import { listenOnPort } from "../../../src/service/listen.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { relayTopic } from "../../../src/link/topics.ts";
import { createProvider, type Provider } from "../../../src/simulator/provider.ts";
import { type Broker, startMosquitto } from "../../../test/integration/link/brokers.ts";

export const msn = "123456";
const user = "kari";

/** A request that the provider has answered. */
export interface Crossing {
  readonly method: string;
  readonly path: string;
  readonly arrivedMs: number;
  readonly answeredMs: number;
}

export interface World {
  readonly providerUrl: string;
  readonly brokerPort: number;
  readonly brokerUrl: string;
  readonly provider: Provider;
  /** Resolves with the next request that fits. Ask before what causes it. */
  nextRequest(method: string, path: RegExp): Promise<Crossing>;
  /** When the relay's part handed its last event to the broker's socket. */
  publishedMs(): number;
  /** The newest payment is scanned and approved; its event goes out like the provider's. */
  pay(): void;
  /** The customer scans the machine's callback code. */
  checkIn(): void;
  /** The customer approves the request that is on the phone. */
  approve(): void;
  close(): Promise<void>;
}

interface Waiting {
  readonly method: string;
  readonly path: RegExp;
  readonly resolve: (crossing: Crossing) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const answerWithinMs = 60_000;

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return chunks.length === 0 ? undefined : new Uint8Array(Buffer.concat(chunks));
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
}

async function openBroker(): Promise<{ readonly broker: Broker; readonly client: MqttClient }> {
  const broker = await startMosquitto();
  const client = await mqtt.connectAsync(broker.url, { clientId: "bench-relay" });
  // A relay that is alive and registered: without one the machine does not show its callback code.
  const health = { alive: true, registered: true };
  await client.publishAsync(relayTopic(msn, "bench"), JSON.stringify(health), { qos: 1, retain: true });
  return { broker, client };
}

/** Linux with Mosquitto. */
export async function openWorld(): Promise<World> {
  const { broker, client } = await openBroker();
  const waiting: Waiting[] = [];
  let publishedMs = 0;
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const limits = { checkInFreshnessMs: 20_000, paymentExpiryMs: 600_000 };
  const server = createServer();
  const port = await listenOnPort(server, { host: "127.0.0.1", port: 0 });
  const providerUrl = `http://127.0.0.1:${port}`;
  const provider = createProvider({
    clock,
    entropy: createSystemEntropy(),
    settings: { publicUrl: providerUrl, rateLimits: false },
    send: async ({ body }) => {
      const event = readWebhookEvent(body);
      if (event.kind !== "checked-in" && event.kind !== "payment") return { status: 200 };
      const { topic, payload } = toMachine(event, clock.wallMs(), limits);
      publishedMs = performance.now();
      client.publish(topic, payload, { qos: 1 });
      return { status: 200 };
    },
  });
  provider.addUnit({ msn, pushApproved: true });
  provider.addUser({ id: user });
  const events = ["user.checked-in.v1", "epayments.payment.authorized.v1"];
  provider.state.registrations.set("bench", { id: "bench", msn, url: `${providerUrl}/bench`, events, secret: "bench" });

  server.on("request", (incoming, outgoing) => {
    const arrivedMs = performance.now();
    void (async () => {
      const { method = "GET", url = "/" } = incoming;
      const response = await provider.handle({
        method,
        url,
        headers: headersOf(incoming),
        body: await bodyOf(incoming),
      });
      outgoing.writeHead(response.status, { ...response.headers, "content-length": response.body.length });
      outgoing.end(Buffer.from(response.body));
      const crossing = { method, path: url, arrivedMs, answeredMs: performance.now() };
      const found = waiting.findIndex((one) => one.method === method && one.path.test(url));
      const [one] = found === -1 ? [] : waiting.splice(found, 1);
      if (one === undefined) return;
      clearTimeout(one.timer);
      one.resolve(crossing);
    })();
  });
  const phone = provider.phone(user);

  return {
    providerUrl,
    brokerPort: broker.port,
    brokerUrl: broker.url,
    provider,
    publishedMs: () => publishedMs,
    nextRequest: (method, path) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(one), 1);
          reject(new Error(`the machine did not ask ${method} ${path.source} within a minute`));
        }, answerWithinMs);
        const one: Waiting = { method, path, resolve, reject, timer };
        waiting.push(one);
      }),
    pay() {
      const payment = [...provider.state.payments.values()].at(-1);
      if (payment?.qrContent === undefined) throw new Error("no payment with a code was asked for");
      phone.scan(payment.qrContent);
      phone.approve();
    },
    checkIn() {
      const [code] = [...provider.state.callbackQrs.values()];
      if (code === undefined) throw new Error("the machine has registered no callback code");
      phone.scan(code.content);
    },
    approve: () => void phone.approve(),
    async close() {
      for (const { timer } of waiting) clearTimeout(timer);
      await client.endAsync(true);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await broker.close();
    },
  };
}
