/**
 * Goal: a machine that is enrolled knows every broker of its fleet. Method: `kvitt gateway enrol` with a relay's file, then `join` with what it wrote, as
 * functions.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import command from "../../../src/cli/commands/gateway.ts";
import { mqttSchema } from "../../../src/config/mqtt.ts";

const nodes = ["mqtts://node-1.example.com:8883", "mqtts://node-2.example.com:8883", "mqtts://node-3.example.com:8883"];
let folder = "";
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-enrol-"));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  await mkdir(at("card"));
});

async function run(...args: readonly string[]): Promise<string> {
  const out: string[] = [];
  const { signal } = new AbortController();
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void out.push(text),
    env: {},
    isTty: false,
    columns: 80,
    signal,
    hurry: signal,
  };
  await command.run(args, io);
  return out.join("\n");
}

async function relayFile(brokers: string): Promise<string> {
  const file = at("relay.toml");
  await writeFile(
    file,
    `[vipps]\nenvironment = "test"\nmsn = "123456"\ncurrency = "NOK"\n[mqtt]\n${brokers}\n[relay]\npublic_url = "https://relay.example.com"
registration_file = "${at("registrations.json")}"\n[gateway]\npublic_urls = ["https://gateway.example.com"]\nidentities_file = "${at("identities")}"\n`,
  );
  return file;
}

/** What `join` prints of the section [mqtt]. */
async function joined(brokers: string, ...more: readonly string[]): Promise<Record<string, unknown>> {
  await run("enrol", "vend-1", "--config", await relayFile(brokers), "--out", at("enrolment"), ...more);
  const { mqtt } = parse(await run("join", at("enrolment"), "--credentials", at("card")));
  return { ...mqttSchema.parse(mqtt) };
}
const all = `urls = ${JSON.stringify(nodes)}`;

describe("a machine that is enrolled", () => {
  it("has every broker that its relay has", async () => {
    expect(await joined(all)).toMatchObject({ urls: nodes, username: "vend-1" });
  });

  it("has one address where its relay has one, in a file that machines of before read", async () => {
    await run("enrol", "vend-1", "--config", await relayFile(`url = "${nodes[0]}"`), "--out", at("enrolment"));
    expect(JSON.parse(await readFile(at("enrolment"), "utf8"))).toMatchObject({
      broker: { url: nodes[0], username: "vend-1" },
    });
    expect(await run("join", at("enrolment"), "--credentials", at("card"))).toContain(`url = "${nodes[0]}"`);
  });

  it("has those that are given, where machines reach the brokers under other names", async () => {
    const outside = ["mqtts://a.example.net", "mqtts://b.example.net"];
    const flags = outside.flatMap((url) => ["--broker", url]);
    expect(await joined(all, ...flags)).toMatchObject({ urls: outside });
    await rm(at("enrolment"), { force: true });
    await rm(at("card"), { recursive: true });
    await mkdir(at("card"));
    expect(await joined(all, "--broker", "mqtts://a.example.net")).toMatchObject({ url: "mqtts://a.example.net" });
  });

  it.each([
    ["an address that is none", ["--broker", "broker.example.com"], /begins with mqtt:/],
    ["an address twice", ["--broker", "mqtts://a", "--broker", "mqtts://a"], /twice/],
    ["an address beside a whole configuration", ["--broker", "mqtts://a", "--machine-config", "m"], /do nothing here/],
    ["a user beside a whole configuration", ["--username", "dk-vend-1", "--machine-config", "m"], /do nothing here/],
  ])("is not made with %s", async (_what, flags, reason) => {
    const config = await relayFile(all);
    const enrol = run("enrol", "vend-1", "--config", config, "--out", at("enrolment"), ...flags);
    await expect(enrol).rejects.toThrow(reason);
    for (const name of ["enrolment", "identities"]) expect(existsSync(at(name))).toBe(false);
  });
});
