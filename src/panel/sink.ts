/** Where frames go: a framebuffer, an e-paper controller or a picture file. A `Panel` drives any of them. */
import type { Box, Frame } from "./frame.ts";

export interface FrameHint {
  /** The frame that may stay there when nobody is left to change it. */
  readonly isSafe: boolean;
  /** The place of the code, quiet zone included, which must have no ghosts and no colour. Undefined for frames without a code. */
  readonly codeArea: Box | undefined;
  /** The same in words, for sinks that hand on pictures. */
  readonly text?: string;
}

export type PresentOutcome =
  | { readonly kind: "presented" }
  /** The glass did not take it. What is on the glass now is not known. */
  | { readonly kind: "failed"; readonly reason: string };

/** Keeps trying the last frame it was given until that frame is on the glass. */
export interface FrameSink {
  /** Does not fail if the device is missing, but waits for it. */
  open(): Promise<void>;
  /** Whatever the outcome, the sink no longer needs the frame before, and its memory may be reused. Never rejects. */
  present(frame: Frame, hint: FrameHint): Promise<PresentOutcome>;
  /** Why the last frame is not on the glass; undefined while it is. While a frame is under way, the answer is that of the frame before. */
  absence(): string | undefined;
  close(): Promise<void>;
}
