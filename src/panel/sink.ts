/** Where frames go: a framebuffer, an e-paper controller, a picture file. One `Panel` drives any of them. */

export interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Four bytes a pixel: red, green, blue, alpha (ignored), row by row. */
  readonly rgba: Uint8ClampedArray;
}

export interface FrameHint {
  /** A code stands on the frame: no ghosts, no colour in it. */
  readonly containsCode: boolean;
  /** The frame that may stand there when nobody is left to change it. */
  readonly safe: boolean;
  /** Where the code stands, quiet zone included. */
  readonly codeArea?: {
    readonly x: number;
    readonly y: number;
    readonly widthPx: number;
    readonly heightPx: number;
  };
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
