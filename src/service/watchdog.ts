/** Feeding systemd's watchdog (WatchdogSec= of systemd.service(5)): only while work is done, or there is none. */
import type { Clock } from "./port.ts";

export interface WatchdogSettings {
  /** `$WATCHDOG_USEC`: after so many microseconds without a word systemd ends this process. Undefined or 0: nobody watches. */
  readonly watchdogUsec: string | undefined;
  readonly clock: Clock;
  readonly notify: (message: string) => void;
  /** Grows with everything that was done. */
  readonly progress: () => number;
  /** Whether nothing waits to be done. */
  readonly isIdle: () => boolean;
}

export interface Watchdog {
  /** Lets it starve: for a process that ends in another way, or whose service manager was told that it stops. */
  stop(): void;
}

/** sd_watchdog_enabled(3) recommends half of the interval; a third lets one word be lost. */
const feedsPerInterval = 3;

export function feedWatchdog({ watchdogUsec, clock, notify, progress, isIdle }: WatchdogSettings): Watchdog {
  const periodMs = Number(watchdogUsec ?? 0) / 1_000 / feedsPerInterval;
  if (!(periodMs > 0)) return { stop: () => {} };
  let last = progress();
  const feed = (): void => {
    const now = progress();
    if (now !== last || isIdle()) notify("WATCHDOG=1");
    last = now;
    timer = clock.startTimer("watchdog", periodMs, feed);
  };
  let timer = clock.startTimer("watchdog", periodMs, feed);
  return { stop: () => timer.cancel() };
}
