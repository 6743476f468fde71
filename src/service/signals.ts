/** The signals that end this process in good order: SIGINT of a terminal, SIGTERM of a service manager. Both mean the same. */
import type { Clock } from "./port.ts";

export interface StopSignals {
  /** Aborted by the first signal: stop in good order. */
  readonly stop: AbortSignal;
  /** Aborted by a second one: whoever sent it does not want to wait for what takes long. */
  readonly hurry: AbortSignal;
}

/** A terminal signals the whole group, and npm passes the signal on to its child: the second of such a pair is the first once more. */
const echoMs = 1_000;

/** Listens from now to the end of the process. @param source `process` */
export function createStopSignals(
  source: { on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown },
  clock: Clock,
): StopSignals {
  const stop = new AbortController();
  const hurry = new AbortController();
  let firstMs = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    source.on(signal, () => {
      if (!stop.signal.aborted) {
        firstMs = clock.monotonicMs();
        stop.abort(new Error(`stopped by ${signal}`));
      } else if (clock.monotonicMs() - firstMs > echoMs) hurry.abort(new Error(`hurried by ${signal}`));
    });
  return { stop: stop.signal, hurry: hurry.signal };
}
