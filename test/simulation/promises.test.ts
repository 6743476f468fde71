/**
 * Goal: the promises of the design hold through power cuts, lost answers, lying networks and curious customers. Method: seeds of a simulated
 * world (world.ts) with the real core, kiosk, journal and client; a fixed budget, and seeds that come from the commit, so that a red run
 * can be repeated with `npm run simulate -- --seed N`.
 */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { addTally } from "./progress.ts";
import { runSeed } from "./run.ts";
import { brokenVariants } from "./sabotage.ts";

/** The first seed of this commit: the head of its id, as a number. */
function seedOfCommit(): number {
  try {
    return Number.parseInt(execFileSync("git", ["rev-parse", "--short=7", "HEAD"], { encoding: "utf8" }).trim(), 16);
  } catch {
    return 7;
  }
}

async function expectKept(seed: number): Promise<void> {
  const outcome = await runSeed(seed);
  expect(outcome.violations, `npm run simulate -- --seed ${seed}\n${outcome.story.slice(-80).join("\n")}`).toEqual([]);
}

describe("the promises", () => {
  it("hold for three hundred fixed seeds", async () => {
    for (let seed = 1; seed <= 300; seed += 1) await expectKept(seed);
  });

  it("hold for three hundred seeds of this commit", async () => {
    const first = seedOfCommit();
    for (let seed = first; seed < first + 300; seed += 1) await expectKept(seed);
  });

  it("a seed replays exactly", async () => {
    const [first, second] = [await runSeed(42), await runSeed(42)];
    expect(second.story).toEqual(first.story);
  });

  it("the world is not asleep: payments, deliveries and power cuts happen", async () => {
    const happened: Record<string, number> = {};
    for (let seed = 200; seed < 230; seed += 1) addTally(happened, (await runSeed(seed)).happened);
    expect(happened["payment"]).toBeGreaterThan(60);
    expect(happened["thing that fell"]).toBeGreaterThan(15);
    expect(happened["power cut"]).toBeGreaterThan(10);
  });
});

describe("the checks bite", () => {
  it.each(brokenVariants)("a machine that $name is caught", async ({ sabotage, seedsMax }) => {
    for (let seed = 1; seed <= seedsMax; seed += 1) {
      const { violations } = await runSeed(seed, sabotage);
      if (violations.length > 0) return;
    }
    expect.fail(`survived ${seedsMax} seeds`);
  });
});
