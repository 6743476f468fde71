/** How long to wait before the next try, as data: doubling from a first interval to a ceiling, with jitter from the caller's entropy. */
import type { Entropy } from "../service/port.ts";

export interface BackoffPlan {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds before retry number `retry` (0 is the first): between half of and the whole of `firstMs · 2^retry`, at most
 * `maxMs`. The random half keeps a fleet that lost its broker together from returning together.
 */
export function backoffMs(plan: BackoffPlan, retry: number, entropy: Entropy): number {
  const ceiling = Math.min(plan.maxMs, plan.firstMs * 2 ** Math.min(Math.max(0, retry), 30));
  return Math.round(ceiling * (0.5 + entropy.fraction() / 2));
}
