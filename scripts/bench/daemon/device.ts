/** The daemon under measurement: the built bundle, started as its unit starts it, on a Node of its own so that no other process shares its pages. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { askMachine, type MachineStateView } from "../../../src/demo/clients.ts";
import { productTables, products } from "../../../src/demo/machines/products.ts";
import { kioskToml } from "../../../src/demo/setup.ts";
import type { World } from "./world.ts";

const top = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** What is measured: a copy of the bundle, of the modules that it loads, and of Node. */
export interface Installation {
  readonly folder: string;
  readonly node: string;
  readonly program: string;
  /** Of the unit: options of Node, and environment. */
  readonly nodeOptions: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** What systemd would start: the words between Node and the program, and the environment. `%C` is systemd's folder for caches (systemd.unit(5)). */
function unitOf(folder: string): Pick<Installation, "nodeOptions" | "environment"> {
  const unit = readFileSync(join(top, "systemd/kvitt.service"), "utf8");
  const started = /^ExecStart=\S*node\s(?<options>.*?)\S*kvitt\.js/m.exec(unit)?.groups?.["options"] ?? "";
  const environment: Record<string, string> = {};
  for (const [, name = "", value = ""] of unit.matchAll(/^Environment=(\w+)=(.*)$/gm))
    environment[name] = value.replace("%C", join(folder, "cache"));
  return { nodeOptions: started.split(" ").filter((word) => word !== ""), environment };
}

/** @param bundle a bundle that was built before; without it one is built now */
export async function install(bundle?: string): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-bench-"));
  const dist = join(folder, "dist");
  if (bundle === undefined)
    await promisify(execFile)(process.execPath, ["--import", "tsx", "scripts/build.ts", dist], { cwd: top });
  else cpSync(bundle, dist, { recursive: true });
  const modules = join(top, "node_modules");
  mkdirSync(join(folder, "node_modules/@napi-rs"), { recursive: true });
  for (const name of readdirSync(join(modules, "@napi-rs")).filter((one) => /^canvas(-linux|$)/.test(one)))
    cpSync(join(modules, "@napi-rs", name), join(folder, "node_modules/@napi-rs", name), {
      recursive: true,
      dereference: true,
    });
  for (const name of ["pino", "koffi", "onoff", "node-hid"])
    if (existsSync(join(modules, name))) symlinkSync(join(modules, name), join(folder, "node_modules", name));
  const node = join(folder, "node");
  cpSync(process.execPath, node, { dereference: true });
  return {
    folder,
    node,
    program: join(dist, "kvitt.js"),
    ...unitOf(folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The environment of a daemon under systemd: nothing of this shell. */
export function environmentOf({ environment }: Installation): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", ...environment };
}

export interface DeviceChoice {
  readonly widthPx: number;
  readonly heightPx: number;
  /** The coil's time. */
  readonly deliveryMs: number;
  readonly sale: string;
  /** Loaded before the program. */
  readonly preload?: string;
  readonly nodeOptions?: readonly string[];
  /** In place of the simulated machine's. */
  readonly delivery?: (folder: string) => string;
  readonly languages?: string;
  /** What is sold, in place of the demo's products. */
  readonly sold?: string;
}

export const usual: DeviceChoice = { widthPx: 800, heightPx: 480, deliveryMs: 1_500, sale: "" };

export interface Device {
  readonly pid: number;
  readonly startedMs: number;
  readonly folder: string;
  /** The picture that stands for the glass, in memory. */
  readonly glass: string;
  readonly tray: string;
  order(one: object): Promise<MachineStateView | undefined>;
  /** Everything that it has said. */
  said(): string;
  stop(): Promise<void>;
}

const memoryFolder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export function configOf(world: World, folder: string, glass: string, tray: string, choice: DeviceChoice): string {
  const delivery =
    choice.delivery?.(folder) ??
    `[delivery]
driver = "simulated"
delivery_ms = ${choice.deliveryMs}
control_socket = "${join(folder, "machine.sock")}"
tray_file = "${tray}"
`;
  const places = {
    folder,
    providerUrl: world.providerUrl,
    wireUrl: world.providerUrl,
    brokerPort: world.brokerPort,
    relayPort: 0,
  };
  return kioskToml(places, { sale: choice.sale, tables: delivery + (choice.sold ?? productTables(products)) })
    .replace(/image_file = .*/, `image_file = "${glass}"`)
    .replace("width_px = 600", `width_px = ${choice.widthPx}`)
    .replace("height_px = 360", `height_px = ${choice.heightPx}`)
    .replace("width_mm = 115", "width_mm = 154")
    .replace("height_mm = 69", `height_mm = ${Math.round((154 * choice.heightPx) / choice.widthPx)}`)
    .replace("show_s = 4", "show_s = 2")
    .replace('languages = ["en"]', `languages = ${choice.languages ?? '["nb", "en"]'}`);
}

/** Starts a machine with an empty journal on a real disk. */
export async function startDevice(installation: Installation, world: World, choice: DeviceChoice): Promise<Device> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-device-"));
  const shown = await mkdtemp(join(memoryFolder, "kvitt-glass-"));
  const [glass, tray, config] = [join(shown, "panel.png"), join(shown, "tray"), join(folder, "kvitt.toml")];
  writeFileSync(tray, "");
  writeFileSync(config, configOf(world, folder, glass, tray, choice), { mode: 0o600 });
  const { node, program, nodeOptions } = installation;
  const preload = choice.preload === undefined ? [] : ["--import", choice.preload];
  const startedMs = performance.now();
  const child = spawn(
    node,
    [...nodeOptions, ...(choice.nodeOptions ?? []), ...preload, program, "run", "--config", config],
    { stdio: ["ignore", "pipe", "pipe"], env: environmentOf(installation) },
  );
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said.push(text);
      if (said.length > 1_000) said.shift();
    });
  return {
    pid: child.pid ?? 0,
    startedMs,
    folder,
    glass,
    tray,
    order: (one) => askMachine(join(folder, "machine.sock"), one),
    said: () => said.join(""),
    async stop() {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
      await rm(shown, { recursive: true, force: true });
    },
  };
}

const stopWithinMs = 30_000;

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
  await gone;
  clearTimeout(late);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for something that is looked at again and again. @throws Error naming what did not come, with the last that the daemon said */
export async function until(what: string, device: Device, isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isTrue())) {
    if (performance.now() > end)
      throw new Error(`${what} did not come within a minute: ${device.said().slice(-2_000)}`);
    await pause(5);
  }
}

export async function untilScene(device: Device, scene: string): Promise<void> {
  await until(
    `the scene "${scene}"`,
    device,
    async () => (await device.order({ action: "state" }))?.kiosk.scene === scene,
  );
}
