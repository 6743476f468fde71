/**
 * A frame in our own memory. Surfaces and symbols are filled here, row by row; what needs a canvas (letters, icons, pictures) comes as small
 * patches. A canvas as large as the frame would have to be copied out whole, which takes longer than all of the drawing.
 */
import type { Box, Frame } from "./frame.ts";

/** Red, green, blue, alpha in memory order, as one number on a little-endian processor. All the processors that we support are. */
export type Colour = number;

const opaque = 0xff00_0000;

/** @throws RangeError unless `css` is "#rrggbb" */
export function colourOf(css: string): Colour {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(css);
  if (match === null) throw new RangeError(`a colour is "#rrggbb", not ${JSON.stringify(css)}`);
  const [red = 0, green = 0, blue = 0] = match.slice(1).map((part) => Number.parseInt(part, 16));
  return (opaque | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Pixels with straight alpha, row by row. */
export interface Patch {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixels: Uint32Array;
}

export class Raster {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #pixels: Uint32Array<ArrayBuffer>;

  /** @param memory to draw into, if it has the right size. */
  constructor(widthPx: number, heightPx: number, paper: Colour, memory?: ArrayBuffer) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    const isFitting = memory?.byteLength === widthPx * heightPx * Uint32Array.BYTES_PER_ELEMENT;
    this.#pixels = isFitting ? new Uint32Array(memory) : new Uint32Array(widthPx * heightPx);
    this.#pixels.fill(paper);
  }

  /** Any part of the box outside of the frame is ignored. */
  paint({ xPx, yPx, widthPx, heightPx }: Box, colour: Colour): void {
    const left = Math.max(0, Math.round(xPx));
    const right = Math.min(this.widthPx, Math.round(xPx + widthPx));
    const bottom = Math.min(this.heightPx, Math.round(yPx + heightPx));
    if (right <= left) return;
    for (let y = Math.max(0, Math.round(yPx)); y < bottom; y += 1)
      this.#pixels.fill(colour, y * this.widthPx + left, y * this.widthPx + right);
  }

  /** Blends a patch over what is there. Any part outside of the frame is ignored. */
  blend(patch: Patch, xPx: number, yPx: number): void {
    // Signed, because the engine keeps signed integers as integers, while unsigned ones above 2³¹ become floating-point numbers.
    const over = new Int32Array(patch.pixels.buffer, patch.pixels.byteOffset, patch.pixels.length);
    const under = new Int32Array(this.#pixels.buffer);
    const left = Math.max(0, -xPx);
    const right = Math.min(patch.widthPx, this.widthPx - xPx);
    const bottom = Math.min(patch.heightPx, this.heightPx - yPx);
    for (let row = Math.max(0, -yPx); row < bottom; row += 1)
      blendRow(over, row * patch.widthPx + left, under, (yPx + row) * this.widthPx + xPx + left, right - left);
  }

  /** Draws a grid of squares in one colour, `sidePx` each. Squares that are not dark are left as they are. */
  squares(
    count: number,
    sidePx: number,
    xPx: number,
    yPx: number,
    colour: Colour,
    isDark: (row: number, column: number) => boolean,
  ): void {
    for (let row = 0; row < count; row += 1) {
      const start = (yPx + row * sidePx) * this.widthPx + xPx;
      for (let column = 0; column < count; column += 1)
        if (isDark(row, column)) this.#pixels.fill(colour, start + column * sidePx, start + (column + 1) * sidePx);
      const end = start + count * sidePx;
      for (let line = 1; line < sidePx; line += 1) this.#pixels.copyWithin(start + line * this.widthPx, start, end);
    }
  }

  /** The frame itself, not a copy. The raster must not be used afterwards. */
  frame(): Frame {
    const { widthPx, heightPx } = this;
    return { widthPx, heightPx, rgba: new Uint8ClampedArray(this.#pixels.buffer) };
  }
}

function blendRow(over: Int32Array, from: number, under: Int32Array, to: number, count: number): void {
  for (let at = 0; at < count; at += 1) {
    const colour = over[from + at] ?? 0;
    const share = colour >>> 24;
    if (share === 0) continue;
    under[to + at] = share === 255 ? colour : mixed(colour, under[to + at] ?? 0, share);
  }
}

/** Mixes `share`/255 of one colour with the rest of the other, which is opaque. */
function mixed(colour: number, other: number, share: number): number {
  const rest = 255 - share;
  const red = ((colour & 0xff) * share + (other & 0xff) * rest + 127) / 255;
  const green = (((colour >>> 8) & 0xff) * share + ((other >>> 8) & 0xff) * rest + 127) / 255;
  const blue = (((colour >>> 16) & 0xff) * share + ((other >>> 16) & 0xff) * rest + 127) / 255;
  return 0xff00_0000 | (blue << 16) | (green << 8) | red;
}
