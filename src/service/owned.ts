/**
 * What was started belongs to somebody who gives it back: in the reverse order of its start, whatever threw, and nothing is waited for without end.
 * `await using owned = createOwned(…)` holds from the first part to the last line, so there is no path on which a part is forgotten.
 */
import { CodedError } from "../kit/coded-error.ts";
import { errorText } from "../kit/error-text.ts";
import type { Clock, Log } from "./port.ts";

/** Something could not be given back; the message names all of it. Everything else was. */
export class StopError extends CodedError<"stop"> {}

export interface Owned extends AsyncDisposable {
  /**
   * Remembers how `name` is given back. A stop that throws, or that takes longer than `withinMs`, is logged and left behind; the next one
   * follows. Both make the whole end with a StopError.
   */
  defer(name: string, stop: () => Promise<void> | void, withinMs?: number): void;
}

const withinMsDefault = 10_000;

export function createOwned(parts: { readonly clock: Clock; readonly log: Log }): Owned {
  return new OwnedStack(parts);
}

class OwnedStack implements Owned {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stack = new AsyncDisposableStack();
  readonly #failures: string[] = [];

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  defer(name: string, stop: () => Promise<void> | void, withinMs = withinMsDefault): void {
    this.#stack.defer(() => this.#stop(name, stop, withinMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    if (this.#failures.length > 0)
      throw new StopError("stop", `not everything was stopped: ${this.#failures.join("; ")}`);
  }

  async #stop(name: string, stop: () => Promise<void> | void, withinMs: number): Promise<void> {
    try {
      await this.#inTime(Promise.resolve().then(stop), withinMs);
    } catch (error) {
      this.#log.error({ error, part: name }, "a part could not be stopped");
      this.#failures.push(`${name} (${errorText(error)})`);
    }
  }

  #inTime(stopped: Promise<void>, withinMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.startTimer("stop", withinMs, () =>
        reject(new Error(`it did not end within ${withinMs / 1_000} s`)),
      );
      stopped.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
