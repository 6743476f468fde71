/**
 * From a display list to pixels. @napi-rs/canvas draws letters, icons and pictures; everything else is drawn here. QR symbols are always drawn
 * module by module on whole pixels, dark on light.
 */
import type { Box, Frame } from "./frame.ts";
import { readFileSync } from "node:fs";
import { createCanvas, GlobalFonts, loadImage, type SKRSContext2D } from "@napi-rs/canvas";
import { fontFolder } from "./assets.ts";
import { quietZoneModules } from "./qr/planner.ts";
import { PatchCache } from "./patch-cache.ts";
import { colourOf, type Patch, Raster } from "./raster.ts";
import { drawIcon, drawMark } from "./signs.ts";
import type { DisplayItem, DisplayList, Ink } from "./scene/display-list.ts";
import { lineHeight, type TextMeasure, type Weight } from "./scene/text-fit.ts";

export type Palette = Readonly<Record<Ink, string>>;

export const colourPalette: Palette = {
  paper: "#ffffff",
  backdrop: "#edf1f7",
  card: "#ffffff",
  ink: "#10151e",
  soft: "#424b5c",
  accent: "#0f4c81",
  onAccent: "#ffffff",
  line: "#c9d1de",
  good: "#0f5c32",
  bad: "#8f1914",
};
const black = "#000000";
/** One-bit glass: only black on white, so that no threshold swallows a thin line. */
export const monoPalette: Palette = {
  paper: "#ffffff",
  backdrop: "#ffffff",
  card: "#ffffff",
  ink: black,
  soft: black,
  accent: black,
  onAccent: "#ffffff",
  line: black,
  good: black,
  bad: black,
};
/** Glass with a red plane: red is for signs alone. As type it has a contrast of 4.0 : 1, which is too little to read a price by. */
export const redPalette: Palette = { ...monoPalette, bad: "#ff0000" };

const family = "Atkinson Hyperlegible Next";
const fontFiles: Readonly<Record<Weight, string>> = {
  medium: "AtkinsonHyperlegibleNext-Medium.ttf",
  bold: "AtkinsonHyperlegibleNext-Bold.ttf",
};

/** The bundled font, registered under names of our own so that no font of the host is used by mistake. */
export function fontName(weight: Weight): string {
  return `kvitt ${family} ${weight}`;
}

export interface Drawing {
  readonly measure: TextMeasure;
  /** @param memory of a frame that is no longer needed, to draw into; memory of another size is left alone. */
  draw(list: DisplayList, palette: Palette, memory?: ArrayBuffer): Promise<Frame>;
  /**
   * Gives back a frame that is no longer needed, so that its memory can hold the next one. A frame of 1920×1080 has 8 MB, and garbage-collecting it
   * blocks the event loop for up to 10 ms.
   */
  recycle?(frame: Frame): void;
  /** Forgets letters that were drawn before: another draws from now on. */
  forget?(): void;
  /** The frame as a PNG, encoded off the event loop: 1920×1080 would block it for tens of milliseconds. */
  encode?(frame: Frame): Promise<Uint8Array>;
  /** Releases its resources, if it has any. */
  close?(): Promise<void>;
}

/** Loads the font. `folder` holds the bundled TTF files. */
export function createDrawing(folder: URL = fontFolder(import.meta.url)): Drawing {
  for (const weight of ["medium", "bold"] as const)
    GlobalFonts.register(readFileSync(new URL(fontFiles[weight], folder)), fontName(weight));
  const scratch = createCanvas(8, 8).getContext("2d");
  const widths = new Map<string, number>();
  const measure: TextMeasure = {
    width(text, sizePx, weight) {
      // Widths are proportional to the size: measured once at 100 px and used at every size (hinting is off).
      const key = `${weight} ${text}`;
      const known = widths.get(key);
      if (known !== undefined) return (known * sizePx) / 100;
      scratch.font = `100px "${fontName(weight)}"`;
      const width = scratch.measureText(text).width;
      if (widths.size > 4_096) widths.clear();
      widths.set(key, width);
      return (width * sizePx) / 100;
    },
  };
  let patches = new PatchCache();
  return {
    measure,
    draw: (list, palette, memory) => drawList(list, { palette, measure, patches }, memory),
    forget() {
      patches = new PatchCache();
    },
  };
}

interface Tools {
  readonly palette: Palette;
  readonly measure: TextMeasure;
  readonly patches: PatchCache;
}

async function drawList(list: DisplayList, tools: Tools, memory: ArrayBuffer | undefined): Promise<Frame> {
  const raster = new Raster(list.widthPx, list.heightPx, colourOf(tools.palette.paper), memory);
  for (const item of list.items) await drawItem(raster, item, tools);
  return raster.frame();
}

async function drawItem(raster: Raster, item: DisplayItem, tools: Tools): Promise<void> {
  const { palette } = tools;
  switch (item.kind) {
    case "rect":
      drawSurface(raster, item.box, item.radiusPx, palette[item.ink], tools);
      return;
    case "text":
      drawText(raster, item, tools);
      return;
    case "qr":
      drawSymbol(raster, item, palette);
      return;
    case "picture":
      await drawPicture(raster, item, false);
      return;
    case "logo":
      await drawPicture(raster, item, true);
      return;
    case "mark": {
      const { xPx, yPx, widthPx } = item.box;
      const ink = palette[item.ink];
      const drawn = tools.patches.get(`mark ${item.name} ${widthPx} ${ink}`, () =>
        patch(widthPx, widthPx, (context) => drawMark(context, item.name, widthPx, ink)),
      );
      raster.blend(drawn, xPx, yPx);
      return;
    }
    case "icon": {
      const { xPx, yPx, widthPx } = item.box;
      const [disc, sign] = [palette[item.ink], palette.onAccent];
      const drawn = tools.patches.get(`icon ${item.name} ${widthPx} ${disc} ${sign}`, () =>
        patch(widthPx, widthPx, (context) => drawIcon(context, item.name, widthPx, disc, sign)),
      );
      raster.blend(drawn, xPx, yPx);
      return;
    }
  }
}

/** What a canvas draws on a transparent background. */
function patch(widthPx: number, heightPx: number, draw: (context: SKRSContext2D) => void): Patch {
  const context = createCanvas(widthPx, heightPx).getContext("2d");
  draw(context);
  const { data } = context.getImageData(0, 0, widthPx, heightPx);
  return { widthPx, heightPx, pixels: new Uint32Array(data.buffer, data.byteOffset, data.length / 4) };
}

async function drawPicture(
  raster: Raster,
  item: Extract<DisplayItem, { kind: "picture" | "logo" }>,
  isSmooth: boolean,
): Promise<void> {
  const image = await loadImage(Buffer.from(item.png));
  const { xPx, yPx, widthPx, heightPx } = item.box;
  const drawn = patch(widthPx, heightPx, (context) => {
    context.imageSmoothingEnabled = isSmooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, widthPx, heightPx);
  });
  raster.blend(drawn, xPx, yPx);
}

/** A rectangle with rounded corners. */
function drawSurface(raster: Raster, box: Box, radiusPx: number, css: string, { patches }: Tools): void {
  const colour = colourOf(css);
  const radius = Math.min(Math.round(radiusPx), Math.floor(box.widthPx / 2), Math.floor(box.heightPx / 2));
  if (radius < 1) {
    raster.paint(box, colour);
    return;
  }
  const { xPx, yPx, widthPx, heightPx } = box;
  raster.paint({ ...box, xPx: xPx + radius, widthPx: widthPx - 2 * radius }, colour);
  raster.paint({ ...box, yPx: yPx + radius, heightPx: heightPx - 2 * radius }, colour);
  for (const [right, bottom] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const corner = patches.get(`corner ${radius} ${right} ${bottom} ${css}`, () =>
      patch(radius, radius, (context) => {
        context.fillStyle = css;
        context.beginPath();
        context.arc(right === 1 ? 0 : radius, bottom === 1 ? 0 : radius, radius, 0, 2 * Math.PI);
        context.fill();
      }),
    );
    raster.blend(corner, right === 1 ? xPx + widthPx - radius : xPx, bottom === 1 ? yPx + heightPx - radius : yPx);
  }
}

/** The distance from the top of the box to the first baseline, in type sizes. */
const baseline = 0.93;

function drawText(raster: Raster, item: Extract<DisplayItem, { kind: "text" }>, tools: Tools): void {
  const { box, lines, sizePx, weight, ink, align } = item;
  const colour = tools.palette[ink];
  const isOneBit = tools.palette.soft === tools.palette.ink;
  // Some letters extend beyond their own width, and accents and descenders beyond the line's height.
  const besidePx = Math.ceil(sizePx * 0.2) + 1;
  const heightPx = Math.ceil(sizePx * 1.6) + 2;
  for (const [index, line] of lines.entries()) {
    const linePx = tools.measure.width(line, sizePx, weight);
    const spare = box.widthPx - linePx;
    // Stems and baselines begin on whole pixels: sharper everywhere, and on one-bit glass the difference between a 6 and an 8.
    const xPx = Math.floor(box.xPx + (align === "left" ? 0 : align === "right" ? spare : spare / 2));
    const yPx = Math.round(box.yPx + (index * lineHeight + baseline) * sizePx);
    const [left, top] = [Math.floor(xPx) - besidePx, Math.floor(yPx - sizePx * 1.15)];
    const [x, y] = [xPx - left, yPx - top];
    const drawn = tools.patches.get(`${weight} ${sizePx} ${colour} ${x} ${y} ${line}`, () =>
      patch(Math.ceil(linePx) + 2 * besidePx + 1, heightPx, (context) => {
        context.font = `${sizePx}px "${fontName(weight)}"`;
        context.fillStyle = colour;
        context.textBaseline = "alphabetic";
        if (isOneBit) drawLetters(context, line, x, y, (text) => tools.measure.width(text, sizePx, weight));
        else context.fillText(line, x, y);
      }),
    );
    raster.blend(drawn, left, top);
  }
}

/** Each letter begins on a whole pixel, so that on glass without grey the same digit has the same shape wherever it stands. */
function drawLetters(
  context: SKRSContext2D,
  line: string,
  x: number,
  y: number,
  width: (text: string) => number,
): void {
  let before = "";
  for (const letter of line) {
    context.fillText(letter, x + Math.round(width(before)), y);
    before += letter;
  }
}

function drawSymbol(raster: Raster, item: Extract<DisplayItem, { kind: "qr" }>, palette: Palette): void {
  const { symbol, moduleSizePx } = item.plan;
  const quietPx = quietZoneModules * moduleSizePx;
  const { xPx, yPx } = item.box;
  raster.paint(item.box, colourOf(palette.paper));
  raster.squares(symbol.size, moduleSizePx, xPx + quietPx, yPx + quietPx, colourOf(black), symbol.isDark);
}

/** Whether the bytes are a complete picture, not just the beginning of one. */
export async function isPicture(bytes: Uint8Array): Promise<boolean> {
  try {
    return (await loadImage(Buffer.from(bytes))).width > 0;
  } catch {
    return false;
  }
}
