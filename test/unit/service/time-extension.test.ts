/** Goal: the service manager hears in time, again and again, that a stop still has a reason to last, and never longer than that. */
import { expect, it } from "vitest";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { createTimeExtension } from "../../../src/service/time-extension.ts";

function rig() {
  const clock = new SimulatedClock();
  const said: { readonly atMs: number; readonly untilMs: number }[] = [];
  const extension = createTimeExtension((message) => {
    const [, usec] = /^EXTEND_TIMEOUT_USEC=(\d+)$/.exec(message) ?? [];
    said.push({ atMs: clock.monotonicMs(), untilMs: clock.monotonicMs() + Number(usec) / 1_000 });
  }, clock);
  return { clock, said, extension };
}

it("each word comes long before the one before it has run out, and the last one ends with the budget", async () => {
  const { clock, said, extension } = rig();
  extension.begin(640_000);
  await clock.advance(1_000_000);
  expect(said[0]?.atMs).toBe(0);
  for (const [index, { atMs }] of said.entries())
    if (index > 0) expect((said[index - 1]?.untilMs ?? 0) - atMs).toBeGreaterThanOrEqual(5_000);
  expect(Math.max(...said.map(({ untilMs }) => untilMs))).toBe(640_000);
  expect(clock.timers()).toEqual([]);
});

it("nothing is asked for after the end, and a new budget replaces the old one", async () => {
  const { clock, said, extension } = rig();
  extension.begin(600_000);
  await clock.advance(4_000);
  extension.begin(8_000);
  await clock.advance(60_000);
  expect(said.map(({ atMs }) => atMs)).toEqual([0, 4_000, 9_000]);
  extension.begin(600_000);
  extension.end();
  extension.end();
  const before = said.length;
  await clock.advance(60_000);
  expect(said).toHaveLength(before);
});
