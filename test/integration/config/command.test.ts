/** Goal: `kvitt config check` tells right from wrong, for machines and relays. Method: the command itself on files. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/config.ts";

const fixture = new URL("../../fixtures/config/vending.toml", import.meta.url);
let folder = "";
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "kvitt-config-"))));
afterEach(() => rm(folder, { recursive: true }));

async function check(text: string, ...flags: readonly string[]) {
  const file = join(folder, "kvitt.toml");
  await writeFile(file, text);
  const out: string[] = [];
  const never = new AbortController().signal;
  const io = { out: (line: string) => void out.push(line), err: () => {}, env: {}, isTty: false, columns: 80 };
  const code = await command.run(["check", file, ...flags], { ...io, signal: never, hurry: never });
  return { code, text: out.join("\n") };
}

describe("kvitt config check", () => {
  it("says that the file to begin with is right, and 0", async () => {
    const { code, text } = await check(await readFile(fixture, "utf8"));
    expect(text).toMatch(/kvitt\.toml is right: machine platform-2, 2 products$/m);
    expect(code).toBe(0);
  });

  it("says every fault with a line to write, and 1", async () => {
    const wrong = (await readFile(fixture, "utf8"))
      .replace("relay = 16", "relay = 17")
      .replace("price = 2500", "price = 25.00");
    const { code, text } = await check(wrong);
    expect(code).toBe(1);
    expect(text).toMatch(/has 2 fault\(s\)/);
    expect(text).toMatch(
      /delivery\.lines\[0\]\.relay = 17\n {4}BCM 17 is RST of the panel waveshare-7\.5-v2.*\n {4}write, for example: relay = 16/,
    );
    expect(text).toMatch(/25 kroner is 2500.*\n {4}write, for example: price = 2500/);
    expect(JSON.parse((await check(wrong, "--json")).text)).toMatchObject({
      ok: false,
      faults: [{}, {}],
      warnings: [],
    });
  });

  it("names the files that this computer does not have, and calls the file right", async () => {
    const { code, text } = await check(
      (await readFile(fixture, "utf8")).replace("[mqtt]", '[mqtt]\nca_file = "/nowhere/ca.pem"'),
    );
    expect(code).toBe(0);
    expect(text).toMatch(/is right[^]*worth a look[^]*mqtt\.ca_file = "\/nowhere\/ca\.pem"\n {4}there is no such file/);
  });

  it("refuses a secret that others can read", async () => {
    const password = join(folder, "password");
    await writeFile(password, "hunter2");
    await chmod(password, 0o644);
    const text = (await readFile(fixture, "utf8")).replace("[mqtt]", `[mqtt]\npassword_file = "${password}"`);
    const refused = await check(text);
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(/mqtt\.password_file = \[not shown\]\n {4}.*run chmod 600/);
    await chmod(password, 0o600);
    expect((await check(text)).code).toBe(0);
  });

  it("knows a relay's file", async () => {
    const relay = `[vipps]
environment = "production"
msn = "123456"
[mqtt]
url = "mqtts://broker.example.com:8883"
[relay]
public_url = "https://relay.example.com"
registration_file = "/var/lib/kvitt-relay/webhooks.json"
`;
    expect((await check(relay)).text).toMatch(/is right: relay relay-1$/);
    const keys = await check(relay.replace("msn =", 'client_secret = "hunter2"\nmsn ='));
    expect(keys.code).toBe(1);
    expect(keys.text).not.toContain("hunter2");
  });
});
