/** Reading a frame in the order of a glass that is mounted turned. */

import type { Rotation } from "./geometry.ts";

export type { Rotation } from "./geometry.ts";

export interface RgbaPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Four bytes a pixel: red, green, blue, alpha (ignored). */
  readonly rgba: Uint8Array | Uint8ClampedArray;
}

/** Where the glass's first pixel lies in the picture's bytes, and how far its next column and row are. */
export function scanOf(picture: RgbaPicture, rotation: Rotation): { start: number; column: number; row: number } {
  const stride = picture.widthPx * 4;
  const lastRow = (picture.heightPx - 1) * stride;
  const lastColumn = (picture.widthPx - 1) * 4;
  switch (rotation) {
    case 0:
      return { start: 0, column: 4, row: stride };
    case 90:
      return { start: lastRow, column: -stride, row: 4 };
    case 180:
      return { start: lastRow + lastColumn, column: -4, row: -stride };
    case 270:
      return { start: lastColumn, column: stride, row: -4 };
  }
}

/** Four bytes at once, red in the lowest: both processors that we run on are little-endian. */
export function pixelWords(rgba: RgbaPicture["rgba"]): Uint32Array {
  const whole = rgba.byteOffset % 4 === 0 ? rgba : rgba.slice();
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length / 4);
}
