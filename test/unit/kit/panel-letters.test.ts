/** Goal: a text that passes the check stands on the panel letter by letter. Method: the list is compared with the fonts' own tables. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawableText, panelLetterRanges, undrawableBecause } from "../../../src/kit/panel-letters.ts";

const folder = new URL("../../../src/panel/font/", import.meta.url);

/** The code points of the font's table for Unicode's first plane (OpenType, `cmap`, format 4), as our list writes them. */
function rangesOf(file: string): string {
  const bytes = readFileSync(new URL(file, folder));
  const tables = Array.from({ length: bytes.readUInt16BE(4) }, (_, index) => 12 + index * 16);
  const entry = tables.find((at) => bytes.toString("latin1", at, at + 4) === "cmap") ?? 0;
  const cmap = bytes.readUInt32BE(entry + 8);
  const encodings = Array.from({ length: bytes.readUInt16BE(cmap + 2) }, (_, index) => cmap + 4 + index * 8);
  const table = encodings.map((at) => cmap + bytes.readUInt32BE(at + 4)).find((at) => bytes.readUInt16BE(at) === 4);
  if (table === undefined) throw new Error(`${file} has no table of format 4`);
  const count = bytes.readUInt16BE(table + 6) / 2;
  const word = (column: number, index: number): number =>
    bytes.readUInt16BE(table + 14 + (column === 0 ? 0 : 2) + (column * count + index) * 2);
  const codes: number[] = [];
  for (let segment = 0; segment < count; segment += 1)
    for (let code = word(1, segment); code <= word(0, segment) && code !== 0xffff; code += 1) codes.push(code);
  const ranges: [number, number][] = [];
  for (const code of codes.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  const hex = (code: number): string => code.toString(16);
  return ranges
    .filter(([first]) => first >= 0x20)
    .map(([first, last]) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`))
    .join(" ");
}

describe("the letters of the panel", () => {
  it.each(["AtkinsonHyperlegibleNext-Medium.ttf", "AtkinsonHyperlegibleNext-Bold.ttf"])("are those of %s", (file) => {
    expect(rangesOf(file)).toBe(panelLetterRanges);
  });

  it.each(["Kaffe", "Rødgrød med fløde, 0,5 l", "Käse €", "Łódź", "e\u0301clair", "Čáhppes gáffe"])(
    "hold %j",
    (text) => {
      expect(undrawableBecause(text)).toBeUndefined();
      expect(drawableText(text)).toBe(text.normalize("NFC"));
    },
  );

  it.each([
    ["Kaffe ☕", '"☕" (U+2615, position 7)', "Kaffe ?"],
    ["قهوة", '"ق" (U+0642, position 1)', "?"],
    ["咖啡 latte", '"咖" (U+5496, position 1)', "? latte"],
    ["Guoŋka", '"ŋ" (U+014B, position 4)', "Guo?ka"],
  ])("do not hold %j, and say which", (text, told, drawn) => {
    expect(undrawableBecause(text)).toContain(told);
    expect(drawableText(text)).toBe(drawn);
  });

  it("never leave a name empty, and what was drawn once is drawn again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
        const drawn = drawableText(text);
        expect(drawn).not.toBe("");
        expect(undrawableBecause(drawn)).toBeUndefined();
        expect(drawableText(drawn)).toBe(drawn);
      }),
    );
  });
});
