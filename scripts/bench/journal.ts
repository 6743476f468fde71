/** What the journal costs: bytes and syncs a sale, time to open with many sales, memory, latency of a commit on this disk; beside node:sqlite. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as z from "zod";
import { openJournal } from "../../src/journal/journal.ts";
import { openNodeDisk } from "../../src/journal/node-disk.ts";
import type { JournalChange } from "../../src/journal/port.ts";
import { SimulatedDisk } from "../../src/journal/simulated-disk.ts";

const opened = z.object({ openMs: z.number(), findMs: z.number(), residentMb: z.number(), grownMb: z.number() });

const settlement = { state: { kind: "creating", uncertain: false }, text: "x".repeat(620) };
const record = { outcome: "sold", text: "x".repeat(480) };

/** The six commits of a usual sale, as large as the kiosk's. */
function saleOf(index: number): readonly (readonly JournalChange[])[] {
  const key = `kiosk-7-01JD00000000000000000${String(index).padStart(5, "0")}`;
  const put = (step: number): JournalChange => ({
    kind: "put",
    table: "settlement",
    key,
    value: { ...settlement, step },
  });
  return [
    [put(1)],
    [put(2)],
    [put(3)],
    [put(4)],
    [
      { kind: "delete", table: "settlement", key },
      { kind: "put", table: "sale", key, value: record },
      { kind: "put", table: "unsent", key: `${key}.0`, value: record },
    ],
    [{ kind: "delete", table: "unsent", key: `${key}.0` }],
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function bytesPerSale(sales: number): Promise<{ readonly bytes: number; readonly syncs: number }> {
  const disk = new SimulatedDisk();
  const journal = await openJournal({ disk, wallMs: () => Date.UTC(2026, 10, 23), retentionMs: 1e12 });
  const before = { bytes: disk.bytesWritten, syncs: disk.syncs };
  for (let index = 0; index < sales; index += 1) for (const changes of saleOf(index)) await journal.commit(changes);
  return { bytes: (disk.bytesWritten - before.bytes) / sales, syncs: (disk.syncs - before.syncs) / sales };
}

async function onRealDisk(folder: string, sales: number): Promise<number> {
  const journal = await openJournal({ disk: await openNodeDisk(folder), wallMs: () => Date.now(), retentionMs: 1e12 });
  const times: number[] = [];
  for (let index = 0; index < sales; index += 1)
    for (const changes of saleOf(index)) {
      const start = performance.now();
      await journal.commit(changes);
      times.push(performance.now() - start);
    }
  await journal.close();
  return median(times);
}

/** A journal with a year of sales in its month files, written in large commits because only opening it is measured. */
async function openMany(folder: string, sales: number): Promise<z.infer<typeof opened>> {
  let month = 0;
  const writer = await openJournal({
    disk: await openNodeDisk(folder),
    wallMs: () => Date.UTC(2026, month, 15),
    retentionMs: 1e12,
  });
  for (month = 0; month < 12; month += 1)
    for (let index = 0; index < sales / 12; index += 500)
      await writer.commit(
        Array.from(
          { length: 500 },
          (_, offset) => ({ kind: "put", table: "sale", key: `${month}-${index + offset}`, value: record }) as const,
        ),
      );
  await writer.close();
  // In a process of its own: what the writer left in memory is not the reader's.
  const reader = fileURLToPath(new URL("journal-reader.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", reader, folder], {
    timeout: 120_000,
  });
  return opened.parse(JSON.parse(stdout));
}

function sqlite(folder: string, sales: number): number {
  const database = new DatabaseSync(join(folder, "sales.db"));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (t TEXT, k TEXT, v TEXT, PRIMARY KEY (t, k))",
  );
  const put = database.prepare("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)");
  const drop = database.prepare("DELETE FROM rows WHERE t = ? AND k = ?");
  const times: number[] = [];
  for (let index = 0; index < sales; index += 1)
    for (const changes of saleOf(index)) {
      const start = performance.now();
      database.exec("BEGIN");
      for (const change of changes) {
        if (change.kind === "put") put.run(change.table, change.key, JSON.stringify(change.value));
        else if (change.kind === "delete") drop.run(change.table, change.key);
      }
      database.exec("COMMIT");
      times.push(performance.now() - start);
    }
  database.close();
  return median(times);
}

/** Bytes that this process has handed to the kernel for writing (proc(5), /proc/self/io, write_bytes); undefined elsewhere. */
async function writtenBytes(): Promise<number | undefined> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile("/proc/self/io", "utf8").catch(() => "");
  const found = /^write_bytes: (\d+)$/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

export async function run(print: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-bench-"));
  try {
    const cost = await bytesPerSale(200);
    print(`journal: ${Math.round(cost.bytes)} bytes and ${cost.syncs.toFixed(1)} syncs a sale`);
    const before = await writtenBytes();
    const own = await onRealDisk(join(folder, "own"), 200);
    const between = await writtenBytes();
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(folder, "sqlite"));
    const lite = sqlite(join(folder, "sqlite"), 200);
    const after = await writtenBytes();
    const kb = (from: number | undefined, to: number | undefined): string =>
      from === undefined || to === undefined ? "?" : ((to - from) / 200 / 1024).toFixed(1);
    print(`commit, median on this disk: journal ${own.toFixed(2)} ms, node:sqlite (WAL, FULL) ${lite.toFixed(2)} ms`);
    print(`blocks written a sale: journal ${kb(before, between)} KiB, node:sqlite ${kb(between, after)} KiB`);
    const many = await openMany(join(folder, "many"), 100_000);
    print(
      `100000 sales: opens in ${many.openMs.toFixed(0)} ms, finds an old sale in ${many.findMs.toFixed(0)} ms, ${many.residentMb.toFixed(0)} MB resident, of which ${many.grownMb.toFixed(0)} MB came with it`,
    );
    print(`sqlite file: ${((await stat(join(folder, "sqlite", "sales.db"))).size / 1024).toFixed(0)} KiB`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
