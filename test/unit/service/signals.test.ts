/** Goal: the first signal stops in good order, a second one hurries, and an echo is neither. Method: an emitter in the process's place. */
import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { createStopSignals } from "../../../src/service/signals.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

it.each(["SIGINT", "SIGTERM"])("%s stops; once more a second later it hurries", async (name) => {
  const source = new EventEmitter();
  const clock = new SimulatedClock();
  const { stop, hurry } = createStopSignals(source, clock);
  expect(stop.aborted).toBe(false);
  source.emit(name);
  expect([stop.aborted, hurry.aborted]).toEqual([true, false]);
  expect(String(stop.reason)).toContain(name);
  // npm passes on what the terminal has sent already.
  await clock.advance(1_000);
  source.emit(name);
  expect(hurry.aborted).toBe(false);
  await clock.advance(1);
  source.emit("SIGTERM");
  expect(hurry.aborted).toBe(true);
});
