/**
 * What the controller models share: the glass, BUSY on the clock, and a list of violations of the data sheet. A model is stricter than the chip:
 * what real silicon forgives (or answers with a pale picture a month later) is written down here as a violation.
 */
import type { Clock } from "../../service/port.ts";
import type { Level } from "./lines.ts";

export type Ink = "black" | "white" | "red";

/** A controller on the wire. */
export interface SimulatedChip {
  /** Bytes with D/C low. */
  commandBytes(bytes: Uint8Array): void;
  /** Bytes with D/C high. */
  dataBytes(bytes: Uint8Array): void;
  setReset(level: Level): void;
  setPower(level: Level): void;
  /** BUSY as an electrical level. */
  busyLevel(): Level;
  /** When BUSY falls idle by itself; undefined while idle. */
  busyUntilMs(): number | undefined;
}

/** What a person would see, a pixel at a time. */
export class SimulatedGlass {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #ink: Ink[];
  readonly #ghost: boolean[];
  #partials = 0;
  #refreshes = 0;

  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    // A panel comes with whatever was last on it: here, stripes that no scene has.
    this.#ink = Array.from({ length: widthPx * heightPx }, (_, at) => (at % 3 === 0 ? "black" : "white"));
    this.#ghost = this.#ink.map(() => false);
  }

  inkAt(x: number, y: number): Ink {
    return this.#ink[y * this.widthPx + x] ?? "white";
  }

  /** Drives every pixel; ghosts go. */
  driveAll(inkOf: (x: number, y: number) => Ink): void {
    this.#refreshes += 1;
    this.#partials = 0;
    for (let y = 0; y < this.heightPx; y += 1)
      for (let x = 0; x < this.widthPx; x += 1) {
        this.#ink[y * this.widthPx + x] = inkOf(x, y);
        this.#ghost[y * this.widthPx + x] = false;
      }
  }

  /** Drives only the pixels for which `inkOf` gives an ink; one that leaves black keeps a shadow. */
  driveSome(inkOf: (x: number, y: number) => Ink | undefined): void {
    this.#refreshes += 1;
    this.#partials += 1;
    for (let y = 0; y < this.heightPx; y += 1)
      for (let x = 0; x < this.widthPx; x += 1) {
        const ink = inkOf(x, y);
        const at = y * this.widthPx + x;
        if (ink === undefined) continue;
        if (this.#ink[at] === "black" && ink === "white") this.#ghost[at] = true;
        this.#ink[at] = ink;
      }
  }

  /** A refresh was cut short: nobody knows what the pixels show. */
  spoil(): void {
    for (let at = 0; at < this.#ghost.length; at += 1) this.#ghost[at] = true;
  }

  get partialsSinceFull(): number {
    return this.#partials;
  }

  /** Refreshes of any kind since power-up. */
  get refreshes(): number {
    return this.#refreshes;
  }

  get hasGhosts(): boolean {
    return this.#ghost.includes(true);
  }

  /** Rows of characters: `#` black, space white, `R` red, `.` white with a shadow of black. */
  rows(): readonly string[] {
    return Array.from({ length: this.heightPx }, (_, y) =>
      Array.from({ length: this.widthPx }, (_unused, x) => this.#character(x, y)).join(""),
    );
  }

  #character(x: number, y: number): string {
    const ink = this.inkAt(x, y);
    if (ink === "black") return "#";
    if (ink === "red") return "R";
    return this.#ghost[y * this.widthPx + x] === true ? "." : " ";
  }
}

/** Durations of the model's work, in milliseconds. */
export interface ChipTimes {
  readonly resetMs: number;
  readonly loadMs: number;
  readonly powerMs: number;
  readonly fullMs: number;
  readonly fastMs: number;
  readonly partialMs: number;
}

export const chipTimes: ChipTimes = {
  resetMs: 10,
  loadMs: 5,
  powerMs: 80,
  fullMs: 2_000,
  fastMs: 1_200,
  partialMs: 400,
};

/** BUSY and the work behind it: its effect comes when the time has passed, or never, when reset cuts it short. */
export class Busy {
  readonly #clock: Clock;
  #untilMs = 0;
  #effect: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(durationMs: number, effect?: () => void): void {
    this.#untilMs = this.#clock.monotonicMs() + durationMs;
    this.#effect = effect;
  }

  /** Whether the controller works now; finished work takes effect first. */
  isBusy(): boolean {
    if (this.#clock.monotonicMs() < this.#untilMs) return true;
    const effect = this.#effect;
    this.#effect = undefined;
    effect?.();
    return false;
  }

  untilMs(): number | undefined {
    return this.isBusy() ? this.#untilMs : undefined;
  }

  /** True when work with an effect was cut short. */
  abort(): boolean {
    const cut = this.isBusy() && this.#effect !== undefined;
    this.#effect = undefined;
    this.#untilMs = 0;
    return cut;
  }
}

/** RAM that lost its power holds anything: this pattern is no picture anybody draws. */
export function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 151 + 89) & 0xff);
}

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
