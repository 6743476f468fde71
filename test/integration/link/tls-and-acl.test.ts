/** The link as it runs in the field: TLS with certificates made here, one user a machine, with the rights of kvitt fleet acl, a device that is killed. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import mqtt from "mqtt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { homeAssistantDiscovery } from "../../../src/link/home-assistant.ts";
import { createMqttLink, type MqttLinkParts } from "../../../src/link/mqtt-link.ts";
import { readTlsFiles } from "../../../src/link/tls-files.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { checkedIn, commandKey, machine, msn, Recorder, root } from "../../unit/link/link-contract.ts";
import { aHealth, aSale } from "../../unit/link/reports.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { type Broker, type Certificates, hasMosquitto, makeCertificates, startMosquitto } from "./brokers.ts";
import { realClock, realEntropy, until } from "./real-parts.ts";
import { rightsOf } from "./rights.ts";

const passwordCommand = "mosquitto_passwd";
const password = "correct horse battery staple";

function parts(
  settings: Partial<MqttLinkParts["settings"]> & { readonly url: string },
  log = recordingLog(),
): MqttLinkParts {
  return {
    msn,
    merchantQrId: machine,
    sessionNumber: 9,
    version: "1.2.3",
    clock: realClock,
    entropy: realEntropy,
    log,
    commands: { key: commandKey, highestCounter: 0 },
    settings: {
      protocol: "auto",
      keepaliveS: 30,
      sessionExpiryS: 3600,
      connectTimeoutMs: 3_000,
      reconnectMaxMs: 300,
      ...settings,
    },
  };
}

describe.skipIf(!hasMosquitto())("link to a guarded broker", () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => rmSync(certificates.folder, { recursive: true, force: true }));

  const endings: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function guarded(extra: readonly string[] = [], more: readonly string[] = []): Promise<Broker> {
    const passwords = join(certificates.folder, "passwords");
    writeFileSync(passwords, ["vend-1", "vend-2", "watcher"].map((user) => `${user}:${password}\n`).join(""), {
      mode: 0o600,
    });
    execFileSync(passwordCommand, ["-U", passwords], { stdio: "pipe" });
    const acl = join(certificates.folder, "acl");
    const rights = rightsOf(`machine vend-1 ${msn}`, `machine vend-2 ${msn}`, ...more);
    // It sees all, and plays the relays.
    writeFileSync(acl, `${rights}\nuser watcher\ntopic readwrite #\n`, { mode: 0o600 });
    const broker = await startMosquitto({
      scheme: "mqtts",
      host: "localhost",
      config: [
        "allow_anonymous false",
        `password_file ${passwords}`,
        `acl_file ${acl}`,
        `cafile ${certificates.ca}`,
        `certfile ${certificates.cert}`,
        `keyfile ${certificates.key}`,
        ...extra,
      ],
    });
    endings.push(() => broker.close());
    return broker;
  }

  async function watching(broker: Broker) {
    const client = await mqtt.connectAsync(broker.url, {
      username: "watcher",
      password,
      ca: readFileSync(certificates.ca),
    });
    endings.push(() => client.endAsync(true));
    return client;
  }

  const tls = () => readTlsFiles({ ca_file: certificates.ca });

  it("sells over TLS with its own user, and its rights let it do all it needs", async () => {
    const broker = await guarded();
    const relay = await watching(broker);
    const seen: string[] = [];
    relay.on("message", (topic) => seen.push(topic));
    await relay.subscribeAsync(`${root}/#`, { qos: 1 });
    const link = createMqttLink(parts({ url: broker.url, username: "vend-1", password, tls: tls() }));
    endings.push(() => link.stop());
    const recorder = new Recorder();
    await link.start(recorder);
    await until("connected", () => link.isConnected());
    await relay.publishAsync(`${root}/event/checked-in`, checkedIn(Date.now()), { qos: 1 });
    await relay.publishAsync(`kvitt/v1/${msn}/relay/a`, '{"alive":true,"registered":true}', { qos: 1, retain: true });
    await link.publishSale("sale-1", aSale);
    link.publishHealth(aHealth);
    link.reply({ id: "c", outcome: "done" });
    await until("events", () => recorder.messages.length === 1 && recorder.relays.length === 1);
    const wanted = ["state", "sale", "health", "command/reply"].map((leaf) => `${root}/${leaf}`);
    await until("all topics", () => wanted.every((topic) => seen.includes(topic)));
  });

  it.each([
    ["is found by Home Assistant, where one is in the list", [`home-assistant house ${msn}`], 1],
    ["and is not where none is", [], 0],
  ])("%s", async (_name, more, devices) => {
    const broker = await guarded([], more);
    const home = await watching(broker);
    const seen: { readonly topic: string; readonly retained: boolean }[] = [];
    home.on("message", (topic, _payload, { retain }) => seen.push({ topic, retained: retain }));
    await home.subscribeAsync(["homeassistant/#", `${root}/state`], { qos: 1 });
    const [own, foreign] = [machine, merchantQrId("vend-2")].map((merchantQrId) =>
      homeAssistantDiscovery({
        msn,
        merchantQrId,
        prefix: "homeassistant",
        name: "Lobby",
        version: "1",
        lines: ["A1"],
      }),
    );
    const login = { url: broker.url, username: "vend-1", password, tls: tls() };
    // The device that is another's goes first: had it been let through, it would be there before the own one.
    for (const announcement of [foreign, own]) {
      const link = createMqttLink({ ...parts(login), announcement });
      await link.start(new Recorder());
      await until("connected", () => link.isConnected());
      await link.publishReply({ id: "after", outcome: "done" });
      await link.stop();
    }
    await until("out of service twice", () => seen.filter(({ topic }) => topic === `${root}/state`).length >= 4);
    const found = seen.filter(({ topic }) => topic.startsWith("homeassistant/")).map(({ topic }) => topic);
    expect(found).toEqual(Array.from({ length: devices }, () => `homeassistant/device/${msn}/${machine}/config`));
    const late = await watching(broker);
    const kept: boolean[] = [];
    late.on("message", (topic, _payload, { retain }) => void (topic.startsWith("homeassistant/") && kept.push(retain)));
    await late.subscribeAsync(["homeassistant/#"], { qos: 1 });
    await late.publishAsync(`kvitt/v1/${msn}/relay/a`, "{}", { qos: 1 });
    await until("what is kept", () => kept.length === devices);
    expect(kept.every(Boolean)).toBe(true);
  });

  it("is kept out of another machine's topics by its rights", async () => {
    const broker = await guarded();
    const thief = await mqtt.connectAsync(broker.url, {
      username: "vend-2",
      password,
      ca: readFileSync(certificates.ca),
    });
    endings.push(() => thief.endAsync(true));
    const heard: string[] = [];
    thief.on("message", (topic) => heard.push(topic));
    await Promise.allSettled(
      [`${root}/#`, `${root}/event/#`, `${root}/command`].map((filter) => thief.subscribeAsync(filter)),
    );
    const relay = await watching(broker);
    await relay.subscribeAsync(`${root}/#`, { qos: 1 });
    relay.on("message", (topic) => heard.push(`relay ${topic}`));
    await relay.publishAsync(`${root}/event/checked-in`, checkedIn(Date.now()), { qos: 1 });
    await Promise.allSettled(
      [`${root}/state`, `${root}/event/checked-in`, `kvitt/v1/${msn}/relay/x`].map((topic) =>
        thief.publishAsync(topic, "{}", { qos: 1, retain: true }),
      ),
    );
    // What the broker let through before this would arrive before it.
    await relay.publishAsync(`${root}/event/payment`, "{}", { qos: 1 });
    await until("the last of the relay's own", () => heard.includes(`relay ${root}/event/payment`));
    await thief.publishAsync(`kvitt/v1/${msn}/vend-2/state`, "{}", { qos: 1 });
    expect(heard).toEqual([`relay ${root}/event/checked-in`, `relay ${root}/event/payment`]);
  });

  interface Broken {
    readonly tls: ReturnType<typeof readTlsFiles>;
    readonly password?: string;
    readonly url?: string;
  }

  it.each<readonly [string, () => Broken, RegExp]>([
    ["an authority that is not known", () => ({ tls: readTlsFiles({ ca_file: certificates.otherCa }) }), /ca_file/],
    ["a wrong password", () => ({ tls: tls(), password: "wrong but secret" }), /user or password|authorise/],
    ["another name in the certificate", () => ({ tls: tls(), url: "mqtts://127.0.0.1:" }), /another name/],
  ])("stays out and says why: %s", async (_name, broken, advice) => {
    const broker = await guarded();
    const given = broken();
    const url = given.url === undefined ? broker.url : `${given.url}${broker.port}`;
    const log = recordingLog();
    const link = createMqttLink(parts({ username: "vend-1", password, ...given, url }, log));
    endings.push(() => link.stop());
    await link.start(new Recorder());
    await until("said", () => log.lines.some((line) => advice.test(JSON.stringify(line.fields))));
    expect(link.isConnected()).toBe(false);
    expect(JSON.stringify(log.lines)).not.toMatch(/correct horse|wrong but secret/);
  });

  it("shows its own certificate where the broker asks for one", async () => {
    const broker = await guarded(["require_certificate true"]);
    const log = recordingLog();
    const without = createMqttLink(parts({ url: broker.url, username: "vend-1", password, tls: tls() }, log));
    endings.push(() => without.stop());
    await without.start(new Recorder());
    await until("refused", () => log.lines.some((line) => line.message === "no connection to the broker"));
    expect(without.isConnected()).toBe(false);
    await without.stop();
    const own = readTlsFiles({
      ca_file: certificates.ca,
      cert_file: certificates.clientCert,
      key_file: certificates.clientKey,
    });
    const link = createMqttLink(parts({ url: broker.url, username: "vend-1", password, tls: own }));
    endings.push(() => link.stop());
    await link.start(new Recorder());
    await until("connected", () => link.isConnected());
  });

  it("names the file that is missing or is no certificate", () => {
    expect(() => readTlsFiles({ ca_file: "/nowhere/ca.pem" })).toThrow(
      /ca_file "\/nowhere\/ca.pem" cannot be read \(ENOENT\)/,
    );
    expect(() => readTlsFiles({ ca_file: certificates.key })).toThrow(/holds no PEM block "CERTIFICATE"/);
    expect(() => readTlsFiles({ cert_file: certificates.cert })).toThrow(/key_file is missing/);
  });
});

describe.skipIf(!hasMosquitto())("link of a device that dies", () => {
  it("is called lost by its will on SIGKILL, with the session number of that boot", async () => {
    const broker = await startMosquitto();
    const watcher = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
    const states: string[] = [];
    watcher.on("message", (_topic, payload) => states.push(payload.toString()));
    await watcher.subscribeAsync(`${root}/state`, { qos: 1 });
    const child = spawn(
      process.execPath,
      ["--import", "tsx", new URL("device.ts", import.meta.url).pathname, broker.url],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    try {
      await until("ready", () => states.some((state) => state.includes('"ready"')));
      child.kill("SIGKILL");
      await until("lost", () => states.some((state) => state.includes('"lost"')));
      expect(JSON.parse(states.at(-1) ?? "{}")).toMatchObject({
        state: "lost",
        reason: "connection-lost",
        session: 77,
      });
    } finally {
      child.kill("SIGKILL");
      await watcher.endAsync(true);
      await broker.close();
    }
  });

  it("gets what it had not taken in when it was killed, at its next start", async () => {
    const broker = await startMosquitto();
    const relay = await mqtt.connectAsync(broker.url);
    const child = spawn(
      process.execPath,
      ["--import", "tsx", new URL("device.ts", import.meta.url).pathname, broker.url, "never-takes"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += text.toString()));
    try {
      await until("connected", () => said.includes("connected"));
      await relay.publishAsync(`${root}/event/checked-in`, checkedIn(Date.now()), { qos: 1 });
      await until("seen and not taken", () => said.includes("message checked-in"));
      child.kill("SIGKILL");
      const recorder = new Recorder();
      const link = createMqttLink(parts({ url: broker.url }));
      await link.start(recorder);
      await until("again", () => recorder.messages.length > 0);
      expect(recorder.messages).toMatchObject([{ kind: "checked-in", eventId: "event-1" }]);
      await link.stop();
    } finally {
      child.kill("SIGKILL");
      await relay.endAsync(true);
      await broker.close();
    }
  });

  it("gets what the broker had kept when the broker itself was killed", async () => {
    const broker = await startMosquitto();
    const relay = await mqtt.connectAsync(broker.url, { reconnectPeriod: 50 });
    const first = createMqttLink(parts({ url: broker.url }));
    await first.start(new Recorder());
    await until("connected", () => first.isConnected());
    await first.stop();
    await relay.publishAsync(`${root}/event/checked-in`, checkedIn(Date.now()), { qos: 1 });
    await realClock.sleep(2_500); // mosquitto's own autosave, once a second here
    await broker.kill();
    await broker.revive();
    const recorder = new Recorder();
    const second = createMqttLink(parts({ url: broker.url }));
    await second.start(recorder);
    await until("kept", () => recorder.messages.length > 0);
    await second.stop();
    await relay.endAsync(true);
    await broker.close();
  });
});
