/**
 * Credit pulses: so many closures as the price is worth, as coin selectors make them. A train cut short is unknown, with the credits that
 * were sent; one that never began moved nothing.
 */
import type { Money } from "../../sale/money.ts";
import type { PulseTrain, TrainEnd } from "../actuators.ts";
import type { DeliveryOrder, DeliveryOutcome } from "../port.ts";
import { type AcknowledgeSettings, type Acknowledgement, watchAcknowledge } from "./acknowledge.ts";
import { linkedController } from "../../kit/abort.ts";
import { errorText } from "../../kit/error-text.ts";
import { type Form, type FormParts, type FormResult } from "./form.ts";
import type { SharedInput } from "./inputs.ts";

export interface PulseSettings {
  readonly output: string;
  readonly onMs: number;
  readonly offMs: number;
  /** Minor units that one credit is worth; undefined: every product is one credit. */
  readonly creditValue: number | undefined;
  /** Pulses a credit. */
  readonly pulses: number;
  readonly maxPulses: number;
  readonly acknowledge: AcknowledgeSettings | undefined;
}

export type TrainPlan =
  | { readonly kind: "train"; readonly train: PulseTrain; readonly credits: number }
  | { readonly kind: "impossible"; readonly reason: string };

/** Pure: how many pulses this price is. The configuration refuses the same prices; a remote catalogue may still bring one. */
export function planTrain(settings: PulseSettings, price: Money): TrainPlan {
  const { creditValue, pulses, maxPulses, onMs, offMs } = settings;
  if (creditValue !== undefined && (price.minor === 0 || price.minor % creditValue !== 0))
    return { kind: "impossible", reason: `${price.minor} is not a whole number of credits of ${creditValue}` };
  const credits = creditValue === undefined ? 1 : price.minor / creditValue;
  const count = credits * pulses;
  if (count > maxPulses)
    return { kind: "impossible", reason: `${price.minor} needs ${count} pulses, and max_pulses is ${maxPulses}` };
  return { kind: "train", train: { onMs, offMs, count }, credits };
}

/** Pure: how the delivery ended, from the train's end and the acknowledge input. */
export function judgeTrain(
  end: TrainEnd,
  train: PulseTrain,
  credits: number,
  acknowledgement: Acknowledgement,
): DeliveryOutcome {
  if (end.begun === 0) return { kind: "not-delivered", reason: `nothing was sent: ${end.reason ?? "no reason given"}` };
  const creditsSent = Math.floor((Math.min(end.begun, train.count) * credits) / train.count);
  const isCut = !end.isWhole || end.begun < train.count;
  // One closure that the machine took is a delivery, however short it was; of several nobody knows how many it took.
  const isTaken = acknowledgement.kind === "seen" && train.count === 1;
  if (isCut && !isTaken)
    return {
      kind: "unknown",
      reason: `cut short after ${end.begun} of ${train.count} pulses: ${end.reason ?? "no reason given"}`,
      creditsSent,
    };
  const sent = train.count === 1 ? `on for ${train.onMs} ms` : `${train.count} pulses of ${train.onMs} ms`;
  switch (acknowledgement.kind) {
    case "none-configured":
      return { kind: "delivered", detail: sent };
    case "seen":
      return { kind: "delivered", detail: `${sent}, acknowledged after ${Math.round(acknowledgement.afterMs)} ms` };
    case "blind":
      return {
        kind: "unknown",
        reason: `${sent}; the acknowledge input was active all the time, or gone`,
        creditsSent,
      };
    case "missed": {
      const reason = `${sent}, and no acknowledge within ${acknowledgement.windowMs} ms`;
      return acknowledgement.without === "unknown"
        ? { kind: "unknown", reason, creditsSent }
        : { kind: "not-delivered", reason };
    }
  }
}

/** Pure: how many pulses have begun `elapsedMs` after the order. */
export function begunBy(elapsedMs: number, { onMs, offMs, count }: PulseTrain): number {
  return Math.min(count, Math.floor(Math.max(0, elapsedMs) / (onMs + offMs)) + 1);
}

export class PulseForm implements Form {
  readonly #settings: PulseSettings;
  readonly #parts: FormParts;
  readonly #acknowledge: SharedInput | undefined;

  constructor(settings: PulseSettings, parts: FormParts, acknowledge: SharedInput | undefined) {
    this.#settings = settings;
    this.#parts = parts;
    this.#acknowledge = acknowledge;
  }

  refusal(order: DeliveryOrder): string | undefined {
    const plan = planTrain(this.#settings, order.price);
    return plan.kind === "impossible" ? plan.reason : undefined;
  }

  run(order: DeliveryOrder, signal: AbortSignal): Promise<FormResult> {
    const plan = planTrain(this.#settings, order.price);
    if (plan.kind === "impossible") return Promise.resolve({ outcome: { kind: "not-delivered", reason: plan.reason } });
    const { output, acknowledge } = this.#settings;
    return sendTrain({ output, plan, acknowledge, input: this.#acknowledge }, this.#parts, signal);
  }
}

export interface Sending {
  readonly output: string;
  readonly plan: Extract<TrainPlan, { kind: "train" }>;
  readonly acknowledge: AcknowledgeSettings | undefined;
  readonly input: SharedInput | undefined;
}

/** The runner of relay and pulse train: sends, watches the inhibit and the acknowledge input, judges. */
export async function sendTrain(sending: Sending, parts: FormParts, signal: AbortSignal): Promise<FormResult> {
  const { output, plan, acknowledge, input } = sending;
  const { train, credits } = plan;
  const { clock, actuators, inhibit } = parts;
  const watch = watchAcknowledge(input, acknowledge, clock);
  const cut = linkedController(signal);
  const startMs = clock.monotonicMs();
  // Many machines inhibit as soon as they have enough, so after the last pulse began it is no harm; before, what is left would be lost.
  const unwatch = inhibit?.onChange((active) => {
    if (active && begunBy(clock.monotonicMs() - startMs, train) < train.count)
      cut.controller.abort(new Error("the machine inhibited in the middle"));
  });
  try {
    const end = await actuators
      .pulse(output, train, cut.controller.signal)
      .catch((error: unknown): TrainEnd => ({ begun: 1, isWhole: false, reason: errorText(error) }));
    const acknowledgement = end.begun === 0 ? ({ kind: "none-configured" } as const) : await watch.judge(signal);
    return { outcome: judgeTrain(end, train, credits, acknowledgement) };
  } finally {
    unwatch?.();
    cut.release();
    watch.close();
  }
}
