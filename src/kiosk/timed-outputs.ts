/**
 * What a restart has to know of an output that a delivery left on. It is forgotten once its time is over by the monotonic clock: left to the wall time of the
 * next start, a clock that was set back meanwhile would switch it on once more, for nobody. And while it is on, its end in the journal moves with a
 * wall clock that is set: after a power cut the output would else stay on for as much longer, or shorter, than was paid for.
 */
import type { JournalChange } from "../journal/port.ts";
import type { Clock, Timer } from "../service/port.ts";
import { repeat, type Repetition } from "./repeat.ts";
import { type TimedOutput, toJson } from "./stored.ts";

export interface TimedOutputs {
  /** @param key of the fact in the journal @param afterMs when the output is off for certain */
  forget(key: string, afterMs: number): void;
  /**
   * Until it is forgotten.
   * @param output as the journal has it
   * @param endsAfterMs undefined for one of an earlier life: its wall time says so, once the clock can be believed
   */
  follow(key: string, output: TimedOutput, end: { readonly endsAfterMs: number | undefined }): void;
  stop(): void;
}

export interface TimedOutputsParts {
  readonly clock: Clock;
  readonly put: (event: undefined, more: { readonly changes: readonly JournalChange[] }) => void;
}

interface Followed {
  readonly output: TimedOutput;
  readonly endMs: number | undefined;
  /** Bought before we started following: by then it is over, whatever a clock says. */
  readonly latestMs: number;
}

const lookMs = 5_000;
/** A quartz is off by less than this in the time that is usually bought; nothing is written for it. */
const setMs = 2_000;

export function createTimedOutputs({ clock, put }: TimedOutputsParts): TimedOutputs {
  const timers = new Map<string, Timer>();
  const followed = new Map<string, Followed>();
  let looking: Repetition | undefined;

  function look(): void {
    if (!clock.isPlausible()) return;
    const [nowMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
    for (const [key, { output, endMs: known, latestMs }] of followed) {
      const endMs = known ?? Math.min(latestMs, nowMs + output.untilWallMs - wallMs);
      const untilWallMs = Math.round(wallMs + endMs - nowMs);
      const isSet = Math.abs(untilWallMs - output.untilWallMs) > setMs;
      const now = isSet ? { ...output, untilWallMs } : output;
      followed.set(key, { output: now, endMs, latestMs });
      if (isSet) put(undefined, { changes: [{ kind: "put", table: "fact", key, value: toJson(now) }] });
    }
  }

  function unfollow(key: string): void {
    followed.delete(key);
    if (followed.size > 0) return;
    looking?.stop();
    looking = undefined;
  }

  return {
    forget(key, afterMs) {
      timers.get(key)?.cancel();
      const timer = clock.startTimer("timed output is over", afterMs, () => {
        timers.delete(key);
        unfollow(key);
        put(undefined, { changes: [{ kind: "delete", table: "fact", key }] });
      });
      timers.set(key, timer);
    },
    follow(key, output, { endsAfterMs }) {
      const nowMs = clock.monotonicMs();
      const endMs = endsAfterMs === undefined ? undefined : nowMs + endsAfterMs;
      followed.set(key, { output, endMs, latestMs: nowMs + output.onForMs });
      looking ??= repeat(clock, "clock under timed outputs", lookMs, look);
    },
    stop() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
      for (const key of followed.keys()) unfollow(key);
    },
  };
}
