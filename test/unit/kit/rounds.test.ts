/** Goal: nobody who says that there is something to do goes unheard, whenever it is said. Method: rounds that are woken while they run. */
import { expect, it } from "vitest";
import { createRounds } from "../../../src/kit/rounds.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";

function rounds(round: (count: number) => void | Promise<void>) {
  const clock = new SimulatedClock();
  const entropy = { fraction: () => 1, bytes: () => new Uint8Array() };
  const delays: number[] = [];
  let count = 0;
  const made = createRounds({
    name: "test",
    clock,
    entropy,
    round: async () => {
      count += 1;
      await round(count);
    },
    onFailure: (_error, delayMs) => delays.push(delayMs),
  });
  return { rounds: made, clock, delays, count: () => count };
}

it("who wakes while a round ends sets off another one, and no third", async () => {
  const one = rounds((count) => {
    if (count === 1) one.rounds.wake();
  });
  one.rounds.wake();
  await settle();
  expect(one.count()).toBe(2);
});

it("a round that fails is tried again by itself; after a stop it is not", async () => {
  const one = rounds(() => Promise.reject(new Error("no")));
  one.rounds.wake();
  await one.clock.advance(6_000);
  expect(one.delays).toEqual([2_000, 4_000, 8_000]);
  one.rounds.stop();
  one.rounds.wake();
  await one.clock.advance(3_600_000);
  expect([one.count(), one.rounds.isStopped()]).toEqual([3, true]);
});
