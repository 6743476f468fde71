/**
 * The provider's limits, kept by us: per reference, 5 a minute for each of create, capture, cancel and refund, and 120 a minute for
 * reads (ePayment API guide, rate limiting). A sliding window a key; keys that were quiet for a window are forgotten.
 */
import type { Clock } from "../service/port.ts";

export interface RateLimit {
  /** Milliseconds until a call for this key may leave; 0 counts the call as made. */
  take(key: string): number;
}

/**
 * The provider counts when a request arrives, we when it leaves: one that was slow and one that was fast may lie closer together there than
 * here. The window is longer by so much.
 */
const travelMs = 1_000;
const keysMax = 4_096;

export function createRateLimit(clock: Clock, countMax: number, windowMs: number): RateLimit {
  const calls = new Map<string, number[]>();
  const wholeMs = windowMs + travelMs;
  return {
    take(key) {
      const now = clock.monotonicMs();
      const recent = (calls.get(key) ?? []).filter((at) => at > now - wholeMs);
      const first = recent[0];
      if (recent.length >= countMax && first !== undefined) return Math.max(1, first + wholeMs - now);
      recent.push(now);
      calls.delete(key);
      calls.set(key, recent);
      const oldest = calls.keys().next();
      if (calls.size > keysMax && oldest.done !== true) calls.delete(oldest.value);
      return 0;
    },
  };
}
