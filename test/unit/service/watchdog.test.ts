/** Goal: the watchdog is fed while every part ends what it begins, and a part that hangs is named and ends the process. */
import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { busyByProgress, feedWatchdog } from "../../../src/service/watchdog.ts";
import { createWorkInHand } from "../../../src/service/work-in-hand.ts";

function rig(watchdogUsec: string | undefined = "60000000") {
  const clock = new SimulatedClock();
  const loop = { progress: 0, isIdle: true };
  const disk = createWorkInHand(clock);
  const log = createMemoryLog();
  const said: string[] = [];
  const fedAtMs: number[] = [];
  const watchdog = feedWatchdog({
    watchdogUsec,
    clock,
    log,
    notify: (message) => {
      if (message === "WATCHDOG=1") fedAtMs.push(clock.monotonicMs());
      else said.push(message);
    },
    parts: [
      {
        name: "loop",
        busySinceMs: busyByProgress(
          clock,
          () => loop.progress,
          () => loop.isIdle,
        ),
        patienceMs: 30_000,
      },
      { name: "journal", busySinceMs: () => disk.oldestMs(), patienceMs: 90_000 },
    ],
  });
  return { clock, loop, disk, log, said, fedAtMs, watchdog };
}

describe("the watchdog", () => {
  it("is fed three times in its interval while nothing is in hand", async () => {
    const { clock, fedAtMs } = rig();
    await clock.advance(60_000);
    expect(fedAtMs).toEqual([20_000, 40_000, 60_000]);
  });

  it("is fed while there is progress, however much waits", async () => {
    const { clock, fedAtMs, loop, said } = rig();
    loop.isIdle = false;
    for (let turn = 0; turn < 30; turn += 1) {
      loop.progress += 1;
      await clock.advance(20_000);
    }
    expect(fedAtMs).toHaveLength(30);
    expect(said).toEqual([]);
  });

  it("starves when something waits and nothing is done, and names the part once", async () => {
    const { clock, fedAtMs, loop, said, log } = rig();
    loop.isIdle = false;
    await clock.advance(600_000);
    expect(fedAtMs).toEqual([20_000]);
    expect(said).toEqual(["STATUS=hangs: loop, for 40 s\nWATCHDOG=trigger"]);
    expect(log.lines).toMatchObject([{ level: "error", fields: { part: "loop", forS: 40 } }]);
  });

  it("starves when one call of a part never ends, while others of it do", async () => {
    const { clock, fedAtMs, disk, said } = rig();
    const journal = disk.watched({
      sync: () => new Promise<void>(() => {}),
      read: async () => "well",
    });
    void journal.sync();
    for (let turn = 0; turn < 10; turn += 1) {
      await journal.read();
      await clock.advance(20_000);
    }
    expect(fedAtMs).toEqual([20_000, 40_000, 60_000, 80_000]);
    expect(said).toEqual(["STATUS=hangs: journal, for 100 s\nWATCHDOG=trigger"]);
  });

  it("is left alone after its stop", async () => {
    const { clock, fedAtMs, watchdog } = rig();
    watchdog.stop();
    await clock.advance(600_000);
    expect(fedAtMs).toEqual([]);
  });

  it.each(["", "0", "soon"])("nobody watches when WATCHDOG_USEC is %s: no timer", (watchdogUsec) => {
    expect(rig(watchdogUsec).clock.timers()).toEqual([]);
  });
});

describe("work in hand", () => {
  it("is what was begun and not ended, the oldest first", async () => {
    const clock = new SimulatedClock();
    const work = createWorkInHand(clock);
    const ends: (() => void)[] = [];
    const part = work.watched({
      begin: () => new Promise<void>((resolve) => ends.push(resolve)),
      fail: () => Promise.reject(new Error("planted")),
      ask: () => 7,
    });
    expect(work.oldestMs()).toBeUndefined();
    void part.begin();
    await clock.advance(5_000);
    void part.begin();
    expect(part.ask()).toBe(7);
    await expect(part.fail()).rejects.toThrow("planted");
    expect(work.oldestMs()).toBe(0);
    ends[0]?.();
    await settle();
    expect(work.oldestMs()).toBe(5_000);
    ends[1]?.();
    await settle();
    expect(work.oldestMs()).toBeUndefined();
  });

  it("leaves a class with private fields what it is", async () => {
    class Counter {
      #count = 0;
      async add(): Promise<number> {
        this.#count += 1;
        return this.#count;
      }
      get count(): number {
        return this.#count;
      }
    }
    const counter = createWorkInHand(new SimulatedClock()).watched(new Counter());
    await counter.add();
    expect(await counter.add()).toBe(2);
    expect(counter.count).toBe(2);
  });
});
