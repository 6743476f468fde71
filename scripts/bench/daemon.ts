/**
 * What the whole daemon costs: each figure beside its yardstick, in the same run, on the bundle as it is delivered. `--short` runs everything a
 * few times only, to prove that it runs; `--only start,memory,…` takes some; `--times N`, `--sales N`, `--idle-s N` and `--bundle FOLDER` as they say.
 * Wall times on a computer that does something else mean little: look at the ratios, the processor's times and the counts.
 */
import { writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hasMosquitto } from "../../test/integration/link/brokers.ts";
import { timesOf } from "./daemon/commands.ts";
import { configOf, type Installation, install, usual } from "./daemon/device.ts";
import { median, quantile, spread } from "./daemon/figures.ts";
import { bareTimes, latencies } from "./daemon/latency.ts";
import { bareMemory, heapWithOutlets, standingMemory } from "./daemon/memory.ts";
import { growth, idle, type JournalCost, journalCost } from "./daemon/sales.ts";
import { chromiumMemoryMb, chromiumRun, daemonRun, type Run } from "./daemon/start.ts";
import { openWorld, type World } from "./daemon/world.ts";

type Print = (line: string) => void;

interface Bench {
  readonly installation: Installation;
  readonly world: World;
  readonly print: Print;
  /** How often something quick is measured. */
  readonly times: number;
  readonly settleMs: number;
  readonly sales: number;
  readonly idleMs: number;
}

const sections: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  start: startSection,
  commands: commandSection,
  memory: memorySection,
  outlets: outletSection,
  latency: latencySection,
  journal: journalSection,
  growth: growthSection,
  idle: idleSection,
};

async function startSection({ installation, world, print, times }: Bench): Promise<void> {
  const [own, page]: [Run[], Run[]] = [[], []];
  // The first start after an installation fills the cache of compiled code.
  await daemonRun(installation, world);
  for (let round = 0; round < times; round += 1) {
    own.push(await daemonRun(installation, world));
    const other = await chromiumRun();
    if (other !== undefined) page.push(other);
  }
  const wall = (runs: readonly Run[]): readonly number[] => runs.map(({ wallMs }) => wallMs);
  const processor = (runs: readonly Run[]): readonly number[] => runs.map(({ processorMs }) => processorMs);
  print(`start → callback code in the frame: ${spread(wall(own))} ms, ${spread(processor(own))} ms of processor`);
  if (page.length === 0) return print("  Chromium is not installed: no yardstick");
  print(
    `  headless Chromium, start → one static page: ${spread(wall(page))} ms, ${spread(processor(page))} ms of processor`,
  );
  const ratio = median(wall(own)) / median(wall(page));
  print(
    `  ratio ${ratio.toFixed(2)}; of the processor ${(median(processor(own)) / median(processor(page))).toFixed(2)}`,
  );
}

async function commandSection({ installation, world, print, times }: Bench): Promise<void> {
  const { folder, program } = installation;
  const file = join(folder, "check.toml");
  writeFileSync(file, configOf(world, folder, join(folder, "panel.png"), join(folder, "tray"), usual), { mode: 0o600 });
  const found = timesOf(
    installation,
    {
      "node -e 0": ["-e", "0"],
      "kvitt --help": [program, "--help"],
      "kvitt config check": [program, "config", "check", file],
    },
    times * 2,
  );
  for (const [name, { wallMs, processorMs }] of Object.entries(found))
    print(`${name}: ${spread(wallMs)} ms, ${processorMs.toFixed(0)} ms of processor`);
}

async function memorySection({ installation, world, print, settleMs }: Bench): Promise<void> {
  const bare = await bareMemory(installation, Math.min(settleMs, 2_000));
  const standing = await standingMemory(installation, world, {}, settleMs);
  const large = await standingMemory(installation, world, { widthPx: 1_920, heightPx: 1_080 }, settleMs);
  const page = await chromiumMemoryMb(Math.min(settleMs, 5_000));
  const mb = (value: number | undefined): string => (value ?? Number.NaN).toFixed(1);
  print(
    `anonymous memory, idle: daemon ${mb(standing.daemon.anonymousMb)} MB, guard ${mb(standing.guard?.anonymousMb)} MB`,
  );
  print(`  Node with TLS and a canvas: ${mb(bare.anonymousMb)} MB`);
  print(
    `PSS of daemon and guard: ${mb(standing.pssMb)} MB; at 1920×1080 ${mb(large.pssMb)} MB (anonymous ${mb(large.daemon.anonymousMb)} MB)`,
  );
  if (page !== undefined)
    print(`  the page held open in Chromium: ${mb(page.pssMb)} MB in ${page.processes} processes`);
}

async function outletSection({ installation, world, print, settleMs }: Bench): Promise<void> {
  const [few, many] = [1, 40];
  const heapOfFew = await heapWithOutlets(installation, world, few, settleMs);
  const heapOfMany = await heapWithOutlets(installation, world, many, settleMs);
  const each = (heapOfMany - heapOfFew) / (many - few);
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  print(
    `heap after a forced collection: ${mb(heapOfFew)} MB with ${few} outlet, ${mb(heapOfMany)} MB with ${many}: ${Math.round(each / 1e3)} kB an outlet`,
  );
}

async function latencySection({ installation, world, print, times }: Bench): Promise<void> {
  const bare = await bareTimes(installation, world, times * 10);
  const found = await latencies(installation, world, times * 4);
  const bareAgain = await bareTimes(installation, world, times * 10);
  const line = (name: string, values: readonly number[]): void =>
    print(
      `${name}: p50 ${median(values).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms (${values.length})`,
    );
  line("check-in → payment request", found.checkInToRequest);
  line("payment event → delivery", found.eventToDelivery);
  line("  the provider's answer → delivery", found.answerToDelivery);
  line("  bare MQTT → POST, before and after", [...bare, ...bareAgain]);
  line("provider's answer → code in the picture's file", found.answerToGlass);
}

async function journalSection({ installation, world, print, times }: Bench): Promise<void> {
  const found = await journalCost(installation, world, times * 2);
  const line = (name: string, { syncs, journalBytes, deviceBytes }: JournalCost): void =>
    print(
      `journal of a sale, ${name}: ${syncs.toFixed(1)} syncs, ${Math.round(journalBytes)} bytes, ${(deviceBytes / 1_024).toFixed(1)} KiB to the device`,
    );
  line("selection first", found.selectFirst);
  line("check-in first", found.checkIn);
}

async function growthSection({ installation, world, print, sales }: Bench): Promise<void> {
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const plain = await growth(installation, world, Math.min(sales, 2_000), false);
  print(
    `anonymous memory after ${plain.sales} sales (${plain.salesPerSecond.toFixed(0)}/s): ${plain.memory.anonymousMb.toFixed(1)} MB`,
  );
  const { heapAfter100, heapAtEnd } = await growth(installation, world, sales, true);
  print(
    `heap after a forced collection: ${mb(heapAfter100)} MB after ${Math.min(100, sales)} sales, ${mb(heapAtEnd)} MB after ${sales}: ${(heapAtEnd / heapAfter100).toFixed(2)}`,
  );
}

async function idleSection({ installation, world, print, idleMs }: Bench): Promise<void> {
  const { seconds, writtenBytes, processorMs, heapBefore, heapAfter } = await idle(installation, world, idleMs);
  print(
    `idle for ${seconds} s: ${writtenBytes} bytes to the disk, ${(processorMs / seconds / 10).toFixed(2)} % of a core, heap ${(heapBefore / 1e6).toFixed(2)} → ${(heapAfter / 1e6).toFixed(2)} MB`,
  );
}

export async function run(print: Print, args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string" },
      times: { type: "string" },
      sales: { type: "string" },
      "idle-s": { type: "string" },
      bundle: { type: "string" },
    },
  });
  if (process.platform !== "linux" || !hasMosquitto()) return print("daemon: needs Linux and Mosquitto; not measured");
  const { short } = values;
  const names = values.only?.split(",") ?? Object.keys(sections);
  const unknown = names.find((name) => !Object.hasOwn(sections, name));
  if (unknown !== undefined)
    throw new Error(`there is no "${unknown}" in this bench; there are ${Object.keys(sections).join(", ")}`);
  const installation = await install(values.bundle);
  const world = await openWorld();
  print(
    `${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}${short ? ", short form" : ""}`,
  );
  print(
    `median (quarters); ${installation.nodeOptions.join(" ")} ${Object.entries(installation.environment)
      .map((pair) => pair.join("="))
      .join(" ")}`,
  );
  try {
    for (const name of names)
      await sections[name]?.({
        installation,
        world,
        print,
        times: Number(values.times ?? (short ? 1 : 12)),
        settleMs: short ? 1_000 : 20_000,
        sales: Number(values.sales ?? (short ? 4 : 2_000)),
        idleMs: Number(values["idle-s"] ?? (short ? 2 : 60)) * 1_000,
      });
  } finally {
    await world.close();
    await installation.remove();
  }
}
