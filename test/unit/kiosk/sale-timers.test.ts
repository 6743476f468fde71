/** Goal: the sale's timers fire once, under their name, when they should. Method: a virtual clock. */
import { expect, it } from "vitest";
import { createSaleTimers } from "../../../src/kiosk/sale-timers.ts";
import type { SaleEvent, Unstamped } from "../../../src/sale/event.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { reference } from "./records.ts";

function timing(fraction = 0) {
  const clock = new SimulatedClock();
  const fired: {
    readonly atMs: number;
    readonly event: Unstamped<SaleEvent>;
    readonly isStillWanted: () => boolean;
  }[] = [];
  const timers = createSaleTimers({
    clock,
    entropy: { fraction: () => fraction, bytes: () => new Uint8Array() },
    put: (event, { isStillWanted }) => fired.push({ atMs: clock.monotonicMs(), event, isStillWanted }),
  });
  const start = (name: string, afterMs: number, jitter = false): void =>
    timers.start({ kind: "start-timer", name, afterMs, jitter });
  return { clock, timers, fired, start };
}

it.each([
  ["session", { about: "session", event: { kind: "session-timer" } }],
  ["notice", { about: "notice-over" }],
  [reference, { about: "settlement", reference, event: { kind: "timer" } }],
])("%s fires once, at its time", async (name, event) => {
  const { clock, fired, start } = timing();
  start(name, 1_000);
  await clock.advance(10_000);
  expect(fired).toMatchObject([{ atMs: 1_000, event }]);
  expect(fired[0]?.isStillWanted()).toBe(true);
});

it("a name that nobody knows fires nothing", async () => {
  const { clock, fired, start } = timing();
  start("tea", 1_000);
  await clock.advance(10_000);
  expect(fired).toEqual([]);
});

it("started again, a timer begins anew; others go on", async () => {
  const { clock, fired, start } = timing();
  start("session", 1_000);
  start("notice", 1_500);
  await clock.advance(500);
  start("session", 2_000);
  await clock.advance(10_000);
  expect(fired.map(({ atMs }) => atMs)).toEqual([1_500, 2_500]);
});

it("can be started again by what it set off", async () => {
  const { clock, fired, start } = timing();
  start("session", 1_000);
  await clock.advance(1_000);
  start("session", 1_000);
  await clock.advance(1_000);
  expect(fired.map(({ atMs }) => atMs)).toEqual([1_000, 2_000]);
});

it.each([
  ["started anew", (timers: ReturnType<typeof timing>) => timers.start("session", 1_000)],
  ["cancelled", ({ timers }: ReturnType<typeof timing>) => timers.cancel("session")],
])("one that waits for its turn is not wanted any more when it was %s meanwhile", async (_, change) => {
  const all = timing();
  all.start("session", 1_000);
  await all.clock.advance(1_000);
  change(all);
  expect(all.fired.map(({ isStillWanted }) => isStillWanted())).toEqual([false]);
  await all.clock.advance(10_000);
  expect(all.fired.slice(1).every(({ isStillWanted }) => isStillWanted())).toBe(true);
});

it("cancelled, one never fires, nor does any after all were", async () => {
  const { clock, fired, timers, start } = timing();
  start("session", 1_000);
  start("notice", 1_000);
  timers.cancel("session");
  timers.cancel("tea");
  await clock.advance(500);
  start(reference, 1_000);
  await clock.advance(500);
  expect(fired).toHaveLength(1);
  timers.cancelAll();
  await clock.advance(10_000);
  expect(fired).toHaveLength(1);
});

it.each([
  [0, 750],
  [0.5, 1_000],
  [1, 1_250],
])("with jitter, a fraction of %d makes a wait of %d ms", async (fraction, atMs) => {
  const { clock, fired, start } = timing(fraction);
  start("session", 1_000, true);
  await clock.advance(10_000);
  expect(fired[0]?.atMs).toBe(atMs);
});
