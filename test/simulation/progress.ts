/** How far a long run came: which seeds were seen, what happened in them, what was broken. One file, replaced whole, so that a SIGKILL loses seconds. */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** How often of each kind, by name: "delivery, mdb", "disk full", "refund: done". */
export type Tally = Readonly<Record<string, number>>;

const progress = z.object({
  /** Of the sources that the seeds were run with: seeds of other code are other seeds. */
  code: z.string(),
  /** Seen seeds: from, to (both seen), in order, no two that touch. */
  seen: z.array(z.tuple([z.number().int(), z.number().int()])),
  seconds: z.number(),
  happened: z.record(z.string(), z.number()),
  broken: z.array(z.object({ seed: z.number().int(), violation: z.string() })),
});
export type Progress = z.infer<typeof progress>;
type Range = Progress["seen"][number];

export interface Share {
  readonly first: number;
  readonly count: number;
}

export function emptyProgress(code: string): Progress {
  return { code, seen: [], seconds: 0, happened: {}, broken: [] };
}

export function seedsSeen({ seen }: Progress): number {
  return seen.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** What is left of these seeds, in pieces of at most `sizeMax`. */
export function sharesLeft({ seen }: Progress, { first, count }: Share, sizeMax: number): Share[] {
  const shares: Share[] = [];
  const add = (from: number, to: number): void => {
    for (let start = from; start <= to; start += sizeMax)
      shares.push({ first: start, count: Math.min(sizeMax, to - start + 1) });
  };
  let next = first;
  const last = first + count - 1;
  for (const [from, to] of seen) {
    if (from > last) break;
    add(next, from - 1);
    next = Math.max(next, to + 1);
  }
  add(next, last);
  return shares;
}

export function addTally(to: Record<string, number>, tally: Tally): void {
  for (const [what, times] of Object.entries(tally)) to[what] = (to[what] ?? 0) + times;
}

/** After a share was seen whole; a share that was seen before counts once. */
export function withShare(before: Progress, share: Share, found: Pick<Progress, "happened" | "broken">): Progress {
  const happened = { ...before.happened };
  addTally(happened, found.happened);
  const broken = [...before.broken, ...found.broken].toSorted((a, b) => a.seed - b.seed);
  return { ...before, seen: joined([...before.seen, [share.first, share.first + share.count - 1]]), happened, broken };
}

function joined(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found;
}

/** Undefined where there is none yet. @throws for a file that is something else: it is not overwritten */
export function readProgress(path: string): Progress | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = progress.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${path} is no file of --resume: name another one`);
  return parsed.data;
}

/** The old one or the new one is there, whatever happens in between (rename(2)). */
export function writeProgress(path: string, value: Progress): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o644);
  try {
    writeSync(file, `${JSON.stringify(value)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** Of everything under these folders that could change what a seed does. */
export function codeDigest(folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders)
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted())
      if (name.endsWith(".ts") && !name.endsWith(".test.ts"))
        hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}
