/** Goal: the watchdog is fed while work is done or there is none, and starves when work waits and nothing moves. */
import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { feedWatchdog } from "../../../src/service/watchdog.ts";

function rig(watchdogUsec: string | undefined) {
  const clock = new SimulatedClock();
  const loop = { progress: 0, isIdle: true };
  const fedAtMs: number[] = [];
  const watchdog = feedWatchdog({
    watchdogUsec,
    clock,
    notify: (message) => {
      expect(message).toBe("WATCHDOG=1");
      fedAtMs.push(clock.monotonicMs());
    },
    progress: () => loop.progress,
    isIdle: () => loop.isIdle,
  });
  return { clock, loop, fedAtMs, watchdog };
}

describe("the watchdog", () => {
  it("is fed three times in its interval while nothing waits", async () => {
    const { clock, fedAtMs } = rig("60000000");
    await clock.advance(60_000);
    expect(fedAtMs).toEqual([20_000, 40_000, 60_000]);
  });

  it("is fed by progress while work waits, and starves without it", async () => {
    const { clock, fedAtMs, loop } = rig("60000000");
    loop.isIdle = false;
    loop.progress = 7;
    await clock.advance(20_000);
    expect(fedAtMs).toEqual([20_000]);
    await clock.advance(600_000);
    expect(fedAtMs).toEqual([20_000]);
    loop.progress = 8;
    await clock.advance(20_000);
    expect(fedAtMs).toHaveLength(2);
  });

  it("is left alone after its stop", async () => {
    const { clock, fedAtMs, watchdog } = rig("60000000");
    watchdog.stop();
    await clock.advance(600_000);
    expect(fedAtMs).toEqual([]);
  });

  it.each([undefined, "", "0", "soon"])("nobody watches when WATCHDOG_USEC is %s: no timer", (watchdogUsec) => {
    expect(rig(watchdogUsec).clock.timers()).toEqual([]);
  });
});
