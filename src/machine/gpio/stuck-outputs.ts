/** Outputs that nobody can say are off: asked for again and again, with growing pauses, until somebody can. */
import type { Clock, Log, Timer } from "../../service/port.ts";
import type { Actuators } from "../actuators.ts";

const retryMsMin = 500;
const retryMsMax = 30_000;

export class StuckOutputs {
  readonly #actuators: Actuators;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: (output: string | undefined) => void;
  readonly #stuck = new Map<string, Timer>();
  #isClosed = false;

  constructor(actuators: Actuators, clock: Clock, log: Log, onChange: (output: string | undefined) => void) {
    this.#actuators = actuators;
    this.#clock = clock;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** @param reference of the sale that it was on for, so that one search finds the whole sale */
  add(output: string, error: unknown, reference: string | undefined, retryMs = retryMsMin): void {
    if (this.#isClosed) return;
    this.#log.error(
      { output, reference, error },
      "nobody can say that an output is off: the machine cannot sell; trying again",
    );
    this.#stuck.get(output)?.cancel();
    const timer = this.#clock.startTimer(`off ${output}`, retryMs, () => void this.#again(output, reference, retryMs));
    this.#stuck.set(output, timer);
    this.#onChange(output);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#stuck.values()) timer.cancel();
  }

  async #again(output: string, reference: string | undefined, retryMs: number): Promise<void> {
    try {
      await this.#actuators.off(output);
    } catch (error) {
      this.add(output, error, reference, Math.min(2 * retryMs, retryMsMax));
      return;
    }
    this.#stuck.delete(output);
    const [other] = this.#stuck.keys();
    this.#onChange(other);
  }
}
