/** Pixels: a part of a picture, and a picture. Types only. */

/** A part of a picture, in its own pixels, measured from the top left corner. */
export interface Box {
  readonly xPx: number;
  readonly yPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A picture of the whole panel as customers see it, before it is turned for the glass. */
export interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Four bytes a pixel: red, green, blue, alpha (ignored), row by row. */
  readonly rgba: Uint8ClampedArray;
}
