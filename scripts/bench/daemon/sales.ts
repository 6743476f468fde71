/** Many sales, one after the other: what each writes, how often it syncs, and what stays in memory. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorText } from "../../../src/kit/error-text.ts";
import { type Device, type Installation, pause, startDevice, until, untilScene, usual } from "./device.ts";
import { inspectorOptions, openInspector } from "./inspector.ts";
import { type Memory, memoryOf, processorMsOf, writtenBytesOf } from "./process.ts";
import type { World } from "./world.ts";

const create = /^\/epayment\/v1\/payments$/;
const capture = /^\/epayment\/v1\/payments\/[^/]+\/capture$/;

async function syncsOf(device: Device): Promise<number> {
  const counts = (): readonly string[] => device.said().match(/syncs \d+/g) ?? [];
  const before = counts().length;
  process.kill(device.pid, "SIGUSR2");
  await until("the count of syncs", device, () => counts().length > before);
  return Number((counts().at(-1) ?? "").slice(6));
}

/** One sale: resolves when the money was captured. What the machine said before a sale that did not end is in the error. */
async function sold(device: Device, world: World, sale: (asked: Promise<unknown>) => Promise<void>): Promise<void> {
  const asked = world.nextRequest("POST", create);
  const captured = world.nextRequest("POST", capture);
  // Where the payment is not asked for, the capture is not either: one error is enough.
  captured.catch(() => undefined);
  try {
    await sale(asked);
    await captured;
  } catch (error) {
    throw new Error(`${errorText(error)}: ${device.said().slice(-4_000)}`, { cause: error });
  }
}

/** The customer chooses, scans, pays, takes. */
function sellOne(device: Device, world: World): Promise<void> {
  return sold(device, world, async (asked) => {
    await device.order({ action: "press", line: "A1" });
    await asked;
    world.pay();
  });
}

/** The customer scans the machine's code, chooses, approves, takes. */
function sellByCheckIn(device: Device, world: World): Promise<void> {
  return sold(device, world, async (asked) => {
    world.checkIn();
    await untilScene(device, "choose");
    await device.order({ action: "press", line: "A1" });
    await asked;
    await pause(20);
    world.approve();
  });
}

export interface JournalCost {
  readonly journalBytes: number;
  readonly deviceBytes: number;
  readonly syncs: number;
}

/** Of one sale, over `sales` of them, counted in the daemon by itself and by the kernel. */
export async function journalCost(
  installation: Installation,
  world: World,
  sales: number,
): Promise<{ readonly selectFirst: JournalCost; readonly checkIn: JournalCost }> {
  const preload = fileURLToPath(new URL("count-syncs.ts", import.meta.url));
  const device = await startDevice(installation, world, { ...usual, deliveryMs: 20, sale: "", preload });
  const size = (): number =>
    ["journal.log", `sales-${new Date().toISOString().slice(0, 7)}.log`].reduce(
      (sum, name) => sum + sizeOf(`${device.folder}/journal/${name}`),
      0,
    );
  const costOf = async (sell: typeof sellOne): Promise<JournalCost> => {
    const now = async () => ({ syncs: await syncsOf(device), bytes: writtenBytesOf(device.pid), size: size() });
    const before = await now();
    for (let sale = 0; sale < sales; sale += 1) {
      await sell(device, world);
      await untilScene(device, "idle");
    }
    const after = await now();
    return {
      journalBytes: (after.size - before.size) / sales,
      deviceBytes: (after.bytes - before.bytes) / sales,
      syncs: (after.syncs - before.syncs) / sales,
    };
  };
  try {
    await untilScene(device, "idle");
    // The first sale makes the month's file.
    await sellOne(device, world);
    await untilScene(device, "idle");
    return { selectFirst: await costOf(sellOne), checkIn: await costOf(sellByCheckIn) };
  } finally {
    await device.stop();
  }
}

function sizeOf(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}

export interface Growth {
  readonly sales: number;
  readonly heapAfter100: number;
  readonly heapAtEnd: number;
  readonly memory: Memory;
  readonly salesPerSecond: number;
}

/** @param isInspected the heap after a forced collection, after 100 sales and at the end; the inspector itself needs memory */
export async function growth(
  installation: Installation,
  world: World,
  sales: number,
  isInspected: boolean,
): Promise<Growth> {
  const choice = { ...usual, deliveryMs: 1, sale: "", nodeOptions: isInspected ? inspectorOptions : [] };
  const device = await startDevice(installation, world, choice);
  try {
    await untilScene(device, "idle");
    const inspector = isInspected ? await openInspector(device) : undefined;
    let heapAfter100 = Number.NaN;
    const started = performance.now();
    for (let sale = 1; sale <= sales; sale += 1) {
      await sellOne(device, world);
      if (sale === Math.min(100, sales)) heapAfter100 = (await inspector?.heapBytes()) ?? Number.NaN;
    }
    const seconds = (performance.now() - started) / 1_000;
    const memory = memoryOf(device.pid);
    const heapAtEnd = (await inspector?.heapBytes()) ?? Number.NaN;
    inspector?.close();
    return { sales, heapAfter100, heapAtEnd, memory, salesPerSecond: sales / seconds };
  } finally {
    await device.stop();
  }
}

export interface Idle {
  readonly seconds: number;
  readonly writtenBytes: number;
  readonly processorMs: number;
  readonly heapBefore: number;
  readonly heapAfter: number;
}

/** Nobody comes. With the inspector, so that growth is told apart from what the collector has not taken yet. */
export async function idle(installation: Installation, world: World, idleMs: number): Promise<Idle> {
  const device = await startDevice(installation, world, { ...usual, nodeOptions: inspectorOptions });
  try {
    await untilScene(device, "idle");
    const inspector = await openInspector(device);
    await pause(Math.min(10_000, idleMs));
    const heapBefore = await inspector.heapBytes();
    const before = { bytes: writtenBytesOf(device.pid), processorMs: processorMsOf(device.pid) };
    await pause(idleMs);
    const after = { bytes: writtenBytesOf(device.pid), processorMs: processorMsOf(device.pid) };
    const heapAfter = await inspector.heapBytes();
    inspector.close();
    return {
      seconds: idleMs / 1_000,
      writtenBytes: after.bytes - before.bytes,
      processorMs: after.processorMs - before.processorMs,
      heapBefore,
      heapAfter,
    };
  } finally {
    await device.stop();
  }
}
