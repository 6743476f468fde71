/**
 * Keeps us inside the provider's limits (ePayment API guide, rate limiting): for each reference 5 calls a minute of create, of capture, of
 * cancel and of refund, and 120 reads a minute, GET payment and GET events counted together. The caller makes the key: operation and
 * reference for what changes a payment, the reference alone for reads.
 *
 * A sliding window for each key, a second longer than the provider's minute. The table holds the 4,096 keys used last; a key that is
 * pushed out starts from zero.
 */
import type { Clock } from "../service/port.ts";

export interface RateLimit {
  /** How long to wait before a call for this key, in milliseconds. 0: go ahead, the call has been counted. */
  take(key: string): number;
}

/**
 * We count when a request leaves, the provider when it arrives: after a slow request a fast one may arrive closer behind it than it left.
 * The window is longer by this much, so that the two counts agree.
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
