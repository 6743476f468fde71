/** The frame's memory, as pictures of characters: what is painted, what is laid over, and that nothing is ever written beside the frame. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { colourOf, type Patch, Raster } from "../../../src/panel/raster.ts";

const white = colourOf("#ffffff");
const black = colourOf("#000000");

function picture({ rgba, widthPx }: ReturnType<Raster["frame"]>): readonly string[] {
  const letters = Array.from({ length: rgba.length / 4 }, (_, at) =>
    rgba[at * 4] === 0 ? "#" : rgba[at * 4] === 255 ? "." : "+",
  );
  return Array.from({ length: letters.length / widthPx }, (_, row) =>
    letters.slice(row * widthPx, (row + 1) * widthPx).join(""),
  );
}

function patchOf(widthPx: number, heightPx: number, pixel: number): Patch {
  return { widthPx, heightPx, pixels: new Uint32Array(widthPx * heightPx).fill(pixel) };
}

it("a colour is its bytes in the order of memory, and anything else is refused", () => {
  expect([...new Uint8Array(new Uint32Array([colourOf("#123456")]).buffer)]).toEqual([0x12, 0x34, 0x56, 0xff]);
  for (const wrong of ["#12345", "red", "#12345g", ""]) expect(() => colourOf(wrong)).toThrow(RangeError);
});

describe("a raster", () => {
  it("paints boxes, and leaves out what lies outside", () => {
    const raster = new Raster(6, 4, white);
    raster.paint({ xPx: -2, yPx: 1, widthPx: 4, heightPx: 2 }, black);
    raster.paint({ xPx: 5, yPx: 3, widthPx: 9, heightPx: 9 }, black);
    raster.paint({ xPx: 7, yPx: 0, widthPx: 9, heightPx: 9 }, black);
    expect(picture(raster.frame())).toEqual(["......", "##....", "##....", ".....#"]);
  });

  it("draws squares of whole pixels", () => {
    const raster = new Raster(8, 6, white);
    raster.squares(3, 2, 1, 0, black, (row, column) => row === column || (row === 0 && column === 2));
    expect(picture(raster.frame())).toEqual([".##..##.", ".##..##.", "...##...", "...##...", ".....##.", ".....##."]);
  });

  it("lays patches over by their alpha", () => {
    const raster = new Raster(4, 1, white);
    raster.blend(patchOf(1, 1, 0xff00_0000), 0, 0);
    raster.blend(patchOf(1, 1, 0x8000_0000), 1, 0);
    raster.blend(patchOf(1, 1, 0x0000_0000), 2, 0);
    const { rgba } = raster.frame();
    expect([rgba[0], rgba[4], rgba[8], rgba[12]]).toEqual([0, 127, 255, 255]);
    expect([3, 7, 11, 15].map((at) => rgba[at])).toEqual([255, 255, 255, 255]);
  });

  it("writes nothing beside the frame and nothing transparent into it, wherever a patch is laid", () => {
    const place = fc.integer({ min: -12, max: 12 });
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        place,
        place,
        side,
        side,
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (xPx, yPx, widthPx, heightPx, pixel) => {
          const raster = new Raster(7, 5, white);
          raster.blend(patchOf(widthPx, heightPx, pixel), xPx, yPx);
          const { rgba } = raster.frame();
          expect(rgba.length).toBe(7 * 5 * 4);
          for (let y = 0; y < 5; y += 1)
            for (let x = 0; x < 7; x += 1) {
              const at = (y * 7 + x) * 4;
              const isUnder = x >= xPx && x < xPx + widthPx && y >= yPx && y < yPx + heightPx;
              expect(rgba[at + 3]).toBe(255);
              if (!isUnder) expect([rgba[at], rgba[at + 1], rgba[at + 2]]).toEqual([255, 255, 255]);
            }
        },
      ),
      { numRuns: 200 },
    );
  });
});
