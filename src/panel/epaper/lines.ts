/** The digital lines of a panel's connector, as the e-paper driver needs them. The owner of the GPIO provides them. */

export type Level = 0 | 1;

export interface DigitalOutput {
  /** Drives the line to this electrical level; resolves once it has that level. */
  set(level: Level): Promise<void>;
}

export interface DigitalInput {
  /** The electrical level now. */
  read(): Promise<Level>;
  /** Whether the line has `level` now or gets it within `timeoutMs`. */
  waitFor(level: Level, timeoutMs: number): Promise<boolean>;
}

export interface EpaperLines {
  /** RST, active low. Not optional: nothing else ends deep sleep. */
  readonly reset: DigitalOutput;
  /** D/C: 0 = command byte, 1 = data. */
  readonly dataCommand: DigitalOutput;
  readonly busy: DigitalInput;
  /** PWR, on HATs from revision 2.3: high = the panel has power. */
  readonly power: DigitalOutput | undefined;
}
