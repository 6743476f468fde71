/**
 * docs/pictures/panels-LANGUAGE.png: a few panels and scenes in each language, for people to look at after a change of words or layout:
 * `node --import tsx scripts/contact-sheets.ts`. Nothing compares them; the golden pictures do that for a few.
 */
import { writeFileSync } from "node:fs";
import { createCanvas } from "@napi-rs/canvas";
import { panelFolder } from "../src/panel/assets.ts";
import { createDrawing } from "../src/panel/draw.ts";
import type { Frame } from "../src/panel/frame.ts";
import type { PanelGeometry, Rotation } from "../src/panel/geometry.ts";
import { type Language, languages } from "../src/panel/languages.ts";
import { geometryOf, loadPanel } from "../src/panel/panel-file.ts";
import { drawScene, glassOf } from "../src/panel/render.ts";
import { sampleScenes } from "../src/panel/scene/samples.ts";

const panels: readonly (readonly [id: string, rotation: Rotation])[] = [
  ["waveshare-2.13-v4", 90],
  ["waveshare-2.13-v4", 0],
  ["waveshare-4.2-v2", 0],
  ["hdmi-800x480-7in", 0],
  ["dsi-720x1280-touch2", 0],
];
const scenes = [
  "idle",
  "idle-scan",
  "choose",
  "choose-time",
  "pay-scanner",
  "approve",
  "deliver",
  "valid-until",
  "attention",
  "out-of-service",
  "closed",
  "board",
  "board-called",
  "board-zones",
  "board-numbers",
  "board-all",
  "pay-station",
  "approve-station",
];

/** One row a panel, one column a scene. */
const cellPx = { widthPx: 250, heightPx: 250, gapPx: 8 };

function canvasOf({ widthPx, heightPx, rgba }: Frame) {
  const canvas = createCanvas(widthPx, heightPx);
  const context = canvas.getContext("2d");
  const image = context.createImageData(widthPx, heightPx);
  image.data.set(rgba);
  context.putImageData(image, 0, 0);
  return canvas;
}

async function sheet(language: Language, geometries: readonly PanelGeometry[]): Promise<Uint8Array> {
  const { widthPx, heightPx, gapPx } = cellPx;
  const drawing = createDrawing();
  const samples = sampleScenes().filter(({ name }) => scenes.includes(name));
  const canvas = createCanvas(
    samples.length * (widthPx + gapPx) + gapPx,
    geometries.length * (heightPx + gapPx) + gapPx,
  );
  const context = canvas.getContext("2d");
  context.fillStyle = "#888888";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const [row, geometry] of geometries.entries())
    for (const [column, { scene }] of samples.entries()) {
      const { frame } = await drawScene(scene, { geometry, drawing, timeZone: "Europe/Oslo", language });
      const scale = Math.min(1, widthPx / geometry.widthPx, heightPx / geometry.heightPx);
      const [drawnWidth, drawnHeight] = [geometry.widthPx * scale, geometry.heightPx * scale];
      const left = gapPx + column * (widthPx + gapPx) + (widthPx - drawnWidth) / 2;
      const top = gapPx + row * (heightPx + gapPx) + (heightPx - drawnHeight) / 2;
      context.drawImage(
        canvasOf(glassOf(frame, geometry.colours)),
        Math.round(left),
        Math.round(top),
        drawnWidth,
        drawnHeight,
      );
    }
  return canvas.encode("png");
}

const folder = panelFolder(import.meta.url);
const geometries = await Promise.all(
  panels.map(async ([id, rotation]) => geometryOf(await loadPanel(id, folder), rotation)),
);
for (const language of languages)
  writeFileSync(new URL(`../docs/pictures/panels-${language}.png`, import.meta.url), await sheet(language, geometries));
