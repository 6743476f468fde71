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

  /** Writes the rows that differ from what the device holds. Returns how many differ. */
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
    const black = new Uint8Array(strideBytes + widthPx * bytesPerPixel(format));
    for (let y = 0; y < heightPx; y += 2) {
      const { first, rows } = rowsToWrite({ first: y, rows: 1 }, heightPx);
      const length = black.length - (2 - rows) * strideBytes;
      await this.#handle.write(black, 0, length, first * strideBytes);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #write(band: Uint8Array, held: Uint8Array, bandRow: number, run: Run): Promise<void> {
    const { strideBytes, widthPx, heightPx, format } = this.geometry;
    // Ends with the last row's own pixels. The bytes between rows are not ours, but a run is a single write.
    const bytesOf = (rows: number): number => (rows - 1) * strideBytes + widthPx * bytesPerPixel(format);
    const from = (run.first - bandRow) * strideBytes;
    held.set(band.subarray(from, from + bytesOf(run.rows)), run.first * strideBytes);
    const { first, rows } = rowsToWrite(run, heightPx);
    const position = first * strideBytes;
    const length = bytesOf(rows);
    for (let done = 0; done < length;) {
      const { bytesWritten } = await this.#handle.write(held, position + done, length - done, position + done);
      if (bytesWritten === 0) throw new Error(`/dev/${this.geometry.device} took no more bytes at ${position + done}`);
      done += bytesWritten;
    }
  }
}

export interface Run {
  readonly first: number;
  readonly rows: number;
}

/**
 * A single row is never written alone, but with a neighbour. Where Linux keeps a copy of the picture for the display (bochs, simpledrm, the SPI displays of
 * tinydrm), it carries over what was written, and it takes a write of one scan line that ends where the line ends for an empty one: what was there before
 * stays on the glass (drm_fb_helper_memory_range_to_clip() of drivers/gpu/drm/drm_fb_helper.c, seen with Linux 6.1).
 */
export function rowsToWrite(run: Run, heightPx: number): Run {
  if (run.rows > 1 || heightPx < 2) return run;
  return { first: Math.min(run.first, heightPx - 2), rows: 2 };
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
