/** Every wait of the client ends: at the call's deadline, at the limit of one attempt, or when the caller aborts it. */
import { linkedController } from "../kit/abort.ts";
import type { Clock, MonotonicMs } from "../service/port.ts";
import type { CallOptions } from "./port.ts";

/** As CallOptions; `untilMs` lets several calls share one deadline. */
export interface TimedOptions extends CallOptions {
  readonly untilMs?: MonotonicMs;
}

const deadlineMsDefault = 30_000;

export function untilOf(clock: Clock, options: TimedOptions): MonotonicMs {
  return options.untilMs ?? clock.monotonicMs() + (options.deadlineMs ?? deadlineMsDefault);
}

export interface Guard {
  readonly signal: AbortSignal;
  /** Must be called when done: cancels the timer. */
  readonly release: () => void;
}

/** A signal that aborts at `untilMs`, after `limitMs`, or with `signal`, whichever is first. */
export function createGuard(
  clock: Clock,
  untilMs: MonotonicMs,
  limitMs: number,
  signal: AbortSignal | undefined,
): Guard {
  const { controller, release } = linkedController(signal);
  const leftMs = Math.min(limitMs, Math.max(1, untilMs - clock.monotonicMs()));
  const timer = clock.startTimer("provider call", leftMs, () =>
    controller.abort(new Error(`no whole answer within ${Math.round(leftMs)} ms`)),
  );
  return {
    signal: controller.signal,
    release: () => {
      timer.cancel();
      release();
    },
  };
}
