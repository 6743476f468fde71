/** How long to wait before the next try: doubling from a first wait to a ceiling, with jitter so that a fleet does not return in step. */

/** Where jitter comes from: a fraction from 0 up to, but not including, 1. */
export interface Randomness {
  fraction(): number;
}

/** Milliseconds. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The longest wait before retry number `retry` (0 is the first): `firstMs · 2^retry`, at most `maxMs`. No jitter. */
export function backOffCeilingMs({ firstMs, maxMs }: BackOff, retry: number): number {
  // 2^30 first waits are beyond every ceiling; the bound keeps the power finite.
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, retry), 30));
}

/** A wait before retry number `retry` (0 is the first): between half of its ceiling and the whole of it, in whole milliseconds. */
export function backOffMs(plan: BackOff, retry: number, randomness: Randomness): number {
  return Math.round(backOffCeilingMs(plan, retry) * (0.5 + randomness.fraction() / 2));
}

/** A period that a fleet should not keep in step: longer or shorter by at most `part` (a fraction) of it, in whole milliseconds. */
export function jittered(periodMs: number, randomness: Randomness, part = 0.1): number {
  return Math.round(periodMs * (1 - part + 2 * part * randomness.fraction()));
}
