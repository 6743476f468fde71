/**
 * Timed outputs: a shower, a charger, a barrier, so many seconds a credit. Delivered means that the output is on; it then stays on in the
 * background until the time that was bought is over, goes on again when the actuators come back, and after a restart.
 */
import type { Timer } from "../../service/port.ts";
import type { DeliveryOrder } from "../port.ts";
import { errorText } from "../../kit/error-text.ts";
import { type Form, type FormParts, type FormResult } from "./form.ts";

export interface TimedSettings {
  readonly output: string;
  /** Seconds that one product, or one credit, is worth, in ms; undefined where time itself is the product. */
  readonly onMs: number | undefined;
  /** Minor units that one credit is worth. */
  readonly creditValue: number | undefined;
  /** Never on for longer, whatever was bought. */
  readonly maxOnMs: number;
}

export interface WallTime {
  readonly wallMs: number;
  readonly isPlausible: boolean;
}

/** Pure: how long this order is on in all; a text says why it cannot be. */
export function boughtMs(settings: TimedSettings, order: DeliveryOrder): number | string {
  const { onMs, creditValue, maxOnMs } = settings;
  const { selection, price } = order;
  const within = (ms: number): number | string =>
    ms > maxOnMs ? `${ms / 1_000} s were bought, and max_on_s is ${maxOnMs / 1_000}` : ms;
  if (selection.kind === "time") return within(selection.minutes * 60_000);
  if (onMs === undefined) return "this line sells time, and the order names none: give the line on_s";
  if (creditValue === undefined) return within(onMs);
  if (price.minor === 0 || price.minor % creditValue !== 0)
    return `${price.minor} is not a whole number of credits of ${creditValue}`;
  return within((price.minor / creditValue) * onMs);
}

/**
 * Pure: how long it still has to be on. Wall time only ever shortens it: a clock that jumped back gives nobody more than was bought. While
 * the clock cannot be believed, what was bought is all there is.
 */
export function remainingMs(
  totalMs: number,
  untilWallMs: number | undefined,
  { wallMs, isPlausible }: WallTime,
): number {
  if (untilWallMs === undefined || !isPlausible) return totalMs;
  return Math.max(0, Math.min(totalMs, untilWallMs - wallMs));
}

/** Orders to the actuators are renewed in pieces, so that an end that gets lost is at most this late. */
const pieceMs = 600_000;
/** How soon an output that did not go on is tried again. */
const retryMs = 2_000;
/** How often a clock that cannot be believed is asked again after a restart. */
const clockPollMs = 1_000;
const rememberedMax = 100;

export class TimedForm implements Form {
  readonly #settings: TimedSettings;
  readonly #parts: FormParts;
  readonly #known: string[] = [];
  #endMs: number | undefined;
  /** When it went on: from then on counts what it may be on at most. */
  #sinceMs: number | undefined;
  /** Of the sale that was the last to buy some of its time. */
  #reference: DeliveryOrder["reference"];
  #timer: Timer | undefined;
  readonly #waits = new Set<Timer>();
  #isStopped = false;

  constructor(settings: TimedSettings, parts: FormParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  refusal(order: DeliveryOrder): string | undefined {
    const total = boughtMs(this.#settings, order);
    return typeof total === "string" ? total : undefined;
  }

  /** When the output goes off, of the monotonic clock; undefined while it is off. */
  get endMs(): number | undefined {
    return this.#endMs;
  }

  async run(order: DeliveryOrder, signal: AbortSignal): Promise<FormResult> {
    const total = boughtMs(this.#settings, order);
    if (typeof total === "string") return { outcome: { kind: "not-delivered", reason: total } };
    const leftMs = remainingMs(total, order.untilWallMs, this.#wallTime());
    if (leftMs <= 0) return { outcome: { kind: "not-delivered", reason: "the time that was bought is over already" } };
    if (signal.aborted) return { outcome: { kind: "not-delivered", reason: errorText(signal.reason) } };
    this.#remember(order.deliveryId);
    const before = this.#endMs;
    const endMs = this.#endWith(leftMs, order.untilWallMs === undefined);
    const sinceMs = before === undefined ? this.#nowMs() : (this.#sinceMs ?? this.#nowMs());
    if (endMs - sinceMs > this.#settings.maxOnMs)
      return { outcome: { kind: "not-delivered", reason: "with what is on already it would be more than max_on_s" } };
    try {
      await this.#switchOn(endMs - this.#nowMs());
    } catch (error) {
      // What another customer bought before goes on as it was.
      if (before !== undefined) this.#schedule(retryMs);
      return { outcome: { kind: "not-delivered", reason: `it did not go on: ${errorText(error)}` } };
    }
    if (this.#isStopped) {
      this.#reference = order.reference;
      await this.#off();
      return { outcome: { kind: "unknown", reason: "the machine was stopped as it went on" } };
    }
    this.#endMs = endMs;
    this.#sinceMs = sinceMs;
    this.#reference = order.reference;
    this.#schedule();
    const onForMs = Math.max(0, Math.round(endMs - this.#nowMs()));
    return { outcome: { kind: "delivered", detail: `on for ${Math.round(leftMs / 1_000)} s`, onForMs } };
  }

  /** After a restart: on again for what is left. With a clock that cannot be believed it waits: the time may long be over. */
  resume(order: DeliveryOrder): void {
    // What was added to time that was left already is more than this order alone bought.
    const total = order.onForMs ?? boughtMs(this.#settings, order);
    if (typeof total === "string" || order.untilWallMs === undefined || this.#known.includes(order.deliveryId)) return;
    this.#remember(order.deliveryId);
    this.#resumeWhenPlausible(order, total, this.#nowMs() + total);
  }

  /** `latestMs`: it was bought before we started, so by then it is over, whatever the clock says. */
  #resumeWhenPlausible(order: DeliveryOrder, totalMs: number, latestMs: number): void {
    const nowMs = this.#nowMs();
    if (this.#isStopped || nowMs >= latestMs) return;
    const wall = this.#wallTime();
    if (!wall.isPlausible) {
      const timer: Timer = this.#parts.clock.startTimer("timed output waits for the clock", clockPollMs, () => {
        this.#waits.delete(timer);
        this.#resumeWhenPlausible(order, totalMs, latestMs);
      });
      this.#waits.add(timer);
      return;
    }
    const leftMs = Math.min(latestMs - nowMs, remainingMs(totalMs, order.untilWallMs, wall));
    if (leftMs <= 0) return;
    this.#sinceMs ??= nowMs;
    this.#reference = order.reference;
    this.#endMs = this.#endWith(leftMs, false);
    this.#renew();
  }

  /** The actuators are back: whatever should be on goes on again. */
  actuatorsChanged(): void {
    if (this.#endMs !== undefined && this.#parts.actuators.trouble() === undefined) this.#renew();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const wait of this.#waits) wait.cancel();
    this.#waits.clear();
    this.#endMs = undefined;
    this.#sinceMs = undefined;
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #wallTime(): WallTime {
    const { clock } = this.#parts;
    return { wallMs: clock.wallMs(), isPlausible: clock.isPlausible() };
  }

  /** A credit adds its seconds to what is left; bought time names its own end. */
  #endWith(leftMs: number, isCredit: boolean): number {
    const nowMs = this.#nowMs();
    const endMs = Math.max(this.#endMs ?? nowMs, nowMs);
    return isCredit ? endMs + leftMs : Math.max(endMs, nowMs + leftMs);
  }

  #remember(deliveryId: string): void {
    this.#known.push(deliveryId);
    if (this.#known.length > rememberedMax) this.#known.shift();
  }

  #switchOn(leftMs: number): Promise<void> {
    return this.#parts.actuators.on(this.#settings.output, Math.ceil(Math.min(leftMs, 2 * pieceMs)));
  }

  #schedule(soonestMs = pieceMs): void {
    this.#timer?.cancel();
    const endMs = this.#endMs;
    if (endMs === undefined || this.#isStopped) return;
    const waitMs = Math.min(soonestMs, Math.max(0, endMs - this.#nowMs()));
    this.#timer = this.#parts.clock.startTimer(`timed output ${this.#settings.output}`, waitMs, () => this.#renew());
  }

  #renew(): void {
    const leftMs = (this.#endMs ?? 0) - this.#nowMs();
    if (this.#endMs === undefined || this.#isStopped) return;
    if (leftMs <= 0) {
      this.#endMs = undefined;
      this.#sinceMs = undefined;
      void this.#off();
      return;
    }
    this.#switchOn(leftMs).then(
      () => this.#schedule(),
      (error: unknown) => {
        const { output } = this.#settings;
        const fields = { output, reference: this.#reference, error };
        this.#parts.log.warn(fields, "a timed output did not go on; trying again");
        this.#schedule(retryMs);
      },
    );
  }

  async #off(): Promise<void> {
    const { output } = this.#settings;
    try {
      await this.#parts.actuators.off(output);
    } catch (error) {
      this.#parts.onStuckOutput(output, error, this.#reference);
    }
  }
}
