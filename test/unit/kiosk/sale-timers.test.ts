/** Goal: the sale's timers fire once, under their name, when they should. Method: a virtual clock. */
import { expect, it } from "vitest";
import { createSaleTimers } from "../../../src/kiosk/sale-timers.ts";
import type { SaleEvent, Unstamped } from "../../../src/sale/event.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { reference } from "./records.ts";

function timing(fraction = 0) {
  const clock = new SimulatedClock();
  const fired: { readonly atMs: number; readonly event: Unstamped<SaleEvent> }[] = [];
  const timers = createSaleTimers({
    clock,
    entropy: { fraction: () => fraction, bytes: () => new Uint8Array() },
    put: (event) => fired.push({ atMs: clock.monotonicMs(), event }),
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
  expect(fired).toEqual([{ atMs: 1_000, event }]);
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
