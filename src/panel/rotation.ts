/** Reading a frame in the order of a glass that is mounted turned. */

import type { Frame } from "./frame.ts";
import type { Rotation } from "./geometry.ts";

/** Where the glass's first pixel lies in the frame's bytes, and how far its next column and row are. */
export function scanOf(frame: Frame, rotation: Rotation): { start: number; column: number; row: number } {
  const stride = frame.widthPx * 4;
  const lastRow = (frame.heightPx - 1) * stride;
  const lastColumn = (frame.widthPx - 1) * 4;
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

/**
 * @throws RangeError when the frame, turned, is not of the glass's size.
 * @param glass as its controller or framebuffer scans it; `name` for the message.
 */
export function checkSize(
  frame: Frame,
  rotation: Rotation,
  glass: { readonly widthPx: number; readonly heightPx: number; readonly name: string },
): void {
  const isTurned = rotation === 90 || rotation === 270;
  const [widthPx, heightPx] = isTurned ? [frame.heightPx, frame.widthPx] : [frame.widthPx, frame.heightPx];
  if (widthPx === glass.widthPx && heightPx === glass.heightPx) return;
  throw new RangeError(
    `a frame of ${frame.widthPx}×${frame.heightPx} turned by ${rotation}° does not fit ${glass.name} of ${glass.widthPx}×${glass.heightPx}`,
  );
}

/** Four bytes at once, red in the lowest: both processors that we run on are little-endian. */
export function pixelWords(rgba: Frame["rgba"]): Uint32Array {
  const whole = rgba.byteOffset % 4 === 0 ? rgba : rgba.slice();
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length / 4);
}
