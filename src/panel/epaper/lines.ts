/** The digital lines of a panel's connector, as the e-paper driver needs them. Whoever owns the GPIO gives them. */

export type Level = 0 | 1;

export interface DigitalOutput {
  /** Drives the line to this electrical level; resolves when it is driven. */
  set(level: Level): Promise<void>;
}

export interface DigitalInput {
  /** The electrical level now. */
  read(): Promise<Level>;
  /** True when the line has `level` now or within `timeoutMs`; false when the time ran out. */
  waitFor(level: Level, timeoutMs: number): Promise<boolean>;
}

export interface EpaperLines {
  /** RST, active low. Deep sleep ends by it alone, so it is not optional. */
  readonly reset: DigitalOutput;
  /** D/C: 0 = command byte, 1 = data. */
  readonly dataCommand: DigitalOutput;
  readonly busy: DigitalInput;
  /** PWR of newer HATs (rev 2.3 on): high = the panel has power. */
  readonly power?: DigitalOutput;
}
