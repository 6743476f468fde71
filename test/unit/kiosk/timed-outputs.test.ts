/** What is over is forgotten by the clock that nobody sets. */
import { expect, it } from "vitest";
import { createTimedOutputs } from "../../../src/kiosk/timed-outputs.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

function outputs() {
  const clock = new SimulatedClock();
  const put: unknown[] = [];
  return { clock, put, timed: createTimedOutputs({ clock, put: (event, more) => void put.push({ event, ...more }) }) };
}

const deletion = (key: string) => ({ event: undefined, changes: [{ kind: "delete", table: "fact", key }] });

it("an output whose time is over is forgotten, each at its own end, wherever the wall clock was set meanwhile", async () => {
  const { clock, put, timed } = outputs();
  timed.forget("a", 45_000);
  timed.forget("b", 90_000);
  clock.jumpWall(-86_400_000);
  await clock.advance(44_999);
  expect(put).toEqual([]);
  await clock.advance(1);
  expect(put).toEqual([deletion("a")]);
  await clock.advance(45_000);
  expect(put).toEqual([deletion("a"), deletion("b")]);
});

it("what was said last of an output counts, and a stop leaves no timer", async () => {
  const { clock, put, timed } = outputs();
  timed.forget("a", 45_000);
  timed.forget("a", 90_000);
  await clock.advance(60_000);
  expect(put).toEqual([]);
  timed.stop();
  expect(clock.timers()).toEqual([]);
});
