/**
 * Letters and signs that were drawn before: most of a scene is the same from one second to the next. Reading a canvas costs little, but each reading
 * leaves memory behind that is given back in stalls of milliseconds. Bounded; what was used longest ago goes first.
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

  /** The patch of this name, drawn now if it is not there. A name says everything that the drawing depends on. */
  get(name: string, draw: () => Patch): Patch {
    const known = this.#patches.get(name);
    if (known !== undefined) {
      this.#patches.delete(name);
      this.#patches.set(name, known);
      return known;
    }
    const { widthPx, heightPx, pixels } = draw();
    // A copy in memory of our own: the canvas's goes back at once.
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
