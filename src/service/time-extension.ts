/**
 * More time for a start or a stop that takes long for a good reason (sd_notify(3), EXTEND_TIMEOUT_USEC=): said again and again for as long as
 * the reason holds, and not longer, so that a process that hangs is still ended.
 */
import type { Clock, Timer } from "./port.ts";

export interface TimeExtension {
  /** Asks for time from now on, for at most `budgetMs`; replaces what was asked for before. */
  begin(budgetMs: number): void;
  /** Asks no more. Idempotent. */
  end(): void;
}

/** systemd waits for the next word for so long. */
const extensionMs = 15_000;
/** Two of three words may come late. */
const everyMs = extensionMs / 3;

export function createTimeExtension(notify: (message: string) => void, clock: Clock): TimeExtension {
  let timer: Timer | undefined;
  const say = (untilMs: number): void => {
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) return;
    notify(`EXTEND_TIMEOUT_USEC=${Math.round(Math.min(extensionMs, leftMs) * 1_000)}`);
    timer = clock.startTimer("time extension", everyMs, () => say(untilMs));
  };
  return {
    begin(budgetMs) {
      timer?.cancel();
      say(clock.monotonicMs() + budgetMs);
    },
    end: () => timer?.cancel(),
  };
}
