/**
 * A cache of letters and icons that were drawn before, because most of a scene stays the same from one second to the next. Reading a canvas is
 * cheap, but every read leaves garbage whose collection stalls for milliseconds. Bounded; the least recently used patch goes first.
 */
import type { Patch } from "./raster.ts";

/** Four bytes each: 6 MB. A whole scene of 1920×1080 needs about a third of it. */
const pixelsMax = 1_500_000;

export class PatchCache {
  readonly #patches = new Map<string, Patch>();
  readonly #pixelsMax: number;
  #pixels = 0;

  constructor(max: number = pixelsMax) {
    this.#pixelsMax = max;
  }

  /** The patch of this name, drawn now if it is not cached. The name has to include everything that the drawing depends on. */
  get(name: string, draw: () => Patch): Patch {
    const known = this.#patches.get(name);
    if (known !== undefined) {
      this.#patches.delete(name);
      this.#patches.set(name, known);
      return known;
    }
    const { widthPx, heightPx, pixels } = draw();
    // A copy in our own memory, so that the canvas's memory is released at once.
    const drawn = { widthPx, heightPx, pixels: new Uint32Array(pixels) };
    if (pixels.length > this.#pixelsMax) return drawn;
    this.#patches.set(name, drawn);
    this.#pixels += pixels.length;
    this.#shrink();
    return drawn;
  }

  get pixelCount(): number {
    return this.#pixels;
  }

  #shrink(): void {
    for (const [name, { pixels }] of this.#patches) {
      if (this.#pixels <= this.#pixelsMax) return;
      this.#patches.delete(name);
      this.#pixels -= pixels.length;
    }
  }
}
