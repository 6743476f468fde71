/** From a display list to pixels, with @napi-rs/canvas. Symbols are drawn module by module on whole pixels, dark on light, always. */
import { readFileSync } from "node:fs";
import { type Canvas, createCanvas, GlobalFonts, loadImage, type SKRSContext2D } from "@napi-rs/canvas";
import { fontFolder } from "./assets.ts";
import { quietZoneModules } from "./qr/planner.ts";
import type { IconName } from "./scene/content.ts";
import type { Box, DisplayItem, DisplayList, Ink } from "./scene/display-list.ts";
import { lineHeight, type TextMeasure, type Weight } from "./scene/text-fit.ts";
import type { Frame } from "./sink.ts";

export type Palette = Readonly<Record<Ink, string>>;

export const colourPalette: Palette = {
  paper: "#ffffff",
  backdrop: "#edf1f7",
  card: "#ffffff",
  ink: "#10151e",
  soft: "#4b5568",
  accent: "#0f4c81",
  onAccent: "#ffffff",
  line: "#c9d1de",
  good: "#17703f",
  bad: "#a8201a",
};
const black = "#000000";
/** One-bit glass: nothing but black on white, so that no threshold eats a thin line. */
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
/** Glass with a red plane: red marks, and never says anything alone. */
export const redPalette: Palette = { ...monoPalette, accent: "#ff0000", bad: "#ff0000" };

const family = "Atkinson Hyperlegible Next";
const fontFiles: Readonly<Record<Weight, string>> = {
  medium: "AtkinsonHyperlegibleNext-Medium.ttf",
  bold: "AtkinsonHyperlegibleNext-Bold.ttf",
};

/** The bundled font, under names of our own, so that no font of the host is taken by mistake. */
function fontName(weight: Weight): string {
  return `kvitt ${family} ${weight}`;
}

export interface Drawing {
  readonly measure: TextMeasure;
  draw(list: DisplayList, palette: Palette): Promise<Frame>;
  /** Gives back what it holds, where it holds something. */
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
      // Widths grow with the size: measured once at 100 px, used at every size (hinting is off).
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
  return { measure, draw: (list, palette) => drawList(list, palette) };
}

async function drawList(list: DisplayList, palette: Palette): Promise<Frame> {
  const { widthPx, heightPx } = list;
  const canvas = createCanvas(widthPx, heightPx);
  const context = canvas.getContext("2d");
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, widthPx, heightPx);
  for (const item of list.items) await drawItem(context, item, palette);
  // The canvas's own pixels, premultiplied: the same as straight ones where nothing is transparent, and nothing here is.
  const pixels = canvas.data();
  return { widthPx, heightPx, rgba: new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length) };
}

function colourOf(ink: Ink, palette: Palette): string {
  return palette[ink];
}

async function drawItem(context: SKRSContext2D, item: DisplayItem, palette: Palette): Promise<void> {
  switch (item.kind) {
    case "rect": {
      const { xPx, yPx, widthPx, heightPx } = item.box;
      context.fillStyle = colourOf(item.ink, palette);
      context.beginPath();
      context.roundRect(xPx, yPx, widthPx, heightPx, item.radiusPx);
      context.fill();
      return;
    }
    case "text":
      drawText(context, item, palette);
      return;
    case "qr":
      drawSymbol(context, item, palette);
      return;
    case "picture": {
      const image = await loadImage(Buffer.from(item.png));
      context.imageSmoothingEnabled = false;
      context.drawImage(image, item.box.xPx, item.box.yPx, item.box.widthPx, item.box.heightPx);
      return;
    }
    case "logo": {
      const image = await loadImage(Buffer.from(item.png));
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      const { xPx, yPx, widthPx, heightPx } = item.box;
      context.drawImage(image, xPx, yPx, widthPx, heightPx);
      return;
    }
    case "icon":
      drawIcon(context, item.name, item.box, colourOf(item.ink, palette), palette.onAccent);
      return;
  }
}

function drawText(context: SKRSContext2D, item: Extract<DisplayItem, { kind: "text" }>, palette: Palette): void {
  const { box, lines, sizePx, weight, ink, align } = item;
  context.font = `${sizePx}px "${fontName(weight)}"`;
  context.fillStyle = colourOf(ink, palette);
  context.textBaseline = "alphabetic";
  context.textAlign = align;
  const xPx = align === "left" ? box.xPx : align === "right" ? box.xPx + box.widthPx : box.xPx + box.widthPx / 2;
  lines.forEach((line, index) => context.fillText(line, xPx, box.yPx + index * sizePx * lineHeight + sizePx * 0.93));
}

function drawSymbol(context: SKRSContext2D, item: Extract<DisplayItem, { kind: "qr" }>, palette: Palette): void {
  const { box, plan } = item;
  const { symbol, moduleSizePx } = plan;
  context.fillStyle = palette.paper;
  context.fillRect(box.xPx, box.yPx, box.widthPx, box.heightPx);
  context.fillStyle = "#000000";
  const start = quietZoneModules * moduleSizePx;
  for (let row = 0; row < symbol.size; row += 1) {
    // One rectangle a run of dark modules: half the calls.
    let first = 0;
    for (let column = 0; column <= symbol.size; column += 1) {
      if (column < symbol.size && symbol.isDark(row, column)) continue;
      if (column > first)
        context.fillRect(
          box.xPx + start + first * moduleSizePx,
          box.yPx + start + row * moduleSizePx,
          (column - first) * moduleSizePx,
          moduleSizePx,
        );
      first = column + 1;
    }
  }
}

/** Our own signs, on a square of 100 units. Each says by its shape what colour alone may not. */
const iconStrokes: Readonly<Record<IconName, readonly (readonly (readonly [number, number])[])[]>> = {
  check: [
    [
      [22, 54],
      [42, 74],
      [80, 30],
    ],
  ],
  cross: [
    [
      [28, 28],
      [72, 72],
    ],
    [
      [72, 28],
      [28, 72],
    ],
  ],
  hourglass: [
    [
      [28, 16],
      [72, 16],
    ],
    [
      [28, 84],
      [72, 84],
    ],
    [
      [32, 16],
      [68, 84],
      [32, 84],
      [68, 16],
      [32, 16],
    ],
  ],
  phone: [
    [
      [32, 10],
      [68, 10],
      [68, 90],
      [32, 90],
      [32, 10],
    ],
    [
      [44, 78],
      [56, 78],
    ],
  ],
  "arrow-down": [
    [
      [50, 14],
      [50, 70],
    ],
    [
      [28, 50],
      [50, 72],
      [72, 50],
    ],
    [
      [22, 88],
      [78, 88],
    ],
  ],
  pause: [
    [
      [38, 28],
      [38, 72],
    ],
    [
      [62, 28],
      [62, 72],
    ],
  ],
};
/** A light sign on a dark disc. */
function drawIcon(context: SKRSContext2D, name: IconName, box: Box, disc: string, sign: string): void {
  const unit = box.widthPx / 100;
  const x = (value: number): number => box.xPx + (50 + (value - 50) * signShare) * unit;
  const y = (value: number): number => box.yPx + (50 + (value - 50) * signShare) * unit;
  context.fillStyle = disc;
  context.beginPath();
  context.arc(box.xPx + 50 * unit, box.yPx + 50 * unit, 50 * unit, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = sign;
  context.lineWidth = Math.max(2, 8 * unit);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const line of iconStrokes[name]) {
    context.beginPath();
    line.forEach(([px, py], index) => {
      if (index === 0) context.moveTo(x(px), y(py));
      else context.lineTo(x(px), y(py));
    });
    context.stroke();
  }
}

/** How much of the disc's width the sign takes. */
const signShare = 0.62;

/** Whether the bytes are a picture as a whole, not only at their beginning. */
export async function isPicture(bytes: Uint8Array): Promise<boolean> {
  try {
    return (await loadImage(Buffer.from(bytes))).width > 0;
  } catch {
    return false;
  }
}

/** A frame as PNG. Compresses on the calling thread. */
export function framePng(frame: Frame): Uint8Array {
  return new Uint8Array(canvasOf(frame).toBuffer("image/png"));
}

/** The same, compressed by another thread: for whoever may not hold the event loop. */
export async function encodePng(frame: Frame): Promise<Uint8Array> {
  return new Uint8Array(await canvasOf(frame).encode("png"));
}

function canvasOf(frame: Frame): Canvas {
  const canvas = createCanvas(frame.widthPx, frame.heightPx);
  const context = canvas.getContext("2d");
  const image = context.createImageData(frame.widthPx, frame.heightPx);
  image.data.set(frame.rgba);
  context.putImageData(image, 0, 0);
  return canvas;
}
