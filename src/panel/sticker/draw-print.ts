/**
 * From pages in millimetres to files: PDF with the fonts embedded, SVG with the letters as outlines, and pixels. One painter draws all three, by the
 * canvas that draws the panels; nothing of it depends on the hour or the computer's fonts. docs/decisions/0060-stickers.md
 */
import { createCanvas, PDFDocument, type SKRSContext2D, SvgExportFlag } from "@napi-rs/canvas";
import { fontName } from "../draw.ts";
import type { Frame } from "../frame.ts";
import { firstModuleMm, type PrintItem, type PrintPage } from "./print-item.ts";

const inchMm = 25.4;
/** PDF 1.7, 8.3.2.3: the unit of user space is 1/72 inch. */
const pdfPerMm = 72 / inchMm;
const svgPerMm = 10;

/** A context of PDF or SVG has of the canvas's own what is used here. */
type Context = Pick<SKRSContext2D, "beginPath" | "rect" | "fill" | "fillText" | "font" | "fillStyle" | "textBaseline">;

/** Draws black; the ground is the paper's. @param perMm units of the context in a millimetre */
function paint(context: Context, { items }: PrintPage, perMm: number): void {
  context.fillStyle = "#000000";
  context.textBaseline = "alphabetic";
  for (const item of items) paintItem(context, item, perMm);
}

function paintItem(context: Context, item: PrintItem, perMm: number): void {
  switch (item.kind) {
    case "rect":
      context.beginPath();
      context.rect(item.xMm * perMm, item.yMm * perMm, item.widthMm * perMm, item.heightMm * perMm);
      context.fill();
      return;
    case "text":
      context.font = `${item.sizeMm * perMm}px "${fontName(item.weight)}"`;
      context.fillText(item.text, item.xMm * perMm, item.baselineMm * perMm);
      return;
    case "qr":
      paintCode(context, item, perMm);
      return;
  }
}

/** One path for the whole symbol: squares that are filled one by one show fine white lines between them. */
function paintCode(context: Context, item: Extract<PrintItem, { kind: "qr" }>, perMm: number): void {
  const { symbol, moduleMm } = item.plan;
  const first = firstModuleMm(item);
  const module = moduleMm * perMm;
  context.beginPath();
  for (let row = 0; row < symbol.size; row += 1)
    for (let from = 0; from < symbol.size; from += 1) {
      if (!symbol.isDark(row, from)) continue;
      let to = from + 1;
      while (to < symbol.size && symbol.isDark(row, to)) to += 1;
      context.rect(first.xMm * perMm + from * module, first.yMm * perMm + row * module, (to - from) * module, module);
      from = to;
    }
  context.fill();
}

/** Needs the fonts: `createDrawing` loads them. */
export function pdfOf(pages: readonly PrintPage[], title: string): Uint8Array {
  const pdf = new PDFDocument({ title });
  for (const page of pages) {
    paint(pdf.beginPage(page.widthMm * pdfPerMm, page.heightMm * pdfPerMm), page, pdfPerMm);
    pdf.endPage();
  }
  return new Uint8Array(pdf.close());
}

/** @throws Error when the canvas writes another head than the one that gets its millimetres here */
export function svgOf(page: PrintPage): string {
  const [width, height] = [Math.ceil(page.widthMm * svgPerMm), Math.ceil(page.heightMm * svgPerMm)];
  const canvas = createCanvas(width, height, SvgExportFlag.ConvertTextToPaths);
  paint(canvas.getContext("2d"), page, svgPerMm);
  const drawn = canvas.getContent().toString("utf8");
  const size = ` width="${width}" height="${height}">`;
  if (!drawn.includes(size)) throw new Error("the canvas wrote an SVG whose size is not found");
  const head = ` width="${width / svgPerMm}mm" height="${height / svgPerMm}mm" viewBox="0 0 ${width} ${height}">`;
  return drawn.replace(size, head);
}

/** Pixels on white. @param perMm pixels in a millimetre */
export function frameOf(page: PrintPage, perMm: number): Frame {
  const [widthPx, heightPx] = [Math.ceil(page.widthMm * perMm), Math.ceil(page.heightMm * perMm)];
  const context = createCanvas(widthPx, heightPx).getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, widthPx, heightPx);
  paint(context, page, perMm);
  const { data } = context.getImageData(0, 0, widthPx, heightPx);
  return { widthPx, heightPx, rgba: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length) };
}

/** Pixels in a millimetre, near the wanted ones, that give a module of whole pixels. */
export function perMmOnModules(moduleMm: number, dpi: number): number {
  return Math.max(1, Math.round((moduleMm * dpi) / inchMm)) / moduleMm;
}
