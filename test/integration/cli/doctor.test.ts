/**
 * Goal: kvitt doctor asks the daemon that runs, looks itself where none does, and mends only what is safe. Method: the command, with a daemon in this
 * process, with a simulated provider alone, and with files that others can read.
 */
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { command } from "../../../src/cli/commands/doctor.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { runDaemon } from "../../../src/daemon/daemon.ts";
import type { Finding } from "../../../src/daemon/doctor/finding.ts";
import { findingSchema } from "../../../src/link/report-messages.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createSystemEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { startSimulator } from "../../../src/simulator/server.ts";
import { untilTrue } from "../patience.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-doctor-cli-"));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

async function simulated(): Promise<string> {
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const simulator = await startSimulator({ port: 0, clock, entropy: createSystemEntropy(), msn: "123456" });
  onTestFinished(() => simulator.close());
  const places = { folder, providerUrl: simulator.url, wireUrl: simulator.url, brokerPort: 1, relayPort: 2 };
  await mkdir(join(folder, "journal"), { mode: 0o700 });
  return kioskToml(places);
}

async function written(text: string): Promise<string> {
  const file = join(folder, "kiosk.toml");
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

async function run(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const { signal } = new AbortController();
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    env: {},
    isTty: false,
    columns: 80,
    signal,
    hurry: signal,
  };
  const code = await command.run(args, io);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

async function findings(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly of: (check: string) => readonly Finding[] }> {
  const { code, out } = await run(...args, "--json");
  const all = z.array(findingSchema).parse(JSON.parse(out));
  return { code, of: (check) => all.filter((one) => one.check === check) };
}

describe("kvitt doctor without a daemon", () => {
  it("looks itself: the provider answers, the broker does not", async () => {
    const { code, of } = await findings("--config", await written(await simulated()));
    expect(of("configuration").map(({ verdict }) => verdict)).toEqual(["good"]);
    expect(of("daemon")).toMatchObject([{ verdict: "look" }]);
    expect(of("provider")).toMatchObject([{ verdict: "good" }]);
    expect(of("broker")).toMatchObject([{ verdict: "bad" }]);
    expect(of("panel")).toMatchObject([{ verdict: "good" }]);
    expect(of("journal").map(({ verdict }) => verdict)).not.toContain("unknown");
    expect(of("versions")).toMatchObject([{ verdict: "good" }]);
    expect(code).toBe(1);
  });

  it("says what is wrong with the file, and looks at the computer all the same", async () => {
    const file = await written("[machine]\nid = 1\n");
    const { code, out } = await run("--config", file);
    expect(out).toMatch(/^BAD {3}configuration .*machine\.id/);
    expect(out).toMatch(/^ok {4}versions/m);
    expect(code).toBe(1);
    expect((await run("--config", join(folder, "none.toml"))).out).toMatch(/cannot be read/);
  });

  it("mends modes and folders with --fix, and says what it did", async () => {
    const text = await simulated();
    const secrets = join(folder, "secrets");
    await mkdir(secrets, { mode: 0o755 });
    await chmod(secrets, 0o755);
    await writeFile(join(secrets, "command-key"), "0123456789abcdef0123456789abcdef");
    await chmod(join(secrets, "command-key"), 0o644);
    await rm(join(folder, "journal"), { recursive: true });
    const file = await written(text.replace("[vipps]", `[vipps]\ncredentials_dir = "${secrets}"`));
    expect((await findings("--config", file)).of("credentials")).toMatchObject([{ verdict: "bad" }]);
    const { err } = await run("--config", file, "--fix");
    expect(err.split("\n").toSorted()).toEqual(
      [
        `${secrets}: mode 0700 now`,
        `${join(folder, "journal")}: made, mode 0700`,
        `${secrets}/command-key: mode 0600 now`,
      ].toSorted(),
    );
    expect((await stat(join(secrets, "command-key"))).mode & 0o777).toBe(0o600);
    expect((await findings("--config", file)).of("credentials")).toMatchObject([{ verdict: "good" }]);
    expect((await run("--config", file, "--fix")).err).toBe("");
  });
});

it("kvitt doctor asks the daemon that runs, and judges the file itself", async () => {
  const text = await simulated();
  const file = await written(text);
  const loaded = parseConfig(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const stop = new AbortController();
  const recentLog = () => ({ since: "", lines: [] });
  const running = runDaemon({
    config: loaded.config,
    env: {},
    log: createMemoryLog(),
    recentLog,
    version: "9.9.9",
    signal: stop.signal,
    hurry: new AbortController().signal,
  });
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  const daemonOf = async (): Promise<string> => {
    const { of } = await findings("--config", file);
    return of("daemon")
      .map(({ found }) => found)
      .join("; ");
  };
  expect(await untilTrue(async () => (await daemonOf()).includes("ready"))).toBe(true);
  const { of, code } = await findings("--config", file);
  expect(of("configuration")).toMatchObject([{ verdict: "good" }]);
  expect(of("versions")[0]?.found).toMatch(/^kvitt 9\.9\.9/);
  expect(of("provider")).toMatchObject([{ verdict: "good" }]);
  // The broker of this test is nowhere: one-time codes sell without it.
  expect(of("daemon").map(({ verdict }) => verdict)).not.toContain("bad");
  expect(of("broker")).toMatchObject([{ verdict: "bad" }]);
  expect(code).toBe(1);
});
