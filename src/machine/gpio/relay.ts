/** A relay: on once, for a time. Without a sensor, delivered means that it was on from beginning to end; one cut short is unknown. */
import type { DeliveryOrder } from "../port.ts";
import type { AcknowledgeSettings } from "./acknowledge.ts";
import type { Form, FormParts, FormResult } from "./form.ts";
import type { SharedInput } from "./inputs.ts";
import { sendTrain } from "./pulse-train.ts";

export interface RelaySettings {
  readonly output: string;
  readonly onMs: number;
  readonly acknowledge: AcknowledgeSettings | undefined;
}

export class RelayForm implements Form {
  readonly #settings: RelaySettings;
  readonly #parts: FormParts;
  readonly #acknowledge: SharedInput | undefined;

  constructor(settings: RelaySettings, parts: FormParts, acknowledge: SharedInput | undefined) {
    this.#settings = settings;
    this.#parts = parts;
    this.#acknowledge = acknowledge;
  }

  refusal(): undefined {}

  run(_order: DeliveryOrder, signal: AbortSignal): Promise<FormResult> {
    const { output, onMs, acknowledge } = this.#settings;
    const train = { onMs, offMs: 0, count: 1 };
    const plan = { kind: "train", train, credits: 1 } as const;
    return sendTrain({ output, plan, acknowledge, input: this.#acknowledge }, this.#parts, signal);
  }
}
