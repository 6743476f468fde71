/** What the glass shows is read by two decoders, and nothing stands in the quiet zone. */
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import { drawScene, glassOf } from "../../../../src/panel/render.ts";
import { quietZoneModules } from "../../../../src/panel/qr/planner.ts";
import { sampleContents, sampleScenes } from "../../../../src/panel/scene/samples.ts";
import { readByJsqr, readByZxing } from "../decoders.ts";
import { geometryNamed } from "../panels.ts";

const drawing = createDrawing();
const ids = [
  "waveshare-2.13-v4 at 0°",
  "waveshare-2.13-v4 at 90°",
  "waveshare-2.9-v2 at 0°",
  "waveshare-4.2-v2 at 0°",
  "waveshare-7.5-b-v2 at 90°",
  "tft-320x240-2.8in at 0°",
  "hdmi-800x480-7in at 0°",
];
const codes = sampleScenes().filter(({ name }) => name === "idle" || name === "pay");

describe.each(ids.map(geometryNamed))("$id", (geometry) => {
  it.each(codes)("$name is read by two decoders", async ({ scene }) => {
    const { frame, list } = await drawScene(scene, { geometry, drawing, timeZone: "Europe/Oslo", language: "nb" });
    expect(list.refusal).toBeUndefined();
    const shown = glassOf(frame, geometry.colours);
    const text = scene.kind === "pay" ? sampleContents.payment : sampleContents.callback;
    expect(readByJsqr(shown)).toBe(text);
    expect(await readByZxing(shown)).toBe(text);
  });

  it.each(codes)("$name: dark modules are black, all else of the square is white", async ({ scene }) => {
    const { frame, list } = await drawScene(scene, { geometry, drawing, timeZone: "Europe/Oslo", language: "nb" });
    const item = list.items.find(({ kind }) => kind === "qr");
    if (item?.kind !== "qr") throw new Error("no code on the scene");
    const { symbol, moduleSizePx } = item.plan;
    const wrong: string[] = [];
    for (let y = 0; y < item.box.heightPx; y += 1)
      for (let x = 0; x < item.box.widthPx; x += 1) {
        const row = Math.floor(y / moduleSizePx) - quietZoneModules;
        const column = Math.floor(x / moduleSizePx) - quietZoneModules;
        const isModule = row >= 0 && column >= 0 && row < symbol.size && column < symbol.size;
        const wanted = isModule && symbol.isDark(row, column) ? 0 : 255;
        const at = ((item.box.yPx + y) * frame.widthPx + item.box.xPx + x) * 4;
        if (frame.rgba[at] !== wanted || frame.rgba[at + 2] !== wanted) wrong.push(`${x},${y}`);
      }
    expect(wrong).toEqual([]);
  });
});
