/** Goal: waits double up to a ceiling and are never alike for a whole fleet. Method: the fraction is given, the wait is read. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backOffCeilingMs, backOffMs, jittered } from "../../../src/kit/back-off.ts";

const plan = { firstMs: 500, maxMs: 60_000 };
const at = (fraction: number) => ({ fraction: () => fraction });
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("a back-off", () => {
  it.each([
    [0, 0, 250],
    [0, 0.999999, 500],
    [1, 0.5, 750],
    [6, 0, 16_000],
    [7, 0.5, 45_000],
    [-1, 0, 250],
    [1_000_000, 0, 30_000],
    [1_000_000, 0.999999, 60_000],
  ])("before retry %i with %f waits %i ms", (retry, part, waitMs) =>
    expect(backOffMs(plan, retry, at(part))).toBe(waitMs),
  );

  it("never waits longer than its ceiling, nor less than half of it", () => {
    fc.assert(
      fc.property(fc.nat(2_000), fraction, (retry, part) => {
        const ceilingMs = backOffCeilingMs(plan, retry);
        const waitMs = backOffMs(plan, retry, at(part));
        expect(waitMs).toBeGreaterThanOrEqual(ceilingMs / 2 - 1);
        expect(waitMs).toBeLessThanOrEqual(ceilingMs);
        expect(ceilingMs).toBeLessThanOrEqual(plan.maxMs);
      }),
    );
  });
});

it.each([
  [0, undefined, 900],
  [0.5, undefined, 1_000],
  [0.999999, undefined, 1_100],
  [0, 0.25, 750],
  [0.999999, 0.25, 1_250],
])("a period of a second with %f, give or take %s, takes %i ms", (fallsOn, part, periodMs) =>
  expect(jittered(1_000, at(fallsOn), part)).toBe(periodMs),
);
