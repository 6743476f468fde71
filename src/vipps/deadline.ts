/** Every wait of the client ends: at the call's deadline, at the limit of one try, or when the caller stops it. */
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
  /** Always called in the end: it takes the timer back. */
  readonly release: () => void;
}

/** A signal that aborts at `untilMs`, after `limitMs`, or with `signal`, whichever is first. */
export function createGuard(
  clock: Clock,
  untilMs: MonotonicMs,
  limitMs: number,
  signal: AbortSignal | undefined,
): Guard {
  const controller = new AbortController();
  const leftMs = Math.min(limitMs, Math.max(1, untilMs - clock.monotonicMs()));
  const timer = clock.startTimer("provider call", leftMs, () =>
    controller.abort(new Error(`no whole answer within ${Math.round(leftMs)} ms`)),
  );
  const forward = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  if (signal?.aborted === true) forward();
  return {
    signal: controller.signal,
    release: () => {
      timer.cancel();
      signal?.removeEventListener("abort", forward);
    },
  };
}

/** The promise, or a rejection as soon as the signal aborts: whoever does not listen to the signal is left behind. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", fail));
  });
}
