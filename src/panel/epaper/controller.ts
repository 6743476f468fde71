/** What every e-paper controller can do, as programs of steps. Pure: a controller holds parameters and no state. */
import type { Level } from "./lines.ts";
import type { Step } from "./steps.ts";

/** One picture as the controllers take it: rows of `ramWidthPx / 8` bytes, most significant bit leftmost, padding white. */
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
  /** `widthPx` rounded up to whole bytes: 122 visible pixels lie in 128. */
  readonly ramWidthPx: number;
  readonly hasRed: boolean;
}

export interface Controller {
  readonly name: string;
  readonly geometry: ControllerGeometry;
  /** BUSY's level while busy. */
  readonly busyLevel: Level;
  /** What the waveforms of this panel allow; `full` always. */
  readonly refreshes: ReadonlySet<RefreshKind>;
  /** From deep sleep, reset or power-up to the picture on the glass, every pixel driven. */
  full(planes: Planes): readonly Step[];
  /** As full, with a shorter waveform. Undefined where the panel has none. */
  fast(planes: Planes): readonly Step[] | undefined;
  /** Drives only the pixels that differ between `before` (what is on the glass) and `after`. Both go into the controller. */
  partial(before: Planes, after: Planes): readonly Step[] | undefined;
  /** High voltage off and deep sleep: after every refresh. */
  sleep(): readonly Step[];
}
