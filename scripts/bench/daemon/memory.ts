/** Memory of a machine that stands idle, beside a Node that has loaded no more than it must: TLS and the canvas. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type DeviceChoice,
  type Device,
  environmentOf,
  type Installation,
  pause,
  startDevice,
  until,
  usual,
} from "./device.ts";
import { familyOf, type Memory, memoryOf } from "./process.ts";
import { inspectorOptions, openInspector } from "./inspector.ts";
import type { World } from "./world.ts";
import { washerTables } from "../../../test/integration/daemon/washers.ts";

/** Node with what nothing of this kind can do without: TLS with the usual authorities, and a canvas. */
export async function bareMemory(installation: Installation, settleMs: number): Promise<Memory> {
  const program = `
    const { createRequire } = require("node:module");
    const load = createRequire(${JSON.stringify(installation.program)});
    require("node:tls").createSecureContext();
    load("@napi-rs/canvas").createCanvas(8, 8).getContext("2d");
    setInterval(() => {}, 1000);`;
  const child = spawn(installation.node, ["-e", program], { stdio: "ignore", env: { ...environmentOf(installation) } });
  await pause(settleMs);
  const memory = memoryOf(child.pid ?? 0);
  child.kill("SIGKILL");
  return memory;
}

/** A machine with relays: the guard's process stands beside the daemon. */
function relays(folder: string): string {
  const lines = join(folder, "gpio");
  mkdirSync(lines, { recursive: true });
  return `[delivery]
driver = "gpio"
back_end = "simulated"
simulated_folder = "${lines}"
lines = [
  { line = "A1", button = 5, relay = 16, on_ms = 500 },
  { line = "A2", button = 6, relay = 20, on_ms = 500 },
  { line = "A3", button = 13, relay = 21, on_ms = 500 },
  { line = "B1", button = 19, relay = 22, on_ms = 500 },
  { line = "B2", button = 26, relay = 23, on_ms = 500 },
]
`;
}

export interface StandingMemory {
  readonly daemon: Memory;
  readonly guard: Memory | undefined;
  /** Of both. */
  readonly pssMb: number;
}

/** After `settleMs` of standing idle with the callback code on the glass. */
export async function standingMemory(
  installation: Installation,
  world: World,
  choice: Partial<DeviceChoice>,
  settleMs: number,
): Promise<StandingMemory> {
  const device = await startDevice(installation, world, { ...usual, delivery: relays, ...choice });
  try {
    await untilReady(device);
    await pause(settleMs);
    const daemon = memoryOf(device.pid);
    const guards = familyOf(device.pid).slice(1).map(memoryOf);
    return { daemon, guard: guards[0], pssMb: [daemon, ...guards].reduce((sum, { pssMb }) => sum + pssMb, 0) };
  } finally {
    await device.stop();
  }
}

function outletTables(count: number): string {
  return Array.from({ length: count }, (_, index) =>
    washerTables({ id: `w${index + 1}`, priceMinor: 4_000, runsMin: 42 }),
  ).join("");
}

/** The heap after a forced collection of a machine with so many outlets that stands idle, its board on the glass. */
export async function heapWithOutlets(
  installation: Installation,
  world: World,
  count: number,
  settleMs: number,
): Promise<number> {
  const choice = { ...usual, sold: outletTables(count), nodeOptions: inspectorOptions };
  const device = await startDevice(installation, world, choice);
  try {
    await until("an outlet", device, async () => (await device.order({ action: "state" }))?.kiosk.state === "ready");
    await pause(settleMs);
    const inspector = await openInspector(device);
    const bytes = await inspector.heapBytes();
    inspector.close();
    return bytes;
  } finally {
    await device.stop();
  }
}

export async function untilReady(device: Device): Promise<void> {
  await until("the idle scene", device, () => /"scene":"idle"/.test(device.said()));
}
