/**
 * Goal: who follows docs/fleet.md word for word on one computer has a fleet that sells: TLS, rights, two relays, a machine without keys. Method: the page's
 * own commands in one shell, with this build's `kvitt`; then a customer pays what is on the panel, and the gateway is what took it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { readCode } from "../../../src/demo/camera.ts";
import { askMachine, readLedger, usePhone } from "../../../src/demo/clients.ts";
import { kvittArgs } from "../kvitt.ts";
import { hasMosquitto } from "../link/brokers.ts";
import { until, untilTrue } from "../patience.ts";

const page = await readFile(new URL("../../../docs/fleet.md", import.meta.url), "utf8");
const [, onOneComputer = ""] = /\n## On one computer\n([^]*?)\n## /.exec(page) ?? [];
const blocks = [...onOneComputer.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = ""]) => text);
const simulator = "http://127.0.0.1:18090";
const health = z.object({ gateway: z.object({ passed: z.number().optional() }).loose().optional() }).loose();

describe.skipIf(!hasMosquitto())("docs/fleet.md, word for word", () => {
  let folder: string;
  let shell: ChildProcess;
  let ended: Promise<number | null>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-fleet-"));
    const words = join(folder, "words");
    await mkdir(words);
    const quoted = kvittArgs().map((arg) => `'${arg}'`);
    await writeFile(join(words, "kvitt"), `#!/bin/sh\nexec '${process.execPath}' ${quoted.join(" ")} "$@"\n`);
    await chmod(join(words, "kvitt"), 0o755);
    await mkdir(join(folder, "fleet"));
    // A group of its own, which is ended as a whole: the page leaves its programs running.
    shell = spawn("bash", ["-e", "-c", `${blocks.join("\n")}\necho "the page is done"\nwait`], {
      cwd: join(folder, "fleet"),
      env: { HOME: folder, PATH: `${words}:/usr/sbin:${process.env["PATH"] ?? ""}` },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    ended = new Promise((resolve) => shell.once("exit", resolve));
  });
  afterAll(async () => {
    if (shell.pid !== undefined) process.kill(-shell.pid, "SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  const at = (name: string): string => join(folder, "fleet", name);
  async function logs(): Promise<string> {
    const names = (await readdir(at("."))).filter((name) => name.endsWith(".log"));
    const texts = await Promise.all(names.map((name) => readFile(at(name), "utf8")));
    return names.map((name, index) => `${name}:\n${(texts[index] ?? "").slice(-1_500)}`).join("\n");
  }

  it("has commands that all succeed", async () => {
    expect(blocks.length).toBeGreaterThan(5);
    let said = "";
    for (const stream of [shell.stdout, shell.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
    const done = untilTrue(() => said.includes("the page is done"));
    expect(await Promise.race([done, ended.then(() => false)]), `${said}\n${await logs()}`).toBe(true);
    // A password that was made is nowhere else.
    for (const user of await readdir(at("passwords")))
      expect(`${said}${await logs()}`).not.toContain((await readFile(join(at("passwords"), user), "utf8")).trim());
  });

  it("a customer pays, and the machine that has no key takes the money through a gateway", async () => {
    const scanned = await untilTrue(async () => {
      const text = await readCode(new Uint8Array(await readFile(at("panel.png")))).catch(() => undefined);
      if (text !== undefined) await usePhone(simulator, "kari", "scan", text);
      return (await usePhone(simulator, "kari", "view")).screen === "request";
    });
    expect(scanned, await logs()).toBe(true);
    await usePhone(simulator, "kari", "approve");
    const captured = await until(async () => (await readLedger(simulator)).find((row) => row.captured === 2_500));
    expect(captured, await logs()).toBeDefined();
    expect(
      await untilTrue(async () => (await askMachine(at("machine.sock"), { action: "state" }))?.drops.length === 1),
    ).toBe(true);
    for (const name of await readdir(at("card")))
      expect(await readFile(join(at("card"), name), "utf8")).not.toMatch(/secret-123456|subscription-123456/);
  });

  it("both relays are at the broker and serve the unit; the webhooks of the provider arrive", async () => {
    for (const port of [18_081, 18_082]) {
      const answer = await fetch(`http://127.0.0.1:${port}/health`);
      expect(answer.status).toBe(200);
      health.parse(await answer.json());
    }
  });
});
