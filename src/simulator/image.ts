/** Pictures of QR codes as the provider serves them: SVG, or PNG at exactly the size that was asked for. */
import { deflateSync } from "node:zlib";
import QRCode from "qrcode";
import type { HttpResponse } from "../vipps/transport.ts";
import type { SimulatedImage } from "./state.ts";

/** Like the provider's: a white border of 8 px or more around the symbol. */
const borderPxMin = 8;

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** An 8-bit greyscale PNG (PNG 1.2, colour type 0). */
function greyPng(sizePx: number, isDark: (x: number, y: number) => boolean): Buffer {
  const rows = Buffer.alloc((sizePx + 1) * sizePx, 0xff);
  for (let y = 0; y < sizePx; y += 1) {
    rows[y * (sizePx + 1)] = 0;
    for (let x = 0; x < sizePx; x += 1) if (isDark(x, y)) rows[y * (sizePx + 1) + 1 + x] = 0;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sizePx, 0);
  header.writeUInt32BE(sizePx, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Resampled to the requested size, so that a module may be a fraction of a pixel. */
function pngOf(content: string, sizePx: number): Buffer {
  const { modules } = QRCode.create(content, { errorCorrectionLevel: "Q" });
  const sidePx = sizePx - 2 * borderPxMin;
  return greyPng(sizePx, (x, y) => {
    const column = Math.floor(((x - borderPxMin) * modules.size) / sidePx);
    const row = Math.floor(((y - borderPxMin) * modules.size) / sidePx);
    const isInside = column >= 0 && row >= 0 && column < modules.size && row < modules.size;
    return isInside && modules.get(row, column) === 1;
  });
}

export async function drawImage(image: SimulatedImage): Promise<HttpResponse> {
  if (image.format === "png")
    return {
      status: 200,
      headers: { "content-type": "image/png" },
      body: new Uint8Array(pngOf(image.content, image.sizePx)),
    };
  const svg = await QRCode.toString(image.content, { type: "svg", errorCorrectionLevel: "Q", margin: 4 });
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: new TextEncoder().encode(svg) };
}
