/** A token bucket for refreshes on the monotonic clock. */
import type { Clock } from "../../service/port.ts";

export class RefreshBudget {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(clock: Clock, intervalMs: number, burst: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = clock.monotonicMs();
  }

  /** Tokens now; below zero when overdrawn, at worst by one burst. */
  get tokens(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) / this.#intervalMs);
    this.#atMs = nowMs;
    return this.#tokens;
  }

  /** Takes `cost` tokens; false if that overdraws the budget. */
  take(cost: number): boolean {
    const isCovered = this.tokens >= cost;
    this.#tokens = Math.max(-this.#burst, this.#tokens - cost);
    return isCovered;
  }
}
