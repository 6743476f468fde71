/** The provider's own picture of a code: placed by whole numbers, or refused with the reason. */
import { createCanvas } from "@napi-rs/canvas";
import * as fc from "fast-check";
import QRCode from "qrcode";
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../../src/panel/draw.ts";
import type { PanelGeometry } from "../../../../src/panel/geometry.ts";
import type { Scene } from "../../../../src/panel/port.ts";
import { drawScene, glassOf, listScene, type RenderSettings } from "../../../../src/panel/render.ts";
import { codeArea } from "../../../../src/panel/scene/layout.ts";
import { money } from "../../../../src/sale/money.ts";
import { readByJsqr, readByZxing } from "../decoders.ts";
import { faultsOf } from "../faults.ts";
import { geometries } from "../panels.ts";

const drawing = createDrawing();
const content = "https://qr.vipps.no/28/2/05/031/kX2pQ7vLm";

function settingsFor(geometry: PanelGeometry): RenderSettings {
  return { geometry, drawing, timeZone: "Europe/Oslo", language: "nb" };
}

function payScene(png: Uint8Array): Scene {
  const qr = { kind: "png", png } as const;
  return { kind: "pay", qr, product: "Kaffe", price: money(2_500, "NOK"), secondsLeft: 90, canShowCode: false };
}

/** As the provider makes it: a border of 8 px, modules of whatever fraction is left. */
function providerPng(sidePx: number): Uint8Array {
  const { modules } = QRCode.create(content, { errorCorrectionLevel: "M" });
  const canvas = createCanvas(sidePx, sidePx);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, sidePx, sidePx);
  context.fillStyle = "#000000";
  const edge = (module: number): number => 8 + Math.round((module * (sidePx - 16)) / modules.size);
  for (let row = 0; row < modules.size; row += 1)
    for (let column = 0; column < modules.size; column += 1)
      if (modules.get(row, column) === 1)
        context.fillRect(edge(column), edge(row), edge(column + 1) - edge(column), edge(row + 1) - edge(row));
  return new Uint8Array(canvas.toBuffer("image/png"));
}

function pictureOn(geometry: PanelGeometry, png: Uint8Array) {
  const list = listScene(payScene(png), settingsFor(geometry));
  expect(faultsOf(list, drawing.measure)).toEqual([]);
  return { refusal: list.refusal, box: list.items.find(({ kind }) => kind === "picture")?.box };
}

describe("the provider's picture", () => {
  it("is enlarged by whole numbers alone, and keeps its square", () => {
    fc.assert(
      fc.property(fc.constantFrom(...geometries), fc.integer({ min: 60, max: 1_200 }), (geometry, sidePx) => {
        const { box, refusal } = pictureOn(geometry, providerPng(sidePx));
        const areaPx = codeArea(geometry).widthPx;
        expect(box?.widthPx).toBe(sidePx > areaPx ? undefined : sidePx * Math.floor(areaPx / sidePx));
        expect(box?.heightPx).toBe(box?.widthPx);
        expect(refusal === undefined).toBe(box !== undefined);
      }),
      { numRuns: 40 },
    );
  });

  it.each(geometries)("of the size that was asked for is read from $id", async (geometry) => {
    const sidePx = Math.max(100, codeArea(geometry).widthPx);
    const { frame, list } = await drawScene(payScene(providerPng(sidePx)), settingsFor(geometry));
    expect(list.refusal).toBeUndefined();
    const shown = glassOf(frame, geometry.colours);
    expect([readByJsqr(shown), await readByZxing(shown)]).toContain(content);
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["an SVG", new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"></svg>')],
    ["a PNG of no size", providerPng(120).fill(0, 16, 24)],
  ])("that is %s is refused", (_, png) => {
    for (const geometry of geometries)
      expect(pictureOn(geometry, png)).toEqual({ refusal: "the provider's picture is not a PNG", box: undefined });
  });
});
