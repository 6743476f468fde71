/** Goal: on glass without grey a price is not taken for another. Method: digits as the glass shows them, pixel by pixel. */
import { expect, it } from "vitest";
import { createDrawing, monoPalette } from "../../../src/panel/draw.ts";
import { glassOf } from "../../../src/panel/render.ts";

const drawing = createDrawing();

/** Each character as rows of pixels, by its place: one letter in a column of `advance`. */
async function picture(text: string, sizePx: number): Promise<readonly string[]> {
  const box = { xPx: 2, yPx: 0, widthPx: 100, heightPx: 30 };
  const item = { kind: "text", box, lines: [text], sizePx, weight: "bold", ink: "ink", align: "left" } as const;
  const list = { widthPx: 104, heightPx: 30, items: [item], pages: 1, refusal: undefined };
  const { rgba, widthPx } = glassOf(await drawing.draw(list, monoPalette), "black-white");
  return Array.from({ length: 30 }, (_, row) =>
    Array.from({ length: widthPx }, (__, column) => (rgba[(row * widthPx + column) * 4] === 0 ? "#" : ".")).join(""),
  );
}

function difference(one: readonly string[], other: readonly string[]): number {
  return one.reduce(
    (sum, row, index) => sum + Array.from(row).filter((pixel, at) => pixel !== other[index]?.[at]).length,
    0,
  );
}

const sizes = [11, 12, 13, 14, 15, 16];

it.each(sizes)("at %i px no two digits look alike", async (sizePx) => {
  const digits = await Promise.all(Array.from("0123456789", (digit) => picture(digit, sizePx)));
  for (const [index, one] of digits.entries())
    for (const other of digits.slice(index + 1)) expect(difference(one, other)).toBeGreaterThanOrEqual(4);
});

it.each(sizes)("at %i px a digit has one shape, wherever it stands", async (sizePx) => {
  const ink = (rows: readonly string[]): number => rows.join("").replaceAll(".", "").length;
  const one = ink(await picture("8", sizePx));
  for (const text of ["88", "888", "8888"]) expect(ink(await picture(text, sizePx))).toBe(one * text.length);
});
