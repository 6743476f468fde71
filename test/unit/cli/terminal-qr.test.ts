/** Goal: what is drawn in a terminal can be scanned. Method: characters become pixels, and an independent decoder reads them. */
import jsQR from "jsqr";
import { describe, expect, it } from "vitest";
import { drawQr } from "../../../src/cli/terminal-qr.ts";

const scale = 4;

/** Upper and lower module of each character that may occur. */
const dark: Readonly<Record<string, readonly [boolean, boolean]>> = {
  " ": [false, false],
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true],
};

function pixelsOf(lines: readonly string[]): {
  readonly data: Uint8ClampedArray;
  readonly side: readonly [number, number];
} {
  const rows = lines.flatMap((line) =>
    [0, 1].map((half) => Array.from(line, (letter) => dark[letter]?.[half] ?? false)),
  );
  const width = (rows[0]?.length ?? 0) * scale;
  const height = rows.length * scale;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      if (rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true)
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
  return { data, side: [width, height] };
}

describe("a code in the terminal", () => {
  it.each([
    "https://qr.vipps.no/vp/abcdefghi",
    "https://qr.vipps.no/28/2/05/031/abcdefghi",
    `https://qr.vipps.no/${"x".repeat(180)}`,
  ])("is read back: %s", (content) => {
    const { text, columns } = drawQr(content, false);
    const lines = text.split("\n");
    expect(lines.every((line) => line.length === columns)).toBe(true);
    const { data, side } = pixelsOf(lines);
    expect(jsQR.default(data, ...side)?.data).toBe(content);
  });

  it("has its own colours in a terminal, dark on light, and gives them back at each line's end", () => {
    const lines = drawQr("https://qr.vipps.no/vp/abcdefghi", true).text.split("\n");
    for (const line of lines) {
      expect(line.startsWith("\u001b[38;5;16;48;5;231m")).toBe(true);
      expect(line.endsWith("\u001b[0m")).toBe(true);
    }
  });

  it("has four modules of quiet on every side", () => {
    const lines = drawQr("x", false).text.split("\n");
    expect(lines.slice(0, 2).every((line) => line.trim() === "")).toBe(true);
    expect(lines.every((line) => line.startsWith("    ") && line.endsWith("    "))).toBe(true);
  });
});
