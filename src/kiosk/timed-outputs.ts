/**
 * Forgets what a restart would have to know of an output that a delivery left on, once its time is over by the monotonic clock. Left to the wall time
 * of the next start, a clock that was set back meanwhile would switch it on once more, for nobody.
 */
import type { JournalChange } from "../journal/port.ts";
import type { Clock, Timer } from "../service/port.ts";

export interface TimedOutputs {
  /** @param key of the fact in the journal @param afterMs when the output is off for certain */
  forget(key: string, afterMs: number): void;
  stop(): void;
}

export interface TimedOutputsParts {
  readonly clock: Pick<Clock, "startTimer">;
  readonly put: (event: undefined, more: { readonly changes: readonly JournalChange[] }) => void;
}

export function createTimedOutputs({ clock, put }: TimedOutputsParts): TimedOutputs {
  const timers = new Map<string, Timer>();
  return {
    forget(key, afterMs) {
      timers.get(key)?.cancel();
      const timer = clock.startTimer("timed output is over", afterMs, () => {
        timers.delete(key);
        put(undefined, { changes: [{ kind: "delete", table: "fact", key }] });
      });
      timers.set(key, timer);
    },
    stop() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    },
  };
}
