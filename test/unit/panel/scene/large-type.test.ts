/**
 * Goal: `large_type` is for people who see badly: larger where there is room, smaller nowhere, and nothing is lost by it that a customer needs. Method:
 * the scenes in which somebody has to read and act, laid out with it and without, on every panel in every language.
 */
import { expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import type { PanelGeometry } from "../../../../src/panel/geometry.ts";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import { listScene } from "../../../../src/panel/render.ts";
import { contentOf } from "../../../../src/panel/scene/content.ts";
import type { DisplayList } from "../../../../src/panel/scene/display-list.ts";
import { sampleScenes } from "../../../../src/panel/scene/samples.ts";
import { faultsOf } from "../faults.ts";
import { geometries } from "../panels.ts";
import { missingIn } from "../said.ts";

const drawing = createDrawing();
const timeZone = "Europe/Oslo";
const names = ["idle", "choose", "choose-time", "pay", "pay-scanner", "approve", "not-delivered", "out-of-service"];
const scenes = sampleScenes().filter(({ name }) => names.includes(name));

function smallest({ items }: DisplayList): number {
  return Math.min(...items.flatMap((item) => (item.kind === "text" ? [item.sizePx] : [])));
}

function codeSidePx({ items }: DisplayList): number | undefined {
  return items.find(({ kind }) => kind === "qr")?.box.widthPx;
}

/** How many of the scenes have larger type with it. */
function largerOn(geometry: PanelGeometry, language: Language): number {
  let larger = 0;
  for (const { name, scene } of scenes) {
    const [usual, large] = [false, true].map((isLargeType) =>
      listScene(scene, { geometry: { ...geometry, isLargeType }, drawing, timeZone, language }),
    );
    if (usual === undefined || large === undefined) throw new Error("two lists were asked for");
    const which = `${name} in ${language}`;
    expect(missingIn(large, contentOf(scene, language, { timeZone })), which).toEqual([]);
    expect(faultsOf(large, drawing.measure), which).toEqual([]);
    expect(smallest(large), which).toBeGreaterThanOrEqual(smallest(usual));
    expect(codeSidePx(large), which).toBe(codeSidePx(usual));
    if (smallest(large) > smallest(usual)) larger += 1;
  }
  return larger;
}

it("has its scenes", () => {
  expect(scenes.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

it.each(geometries)(
  "on $id is larger where there is room, smaller nowhere, and keeps what a customer needs",
  (geometry) => {
    for (const language of languages) expect(largerOn(geometry, language), language).toBeGreaterThan(0);
  },
);
