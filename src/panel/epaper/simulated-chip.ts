/**
 * What the models of both controller families share: commands and their data, BUSY, reset, deep sleep, two planes of RAM, and a list of violations
 * of the data sheet. A model is stricter than the chip. What silicon forgives, or punishes with a pale picture a month later, is a violation here.
 */
import type { Clock } from "../../service/port.ts";
import type { Level } from "./lines.ts";
import { SimulatedGlass } from "./simulated-glass.ts";
import { SimulatedRam } from "./simulated-ram.ts";

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

/** How long the model's operations take, in milliseconds. */
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

/** BUSY and the operation behind it. The operation takes effect when its time has passed, or never if a reset interrupts it. */
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

  /** Whether an operation is running. One that has finished takes effect first. */
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

  /** Whether an operation with an effect was interrupted. */
  abort(): boolean {
    const cut = this.isBusy() && this.#effect !== undefined;
    this.#effect = undefined;
    this.#untilMs = 0;
    return cut;
  }
}

export interface SimulatedChipOptions {
  readonly clock: Clock;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly times?: Partial<ChipTimes>;
}

/** The commands of a family, as data. */
export interface CommandSet {
  /** How many data bytes each command may have. */
  readonly lengths: Readonly<Record<number, readonly number[]>>;
  /** The commands that write the two planes of RAM. They take as many data bytes as the window holds. */
  readonly firstRam: number;
  readonly secondRam: number;
  readonly deepSleep: number;
  /** The command that is allowed while BUSY. */
  readonly status?: number;
}

/** The kinds of deep sleep, by what happens to the RAM. */
type Sleep = "keeps-ram" | "loses-ram";

/** A command takes effect with its byte (`begin`), or when its data are complete (`apply`), which only the next command shows. */
export abstract class SimulatedController implements SimulatedChip {
  readonly glass: SimulatedGlass;
  readonly violations: string[] = [];
  protected readonly times: ChipTimes;
  protected readonly busy: Busy;
  protected readonly firstRam: SimulatedRam;
  protected readonly secondRam: SimulatedRam;
  readonly #commands: CommandSet;
  #sleep: Sleep | undefined;
  #resetLevel: Level = 1;
  #command: number | undefined;
  #data: number[] = [];
  #written = 0;

  constructor({ clock, widthPx, heightPx, times }: SimulatedChipOptions, commands: CommandSet) {
    this.#commands = commands;
    this.times = { ...chipTimes, ...times };
    this.busy = new Busy(clock);
    this.glass = new SimulatedGlass(widthPx, heightPx);
    this.firstRam = new SimulatedRam(widthPx, heightPx);
    this.secondRam = new SimulatedRam(widthPx, heightPx);
  }

  /** BUSY as an electrical level. */
  abstract busyLevel(): Level;

  /** Effects of the command byte alone. */
  protected abstract begin(code: number): void;
  protected abstract apply(code: number, data: readonly number[]): void;
  /** @param index counted from the command on. */
  protected abstract writeRam(ram: SimulatedRam, value: number, index: number): void;
  /** How many bytes the window holds; undefined before it is set. */
  protected abstract windowBytes(): number | undefined;
  /** A write to a RAM has ended. */
  protected abstract ramWritten(ram: SimulatedRam): void;
  /** All registers as after power-up. */
  protected abstract clearRegisters(): void;
  /** RST was low and is high again. */
  protected abstract afterReset(): void;

  busyUntilMs(): number | undefined {
    return this.busy.untilMs();
  }

  setPower(level: Level): void {
    if (level === 1) return;
    if (this.busy.abort()) this.glass.spoil();
    this.#loseRam();
    this.#sleep = undefined;
    this.clearRegisters();
  }

  setReset(level: Level): void {
    if (level === this.#resetLevel) return;
    this.#resetLevel = level;
    if (level === 1) {
      if (this.#sleep === "loses-ram") this.#loseRam();
      this.#sleep = undefined;
      this.clearRegisters();
      this.afterReset();
      return;
    }
    this.#finish();
    if (!this.busy.abort()) return;
    this.violate("reset during a refresh");
    this.glass.spoil();
  }

  commandBytes(bytes: Uint8Array): void {
    for (const code of bytes) this.#begin(code);
  }

  dataBytes(bytes: Uint8Array): void {
    if (!this.#listens("data") || this.#command === undefined) return;
    const ram = this.#ramOf(this.#command);
    for (const value of bytes) {
      if (ram === undefined) this.#data.push(value);
      else this.writeRam(ram, value, this.#written);
      this.#written += 1;
    }
    // Nothing follows a deep sleep on the wire that would show that its data are complete.
    if (this.#command === this.#commands.deepSleep) this.#finish();
  }

  /** In deep sleep, from which nothing but a reset wakes it. */
  protected get isInDeepSleep(): boolean {
    return this.#sleep !== undefined;
  }

  protected fallAsleep(sleep: Sleep): void {
    this.#sleep = sleep;
  }

  protected violate(what: string): void {
    this.violations.push(what);
  }

  #begin(code: number): void {
    this.#finish();
    const { lengths, status } = this.#commands;
    if (code === status && this.#resetLevel === 1 && this.#sleep === undefined) return;
    if (!this.#listens(`command ${hex(code)}`)) return;
    if (this.#ramOf(code) === undefined && !Object.hasOwn(lengths, code)) {
      this.violate(`command ${hex(code)} is not one of this controller`);
      return;
    }
    this.#command = code;
    this.#data = [];
    this.#written = 0;
    this.begin(code);
  }

  #listens(what: string): boolean {
    if (this.#resetLevel === 0) this.violate(`${what} while RST is low`);
    else if (this.#sleep !== undefined) this.violate(`${what} in deep sleep`);
    else if (this.busy.isBusy()) this.violate(`${what} while BUSY`);
    else return true;
    return false;
  }

  #finish(): void {
    const code = this.#command;
    this.#command = undefined;
    if (code === undefined) return;
    const ram = this.#ramOf(code);
    if (ram !== undefined) {
      const wanted = this.windowBytes();
      if (wanted !== undefined && this.#written !== wanted)
        this.violate(`the window holds ${wanted} bytes, ${this.#written} were written with ${hex(code)}`);
      this.ramWritten(ram);
      return;
    }
    const lengths = this.#commands.lengths[code] ?? [];
    if (!lengths.includes(this.#data.length))
      this.violate(`command ${hex(code)} with ${this.#data.length} bytes of data instead of ${lengths.join(" or ")}`);
    this.apply(code, this.#data);
  }

  #ramOf(code: number): SimulatedRam | undefined {
    const { firstRam, secondRam } = this.#commands;
    if (code === firstRam) return this.firstRam;
    return code === secondRam ? this.secondRam : undefined;
  }

  #loseRam(): void {
    this.firstRam.lose();
    this.secondRam.lose();
  }
}

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
