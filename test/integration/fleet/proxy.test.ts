/**
 * Goal: behind the proxy of docs/fleet.md everything that is signed holds, nothing is believed because of a header that anybody can write, and a dead relay
 * behind it sends a machine to another gateway. Method: nginx with the page's own text before a real relay and its gateway; the provider is simulated, and
 * delivers over TLS to the public address.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import mqtt, { type MqttClient } from "mqtt";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relayFileSchema } from "../../../src/config/relay.ts";
import { readLedger, setUnit, usePhone } from "../../../src/demo/clients.ts";
import { freePort } from "../../../src/demo/network.ts";
import { type RunningRelay, startRelay } from "../../../src/relay/main.ts";
import { openRegistrationFile } from "../../../src/relay/registration-file.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { listenOnPort } from "../../../src/service/listen.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { createVippsClient, type VippsClient } from "../../../src/vipps/client.ts";
import { createGatewayTransport } from "../../../src/vipps/gateway-transport.ts";
import { createHttpTransport } from "../../../src/vipps/http-transport.ts";
import { authorizationOf } from "../../../src/vipps/identity.ts";
import { newMachine } from "../../unit/relay/gateway/machine.ts";
import { type Broker, type Certificates, makeCertificates, startAedes } from "../link/brokers.ts";
import { realClock, realEntropy } from "../link/real-parts.ts";
import { until, untilTrue } from "../patience.ts";
import { signedHeaders } from "../relay/relay-parts.ts";
import { hasNginx, startNginx } from "./nginx.ts";

const page = readFileSync(new URL("../../../docs/fleet.md", import.meta.url), "utf8");
const [, recipe = ""] = /^```nginx\n([^]*?)^```$/m.exec(page) ?? [];

const msn = "123456";
const vendor = newMachine("vend-1");
const reference = "vend-1-01JDB2Q0C8X6R3Y5T7W9ZABCDE";
const amount = { currency: "NOK", value: 2_500 } as const;
const lies = {
  "x-forwarded-for": "127.0.0.1",
  "x-forwarded-host": "evil.example",
  "x-forwarded-proto": "http",
  "x-real-ip": "127.0.0.1",
  "x-original-url": "/webhooks/payment",
  forwarded: 'for=127.0.0.1;host="evil.example";proto=http',
};
const otherDate = "Tue, 24 Nov 2026 10:00:00 GMT";

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly date: string | undefined;
}

/** @param parts of the body, each sent when the one before has left */
function ask(
  url: string,
  { method, headers, parts = [] }: { method: string; headers: Record<string, string>; parts?: readonly string[] },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(parts.join(""));
    const sent = request(
      url,
      { method, headers: { ...headers, "content-length": length }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (words: string) => (text += words));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text, date: response.headers.date }));
      },
    );
    sent.on("error", reject);
    const [first, ...others] = parts;
    if (first === undefined) sent.end();
    else
      sent.write(first, () => {
        for (const part of others) sent.write(part);
        sent.end();
      });
  });
}

describe.skipIf(!hasNginx())("behind nginx as docs/fleet.md sets it up", () => {
  const trusted = getCACertificates("default");
  let certificates: Certificates;
  let folder: string;
  let broker: Broker;
  let simulator: SimulatorServer;
  let relay: RunningRelay;
  let elsewhere: Server;
  let nginx: Awaited<ReturnType<typeof startNginx>>;
  let listener: MqttClient;
  let urls: { readonly relay: string; readonly gateway: string; readonly dead: string; readonly other: string };
  const heard: string[] = [];

  beforeAll(async () => {
    certificates = makeCertificates();
    setDefaultCACertificates([...trusted, readFileSync(certificates.ca, "utf8")]);
    folder = await mkdtemp(join(tmpdir(), "kvitt-proxy-"));
    const identitiesFile = join(folder, "identities");
    await writeFile(identitiesFile, `machine vend-1 ${msn} ${vendor.publicKey}\n`, { mode: 0o644 });
    broker = await startAedes();
    simulator = await startSimulator({ port: 0, clock: realClock, entropy: realEntropy, msn });
    const [port = 0, gatewayPort = 0, deadPort = 0, otherPort = 0] = await Promise.all(
      [1, 2, 3, 4].map(() => freePort()),
    );
    urls = {
      relay: `https://localhost:${port}`,
      gateway: `https://localhost:${gatewayPort}`,
      dead: `https://localhost:${deadPort}`,
      other: `https://localhost:${otherPort}`,
    };

    listener = await mqtt.connectAsync(broker.url);
    listener.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
    await listener.subscribeAsync(`kvitt/v1/${msn}/vend-1/event/+`, { qos: 1 });
    const state = { state: "ready", session: 1, version: "1", since: new Date().toISOString() };
    await listener.publishAsync(`kvitt/v1/${msn}/vend-1/state`, JSON.stringify(state), { qos: 1, retain: true });

    await setUnit(simulator.url, { msn, pushApproved: true });
    const service = { version: "1", clock: realClock, entropy: realEntropy, log: createMemoryLog() };
    const toml = `[vipps]\nbase_url = "${simulator.url}"\nmsn = "${msn}"\ncurrency = "NOK"\n[mqtt]\nurl = "${broker.url}"
[relay]\nlisten_port = 0\npublic_url = "${urls.relay}"\nregistration_file = "${join(folder, "registrations.json")}"
[gateway]\nlisten_port = 0\npublic_urls = ["${urls.gateway}"]\nidentities_file = "${identitiesFile}"\n`;
    const keys = { clientId: `client-${msn}`, clientSecret: `secret-${msn}`, subscriptionKey: `subscription-${msn}` };
    const secrets = { readKeys: () => Promise.resolve(keys), readMqttPassword: () => Promise.resolve(undefined) };
    relay = await startRelay(relayFileSchema.parse(parse(toml)), secrets, service);

    // A gateway on a computer with another clock than the proxy's.
    elsewhere = createServer((_request, response) => response.writeHead(401, { date: otherDate }).end());
    const otherTo = await listenOnPort(elsewhere, { host: "127.0.0.1", port: 0 });
    nginx = await startNginx(
      recipe,
      [
        { pagePort: 8080, port, to: relay.port },
        { pagePort: 8081, port: gatewayPort, to: relay.gatewayPort ?? 0 },
        { pagePort: 8081, port: deadPort, to: 1 },
        { pagePort: 8081, port: otherPort, to: otherTo },
      ],
      certificates,
    );
    expect(await untilTrue(() => registrations().length === 2)).toBe(true);
  });
  afterAll(async () => {
    await nginx?.stop();
    elsewhere?.close();
    await relay?.stop();
    await listener?.endAsync(true);
    await simulator?.close();
    await broker?.close();
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true, force: true });
    await rm(certificates.folder, { recursive: true, force: true });
  });

  const registrations = () => openRegistrationFile(join(folder, "registrations.json")).all();
  function hook(leaf: string) {
    const found = registrations().find(({ url }) => url === `${urls.relay}/webhooks/${leaf}`);
    if (found === undefined) throw new Error(`nothing is registered for ${leaf}`);
    return found;
  }
  function machine(...gateways: readonly string[]): VippsClient {
    return createVippsClient({
      baseUrl: gateways[0] ?? "",
      msn,
      credentials: vendor,
      system: { name: "kvitt", version: "1", pluginName: "kvitt", pluginVersion: "1" },
      transport: createGatewayTransport(gateways, createHttpTransport()),
      clock: realClock,
      entropy: realEntropy,
      log: createMemoryLog(),
    });
  }
  async function health(): Promise<unknown> {
    return (await fetch(`http://127.0.0.1:${relay.port}/health`)).json();
  }

  it("a machine pays through the gateway, and the provider's webhooks reach it through the relay", async () => {
    const client = machine(urls.gateway);
    await client.callbackQrs.put("vend-1", { locationDescription: "By the lift", category: "VENDING" });
    const { qrContent } = await client.callbackQrs.get("vend-1");
    await usePhone(simulator.url, "kari", "scan", qrContent ?? "");
    const checkIn = await until(() =>
      heard.find((line) => line.startsWith(`kvitt/v1/${msn}/vend-1/event/checked-in `)),
    );
    const [, customerToken = ""] = /"customerToken":"([^"]+)"/.exec(checkIn ?? "") ?? [];
    const customer = { customerToken };
    const payment = {
      amount,
      paymentMethod: { type: "WALLET" },
      reference,
      userFlow: "PUSH_MESSAGE",
      customer,
    } as const;
    await client.payments.create(payment, "key-1");
    await usePhone(simulator.url, "kari", "approve");
    expect(await untilTrue(() => heard.some((line) => line.includes('"AUTHORIZED"')))).toBe(true);
    await client.payments.capture(reference, amount, "key-2");
    expect((await readLedger(simulator.url)).map(({ captured }) => captured)).toEqual([amount.value]);
  });

  it("what is signed for the public address is genuine, whatever else the request says of its way", async () => {
    const body = JSON.stringify({
      msn,
      reference: "another-shop-1",
      name: "CAPTURED",
      timestamp: new Date().toISOString(),
    });
    const { url, secret, id } = hook("payment");
    const signed = { ...signedHeaders(url, secret, body), "webhook-id": id };
    expect(await ask(url, { method: "POST", headers: { ...lies, ...signed }, parts: [body] })).toMatchObject({
      status: 200,
    });
    expect(
      await ask(url, { method: "POST", headers: signed, parts: [body.slice(0, 20), body.slice(20)] }),
    ).toMatchObject({
      status: 200,
    });
    // The secret for payments makes no check-in, and a signature for one address none at another.
    for (const target of [hook("check-in").url, `${urls.relay}/webhooks/%70ayment?x=1`])
      expect(
        await ask(target, {
          method: "POST",
          headers: { ...lies, ...signedHeaders(target, secret, body) },
          parts: [body],
        }),
      ).toMatchObject({ status: 401 });
  });

  it("nothing but webhooks comes in at the relay's address", async () => {
    for (const path of ["/health", "/", "/metrics"])
      expect((await ask(urls.relay + path, { method: "GET", headers: lies })).status).toBe(404);
  });

  it("a machine is known by its signature alone, and counted by its name, from wherever it says to come", async () => {
    const target = "/epayment/v1/payments/vend-2-01JDB2Q0C8X6R3Y5T7W9ZABCDE";
    expect((await ask(urls.gateway + target, { method: "GET", headers: lies })).status).toBe(401);
    for (let address = 1; address <= 10; address += 1) {
      const signable = { msn, machine: "vend-1", method: "GET", target, body: undefined, idempotencyKey: undefined };
      const authorization = authorizationOf({ ...signable, time: new Date().toISOString() }, vendor.privateKey);
      const headers = { ...lies, "x-forwarded-for": `192.0.2.${address}`, authorization };
      expect((await ask(urls.gateway + target, { method: "GET", headers })).status).toBe(400);
    }
    expect(await health()).toMatchObject({ gateway: { suspects: [`${msn}/vend-1`], nobodies: { unsigned: 1 } } });
  });

  it("a machine with a wrong clock is told the gateway's time, not the proxy's", async () => {
    expect(await ask(urls.other, { method: "GET", headers: {} })).toMatchObject({ status: 401, date: otherDate });
  });

  it("a relay that is dead behind its proxy sends a machine to the next gateway", async () => {
    await expect(
      machine(urls.dead).payments.capture(reference, amount, "key-3", { retry: "never" }),
    ).rejects.toMatchObject({
      facts: { status: 502, stage: "call" },
    });
    expect((await machine(urls.dead, urls.gateway).payments.get(reference)).reference).toBe(reference);
  });
});
