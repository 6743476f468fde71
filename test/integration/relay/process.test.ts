/** `kvitt relay` as it is run: a process with a configuration file, against a provider and a broker on loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { startAedes } from "../link/brokers.ts";
import { until } from "../link/real-parts.ts";
import { startProvider } from "./provider.ts";
import { deliver, msn, send } from "./relay-parts.ts";
import { kvittArgs } from "../kvitt.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const keys = {
  VIPPS_CLIENT_ID: "the-client-id",
  VIPPS_CLIENT_SECRET: "the-client-secret",
  VIPPS_SUBSCRIPTION_KEY: "the-key",
};

async function world() {
  const broker = await startAedes();
  const provider = await startProvider();
  const folder = mkdtempSync(join(tmpdir(), "kvitt-relay-process-"));
  endings.push(
    async () => rmSync(folder, { recursive: true, force: true }),
    () => provider.close(),
    () => broker.close(),
  );
  const watcher = await mqtt.connectAsync(broker.url);
  endings.push(() => watcher.endAsync(true));
  const said: { readonly topic: string; readonly json: unknown }[] = [];
  watcher.on("message", (topic, payload) => said.push({ topic, json: JSON.parse(payload.toString() || "null") }));
  await watcher.subscribeAsync("kvitt/#", { qos: 1 });
  const config = join(folder, "relay.toml");
  writeFileSync(
    config,
    `[vipps]
base_url = "${provider.url}"
msn = "${msn}"
[mqtt]
url = "${broker.url}"
[relay]
instance = "test-1"
listen_port = 0
public_url = "http://127.0.0.1:8080"
registration_file = "${folder}/registrations.json"
`,
  );
  return { broker, provider, folder, watcher, said, config };
}

function startCommand(config: string, env: Readonly<Record<string, string>> = keys) {
  const child: ChildProcess = spawn(process.execPath, kvittArgs("relay", "--json", "--config", config), {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { out: "", err: "" };
  child.stdout?.on("data", (text: Buffer) => (output.out += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (output.err += text.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  endings.push(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { child, output, exited };
}

async function portOf(output: { readonly out: string }): Promise<number> {
  await until("listening", () => output.out.includes("}"));
  return Number(/"port":(\d+)/.exec(output.out)?.[1]);
}

describe("kvitt relay", () => {
  it("registers, forwards, and takes its leave on SIGTERM", async () => {
    const { provider, said, config, watcher } = await world();
    const { child, output, exited } = startCommand(config);
    const port = await portOf(output);
    await until("healthy", () => said.some((one) => JSON.stringify(one.json).includes('"registered":true')));
    expect(provider.registered.map((one) => [one.url, one.events.length])).toEqual([
      ["http://127.0.0.1:8080/webhooks/check-in", 1],
      ["http://127.0.0.1:8080/webhooks/payment", 8],
    ]);
    const state = { state: "ready", session: 1, version: "1", since: new Date().toISOString() };
    await watcher.publishAsync(`kvitt/v1/${msn}/vend-1/state`, JSON.stringify(state), { qos: 1, retain: true });
    const [hook] = provider.registered;
    if (hook === undefined) throw new Error("nothing is registered");
    const body = JSON.stringify({
      customerToken: "c2VjcmV0IHRva2Vu",
      merchantQrId: "vend-1",
      msn,
      initiatedAt: new Date().toISOString().replace("Z", "1965Z"),
    });
    expect(await deliver(port, hook, body)).toEqual({ status: 200, text: "forwarded\n" });
    await until("event", () => said.some((one) => one.topic.endsWith("vend-1/event/checked-in")));
    expect((await send(port, "GET", "/health")).status).toBe(200);
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    const health = said.filter((one) => one.topic === `kvitt/v1/${msn}/relay/test-1`);
    expect(health.at(-1)?.json).toMatchObject({ alive: false, registered: false });
    for (const secret of [
      "the-client-secret",
      "the-key",
      "c2VjcmV0IHRva2Vu",
      ...provider.registered.map((one) => one.secret),
    ])
      expect(output.err + output.out).not.toContain(secret);
  });

  it("keeps its secrets over kill -9, registers nothing twice, and its will says that it is dead", async () => {
    const { provider, said, config, folder } = await world();
    const first = startCommand(config);
    await portOf(first.output);
    await until("registered", () => provider.registered.length === 2);
    await until("healthy", () => said.some((one) => JSON.stringify(one.json).includes('"registered":true')));
    const before = readFileSync(join(folder, "registrations.json"), "utf8");
    first.child.kill("SIGKILL");
    await until("dead", () => JSON.stringify(said.at(-1)?.json).includes('"alive":false'));
    const second = startCommand(config);
    await portOf(second.output);
    await until("healthy again", () => JSON.stringify(said.at(-1)?.json).includes('"registered":true'));
    expect(readFileSync(join(folder, "registrations.json"), "utf8")).toBe(before);
    expect(provider.requests.filter((line) => line === "POST /webhooks/v1/webhooks")).toHaveLength(2);
  });

  it("makes a registration anew whose secret was lost", async () => {
    const { provider, said, config } = await world();
    provider.registered.push({
      id: "11111111-1111-4111-8111-111111111111",
      url: "http://127.0.0.1:8080/webhooks/check-in",
      events: ["user.checked-in.v1"],
      secret: "lost",
      msn,
    });
    const { output } = startCommand(config);
    await portOf(output);
    await until("healthy", () => said.some((one) => JSON.stringify(one.json).includes('"registered":true')));
    expect(provider.registered.map((one) => one.secret)).not.toContain("lost");
    expect(provider.registered).toHaveLength(2);
  });

  it("serves several sales units with a partner's one key, and takes up and lets go of them on SIGHUP", async () => {
    const { broker, provider, folder, said, watcher } = await world();
    const config = join(folder, "fleet.toml");
    const write = (msns: readonly string[], more = ""): void =>
      writeFileSync(
        config,
        `[vipps]
base_url = "${provider.url}"
[mqtt]
url = "${broker.url}"
[relay]
instance = "test-1"
listen_port = 0
public_url = "http://127.0.0.1:8080"
registration_dir = "${folder}"
${msns.map((one) => `[[unit]]\nmsn = "${one}"\ncurrency = "NOK"\nkeys = "acme"\n`).join("")}${more}`,
      );
    write(["111111", "222222"]);
    const acme = { ACME_CLIENT_ID: "a", ACME_CLIENT_SECRET: "the-acme-secret", ACME_SUBSCRIPTION_KEY: "the-acme-key" };
    const { child, output } = startCommand(config, acme);
    const port = await portOf(output);
    const isServed = (unit: string): boolean =>
      said.some(
        ({ topic, json }) =>
          topic === `kvitt/v1/${unit}/relay/test-1` && JSON.stringify(json).includes('"registered":true'),
      );
    await until("both served", () => isServed("111111") && isServed("222222"));
    expect(provider.registered.map((one) => `${one.msn} ${one.url}`).toSorted()).toEqual([
      "111111 http://127.0.0.1:8080/webhooks/111111/check-in",
      "111111 http://127.0.0.1:8080/webhooks/111111/payment",
      "222222 http://127.0.0.1:8080/webhooks/222222/check-in",
      "222222 http://127.0.0.1:8080/webhooks/222222/payment",
    ]);
    for (const unit of ["111111", "222222"]) expect(statSync(join(folder, `${unit}.json`)).mode & 0o777).toBe(0o600);
    const tokens = provider.requests.filter((line) => line === "POST /accesstoken/get").length;

    write(["111111", "222222"], '[[unit]]\nmsn = "1"\n');
    child.kill("SIGHUP");
    await until("the fault is told", () => output.err.includes("unit[2].msn"));

    const state = { state: "ready", session: 1 };
    await watcher.publishAsync("kvitt/v1/333333/vend-1/state", JSON.stringify(state), { qos: 1, retain: true });
    write(["111111", "333333"]);
    child.kill("SIGHUP");
    await until("the third is served", () => isServed("333333"));
    await until("it has said which", () => output.err.includes('"removed":["222222"]'));
    // The unit that stayed was not begun anew: only the new one fetched a token.
    expect(provider.requests.filter((line) => line === "POST /accesstoken/get")).toHaveLength(tokens + 1);
    const hook = provider.registered.find(({ msn: unit, url }) => unit === "333333" && url.endsWith("check-in"));
    if (hook === undefined) throw new Error("nothing is registered for 333333");
    const initiatedAt = new Date().toISOString();
    const body = JSON.stringify({ customerToken: "c", merchantQrId: "vend-1", msn: "333333", initiatedAt });
    expect(await deliver(port, hook, body)).toEqual({ status: 200, text: "forwarded\n" });
    for (const secret of ["the-acme-secret", "the-acme-key"]) expect(output.err + output.out).not.toContain(secret);
  });

  it("says what is missing in its file or its credentials, all at once and without a value", async () => {
    const { config, folder } = await world();
    const none = startCommand(config, {});
    expect(await none.exited).toBe(1);
    expect(none.output.err).toMatch(/vipps-client-id, vipps-client-secret, vipps-subscription-key.*VIPPS_CLIENT_ID/);
    const bad = join(folder, "bad.toml");
    writeFileSync(
      bad,
      '[vipps]\nmsn = "12"\n[mqtt]\nurl = "mqtt://user:hunter2@broker"\n[relay]\nlisten_port = 99999\n',
    );
    const faulty = startCommand(bad);
    expect(await faulty.exited).toBe(1);
    for (const key of ["vipps.msn", "vipps.environment", "mqtt.url", "relay.listen_port", "relay.public_url"])
      expect(faulty.output.err).toContain(key);
    expect(faulty.output.err).not.toContain("hunter2");
  });
});
