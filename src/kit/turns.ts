/** So many at once and no more: the rest wait in order, a bounded number of them. For what would otherwise all happen in the same second. */
import { abortReason, onAbort } from "./abort.ts";

/** Too many wait already. */
export class NoTurnError extends Error {
  readonly code = "no-turn";
}

export class Turns {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(atOnce: number, waitingMax = Number.POSITIVE_INFINITY) {
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `work` when it is its turn. Rejects with NoTurnError when too many wait, or with the signal's reason when that aborts first. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      const [next] = this.#waiting;
      next?.();
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) throw abortReason(signal);
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.size >= this.#waitingMax) throw new NoTurnError("too many are waiting already");
      await this.#wait(signal);
      return;
    }
    this.#running += 1;
  }

  /** Whoever ends calls the next one, and that takes the place at once: nobody who comes later is before it. */
  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        forget();
        this.#waiting.delete(go);
        this.#running += 1;
        resolve();
      };
      this.#waiting.add(go);
      const forget = onAbort(signal, () => {
        this.#waiting.delete(go);
        if (signal !== undefined) reject(abortReason(signal));
      });
    });
  }
}
