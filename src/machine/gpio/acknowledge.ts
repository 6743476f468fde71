/**
 * The acknowledge input: the machine's own word that it took the credit (motor running, door open, drop sensor). Where it is configured,
 * nothing counts as delivered without it (design, "Delivered, per driver").
 */
import type { Clock } from "../../service/port.ts";
import { ActivationLatch, type SharedInput } from "./inputs.ts";

export interface AcknowledgeSettings {
  /** How long after the last pulse it may come. */
  readonly windowMs: number;
  /** Shorter activations are noise. */
  readonly minMs: number;
  /**
   * What it means when it does not come. `not-delivered` (default): the operator made this input the proof, so without it nobody pays.
   * `unknown`: for machines whose input sometimes fails though they deliver; then the sale's policy decides.
   */
  readonly without: "not-delivered" | "unknown";
}

export type Acknowledgement =
  | { readonly kind: "none-configured" }
  | { readonly kind: "seen"; readonly afterMs: number }
  | { readonly kind: "missed"; readonly without: "not-delivered" | "unknown"; readonly windowMs: number }
  /** Active before the start and ever since, or gone: it can say nothing. */
  | { readonly kind: "blind" };

export interface AcknowledgeWatch {
  /** Resolves when it was seen, when the window is over, or when `signal` aborts. */
  judge(signal: AbortSignal): Promise<Acknowledgement>;
  close(): void;
}

/** An edge's time stamp may reach us this much later than it happened. */
const lateEdgeMs = 50;

/** Begins to listen now: call it before anything moves. */
export function watchAcknowledge(
  input: SharedInput | undefined,
  settings: AcknowledgeSettings | undefined,
  clock: Clock,
): AcknowledgeWatch {
  if (input === undefined || settings === undefined)
    return { judge: () => Promise.resolve({ kind: "none-configured" }), close: () => {} };
  return new Watch(input, settings, clock);
}

class Watch implements AcknowledgeWatch {
  readonly #input: SharedInput;
  readonly #clock: Clock;
  readonly #settings: AcknowledgeSettings;
  readonly #startMs: number;
  readonly #seen = new AbortController();
  readonly #latch: ActivationLatch;
  readonly #unsubscribe: () => void;
  #wasAlwaysActive: boolean;

  constructor(input: SharedInput, settings: AcknowledgeSettings, clock: Clock) {
    this.#input = input;
    this.#clock = clock;
    this.#settings = settings;
    this.#startMs = clock.monotonicMs();
    this.#wasAlwaysActive = input.isActive();
    this.#unsubscribe = input.onEdge(({ active }) => {
      if (!active) this.#wasAlwaysActive = false;
    });
    this.#latch = new ActivationLatch(input, clock, { fromMs: this.#startMs, minMs: settings.minMs }, () =>
      this.#seen.abort(new Error("seen")),
    );
  }

  async judge(signal: AbortSignal): Promise<Acknowledgement> {
    const endMs = this.#clock.monotonicMs() + this.#settings.windowMs;
    if (this.#latch.seenMs === undefined)
      await this.#clock
        .sleep(
          this.#settings.windowMs + this.#settings.minMs + lateEdgeMs,
          AbortSignal.any([signal, this.#seen.signal]),
        )
        .catch(() => {});
    const { seenMs } = this.#latch;
    if (seenMs !== undefined && seenMs <= endMs) return { kind: "seen", afterMs: seenMs - this.#startMs };
    if (this.#wasAlwaysActive || this.#input.isLost()) return { kind: "blind" };
    return { kind: "missed", without: this.#settings.without, windowMs: this.#settings.windowMs };
  }

  close(): void {
    this.#latch.close();
    this.#unsubscribe();
  }
}
