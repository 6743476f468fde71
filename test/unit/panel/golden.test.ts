/**
 * How a few scenes look, as pictures that a person has looked at. After a wanted change: UPDATE_GOLDEN=1, and look at the pictures again.
 * Other processors round the edges of letters differently, so a few grey pixels may differ, and no more.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { expect, it } from "vitest";
import { createDrawing } from "../../../src/panel/draw.ts";
import { framePng } from "../../../src/panel/png.ts";
import { drawScene, glassOf } from "../../../src/panel/render.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { geometryNamed } from "./panels.ts";

const folder = new URL("../../fixtures/panel/golden/", import.meta.url);
const drawing = createDrawing();
const cases = [
  ["waveshare-2.13-v4 at 90°", "pay"],
  ["waveshare-2.13-v4 at 0°", "choose"],
  ["waveshare-4.2-v2 at 0°", "idle"],
  ["waveshare-7.5-b-v2 at 0°", "attention"],
  ["hdmi-800x480-7in at 0°", "pay"],
  ["dsi-720x1280-touch2 at 0°", "thanks"],
] as const;
const differenceMin = 96;
const differingShareMax = 0.003;

it.each(cases)("%s, %s", async (id, name) => {
  const geometry = geometryNamed(id);
  const scene = sampleScenes().find((sample) => sample.name === name)?.scene ?? { kind: "starting" };
  const { frame } = await drawScene(scene, { geometry, drawing, timeZone: "Europe/Oslo", language: "nb" });
  const shown = glassOf(frame, geometry.colours);
  const file = new URL(`${id.replaceAll(/[^a-z0-9.-]+/g, "-")}-${name}.png`.replace("-.png", ".png"), folder);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, framePng(shown));
  const image = await loadImage(readFileSync(file));
  expect([image.width, image.height]).toEqual([shown.widthPx, shown.heightPx]);
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const wanted = context.getImageData(0, 0, image.width, image.height).data;
  let differing = 0;
  for (let at = 0; at < wanted.length; at += 4)
    if ([0, 1, 2].some((part) => Math.abs((wanted[at + part] ?? 0) - (shown.rgba[at + part] ?? 0)) >= differenceMin))
      differing += 1;
  expect(differing / (wanted.length / 4)).toBeLessThanOrEqual(differingShareMax);
});
