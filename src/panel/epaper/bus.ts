/** The wires between the host and an e-paper controller: commands, data, reset, BUSY. */
import type { DigitalInput, DigitalOutput, EpaperLines, Level } from "./lines.ts";

/** Sends bytes. Mode 0, 8 bits, most significant bit first. */
export interface SpiPort {
  /** Sends everything, in as many transfers as the port needs. Controllers do not mind CS going high between them. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface EpaperBus {
  /** One command byte with D/C low, then its data with D/C high. */
  command(code: number, data?: Uint8Array): Promise<void>;
  setReset(level: Level): Promise<void>;
  setPower(on: boolean): Promise<void>;
  /** Whether BUSY shows idle within `timeoutMs`. */
  waitIdle(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface WiredBusOptions {
  readonly spi: SpiPort;
  readonly lines: EpaperLines;
  /** The level of BUSY while the controller is busy: 1 for SSD16xx, 0 for UC81xx. */
  readonly busyLevel: Level;
}

class WiredBus implements EpaperBus {
  readonly #spi: SpiPort;
  readonly #reset: DigitalOutput;
  readonly #dataCommand: DigitalOutput;
  readonly #busy: DigitalInput;
  readonly #power: DigitalOutput | undefined;
  readonly #idleLevel: Level;

  constructor({ spi, lines, busyLevel }: WiredBusOptions) {
    this.#spi = spi;
    this.#reset = lines.reset;
    this.#dataCommand = lines.dataCommand;
    this.#busy = lines.busy;
    this.#power = lines.power;
    this.#idleLevel = busyLevel === 1 ? 0 : 1;
  }

  async command(code: number, data?: Uint8Array): Promise<void> {
    await this.#dataCommand.set(0);
    await this.#spi.write(Uint8Array.of(code));
    if (data === undefined || data.length === 0) return;
    await this.#dataCommand.set(1);
    await this.#spi.write(data);
  }

  async setReset(level: Level): Promise<void> {
    await this.#reset.set(level);
  }

  async setPower(on: boolean): Promise<void> {
    await this.#power?.set(on ? 1 : 0);
  }

  waitIdle(timeoutMs: number): Promise<boolean> {
    return this.#busy.waitFor(this.#idleLevel, timeoutMs);
  }

  async close(): Promise<void> {
    await this.#spi.close();
  }
}

export function createWiredBus(options: WiredBusOptions): EpaperBus {
  return new WiredBus(options);
}
