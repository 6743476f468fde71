/** One plane of a controller's RAM: one bit per pixel, rows of whole bytes, the leftmost pixel in the most significant bit. */

/** RAM that lost power can hold anything. This pattern is no picture that anybody would draw. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 151 + 89) & 0xff);
}

export class SimulatedRam {
  readonly rowBytes: number;
  readonly heightPx: number;
  #bytes: Uint8Array;

  constructor(widthPx: number, heightPx: number) {
    this.rowBytes = Math.ceil(widthPx / 8);
    this.heightPx = heightPx;
    this.#bytes = noise(this.rowBytes * heightPx);
  }

  /** False if the byte lies outside of the RAM; then nothing is written. */
  set(xByte: number, y: number, value: number): boolean {
    if (xByte < 0 || xByte >= this.rowBytes || y < 0 || y >= this.heightPx) return false;
    this.#bytes[y * this.rowBytes + xByte] = value;
    return true;
  }

  bit(x: number, y: number): boolean {
    return (((this.#bytes[y * this.rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 1;
  }

  equals(other: SimulatedRam): boolean {
    return Buffer.compare(this.#bytes, other.#bytes) === 0;
  }

  copyFrom(other: SimulatedRam): void {
    this.#bytes = other.#bytes.slice();
  }

  /** A copy of its contents: a refresh drives what was there when it began, whatever is written later. */
  snapshot(): SimulatedRam {
    const copy = new SimulatedRam(this.rowBytes * 8, this.heightPx);
    copy.copyFrom(this);
    return copy;
  }

  lose(): void {
    this.#bytes = noise(this.#bytes.length);
  }
}
