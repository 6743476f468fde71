/**
 * Goal: for every flow and every failure switch of the demo the right thing happens: nobody pays for nothing, nobody gets anything for
 * nothing, the panel shows no code that cannot be paid. Method: the real processes over real sockets play the scripts of test/fixtures/demo;
 * each run ends with checks on the provider's ledger, the journal, and what an independent decoder reads from the panel.
 */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { checkMoney } from "../../../src/demo/checks.ts";
import { kvittArgs } from "../kvitt.ts";

const top = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const folder = join(top, "test/fixtures/demo");
const scripts = (await readdir(folder)).filter((name) => name.endsWith(".txt")).toSorted();

async function play(name: string): Promise<{ readonly output: string; readonly code: number }> {
  const args = kvittArgs("demo", "--headless", "--script", join(folder, name));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: top,
      timeout: 390_000,
      killSignal: "SIGKILL",
    });
    return { output: stdout, code: 0 };
  } catch (error) {
    const stdout = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    return { output: `${stdout}\n${String(error)}`, code: 1 };
  }
}

describe("the demo", () => {
  it("has a script for every flow and every switch", () => {
    expect(scripts.length).toBeGreaterThanOrEqual(9);
  });

  it.concurrent.each(scripts)("plays %s", async (name) => {
    const { output, code } = await play(name);
    expect(code, output).toBe(0);
    expect(output).toMatch(/passed: \d+ checks/);
  });
});

describe("the checks bite", () => {
  const row = {
    reference: "demo-1-01JD0000000000000000000001",
    state: "AUTHORIZED",
    currency: "NOK",
    amount: 2_500,
    authorized: 2_500,
    captured: 2_500,
    cancelled: 0,
    refunded: 0,
  } as const;
  const drop = { deliveryId: "d1", what: "A1", reference: row.reference, priceMinor: 2_500 };

  it("a sale that balances passes", () => {
    expect(checkMoney([row], [drop])).toEqual([]);
  });

  it.each([
    ["captured, and nothing fell", [row], []],
    ["delivered twice", [row], [drop, { ...drop, deliveryId: "d2" }]],
    ["captured more than fell", [{ ...row, captured: 2_500 }], [{ ...drop, priceMinor: 2_400 }]],
    ["the rest was never released", [{ ...row, captured: 2_000 }], [drop]],
    [
      "fell for a payment that was never authorised",
      [{ ...row, state: "EXPIRED" as const, authorized: 0, captured: 0 }],
      [drop],
    ],
    ["fell for nobody's payment", [], [drop]],
  ])("a planted ledger is found: %s", (_name, ledger, drops) => {
    expect(checkMoney(ledger, drops)).not.toEqual([]);
  });
});
