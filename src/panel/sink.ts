/** Where frames go: a framebuffer, an e-paper controller, a picture file. One `Panel` drives any of them. */
import type { Box, Frame } from "./frame.ts";

export interface FrameHint {
  /** The frame that may stand there when nobody is left to change it. */
  readonly isSafe: boolean;
  /** Where the code stands, quiet zone included: no ghosts and no colour in it. Undefined on frames without one. */
  readonly codeArea: Box | undefined;
}

export type PresentOutcome =
  | { readonly kind: "presented" }
  /** The glass did not take it: what stands there now is not known. */
  | { readonly kind: "failed"; readonly reason: string };

/** Keeps trying by itself, with the last frame it was given, until that frame is on the glass. */
export interface FrameSink {
  /** Does not fail for an absent device: it waits for it. */
  open(): Promise<void>;
  /** From here on the frame before is given up, whatever comes of this one: its memory is used again. */
  present(frame: Frame, hint: FrameHint): Promise<PresentOutcome>;
  /** Why the last frame is not on the glass now; undefined while it is. While one is on its way, the answer is that of the frame before. */
  absence(): string | undefined;
  close(): Promise<void>;
}
