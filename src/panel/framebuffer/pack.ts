/** Packs a frame's RGBA into rows in the framebuffer's format. */
import type { Frame } from "../frame.ts";
import type { Rotation } from "../geometry.ts";
import { pixelWords, scanOf } from "../rotation.ts";
import { bytesPerPixel, type FramebufferGeometry } from "./geometry.ts";

export interface PackView {
  /** How far the glass is turned clockwise relative to the frame. */
  readonly rotation: Rotation;
  /** Moves the picture right and down by whole pixels; the edge is repeated in what it uncovers. */
  readonly shift: { readonly x: number; readonly y: number };
  /** 1 = as drawn; darker towards 0. */
  readonly light: number;
}

/** Packs `rows` rows, starting with `firstRow`, into `target`, `strideBytes` apart. The bytes between rows are left alone. */
export function packBand(
  frame: Frame,
  geometry: FramebufferGeometry,
  view: PackView,
  firstRow: number,
  rows: number,
  target: Uint8Array,
): void {
  const { widthPx, heightPx, strideBytes, format } = geometry;
  const scan = scanOf(frame, view.rotation);
  const words = pixelWords(frame.rgba);
  const light = Math.round(Math.min(1, Math.max(0, view.light)) * 256);
  const step = bytesPerPixel(format);
  // Pictures are mostly runs of one colour, which is computed once per run.
  let last = -1;
  let [r, g, b] = [0, 0, 0];
  for (let row = 0; row < rows; row += 1) {
    const sourceRow = clamp(firstRow + row - view.shift.y, heightPx);
    const rowAt = (scan.start + sourceRow * scan.row) / 4;
    let out = row * strideBytes;
    for (let x = 0; x < widthPx; x += 1, out += step) {
      const word = words[rowAt + (clamp(x - view.shift.x, widthPx) * scan.column) / 4] ?? 0;
      if (word !== last) {
        last = word;
        r = ((word & 0xff) * light) >> 8;
        g = (((word >> 8) & 0xff) * light) >> 8;
        b = (((word >> 16) & 0xff) * light) >> 8;
      }
      if (step === 4) {
        target[out] = b;
        target[out + 1] = g;
        target[out + 2] = r;
        target[out + 3] = 0xff;
      } else {
        target[out] = ((g & 0x1c) << 3) | (b >> 3);
        target[out + 1] = (r & 0xf8) | (g >> 5);
      }
    }
  }
}

function clamp(value: number, size: number): number {
  if (value < 0) return 0;
  return value < size ? value : size - 1;
}

/** Whether the outermost `marginPx` have one colour on all sides. A shift by that much then cuts nothing off, not even a quiet zone. */
export function hasPlainMargin(frame: Frame, marginPx: number): boolean {
  const { widthPx, heightPx, rgba } = frame;
  const isFirst = (x: number, y: number) => {
    const at = (y * widthPx + x) * 4;
    return rgba[at] === rgba[0] && rgba[at + 1] === rgba[1] && rgba[at + 2] === rgba[2];
  };
  for (let y = 0; y < heightPx; y += 1) {
    const isMarginRow = y < marginPx || y >= heightPx - marginPx;
    for (let x = 0; x < widthPx; x += 1) {
      if (!isMarginRow && x === marginPx) x = Math.max(x, widthPx - marginPx);
      if (x < widthPx && !isFirst(x, y)) return false;
    }
  }
  return true;
}
