/** What every e-paper controller can do, as programs of steps. Pure: a controller holds parameters and no state. */
import type { Level } from "./lines.ts";
import type { Step } from "./steps.ts";

/** One picture in the controllers' format: rows of `ramWidthPx / 8` bytes, the leftmost pixel in the most significant bit, padded with white. */
export interface Planes {
  /** 1 = white, 0 = black. */
  readonly blackWhite: Uint8Array;
  /** 1 = red. Present for panels that have a red plane. */
  readonly red: Uint8Array | undefined;
}

export type RefreshKind = "full" | "fast" | "partial";

export interface ControllerGeometry {
  readonly widthPx: number;
  readonly heightPx: number;
  /** `widthPx` rounded up to whole bytes: 122 visible pixels take 128. */
  readonly ramWidthPx: number;
  readonly hasRed: boolean;
}

export interface Controller {
  readonly name: string;
  readonly geometry: ControllerGeometry;
  /** The level of BUSY while the controller is busy. */
  readonly busyLevel: Level;
  /** The kinds of refresh that this panel has waveforms for; always includes `full`. */
  readonly refreshes: ReadonlySet<RefreshKind>;
  /** From deep sleep, reset or power-up to the picture on the glass. Drives every pixel. */
  full(planes: Planes): readonly Step[];
  /** The same with a shorter waveform; undefined if the panel has none. */
  fast(planes: Planes): readonly Step[] | undefined;
  /** Drives only the pixels that differ between `before` (what is on the glass) and `after`. The controller needs both. */
  partial(before: Planes, after: Planes): readonly Step[] | undefined;
  /** Switches the high voltage off and puts the controller into deep sleep. Needed after every refresh. */
  sleep(): readonly Step[];
}
