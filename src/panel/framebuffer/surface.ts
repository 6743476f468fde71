/** An open framebuffer device. It remembers what the device holds and writes what differs. */
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Frame } from "../frame.ts";
import { checkSize } from "../rotation.ts";
import { bytesPerPixel, type FramebufferGeometry } from "./geometry.ts";
import { packBand, type PackView } from "./pack.ts";

/** How many pixels to pack before yielding to the event loop: about a millisecond on a Pi 3, well below the limit of 10 ms. */
const bandPixels = 32_768;

export class Surface {
  readonly geometry: FramebufferGeometry;
  readonly #handle: FileHandle;
  /** What we have written to the device; undefined if it may hold anything. */
  #held: Uint8Array | undefined;
  #isHeldWhole = false;

  private constructor(handle: FileHandle, geometry: FramebufferGeometry) {
    this.#handle = handle;
    this.geometry = geometry;
  }

  static async open(path: string, geometry: FramebufferGeometry): Promise<Surface> {
    return new Surface(await open(path, "r+"), geometry);
  }

  /** Makes the next frame be written whole, because something else may have drawn on the device. */
  forget(): void {
    this.#isHeldWhole = false;
  }

  /** Writes the rows that differ from what the device holds. Returns the number of rows written. */
  async draw(frame: Frame, view: PackView): Promise<number> {
    const { geometry } = this;
    const { widthPx, heightPx, device, name } = geometry;
    checkSize(frame, view.rotation, { widthPx, heightPx, name: `${device} (${name})` });
    const held = (this.#held ??= new Uint8Array(geometry.strideBytes * geometry.heightPx));
    const writeAll = !this.#isHeldWhole;
    // Until the last byte is written, it is not known what the device holds.
    this.#isHeldWhole = false;
    const bandRows = Math.max(1, Math.floor(bandPixels / geometry.widthPx));
    const band = new Uint8Array(bandRows * geometry.strideBytes);
    let written = 0;
    for (let row = 0; row < geometry.heightPx; row += bandRows) {
      const rows = Math.min(bandRows, geometry.heightPx - row);
      packBand(frame, geometry, view, row, rows, band);
      for (const run of changedRuns(band, held, row, rows, geometry, writeAll)) {
        await this.#write(band, held, row, run);
        written += run.rows;
      }
      await nextTurn();
    }
    this.#isHeldWhole = true;
    return written;
  }

  /** Paints the whole display black: the frame does not fit it, and no old code may be scanned from it. */
  async blank(): Promise<void> {
    const { strideBytes, heightPx, widthPx, format } = this.geometry;
    this.#isHeldWhole = false;
    const row = new Uint8Array(widthPx * bytesPerPixel(format));
    for (let y = 0; y < heightPx; y += 1) await this.#handle.write(row, 0, row.length, y * strideBytes);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #write(band: Uint8Array, held: Uint8Array, bandRow: number, run: Run): Promise<void> {
    const { strideBytes, widthPx, format } = this.geometry;
    // Ends with the last row's own pixels. The bytes between rows are not ours, but a run is a single write.
    const length = (run.rows - 1) * strideBytes + widthPx * bytesPerPixel(format);
    const from = (run.first - bandRow) * strideBytes;
    const position = run.first * strideBytes;
    for (let done = 0; done < length;) {
      const { bytesWritten } = await this.#handle.write(band, from + done, length - done, position + done);
      if (bytesWritten === 0) throw new Error(`/dev/${this.geometry.device} took no more bytes at ${position + done}`);
      done += bytesWritten;
    }
    held.set(band.subarray(from, from + length), position);
  }
}

interface Run {
  readonly first: number;
  readonly rows: number;
}

function changedRuns(
  band: Uint8Array,
  held: Uint8Array,
  bandRow: number,
  rows: number,
  geometry: FramebufferGeometry,
  writeAll: boolean,
): Run[] {
  if (writeAll) return [{ first: bandRow, rows }];
  const rowBytes = geometry.widthPx * bytesPerPixel(geometry.format);
  const runs: Run[] = [];
  let first: number | undefined;
  for (let row = 0; row <= rows; row += 1) {
    const at = row * geometry.strideBytes;
    const heldAt = (bandRow + row) * geometry.strideBytes;
    const differs =
      row < rows && Buffer.compare(band.subarray(at, at + rowBytes), held.subarray(heldAt, heldAt + rowBytes)) !== 0;
    if (differs) first ??= row;
    else if (first !== undefined) {
      runs.push({ first: bandRow + first, rows: row - first });
      first = undefined;
    }
  }
  return runs;
}
