/**
 * `npm run simulate -- --runs N [--seed FIRST]` runs many seeds on all cores and ends in one line; `--seed N` alone replays one and tells its
 * story; `--variants` tells how many seeds catch each of the deliberately broken parts. Exit code 1 when a promise was broken.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { z } from "zod";
import { runSeed } from "../test/simulation/run.ts";
import { brokenVariants } from "../test/simulation/sabotage.ts";

const task = z.object({ first: z.number(), runs: z.number(), step: z.number() });
const report = z.object({
  runs: z.number(),
  payments: z.number(),
  drops: z.number(),
  cuts: z.number(),
  broken: z.array(z.number()),
});
type Report = z.infer<typeof report>;

async function runShare({ first, runs, step }: z.infer<typeof task>): Promise<Report> {
  const sum = { runs: 0, payments: 0, drops: 0, cuts: 0, broken: [] as number[] };
  for (let index = 0; index < runs; index += step) {
    const outcome = await runSeed(first + index);
    sum.runs += 1;
    sum.payments += outcome.payments;
    sum.drops += outcome.drops;
    sum.cuts += outcome.cuts;
    if (outcome.violations.length > 0) {
      sum.broken.push(outcome.seed);
      // At once: a long run that is stopped has still said what it found.
      console.error(`broken: npm run simulate -- --seed ${outcome.seed}   ${outcome.violations[0] ?? ""}`);
    }
    if (sum.runs % 1_000 === 0)
      console.error(`${sum.runs} of ${Math.ceil(runs / step)} on this core, ${sum.broken.length} broken`);
  }
  return sum;
}

async function runMany(first: number, runs: number): Promise<number> {
  const started = performance.now();
  const cores = availableParallelism();
  const shares = await Promise.all(
    Array.from({ length: cores }, (_, index) => {
      const worker = new Worker(fileURLToPath(import.meta.url), {
        workerData: { first: first + index, runs: runs - index, step: cores },
        execArgv: process.execArgv,
      });
      return new Promise<Report>((resolve, reject) => {
        worker.once("message", (message: unknown) => resolve(report.parse(message)));
        worker.once("error", reject);
      });
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  const sum = (key: "runs" | "payments" | "drops" | "cuts"): number =>
    shares.reduce((total, share) => total + share[key], 0);
  const broken = shares.flatMap((share) => share.broken).toSorted((a, b) => a - b);
  console.log(
    `${sum("runs")} runs, ${broken.length} violations, ${(sum("runs") / seconds).toFixed(1)} seeds/s (${sum("payments")} payments, ${sum("drops")} deliveries, ${sum("cuts")} power cuts, ${seconds.toFixed(0)} s)`,
  );
  return broken.length === 0 ? 0 : 1;
}

/** Each broken variant, and the first seed that catches it. */
async function runVariants(first: number): Promise<number> {
  let survivors = 0;
  for (const { name, seedsMax, sabotage } of brokenVariants) {
    let seed = first;
    let found: string | undefined;
    for (; seed < first + seedsMax && found === undefined; seed += 1)
      [found] = (await runSeed(seed, sabotage)).violations;
    if (found === undefined) survivors += 1;
    console.log(
      `${name.padEnd(52)} ${found === undefined ? `SURVIVED ${seedsMax}` : `${seed - first} of ${seedsMax}`}  ${found ?? ""}`,
    );
  }
  return survivors === 0 ? 0 : 1;
}

if (isMainThread) {
  const { values } = parseArgs({
    options: { runs: { type: "string" }, seed: { type: "string" }, variants: { type: "boolean" } },
  });
  if (values.variants === true) process.exitCode = await runVariants(Number(values.seed ?? "1"));
  else if (values.runs === undefined) {
    const outcome = await runSeed(Number(values.seed ?? "1"));
    console.log(outcome.story.join("\n"));
    console.log(outcome.violations.length === 0 ? "all promises held" : `BROKEN:\n${outcome.violations.join("\n")}`);
    process.exitCode = outcome.violations.length === 0 ? 0 : 1;
  } else process.exitCode = await runMany(Number(values.seed ?? "1"), Number(values.runs));
} else parentPort?.postMessage(await runShare(task.parse(workerData)));
