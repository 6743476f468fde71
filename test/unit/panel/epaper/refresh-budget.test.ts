/** The budget on a clock that the test moves. */
import { expect, it } from "vitest";
import { RefreshBudget } from "../../../../src/panel/epaper/refresh-budget.ts";
import { SimulatedClock } from "../../../../src/service/simulated-clock.ts";

it("allows a burst, then one refresh an interval, and never saves up more than the burst", async () => {
  const clock = new SimulatedClock();
  const budget = new RefreshBudget(clock, 180_000, 3);
  expect([1, 1, 1, 1].map((cost) => budget.take(cost))).toEqual([true, true, true, false]);
  await clock.advance(2 * 180_000);
  expect([1, 1].map((cost) => budget.take(cost))).toEqual([true, false]);
  await clock.advance(1_000 * 180_000);
  expect(budget.tokens).toBe(3);
});
