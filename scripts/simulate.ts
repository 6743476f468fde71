/**
 * `npm run simulate -- --runs N [--seed FIRST] [--workers N] [--resume FILE]` runs many seeds and ends in one line; with --resume it goes on
 * where it was stopped, however that was. `--seed N` alone replays one and tells its story; `--variants [--from NAME]` tells how many seeds catch each
 * of the deliberately broken parts. Exit code 1 when a promise was broken.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import * as z from "zod";
import {
  addTally,
  codeDigest,
  emptyProgress,
  type Progress,
  readProgress,
  seedsSeen,
  type Share,
  sharesLeft,
  withShare,
  writeProgress,
} from "../test/simulation/progress.ts";
import { runSeed } from "../test/simulation/run.ts";
import { brokenVariants } from "../test/simulation/sabotage.ts";

/** So many seeds are lost when it is killed, for each worker. */
const shareSize = 20;
const saveMs = 5_000;

const shareSchema = z.object({ first: z.number(), count: z.number() });
const found = z.object({
  happened: z.record(z.string(), z.number()),
  broken: z.array(z.object({ seed: z.number(), violation: z.string() })),
});

async function runShare({ first, count }: Share): Promise<z.infer<typeof found>> {
  const happened: Record<string, number> = {};
  const broken: Progress["broken"] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = await runSeed(seed);
    addTally(happened, outcome.happened);
    const [violation] = outcome.violations;
    if (violation === undefined) continue;
    broken.push({ seed, violation });
    // At once: a long run that is stopped has still said what it found.
    console.error(`broken: npm run simulate -- --seed ${seed}   ${violation}`);
  }
  return { happened, broken };
}

interface ManyRuns {
  readonly share: Share;
  readonly workers: number;
  readonly resume: string | undefined;
}

/** What is known already; another version of the code begins anew, in another file. */
function begin(path: string | undefined, code: string): Progress {
  const known = path === undefined ? undefined : readProgress(path);
  if (known === undefined) return emptyProgress(code);
  if (known.code !== code)
    throw new Error(
      `${path ?? ""} has ${seedsSeen(known)} seeds of another version of the code (${known.code}, this is ${code}): seeds of two versions are not added up, name another file`,
    );
  return known;
}

async function runMany({ share, workers, resume }: ManyRuns): Promise<number> {
  const folders = ["../src", "../test/simulation"].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
  let state = begin(resume, codeDigest(folders));
  const shares = sharesLeft(state, share, shareSize);
  const left = shares.reduce((sum, { count }) => sum + count, 0);
  if (left < share.count)
    console.error(`${share.count - left} of ${share.count} seeds were seen before and are skipped`);
  const secondsBefore = state.seconds;
  const started = performance.now();
  const now = (): Progress => ({ ...state, seconds: secondsBefore + (performance.now() - started) / 1_000 });
  let savedMs = Number.NEGATIVE_INFINITY;
  const save = (): void => {
    if (resume === undefined) return;
    writeProgress(resume, now());
    savedMs = performance.now();
  };
  const crew = Array.from({ length: Math.min(workers, shares.length) }, async () => {
    const worker = new Worker(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
    const failed = new Promise<never>((_resolve, reject) => void worker.once("error", reject));
    for (let next = shares.shift(); next !== undefined; next = shares.shift()) {
      const answered = new Promise<unknown>((resolve) => void worker.once("message", resolve));
      worker.postMessage(next);
      const answer = await Promise.race([answered, failed]);
      state = withShare(state, next, found.parse(answer));
      if (performance.now() - savedMs > saveMs) save();
    }
    await worker.terminate();
  });
  try {
    await Promise.all(crew);
  } finally {
    save();
  }
  return tellEnd(now(), left);
}

function tellEnd(state: Progress, ran: number): number {
  const { happened, broken, seconds } = state;
  const seen = seedsSeen(state);
  const speed = ran === 0 ? "" : `, ${(seen / seconds).toFixed(1)} seeds/s`;
  console.log(`${seen} seeds, ${broken.length} broken${speed}, ${seconds.toFixed(0)} s`);
  for (const [what, times] of Object.entries(happened).toSorted(([a], [b]) => a.localeCompare(b)))
    console.log(`  ${what.padEnd(44)} ${times}`);
  for (const { seed, violation } of broken) console.log(`broken: npm run simulate -- --seed ${seed}   ${violation}`);
  return broken.length === 0 ? 0 : 1;
}

/** Each broken variant, and the first seed that catches it. */
async function runVariants(first: number, from: string | undefined): Promise<number> {
  let survivors = 0;
  const begin = brokenVariants.findIndex(({ name }) => from === undefined || name.includes(from));
  for (const { name, seedsMax, sabotage } of begin === -1 ? [] : brokenVariants.slice(begin)) {
    let seed = first;
    let caught: string | undefined;
    for (; seed < first + seedsMax && caught === undefined; seed += 1)
      [caught] = (await runSeed(seed, sabotage)).violations;
    if (caught === undefined) survivors += 1;
    const where = caught === undefined ? `SURVIVED ${seedsMax}` : `${seed - first} of ${seedsMax}`;
    console.log(`${name.padEnd(60)} ${where.padEnd(12)} ${caught ?? ""}`);
  }
  return survivors === 0 ? 0 : 1;
}

async function replay(seed: number): Promise<number> {
  const outcome = await runSeed(seed);
  console.log(outcome.story.join("\n"));
  const isKept = outcome.violations.length === 0;
  console.log(isKept ? "all promises held" : `BROKEN:\n${outcome.violations.join("\n")}`);
  return isKept ? 0 : 1;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} wants a whole number from 1, not "${text}"`);
  return value;
}

if (isMainThread) {
  const { values } = parseArgs({
    options: {
      runs: { type: "string" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: String(availableParallelism()) },
      resume: { type: "string" },
      variants: { type: "boolean" },
      from: { type: "string" },
    },
  });
  const first = wholeNumber("seed", values.seed);
  if (values.variants === true) process.exitCode = await runVariants(first, values.from);
  else if (values.runs === undefined) process.exitCode = await replay(first);
  else {
    const share = { first, count: wholeNumber("runs", values.runs) };
    process.exitCode = await runMany({ share, workers: wholeNumber("workers", values.workers), resume: values.resume });
  }
} else {
  parentPort?.on("message", (message: unknown) => {
    void runShare(shareSchema.parse(message)).then((answer) => parentPort?.postMessage(answer));
  });
}
