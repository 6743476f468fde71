/** Goal: the doctor knows a broker's ACL by trying it. Method: a real Mosquitto with the rights of kvitt fleet acl, and with one that is too wide or too narrow. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { describe, expect, it, onTestFinished } from "vitest";
import { type BrokerTrial, tryBroker } from "../../../src/link/broker-trial.ts";
import { machine, msn } from "../../unit/link/link-contract.ts";
import { type Broker, hasMosquitto, startAedes, startMosquitto } from "./brokers.ts";
import { realClock } from "./real-parts.ts";
import { rightsOf } from "./rights.ts";

const passwordCommand = "mosquitto_passwd";
const ourAcl = rightsOf(`machine ${machine} ${msn}`, `machine other ${msn}`, "relay relay-1");

async function guarded(acl: string): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), "kvitt-trial-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [passwords, rules] = [join(folder, "passwords"), join(folder, "acl")];
  writeFileSync(passwords, [machine, "other", "relay-1"].map((user) => `${user}:secret\n`).join(""), { mode: 0o600 });
  execFileSync(passwordCommand, ["-U", passwords], { stdio: "pipe" });
  writeFileSync(rules, acl, { mode: 0o600 });
  const broker = await startMosquitto({
    config: ["allow_anonymous false", `password_file ${passwords}`, `acl_file ${rules}`],
  });
  onTestFinished(() => broker.close());
  return broker;
}

/** A relay's and another machine's retained word. */
async function inhabited(broker: Broker): Promise<void> {
  const relay = await mqtt.connectAsync(broker.url, { username: "relay-1", password: "secret" });
  const health = { alive: true, registered: true, at: new Date().toISOString(), validForS: 180 };
  await relay.publishAsync(`kvitt/v1/${msn}/relay/relay-1`, JSON.stringify(health), { qos: 1, retain: true });
  await relay.endAsync();
  const other = await mqtt.connectAsync(broker.url, { username: "other", password: "secret" });
  await other.publishAsync(`kvitt/v1/${msn}/other/state`, JSON.stringify({ state: "ready" }), { qos: 1, retain: true });
  await other.endAsync();
}

function trial(url: string, protocol: "auto" | "3.1.1" = "auto", password = "secret"): Promise<BrokerTrial> {
  const settings = {
    url,
    protocol,
    clientId: "kvitt-m",
    username: machine,
    password,
    keepaliveS: 30,
    sessionExpiryS: 3_600,
    connectTimeoutMs: 3_000,
    reconnectMaxMs: 300,
  };
  return tryBroker({
    settings,
    address: { msn, merchantQrId: machine },
    clock: realClock,
    signal: AbortSignal.timeout(15_000),
  });
}

const isFailed = (fault: RegExp) => (one: BrokerTrial) => one.kind === "failed" && fault.test(one.fault);

describe.skipIf(!hasMosquitto())("a trial of a guarded broker", () => {
  it("finds the rights of kvitt fleet acl right, and the relay alive", async () => {
    const broker = await guarded(ourAcl);
    await inhabited(broker);
    expect(await trial(broker.url)).toMatchObject({
      kind: "connected",
      version: "5",
      isEncrypted: false,
      refused: [],
      mayWriteOwn: true,
      foreign: [],
      mayWriteForeign: false,
      relays: [{ instance: "relay-1", alive: true, registered: true, validForS: 180 }],
    });
  });

  it("finds one that is too wide", async () => {
    const broker = await guarded("pattern readwrite kvitt/v1/#\n");
    await inhabited(broker);
    expect(await trial(broker.url)).toMatchObject({ foreign: [`kvitt/v1/${msn}/other/state`], mayWriteForeign: true });
  });

  it("finds one that is too narrow", async () => {
    const broker = await guarded(ourAcl.replace(/^topic write .*reply\n/m, ""));
    expect(await trial(broker.url)).toMatchObject({ mayWriteOwn: false, relays: [] });
  });

  it("says nothing of what MQTT 3.1.1 does not tell", async () => {
    const broker = await guarded(ourAcl);
    expect(await trial(broker.url, "3.1.1")).toMatchObject({
      version: "3.1.1",
      mayWriteOwn: undefined,
      mayWriteForeign: undefined,
      refused: [],
    });
  });

  it("says that the password is wrong", async () => {
    const broker = await guarded(ourAcl);
    expect(await trial(broker.url, "auto", "wrong")).toSatisfy(isFailed(/refuse|authoris/i));
  });
});

it("falls back to 3.1.1 as the machine does", async () => {
  const broker = await startAedes();
  onTestFinished(() => broker.close());
  expect(await trial(broker.url)).toMatchObject({ kind: "connected", version: "3.1.1" });
});

it("says that nobody listens", async () => {
  expect(await trial("mqtt://127.0.0.1:1")).toSatisfy(isFailed(/nobody listens there/));
});
