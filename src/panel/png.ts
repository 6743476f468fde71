/**
 * A frame as a PNG (PNG Third Edition): colours without alpha, eight bits, no filter. A canvas would do it, too, but copies the frame twice and searches
 * for the best filters of every row: on 800×480 that takes six times as long, for a file that is no smaller.
 */
import { promisify } from "node:util";
import { crc32, deflate, deflateSync } from "node:zlib";
import type { Frame } from "./frame.ts";

/** PNG §5.2 */
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Surfaces and letters gain little from more, which takes twice the time. */
const level = 3;

const compress = promisify(deflate);

/** Compressed on the calling thread. */
export function framePng(frame: Frame): Uint8Array {
  return wrapped(frame, deflateSync(rowsOf(frame), { level }));
}

/** Compressed on another thread, for callers that must not block the event loop. The frame may be changed as soon as this has returned. */
export async function encodePng(frame: Frame): Promise<Uint8Array> {
  return wrapped(frame, await compress(rowsOf(frame), { level }));
}

/** PNG §7.2: a byte that names the filter, here none, before each row; §6.1: red, green, blue. */
function rowsOf({ widthPx, heightPx, rgba }: Frame): Uint8Array {
  const rows = Buffer.allocUnsafe(heightPx * (1 + widthPx * 3));
  let to = 0;
  let from = 0;
  for (let row = 0; row < heightPx; row += 1) {
    rows[to] = 0;
    to += 1;
    for (let column = 0; column < widthPx; column += 1) {
      rows[to] = rgba[from] ?? 0;
      rows[to + 1] = rgba[from + 1] ?? 0;
      rows[to + 2] = rgba[from + 2] ?? 0;
      to += 3;
      from += 4;
    }
  }
  return rows;
}

function wrapped({ widthPx, heightPx }: Frame, pixels: Uint8Array): Uint8Array {
  // PNG §11.2.1: width, height, bit depth 8, colour type 2 (truecolour); compression, filter and interlace method have but one value here.
  const header = Buffer.alloc(13);
  header.writeUInt32BE(widthPx, 0);
  header.writeUInt32BE(heightPx, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return new Uint8Array(
    Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]),
  );
}

/** PNG §5.2 and §11.2.1: signature, and a header chunk with thirteen bytes of data. */
const headerEnd = signature.length + 4 + 4 + 13 + 4;
/** PNG §11.3.3.2 and §11.3.3.4: the keyword "Description" and its end; then no compression, its method, no language tag, no translated keyword. */
const describing = Buffer.from("Description\0\0\0\0\0", "latin1");

/** The picture with its alternative text in it, where viewers and screen readers find it. */
export function described(png: Uint8Array, text: string): Uint8Array {
  const words = chunk("iTXt", Buffer.concat([describing, Buffer.from(text, "utf8")]));
  return new Uint8Array(Buffer.concat([png.subarray(0, headerEnd), words, png.subarray(headerEnd)]));
}

/** The alternative text that `described` put into it; undefined where there is none. */
export function descriptionOf(png: Uint8Array): string | undefined {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (bytes.length < headerEnd + 8 || bytes.toString("latin1", headerEnd + 4, headerEnd + 8) !== "iTXt")
    return undefined;
  const data = bytes.subarray(headerEnd + 8, headerEnd + 8 + bytes.readUInt32BE(headerEnd));
  return data.subarray(0, describing.length).equals(describing) ? data.toString("utf8", describing.length) : undefined;
}

/** The picture with its size on paper in it. PNG §11.3.4.3: pixels a metre across and down, and 1 for "metre". */
export function atDensity(png: Uint8Array, perMm: number): Uint8Array {
  const data = Buffer.alloc(9);
  data.writeUInt32BE(Math.round(perMm * 1_000), 0);
  data.writeUInt32BE(Math.round(perMm * 1_000), 4);
  data[8] = 1;
  return new Uint8Array(Buffer.concat([png.subarray(0, headerEnd), chunk("pHYs", data), png.subarray(headerEnd)]));
}

/** PNG §5.3: length, type, data, and a checksum over type and data. */
function chunk(type: "IHDR" | "iTXt" | "pHYs" | "IDAT" | "IEND", data: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(typed.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(typed, 4);
  whole.writeUInt32BE(crc32(typed), typed.length + 4);
  return whole;
}
