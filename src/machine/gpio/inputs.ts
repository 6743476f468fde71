/**
 * The inputs of a machine: each line of the header is opened once, however many read it; levels that people and machines hold are
 * believed once they stood still; short pulses are latched from the edges.
 */
import { errorFrom } from "../../kit/error-text.ts";
import type { Clock, Timer } from "../../service/port.ts";
import type { Edge, GpioLines, InputLine, InputSpec } from "./lines.ts";

type EdgeListener = (edge: Edge) => void;

/** One opened input that several may listen to. */
export interface SharedInput {
  readonly spec: InputSpec;
  isActive(): boolean;
  /** It went away: what it did not tell proves nothing. */
  isLost(): boolean;
  /** Its edges carry the times at which they were, and not those at which they were read. */
  readonly hasEdgeTimes: boolean;
  /** Returns what takes the listener away again. */
  onEdge(listener: EdgeListener): () => void;
}

/** Opens each BCM number once: a drop sensor under all coils, a home switch that several motors share. */
export class InputBoard {
  readonly #lines: GpioLines;
  readonly #onFailure: (spec: InputSpec, error: Error) => void;
  readonly #open = new Map<number, SharedInput>();

  constructor(lines: GpioLines, onFailure: (spec: InputSpec, error: Error) => void) {
    this.#lines = lines;
    this.#onFailure = onFailure;
  }

  /** @throws GpioError when the line cannot be had. */
  async open(spec: InputSpec): Promise<SharedInput> {
    const known = this.#open.get(spec.bcm);
    if (known !== undefined) return known;
    const listeners = new Set<EdgeListener>();
    const state = { isLost: false };
    const lose = (error: Error): void => {
      state.isLost = true;
      this.#onFailure(spec, error);
    };
    const line: InputLine = await this.#lines.openInput(
      spec,
      (edge) => {
        for (const listener of listeners) listener(edge);
      },
      (error) => lose(error),
    );
    // Throws now when it cannot be read; later it is a failure like any other.
    line.isActive();
    const shared: SharedInput = {
      spec,
      isActive: () => {
        try {
          return line.isActive();
        } catch (error) {
          lose(errorFrom(error));
          return false;
        }
      },
      isLost: () => state.isLost,
      // sysfs keeps no edges: what is read is the level now, and two that came meanwhile are none.
      hasEdgeTimes: this.#lines.backEnd !== "sysfs",
      onEdge: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    this.#open.set(spec.bcm, shared);
    return shared;
  }
}

/**
 * A level that counts once it stood still for `stableMs`; what it was when it was opened counts at once. A level that is over before the process
 * comes to look counts, too, when the times of its edges say that it stood still: somebody who presses while all is busy has pressed.
 */
export class StableInput {
  readonly #input: SharedInput;
  readonly #clock: Clock;
  readonly #stableMs: number;
  readonly #listeners = new Set<(active: boolean) => void>();
  readonly #unsubscribe: () => void;
  #active: boolean;
  #activeSinceMs: number | undefined;
  #lastEdge: Edge | undefined;
  #timer: Timer | undefined;

  constructor(input: SharedInput, clock: Clock, stableMs: number) {
    this.#input = input;
    this.#clock = clock;
    this.#stableMs = stableMs;
    this.#active = input.isActive();
    if (this.#active) this.#activeSinceMs = clock.monotonicMs();
    this.#unsubscribe = input.onEdge((edge) => this.#edge(edge));
  }

  get name(): string {
    return this.#input.spec.name;
  }

  get bcm(): number {
    return this.#input.spec.bcm;
  }

  get isActive(): boolean {
    return this.#active;
  }

  /** Since when it is active, of the monotonic clock; undefined while it is not. */
  get activeSinceMs(): number | undefined {
    return this.#activeSinceMs;
  }

  /** Whether it is active now, stable or not: nothing is begun on a level that is changing. */
  get isActiveNow(): boolean {
    return this.#active || this.#input.isActive();
  }

  onChange(listener: (active: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#timer?.cancel();
    this.#unsubscribe();
    this.#listeners.clear();
  }

  /**
   * Every edge begins the wait again: chatter never counts, a lost edge is made good by reading the level at the end. Edges come late, several at
   * once, after the process was busy; two in a row with the same level have lost one between them, and prove no time.
   */
  #edge(edge: Edge): void {
    const before = this.#input.hasEdgeTimes ? this.#lastEdge : undefined;
    this.#lastEdge = edge;
    if (before !== undefined && before.active !== edge.active && edge.monoMs - before.monoMs >= this.#stableMs)
      this.#tell(before.active, before.monoMs);
    this.#timer?.cancel();
    this.#timer = this.#clock.startTimer(`input ${this.#input.spec.name}`, this.#stableMs, () =>
      this.#tell(this.#input.isActive(), this.#clock.monotonicMs()),
    );
  }

  #tell(active: boolean, sinceMs: number): void {
    if (active === this.#active) return;
    this.#active = active;
    this.#activeSinceMs = active ? sinceMs : undefined;
    for (const listener of this.#listeners) listener(active);
  }
}

export interface LatchSettings {
  /** An activation that began before this is not ours. */
  readonly fromMs: number;
  /** Shorter activations are noise: a relay's coil, a motor's brushes. */
  readonly minMs: number;
}

/**
 * Remembers the first activation that began at or after `fromMs`. A level that was active before does not count until it went away and
 * came back: only edges are looked at, with the time that the back end gave them.
 */
export class ActivationLatch {
  readonly #clock: Clock;
  readonly #settings: LatchSettings;
  readonly #unsubscribe: () => void;
  readonly #onSeen: (atMs: number) => void;
  #beganMs: number | undefined;
  #seenMs: number | undefined;
  #timer: Timer | undefined;

  constructor(input: SharedInput, clock: Clock, settings: LatchSettings, onSeen: (atMs: number) => void = () => {}) {
    this.#clock = clock;
    this.#settings = settings;
    this.#onSeen = onSeen;
    this.#unsubscribe = input.onEdge((edge) => this.#edge(edge));
  }

  /** When the activation began; undefined while there was none. */
  get seenMs(): number | undefined {
    return this.#seenMs;
  }

  close(): void {
    this.#timer?.cancel();
    this.#unsubscribe();
  }

  #edge({ active, monoMs }: Edge): void {
    const { fromMs, minMs } = this.#settings;
    if (this.#seenMs !== undefined) return;
    if (!active) {
      this.#timer?.cancel();
      const beganMs = this.#beganMs;
      this.#beganMs = undefined;
      if (beganMs !== undefined && monoMs - beganMs >= minMs) this.#see(beganMs);
      return;
    }
    if (monoMs < fromMs || this.#beganMs !== undefined) return;
    this.#beganMs = monoMs;
    const leftMs = monoMs + minMs - this.#clock.monotonicMs();
    if (leftMs <= 0) this.#see(monoMs);
    else this.#timer = this.#clock.startTimer("latch", leftMs, () => this.#see(monoMs));
  }

  #see(atMs: number): void {
    this.#timer?.cancel();
    this.#seenMs = atMs;
    this.#onSeen(atMs);
  }
}
