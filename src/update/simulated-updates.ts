/** The twin: remembers what it is asked for, and says what became of it when a test knows. */
import { abortable } from "../kit/abort.ts";
import type { HostAnswer, UpdateOutcome, Updates } from "../service/port.ts";

export class SimulatedUpdates implements Updates {
  /** Why nobody can be asked. */
  fault: string | undefined;
  /** Every order, under its name: the version, or undefined for the newest. */
  readonly asked = new Map<string, string | undefined>();
  readonly #known = new Map<string, PromiseWithResolvers<UpdateOutcome>>();

  async ask(id: string, version: string | undefined): Promise<HostAnswer> {
    if (this.fault !== undefined) return { kind: "refused", reason: this.fault };
    if (this.asked.has(id)) throw new Error(`${id} was ordered before`);
    this.asked.set(id, version);
    return { kind: "taken" };
  }

  outcome(id: string, signal: AbortSignal): Promise<UpdateOutcome> {
    return abortable(this.#of(id).promise, signal);
  }

  /** What became of an order is known from now on. */
  settle(id: string, outcome: UpdateOutcome): void {
    this.#of(id).resolve(outcome);
  }

  #of(id: string): PromiseWithResolvers<UpdateOutcome> {
    const one = this.#known.get(id) ?? Promise.withResolvers<UpdateOutcome>();
    this.#known.set(id, one);
    return one;
  }
}
