/** Goal: everything that has to be read has a contrast of 7 : 1 (WCAG 2.2, 1.4.6), whatever colour the operator has. Method: each text over what lies under it. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Box } from "../../../src/panel/frame.ts";
import { createDrawing, type Palette } from "../../../src/panel/draw.ts";
import { contrastOf, listScene, paletteFor } from "../../../src/panel/render.ts";
import type { DisplayItem, DisplayList } from "../../../src/panel/scene/display-list.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { geometryNamed } from "./panels.ts";

const drawing = createDrawing();
const look = { name: "Kaffe & Co.", contact: "22 33 44 55" };
const contrastMin = 7;

function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.xPx >= outer.xPx &&
    inner.yPx >= outer.yPx &&
    inner.xPx + inner.widthPx <= outer.xPx + outer.widthPx &&
    inner.yPx + inner.heightPx <= outer.yPx + outer.heightPx
  );
}

/** What is read on which surface: the last one painted under the text. */
function readings({ items }: DisplayList): readonly string[] {
  const surfaces = items.filter((item) => item.kind === "rect");
  const texts = items.filter((item): item is Extract<DisplayItem, { kind: "text" }> => item.kind === "text");
  return texts.map(
    (text) => `${text.ink} on ${surfaces.findLast(({ box }) => isInside(text.box, box))?.ink ?? "paper"}`,
  );
}

function listsOf(id: string): ReadonlySet<string> {
  const settings = { geometry: geometryNamed(id), drawing, timeZone: "Europe/Oslo", language: "en", look } as const;
  return new Set(sampleScenes().flatMap(({ scene }) => readings(listScene(scene, settings))));
}

function tooFaint(pairs: ReadonlySet<string>, palette: Palette): readonly string[] {
  const colours = new Map<string, string>(Object.entries(palette));
  return [...pairs].filter((pair) => {
    const [ink = "", surface = ""] = pair.split(" on ");
    return contrastOf(colours.get(ink) ?? "#ffffff", colours.get(surface) ?? "#ffffff") < contrastMin;
  });
}

it("contrast is that of WCAG", () => {
  expect(contrastOf("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrastOf("#ff0000", "#ffffff")).toBeCloseTo(3.998, 2);
  expect(contrastOf("#777777", "#ffffff")).toBeCloseTo(4.478, 2);
});

it.each(["hdmi-800x480-7in at 0°", "waveshare-7.5-b-v2 at 0°", "waveshare-2.13-v4 at 90°"])("%s", (id) => {
  const pairs = listsOf(id);
  expect(pairs.size).toBeGreaterThan(0);
  expect(tooFaint(pairs, paletteFor(geometryNamed(id).colours))).toEqual([]);
});

it("an operator's colour is darkened until it can be read", () => {
  const pairs = listsOf("hdmi-800x480-7in at 0°");
  const part = fc.integer({ min: 0, max: 255 }).map((value) => value.toString(16).padStart(2, "0"));
  fc.assert(
    fc.property(fc.tuple(part, part, part), (parts) => {
      expect(tooFaint(pairs, paletteFor("colour", `#${parts.join("")}`))).toEqual([]);
    }),
  );
});
