/**
 * Goal: with what `kvitt fleet acl` writes, a real broker lets each client do its work, and lets a stolen machine do nothing to others. Method: the command
 * as a process, Mosquitto with its two files, every user of a fleet with its own password.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kvittArgs } from "../kvitt.ts";
import { type Broker, hasMosquitto, startMosquitto } from "./brokers.ts";
import { until } from "./real-parts.ts";

const exec = promisify(execFile);
const list = `machine vend-1 123456
machine vend-2 123456
machine vend-1 222222 as dk-vend-1
relay relay-1
desk office 123456
operator boss 123456
`;

describe.skipIf(!hasMosquitto())("a broker with the files of kvitt fleet acl", () => {
  let folder: string;
  let broker: Broker;
  const endings: (() => Promise<unknown>)[] = [];
  const at = (name: string): string => join(folder, name);

  async function acl(kind: string, ...more: readonly string[]): Promise<string> {
    const args = ["fleet", "acl", "--broker", kind, "--list", at("list"), ...more];
    const { stdout, stderr } = await exec(process.execPath, [...kvittArgs(...args)]);
    return stdout + stderr;
  }
  const toFiles = (): Promise<string> =>
    acl("mosquitto", "--out", at("acl"), "--passwords", at("passwords"), "--password-file", at("password-file"));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-fleet-acl-"));
    await writeFile(at("list"), list);
    const said = await toFiles();
    for (const user of await readdir(at("passwords")))
      expect(said).not.toContain((await readFile(join(at("passwords"), user), "utf8")).trim());
    broker = await startMosquitto({
      config: ["allow_anonymous false", `password_file ${at("password-file")}`, `acl_file ${at("acl")}`],
    });
  });
  afterAll(async () => {
    for (const end of endings.splice(0)) await end();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function client(user: string) {
    const password = (await readFile(join(at("passwords"), user), "utf8")).trim();
    // MQTT 5: the broker says what it refuses.
    const connected = await mqtt.connectAsync(broker.url, {
      username: user,
      password,
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    endings.push(() => connected.endAsync(true));
    return connected;
  }
  type Client = Awaited<ReturnType<typeof client>>;

  const isTaken = (by: Client, topic: string): Promise<boolean> =>
    by.publishAsync(topic, "{}", { qos: 1 }).then(
      () => true,
      () => false,
    );

  it("holds passwords in files that nobody else reads, and changes nothing when nothing has changed", async () => {
    const before = await readFile(at("password-file"), "utf8");
    const rules = await readFile(at("acl"), "utf8");
    await toFiles();
    expect(await readFile(at("password-file"), "utf8")).toBe(before);
    expect(await readFile(at("acl"), "utf8")).toBe(rules);
    for (const file of [at("password-file"), join(at("passwords"), "vend-1")])
      expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  const root = "kvitt/v1/123456";
  it.each<readonly [string, readonly string[]]>([
    ["vend-1", ["state", "sale", "health", "command/reply"].map((leaf) => `${root}/vend-1/${leaf}`)],
    [
      "relay-1",
      [
        `${root}/vend-2/event/payment`,
        `kvitt/v1/222222/vend-1/event/checked-in`,
        `${root}/relay/relay-1`,
        `${root}/relay/relay-1/answered`,
        "kvitt/v1/relay/relay-1",
      ],
    ],
    ["office", [`${root}/vend-1/command`]],
    ["boss", ["kvitt/v1/gateway/123456/vend-1"]],
  ])("%s writes what it has to", async (user, topics) => {
    const connected = await client(user);
    for (const topic of topics) expect([topic, await isTaken(connected, topic)]).toEqual([topic, true]);
  });

  it("a thief with a machine's password writes to nobody else's topics", async () => {
    const thief = await client("vend-2");
    const forbidden = [
      ...["state", "sale", "health", "command", "command/reply", "event/checked-in", "event/payment"].map(
        (leaf) => `${root}/vend-1/${leaf}`,
      ),
      `${root}/vend-2/event/checked-in`,
      `${root}/vend-2/command`,
      `${root}/vend-2--lobby/state`,
      `${root}/relay/relay-1`,
      `${root}/relay/relay-1/answered`,
      "kvitt/v1/222222/vend-2/state",
      "kvitt/v1/relay/relay-1",
      "kvitt/v1/gateway/123456/vend-2",
      "homeassistant/device/123456/vend-2/config",
      "elsewhere",
    ];
    for (const topic of forbidden) expect([topic, await isTaken(thief, topic)]).toEqual([topic, false]);
    expect(await isTaken(thief, `${root}/vend-2/state`)).toBe(true);
  });

  it("and hears nobody else, whatever it asks for", async () => {
    const [thief, relay, office, danish] = await Promise.all(["vend-2", "relay-1", "office", "dk-vend-1"].map(client));
    if (thief === undefined || relay === undefined || office === undefined || danish === undefined)
      throw new Error("no clients");
    const heard: string[] = [];
    thief.on("message", (topic) => heard.push(topic));
    await thief.subscribeAsync(["#", "kvitt/v1/#", `${root}/+/state`, `${root}/vend-1/event/#`, "$SYS/#"], { qos: 1 });
    await relay.publishAsync(`${root}/vend-1/event/checked-in`, "{}", { qos: 1 });
    await relay.publishAsync(`${root}/relay/relay-1/answered`, "{}", { qos: 1 });
    await office.publishAsync(`${root}/vend-1/command`, "{}", { qos: 1 });
    await danish.publishAsync("kvitt/v1/222222/vend-1/state", "{}", { qos: 1 });
    // What came before this would have been heard before it.
    await relay.publishAsync(`${root}/vend-2/event/payment`, "{}", { qos: 1 });
    await until("its own event", () => heard.includes(`${root}/vend-2/event/payment`));
    expect(new Set(heard)).toEqual(new Set([`${root}/vend-2/event/payment`]));
  });

  it("a password that is another's, or that is gone, lets nobody in", async () => {
    const password = (await readFile(join(at("passwords"), "vend-2"), "utf8")).trim();
    await expect(
      mqtt.connectAsync(broker.url, { username: "vend-1", password, reconnectPeriod: 0, connectTimeout: 5_000 }),
    ).rejects.toThrow();
  });

  it("machines of the gateway's identities are added, those that are revoked are not", async () => {
    const [kept, gone] = ["A".repeat(43), "B".repeat(43)];
    const identities = at("identities");
    await writeFile(
      identities,
      `machine vend-8 123456 ${kept}\nmachine vend-9 123456 ${gone}\nrevoked vend-9 123456\n`,
      {
        mode: 0o644,
      },
    );
    const text = await acl("mosquitto", "--identities", identities);
    expect(text).toContain("user vend-8\n");
    expect(text).not.toContain("vend-9");
  });

  it("a list with faults writes nothing", async () => {
    const before = await readFile(at("acl"), "utf8");
    await writeFile(at("wrong"), "machine vend-1 123456\nmachine vend-1 222222\n");
    const args = ["fleet", "acl", "--broker", "mosquitto", "--list", at("wrong"), "--out", at("acl")];
    await expect(exec(process.execPath, [...kvittArgs(...args)])).rejects.toThrow(/both be the user/);
    expect(await readFile(at("acl"), "utf8")).toBe(before);
  });
});
