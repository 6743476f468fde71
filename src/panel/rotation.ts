/** Reads a frame in the scan order of a panel that is mounted turned. */

import type { Frame } from "./frame.ts";
import type { Rotation } from "./geometry.ts";

/** The position of the glass's first pixel in the frame's bytes, and the distances to the next column and row. */
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
 * @throws RangeError if the turned frame does not have the size of the glass.
 * @param glass its size as scanned by the controller or framebuffer, and its name for the message.
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

/** The pixels as 32-bit words with red in the lowest byte: the processors that we support are little-endian. */
export function pixelWords(rgba: Frame["rgba"]): Uint32Array {
  const whole = rgba.byteOffset % 4 === 0 ? rgba : rgba.slice();
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length / 4);
}
