/** Packing and shifting: pure. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shiftAt } from "../../../../src/panel/framebuffer/framebuffer-sink.ts";
import type { FramebufferGeometry } from "../../../../src/panel/framebuffer/geometry.ts";
import { hasPlainMargin, packBand } from "../../../../src/panel/framebuffer/pack.ts";
import { picture } from "../epaper/rig.ts";

function pack(rows: readonly string[], x: number, y: number): string[] {
  const frame = picture(rows);
  const geometry: FramebufferGeometry = {
    device: "fb0",
    name: "test",
    widthPx: frame.widthPx,
    heightPx: frame.heightPx,
    format: "xrgb8888",
    strideBytes: frame.widthPx * 4,
  };
  const target = new Uint8Array(frame.widthPx * frame.heightPx * 4);
  packBand(frame, geometry, { rotation: 0, shift: { x, y }, light: 1 }, 0, frame.heightPx, target);
  return rows.map((row, at) =>
    Array.from(row, (_, column) => (target[(at * frame.widthPx + column) * 4] === 0 ? "#" : " ")).join(""),
  );
}

const code = ["       ", "  ###  ", "  # #  ", "  ###  ", "       "];

describe("burn-in shift", () => {
  it("moves the whole picture and cuts nothing of it while the margin is plain", () => {
    expect(hasPlainMargin(picture(code), 1)).toBe(true);
    expect(pack(code, 1, -1)).toEqual(["   ### ", "   # # ", "   ### ", "       ", "       "]);
  });

  it("is refused for a picture that reaches into the margin", () => {
    expect(hasPlainMargin(picture(["   ", "  #", "   "]), 1)).toBe(false);
    expect(hasPlainMargin(picture(["   ", " # ", "   "]), 1)).toBe(true);
    expect(hasPlainMargin(picture(["#  ", "   ", "   "]), 1)).toBe(false);
  });

  it("visits every position, a pixel at a time, and begins in the middle", () => {
    const positions = Array.from({ length: 25 }, (_, turn) => shiftAt(turn, 2));
    expect(positions[0]).toEqual({ x: 0, y: 0 });
    expect(new Set(positions.map(({ x, y }) => `${x},${y}`)).size).toBe(25);
  });

  it("stays within its bound", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 8 }), (turn, maxPx) => {
        const { x, y } = shiftAt(turn, maxPx);
        expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(maxPx);
      }),
      { numRuns: 100 },
    );
  });
});
