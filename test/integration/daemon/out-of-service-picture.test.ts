/** Goal: a panel whose daemon is dead says so, and is painted only where a daemon left its picture. Method: the command, on a picture file. */
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import command from "../../../src/cli/commands/panel.ts";
import { markGlass } from "../../../src/daemon/glass-mark.ts";
import { kioskToml } from "../../../src/demo/setup.ts";

async function rig() {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-glass-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = join(folder, "kiosk.toml");
  const url = "http://127.0.0.1:1";
  const toml = kioskToml({ folder, providerUrl: url, wireUrl: url, brokerPort: 1, relayPort: 2 });
  await writeFile(config, toml, { mode: 0o600 });
  const env = { RUNTIME_DIRECTORY: folder };
  const err: string[] = [];
  const run = (...more: readonly string[]): Promise<number> => {
    const { signal } = new AbortController();
    const io = { out: () => {}, err: (text: string) => void err.push(text), env, isTty: false, columns: 80 };
    return command.run(["out-of-service", "--config", config, ...more], { ...io, signal, hurry: signal });
  };
  const picture = (): Promise<Buffer | undefined> => readFile(join(folder, "panel.png")).catch(() => undefined);
  const isMarked = (): Promise<boolean> =>
    access(join(folder, "glass")).then(
      () => true,
      () => false,
    );
  return { config, toml, env, err, run, picture, isMarked };
}

it("is painted", async () => {
  const { run, picture } = await rig();
  expect(await run()).toBe(0);
  expect((await picture())?.subarray(1, 4).toString("latin1")).toBe("PNG");
});

it("is painted once after a daemon that left its picture, and not after one that put the safe one there itself", async () => {
  const { env, run, picture, isMarked } = await rig();
  expect(await run("--if-left")).toBe(0);
  expect(await picture()).toBeUndefined();
  await markGlass(env);
  expect(await run("--if-left")).toBe(0);
  expect(await picture()).toBeDefined();
  expect(await isMarked()).toBe(false);
});

it("a panel that does not take it stays marked, and the reason is said", async () => {
  const { config, toml, env, err, run, isMarked } = await rig();
  await writeFile(config, toml.replace(/image_file = ".*"/, 'image_file = "/nowhere/panel.png"'));
  await markGlass(env);
  expect(await run("--if-left")).toBe(1);
  expect(err.join("\n")).toContain("does not say");
  expect(await isMarked()).toBe(true);
});
