/**
 * Goal: a machine with several outlets needs one user, one subscription and one line of the ACL; a scan at each outlet is answered by what that outlet
 * says, and nobody else hears of it. Method: a real Mosquitto with the rights of kvitt fleet acl, a real relay, and the real link.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { createMqttLink } from "../../../src/link/mqtt-link.ts";
import type { Outlets } from "../../../src/link/port.ts";
import { merchantQrId, outletId, referenceOf, stationId } from "../../../src/sale/ids.ts";
import { Recorder } from "../../unit/link/link-contract.ts";
import { recordingLog } from "../../unit/link/virtual-clock.ts";
import { hasMosquitto, startMosquitto } from "../link/brokers.ts";
import { realClock, realEntropy, until } from "../link/real-parts.ts";
import { rightsOf } from "../link/rights.ts";
import { untilTrue } from "../patience.ts";
import { deliver, FakeRegistry, msn, publicUrl, startRelay } from "./relay-parts.ts";

const passwordCommand = "mosquitto_passwd";
const password = "correct horse battery staple";
const machine = merchantQrId("laundry-3");
const [w1, w2, w3, w4] = ["w1", "w2", "w3", "w4"].map(stationId);
if (w1 === undefined || w2 === undefined || w3 === undefined || w4 === undefined) throw new Error("four stations");
const beacon = "0b4b7f0e-6a1c-4c8e-9d59-0d6c1f1f7c11";
const outlets: Outlets = { stations: [w1, w2, w3, w4], qrIds: new Map([[beacon, w1]]) };

const checkIn = (code: string): string =>
  JSON.stringify({
    customerToken: `token of ${code}`,
    merchantQrId: code,
    msn,
    initiatedAt: new Date(Date.now() - 500).toISOString(),
  });

const payment = (reference: string): string =>
  JSON.stringify({
    msn,
    reference,
    pspReference: "740e7483-c083-4b95-9246-a37299ad53b7",
    name: "AUTHORIZED",
    timestamp: new Date().toISOString(),
    success: true,
  });

describe.skipIf(!hasMosquitto())("outlets behind a guarded broker", () => {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function startBroker() {
    const folder = mkdtempSync(join(tmpdir(), "kvitt-outlets-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const passwords = join(folder, "passwords");
    const users = [machine, "laundry", "relay-1", "watcher"].map((user) => `${user}:${password}\n`).join("");
    writeFileSync(passwords, users, { mode: 0o600 });
    execFileSync(passwordCommand, ["-U", passwords], { stdio: "pipe" });
    const acl = join(folder, "acl");
    const rights = rightsOf(`machine ${machine} ${msn}`, `machine laundry ${msn}`, "relay relay-1");
    // It watches, and says the last word.
    writeFileSync(acl, `${rights}\nuser watcher\ntopic readwrite #\n`, { mode: 0o600 });
    const broker = await startMosquitto({
      config: ["allow_anonymous false", `password_file ${passwords}`, `acl_file ${acl}`],
    });
    endings.push(() => broker.close());
    return broker;
  }

  it("own and free ones hear of their scans on the machine's one subscription, all others refuse, and a foreign user hears nothing", async () => {
    const broker = await startBroker();
    // Another machine's user, who asks for everything, and for the outlet's own topics.
    const foreign = await mqtt.connectAsync(broker.url, { username: "laundry", password, protocolVersion: 5 });
    endings.push(() => foreign.endAsync(true));
    const overheard: string[] = [];
    foreign.on("message", (topic) => overheard.push(topic));
    const wishes = ["kvitt/#", `kvitt/v1/${msn}/${machine}/#`, `kvitt/v1/${msn}/laundry/#`];
    await foreign.subscribeAsync(wishes, { qos: 1 }).catch(() => undefined);

    const link = createMqttLink({
      msn,
      merchantQrId: machine,
      outlets,
      sessionNumber: 3,
      version: "1",
      clock: realClock,
      entropy: realEntropy,
      log: recordingLog(),
      commands: { key: undefined, highestCounter: 0 },
      settings: {
        url: broker.url,
        username: machine,
        password,
        protocol: "auto",
        keepaliveS: 30,
        sessionExpiryS: 60,
        connectTimeoutMs: 3_000,
        reconnectMaxMs: 500,
      },
    });
    const recorder = new Recorder();
    await link.start(recorder);
    endings.push(() => link.stop());

    const registry = new FakeRegistry();
    const instance = "relay-1";
    const login = { username: instance, password };
    const { relay, port } = await startRelay(broker.url, registry, recordingLog(), { instance, login });
    endings.push(() => relay.stop());
    await until("relay seen", () => recorder.relays.at(-1)?.registered === true);
    const hook = (leaf: string) => {
      const found = registry.registrations.find((one) => one.url === `${publicUrl}/webhooks/${leaf}`);
      if (found === undefined) throw new Error(`nothing is registered for ${leaf}`);
      return found;
    };
    const scan = (code: string) => deliver(port, hook("check-in"), checkIn(code));

    const watcher = await mqtt.connectAsync(broker.url, { username: "watcher", password, protocolVersion: 5 });
    endings.push(() => watcher.endAsync(true));
    const states: string[] = [];
    watcher.on("message", (_topic, payload) => states.push(payload.toString()));
    await watcher.subscribeAsync(`kvitt/v1/${msn}/${machine}/state`, { qos: 1 });
    const stations = new Map([
      [w1, { state: "free" }],
      [w2, { state: "in-use", until: new Date(Date.now() + 60_000).toISOString() }],
      [w3, { state: "out-of-service", reason: "jam" }],
      [w4, { state: "free" }],
    ] as const);
    link.publishState({ state: "ready", reason: undefined, version: "1", since: new Date().toISOString(), stations });
    await until("ready", () => states.some((text) => text.includes('"ready"')));
    expect(await untilTrue(async () => (await scan(`${machine}--w1`)).status === 200)).toBe(true);

    expect((await scan(`${machine}--w4`)).status).toBe(200);
    expect((await scan(beacon)).status).toBe(200);
    for (const [code, status] of [
      [`${machine}--w2`, 409],
      [`${machine}--w3`, 503],
      [`${machine}--w9`, 404],
      [machine, 404],
      ["laundry--w1", 503],
    ] as const)
      expect([code, (await scan(code)).status]).toEqual([code, status]);
    // Also while the outlet takes nobody: what is open there still has to end.
    const reference = referenceOf(outletId(machine, w2), "01JDB2Q0C8X6R3Y5T7W9ZABCDE");
    expect((await deliver(port, hook("payment"), payment(reference))).status).toBe(200);

    await until("all of them", () => recorder.messages.length === 4);
    expect(recorder.messages).toMatchObject([
      { kind: "checked-in", station: w1, customerToken: `token of ${machine}--w1` },
      { kind: "checked-in", station: w4, customerToken: `token of ${machine}--w4` },
      { kind: "checked-in", station: w1, customerToken: `token of ${beacon}` },
      { kind: "payment-event", station: w2, reference },
    ]);

    // The last thing that the foreign user may hear: when it is there, everything before it would be too.
    const last = `kvitt/v1/${msn}/laundry/event/payment`;
    await watcher.publishAsync(last, "{}", { qos: 1 });
    await until("the foreign user's own", () => overheard.includes(last));
    const foreignTopics = overheard.filter((topic) => !topic.startsWith(`kvitt/v1/${msn}/laundry/`));
    expect(foreignTopics.filter((topic) => !topic.startsWith(`kvitt/v1/${msn}/relay/`))).toEqual([]);
  });
});
