/** What was drawn before is not drawn again, and never more is kept than may be. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrawing, monoPalette } from "../../../src/panel/draw.ts";
import { PatchCache } from "../../../src/panel/patch-cache.ts";
import { listScene } from "../../../src/panel/render.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { geometryNamed } from "./panels.ts";

function blank(pixels: number) {
  return { widthPx: pixels, heightPx: 1, pixels: new Uint32Array(pixels) };
}

describe("a patch cache", () => {
  it("draws once, and again only what had to go: that used longest ago", () => {
    const cache = new PatchCache(30);
    const drawn: string[] = [];
    const get = (name: string) =>
      cache.get(name, () => {
        drawn.push(name);
        return blank(10);
      });
    for (const name of ["a", "b", "c", "a", "d", "a", "b"]) get(name);
    expect(drawn).toEqual(["a", "b", "c", "d", "b"]);
  });

  it("never holds more than its bound, whatever is drawn", () => {
    const use = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.integer({ min: 1, max: 60 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(use, (uses) => {
        const cache = new PatchCache(50);
        for (const [name, pixels] of uses) {
          cache.get(`${name} ${pixels}`, () => blank(pixels));
          expect(cache.pixelCount).toBeLessThanOrEqual(50);
        }
      }),
    );
  });
});

it("every scene is drawn the same from memory as anew, whatever was drawn between", async () => {
  const geometry = geometryNamed("waveshare-2.9-v2 at 90°");
  const used = createDrawing();
  const lists = sampleScenes().map(({ scene }) =>
    listScene(scene, { geometry, drawing: used, timeZone: "Europe/Oslo", language: "nb" }),
  );
  for (const list of lists) await used.draw(list, monoPalette);
  for (const list of lists.toReversed()) {
    const [again, anew] = [await used.draw(list, monoPalette), await createDrawing().draw(list, monoPalette)];
    expect(Buffer.from(again.rgba).equals(Buffer.from(anew.rgba))).toBe(true);
  }
});
