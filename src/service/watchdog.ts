/**
 * Feeding systemd's watchdog (WatchdogSec= of systemd.service(5)): only while every part of the daemon comes to an end with what it has begun. A part that
 * hangs ends the feeding, is named in the log and in `systemctl status`, and has the process ended at once (WATCHDOG=trigger of sd_notify(3)).
 */
import type { Clock, Log, MonotonicMs } from "./port.ts";

export interface WatchedPart {
  readonly name: string;
  /** Since when it is at what it has in hand; undefined when it has nothing. */
  readonly busySinceMs: () => MonotonicMs | undefined;
  /** The longest that this may take while all is well. */
  readonly patienceMs: number;
}

export interface WatchdogSettings {
  /** `$WATCHDOG_USEC`: after so many microseconds without a word systemd ends this process. Undefined or 0: nobody watches. */
  readonly watchdogUsec: string | undefined;
  readonly clock: Clock;
  readonly notify: (message: string) => void;
  readonly parts: readonly WatchedPart[];
  readonly log: Log;
}

export interface Watchdog {
  /** Lets it starve: for a process that ends in another way, or whose service manager was told that it stops. */
  stop(): void;
}

/** sd_watchdog_enabled(3) recommends half of the interval; a third lets one word be lost. */
const feedsPerInterval = 3;

export function feedWatchdog({ watchdogUsec, clock, notify, parts, log }: WatchdogSettings): Watchdog {
  const periodMs = Number(watchdogUsec ?? 0) / 1_000 / feedsPerInterval;
  if (!(periodMs > 0)) return { stop: () => {} };

  /** Undefined: all is well. */
  function hanging(): { readonly part: string; readonly forS: number } | undefined {
    for (const { name, busySinceMs, patienceMs } of parts) {
      const sinceMs = busySinceMs();
      const forMs = sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs;
      if (forMs > patienceMs) return { part: name, forS: Math.round(forMs / 1_000) };
    }
    return undefined;
  }

  let isTold = false;
  const feed = (): void => {
    timer = clock.startTimer("watchdog", periodMs, feed);
    const found = hanging();
    if (found === undefined) {
      isTold = false;
      notify("WATCHDOG=1");
      return;
    }
    if (isTold) return;
    isTold = true;
    log.error(found, "a part of kvitt hangs: it ends, for the service manager to start it anew");
    notify(`STATUS=hangs: ${found.part}, for ${found.forS} s\nWATCHDOG=trigger`);
  };
  let timer = clock.startTimer("watchdog", periodMs, feed);
  return { stop: () => timer.cancel() };
}

/**
 * A part that has a queue and counts what it has done: busy since it was last seen to have done something, while something waits.
 * Asked by the watchdog at every turn, which is how it gets to see.
 */
export function busyByProgress(
  clock: Pick<Clock, "monotonicMs">,
  progress: () => number,
  isIdle: () => boolean,
): () => MonotonicMs | undefined {
  let last = progress();
  let sinceMs = clock.monotonicMs();
  return () => {
    const now = progress();
    if (now !== last || isIdle()) sinceMs = clock.monotonicMs();
    last = now;
    return isIdle() ? undefined : sinceMs;
  };
}
