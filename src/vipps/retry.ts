/** When to try again: a list of pauses, made one by one with injected entropy. */
import { backOffMs } from "../kit/back-off.ts";
import type { Entropy } from "../service/port.ts";

export const triesMax = 6;
const pauses = { firstMs: 300, maxMs: 8_000 };

/** Five pauses: doubling from 0.3 s, with jitter. */
export function* retryPauses(entropy: Entropy): Generator<number, void> {
  for (let tries = 1; tries < triesMax; tries += 1) yield backOffMs(pauses, tries - 1, entropy);
}

/** At least `Retry-After`, plus part of our own pause so that a fleet does not return in step. */
export function pauseMs(ownMs: number, retryAfterMs: number | undefined): number {
  return retryAfterMs === undefined ? ownMs : Math.max(ownMs, retryAfterMs + ownMs / 4);
}
