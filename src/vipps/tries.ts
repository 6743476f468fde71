/** One request with a time limit, and repeated attempts with a deadline. */
import type { Clock, Entropy, Log, MonotonicMs } from "../service/port.ts";
import { abortable } from "../kit/abort.ts";
import { createGuard, type TimedOptions, untilOf } from "./deadline.ts";
import { type Stage, unusable, VippsError } from "./errors.ts";
import { pauseMs, retryPauses } from "./retry.ts";
import { bodyBytesMax, type HttpRequest, type HttpResponse, type HttpTransport, TransportError } from "./transport.ts";

/** One attempt of one call: longer than the provider takes, shorter than a customer waits. */
export const tryMsMax = 15_000;

export interface Limits {
  readonly untilMs: MonotonicMs;
  readonly signal: AbortSignal | undefined;
}

export interface Tries {
  /** One request, one answer of whatever status. @throws VippsError when there is none. */
  send(name: Name, request: Omit<HttpRequest, "signal">, limits: Limits): Promise<HttpResponse>;
  /**
   * Runs `once` until it succeeds, fails for good, or the deadline passes. `mayRepeat` is given the error and says whether repeating does no
   * harm.
   */
  repeat<T>(
    about: About,
    options: TimedOptions,
    mayRepeat: (error: VippsError) => boolean,
    once: (limits: Limits) => Promise<T>,
  ): Promise<T>;
  /** @throws VippsError when stopped first. */
  pause(name: Name, delayMs: number, signal: AbortSignal | undefined): Promise<void>;
}

export interface Name {
  readonly operation: string;
  readonly stage: Stage;
}

/** What is attempted, and for which payment if it concerns one. */
export interface About {
  readonly operation: string;
  readonly reference?: string | undefined;
}

interface Parts {
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Says why there is no answer, and whether another attempt could work. The cause is kept; it never contains our headers. */
function failureOf({ operation, stage }: Name, caller: AbortSignal | undefined, guard: AbortSignal, cause: unknown) {
  if (isAborted(caller)) return unusable(operation, "stopped by the caller", { stage, advice: "give-up", cause });
  if (guard.aborted) return unusable(operation, "no whole answer in time", { stage, cause });
  if (cause instanceof TransportError && cause.code === "body-too-large")
    return unusable(operation, cause.message, { stage, advice: "give-up", cause });
  const reason = reasonOf(cause);
  const title = reason === undefined ? "the connection failed" : `the connection failed (${reason})`;
  return unusable(operation, title, { stage, cause });
}

/** The system's or the library's code ("ECONNREFUSED", "CERT_HAS_EXPIRED"), from the innermost cause that has one. */
function reasonOf(error: unknown): string | undefined {
  let reason: string | undefined;
  let inner = error;
  for (let depth = 0; inner instanceof Error && depth < 5; depth += 1) {
    if ("code" in inner && typeof inner.code === "string" && /^[A-Z0-9_]{3,60}$/.test(inner.code)) reason = inner.code;
    inner = inner.cause;
  }
  return reason;
}

export function createTries({ transport, clock, entropy, log }: Parts): Tries {
  async function send(name: Name, request: Omit<HttpRequest, "signal">, limits: Limits): Promise<HttpResponse> {
    const guard = createGuard(clock, limits.untilMs, tryMsMax, limits.signal);
    try {
      guard.signal.throwIfAborted();
      const response = await abortable(transport({ ...request, signal: guard.signal }), guard.signal);
      if (response.body.length > bodyBytesMax)
        throw new TransportError("body-too-large", `the answer is larger than ${bodyBytesMax} bytes`);
      return response;
    } catch (cause) {
      throw failureOf(name, limits.signal, guard.signal, cause);
    } finally {
      guard.release();
    }
  }

  async function pause(name: Name, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await clock.sleep(delayMs, signal);
    } catch (cause) {
      throw unusable(name.operation, "stopped by the caller", { stage: name.stage, advice: "give-up", cause });
    }
  }

  async function repeat<T>(
    about: About,
    options: TimedOptions,
    mayRepeat: (error: VippsError) => boolean,
    once: (limits: Limits) => Promise<T>,
  ): Promise<T> {
    const limits = { untilMs: untilOf(clock, options), signal: options.signal };
    const pauses = retryPauses(entropy);
    for (let number = 1; ; number += 1) {
      try {
        return await once(limits);
      } catch (error) {
        const next = error instanceof VippsError && mayRepeat(error) ? pauses.next() : undefined;
        if (!(error instanceof VippsError) || next === undefined || next.done === true || isAborted(options.signal))
          throw error;
        const waitMs = pauseMs(next.value, error.facts.retryAfterMs);
        if (error.facts.advice !== "retry" || clock.monotonicMs() + waitMs >= limits.untilMs) throw error;
        log.debug({ ...about, number, waitMs, status: error.facts.status }, "trying again");
        await pause({ operation: about.operation, stage: error.facts.stage }, waitMs, options.signal);
      }
    }
  }

  return { send, repeat, pause };
}
