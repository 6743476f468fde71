/** Time that can be skipped, to save waiting for an expiry or a retry. */
import { sleepOn } from "../service/system-clock.ts";
import type { Clock, Timer } from "../service/port.ts";

/** A clock that can be told to skip ahead: all timers fall due earlier. */
export class SkippingClock implements Clock {
  readonly #inner: Clock;
  #skippedMs = 0;
  readonly #waiting = new Set<{ readonly atMs: number; readonly fire: () => void; readonly drop: () => void }>();
  #isOver = false;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  monotonicMs(): number {
    return this.#inner.monotonicMs() + this.#skippedMs;
  }

  wallMs(): number {
    return this.#inner.wallMs() + this.#skippedMs;
  }

  isPlausible(): boolean {
    return true;
  }

  skip(byMs: number): void {
    this.#skippedMs += byMs;
    const due = [...this.#waiting].filter(({ atMs }) => atMs <= this.monotonicMs());
    for (const { fire } of due.toSorted((a, b) => a.atMs - b.atMs)) fire();
  }

  /** Cancels everything that waits: webhook retries wait for days and would keep the process alive. */
  end(): void {
    this.#isOver = true;
    for (const { drop } of this.#waiting) drop();
    this.#waiting.clear();
  }

  startTimer(name: string, delayMs: number, callback: () => void): Timer {
    if (this.#isOver) return { cancel: () => {} };
    const entry = {
      atMs: this.monotonicMs() + delayMs,
      fire: (): void => {
        this.#waiting.delete(entry);
        timer.cancel();
        callback();
      },
      drop: (): void => timer.cancel(),
    };
    this.#waiting.add(entry);
    const timer = this.#inner.startTimer(name, delayMs, entry.fire);
    return {
      cancel: () => {
        this.#waiting.delete(entry);
        timer.cancel();
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((name, ms, callback) => this.startTimer(name, ms, callback), delayMs, signal);
  }
}
