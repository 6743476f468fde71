/** Two independent QR decoders over a frame. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import jsQR from "jsqr";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import type { Frame } from "../../../src/panel/frame.ts";

const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

// jsQR is CommonJS: its function is `default` of the module or the module itself, by the loader.
const decode = typeof jsQR === "function" ? jsQR : jsQR.default;

export function readByJsqr({ rgba, widthPx, heightPx }: Frame): string | undefined {
  return decode(rgba, widthPx, heightPx, { inversionAttempts: "dontInvert" })?.data;
}

export async function readByZxing({ rgba, widthPx, heightPx }: Frame): Promise<string | undefined> {
  const data = new Uint8ClampedArray(rgba);
  const found = await readBarcodes(
    { data, width: widthPx, height: heightPx, colorSpace: "srgb" },
    { formats: ["QRCode"], tryHarder: true, tryInvert: false, maxNumberOfSymbols: 1 },
  );
  return found.find(({ isValid }) => isValid)?.text;
}
