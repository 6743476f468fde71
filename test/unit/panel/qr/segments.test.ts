/** Our cut into modes against the package's own, which is the reference: the same text comes out, and the symbol is never larger. */
import * as fc from "fast-check";
import QRCode from "qrcode";
import { describe, expect, it } from "vitest";
import { segmentsOf } from "../../../../src/panel/qr/segments.ts";
import { createSymbol, symbolSize } from "../../../../src/panel/qr/symbol.ts";
import type { Frame } from "../../../../src/panel/frame.ts";
import { readByJsqr, readByZxing } from "../decoders.ts";

const levels = ["L", "M", "Q", "H"] as const;
const piece = fc.oneof(
  fc.stringMatching(/^[0-9]{1,30}$/),
  fc.stringMatching(/^[A-Z0-9:/.-]{1,20}$/),
  fc.stringMatching(/^[a-z/]{1,20}$/),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
);
const text = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(""));

describe("segments", () => {
  it("are the text, and each mode has only what it can write", () => {
    fc.assert(
      fc.property(text, (given) => {
        const segments = segmentsOf(given);
        expect(segments.map(({ data }) => data).join("")).toBe(given);
        for (const { mode, data } of segments) {
          if (mode === "numeric") expect(data).toMatch(/^[0-9]+$/);
          if (mode === "alphanumeric") expect(data).toMatch(/^[0-9A-Z $%*+\-./:]+$/);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["https://qr.vipps.no/vp/kX2pQ7vLm", ["byte"]],
    ["HTTPS://QR.VIPPS.NO/1", ["alphanumeric"]],
    ["4712345678", ["numeric"]],
    ["https://qr.vipps.no/28/2/01/031/4712345678?v=1", ["byte", "alphanumeric", "numeric", "byte"]],
    ["kunde4712345678ved", ["byte", "numeric", "byte"]],
    ["Kjøp på hjørnet", ["byte"]],
    ["", []],
  ])("of %j are %j", (given, expected) => {
    expect(segmentsOf(given).map(({ mode }) => mode)).toEqual(expected);
  });

  it("never need a larger symbol than the package's own cut, at any level", () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...levels), (given, level) => {
        const reference = QRCode.create(given, { errorCorrectionLevel: level }).modules.size;
        expect(symbolSize(given, level) ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(reference);
        expect(createSymbol(given, level)?.size).toBe(symbolSize(given, level));
      }),
      { numRuns: 150 },
    );
  });

  it("are read as the text that went in, letters beyond ASCII as well", async () => {
    const given = ["https://qr.vipps.no/28/2/01/031/4712345678?v=1", "ABC-123/kjøp 0123456789 på hjørnet", "日本 ÆØÅ"];
    for (const one of given) {
      const frame = frameOf(one);
      expect(readByJsqr(frame)).toBe(one);
      expect(await readByZxing(frame)).toBe(one);
    }
  });
});

/** Modules of 4 px with their quiet zone. */
function frameOf(given: string): Frame {
  const symbol = createSymbol(given, "M");
  if (symbol === undefined) throw new Error("no symbol");
  const side = (symbol.size + 8) * 4;
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) {
      const [row, column] = [Math.floor(y / 4) - 4, Math.floor(x / 4) - 4];
      const isModule = row >= 0 && column >= 0 && row < symbol.size && column < symbol.size;
      if (isModule && symbol.isDark(row, column)) rgba.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
    }
  return { widthPx: side, heightPx: side, rgba };
}
