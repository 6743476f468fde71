/** When to try again: a list of pauses, made one by one with injected entropy. */
import type { Entropy } from "../service/port.ts";

export const triesMax = 6;
const pauseMsMin = 300;
const pauseMsMax = 8_000;

/** Doubling pauses from 0.3 s, each spread over half to one and a half of itself, so that a fleet does not come back in step; five of them. */
export function* retryPauses(entropy: Entropy): Generator<number, void> {
  for (let tries = 1; tries < triesMax; tries += 1)
    yield Math.min(pauseMsMax, pauseMsMin * 2 ** (tries - 1)) * (0.5 + entropy.fraction());
}

/** `Retry-After` is the least that is waited; a part of our own pause comes on top, for the same reason. */
export function pauseMs(ownMs: number, retryAfterMs: number | undefined): number {
  return retryAfterMs === undefined ? ownMs : Math.max(ownMs, retryAfterMs + ownMs / 4);
}
