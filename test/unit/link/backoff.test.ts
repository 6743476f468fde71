/** Waits double up to a ceiling and are never alike for a whole fleet. */
import { expect, it } from "vitest";
import { backoffMs } from "../../../src/link/backoff.ts";

const plan = { firstMs: 500, maxMs: 60_000 };
const at = (fraction: number) => ({ fraction: () => fraction, bytes: () => new Uint8Array() });

it.each([
  [0, 0, 250],
  [0, 0.999999, 500],
  [1, 0.5, 750],
  [6, 0, 16_000],
  [7, 0.5, 45_000],
  [1_000_000, 0, 30_000],
  [1_000_000, 0.999999, 60_000],
])("retry %i with %f waits %i ms", (retry, fraction, waitMs) =>
  expect(backoffMs(plan, retry, at(fraction))).toBe(waitMs),
);
