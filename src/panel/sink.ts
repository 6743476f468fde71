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
  /** The glass did not take it. */
  | { readonly kind: "failed"; readonly reason: string };

export interface FrameSink {
  /** Does not fail for an absent device: it waits for it. */
  open(): Promise<void>;
  /** When it is presented, the frame before is given up: its memory is used again. */
  present(frame: Frame, hint: FrameHint): Promise<PresentOutcome>;
  isPresent(): boolean;
  close(): Promise<void>;
}
