/** What is over is forgotten by the clock that nobody sets, and a next start finds when that is by the clock that somebody has set meanwhile. */
import { expect, it } from "vitest";
import { merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
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

const minuteMs = 60_000;

function kept(untilWallMs: number) {
  const reference = referenceOf(merchantQrId("vend-1"), "01JDB2Q0C8X6R3Y5T7W9ZABCDE");
  const price = money(1_000, "NOK");
  return { deliveryId: "d-timed", reference, line: "T", price, untilWallMs, onForMs: 20 * minuteMs };
}

it.each([-122_000, 122_000])(
  "a clock that is set by %i ms while an output is on moves its end in the journal with it",
  async (byMs) => {
    const { clock, put, timed } = outputs();
    const untilWallMs = clock.wallMs() + 20 * minuteMs;
    timed.forget("a", 20 * minuteMs);
    timed.follow("a", kept(untilWallMs), { endsAfterMs: 20 * minuteMs });
    await clock.advance(minuteMs);
    expect(put).toEqual([]);
    clock.jumpWall(byMs);
    await clock.advance(minuteMs);
    const value = { ...kept(untilWallMs), untilWallMs: untilWallMs + byMs };
    expect(put).toEqual([{ event: undefined, changes: [{ kind: "put", table: "fact", key: "a", value }] }]);
    await clock.advance(18 * minuteMs);
    expect(put.slice(1)).toEqual([deletion("a")]);
    expect(clock.timers()).toEqual([]);
  },
);

it("of an output of an earlier life the end is known as soon as the clock can be believed, and followed from then on", async () => {
  const { clock, put, timed } = outputs();
  clock.setPlausible(false);
  const untilWallMs = clock.wallMs() + 5 * minuteMs;
  timed.forget("a", 20 * minuteMs);
  timed.follow("a", kept(untilWallMs), { endsAfterMs: undefined });
  clock.jumpWall(-86_400_000);
  await clock.advance(minuteMs);
  clock.jumpWall(86_400_000);
  clock.setPlausible(true);
  await clock.advance(minuteMs);
  expect(put).toEqual([]);
  clock.jumpWall(-60_000);
  await clock.advance(minuteMs);
  const value = { ...kept(untilWallMs), untilWallMs: untilWallMs - 60_000 };
  expect(put).toEqual([{ event: undefined, changes: [{ kind: "put", table: "fact", key: "a", value }] }]);
  timed.stop();
  expect(clock.timers()).toEqual([]);
});
