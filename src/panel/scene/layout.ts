/**
 * From what has to be said to a display list: every element with its place and size in pixels. One arrangement for all scenes: the code in
 * a square at one end, the words in the rest; side by side on wide panels, one above the other on tall ones. Pure.
 */
import { mmToPx, type PanelGeometry } from "../geometry.ts";
import { defaultQrPolicy, planQr, type QrPlan, type QrPolicy } from "../qr/planner.ts";
import type { IconName, SceneContent } from "./content.ts";
import { fitText, lineHeight, type TextMeasure, type Weight } from "./text-fit.ts";

export interface Box {
  readonly xPx: number;
  readonly yPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export type Ink = "ink" | "soft" | "accent" | "paper";

export type DisplayItem =
  | { readonly kind: "rect"; readonly box: Box; readonly ink: Ink; readonly radiusPx: number }
  | {
      readonly kind: "text";
      readonly box: Box;
      readonly lines: readonly string[];
      readonly sizePx: number;
      readonly weight: Weight;
      readonly ink: Ink;
      readonly align: "left" | "center" | "right";
    }
  /** The box is the whole square with its quiet zone. */
  | { readonly kind: "qr"; readonly box: Box; readonly plan: QrPlan }
  | { readonly kind: "picture"; readonly box: Box; readonly png: Uint8Array }
  | { readonly kind: "icon"; readonly box: Box; readonly name: IconName };

export interface DisplayList {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly items: readonly DisplayItem[];
  /** Why a code that should stand here does not. */
  readonly refusal: string | undefined;
}

/** Type is read well when its size is about a hundredth of the distance (capital letters then span a quarter of a degree and more). */
const bodySizePerDistance = 1 / 85;
const titleRatio = 1.55;
const bigRatio = 2.1;
const footerRatio = 0.8;

interface Metrics {
  readonly marginPx: number;
  readonly gapPx: number;
  readonly bodyPx: number;
}

function metricsOf(geometry: PanelGeometry): Metrics {
  const { widthPx, heightPx, readingDistanceMm } = geometry;
  const shortPx = Math.min(widthPx, heightPx);
  const wanted = mmToPx(geometry, readingDistanceMm * bodySizePerDistance);
  // Between what small panels can hold and what large ones should not exceed.
  const bodyPx = Math.max(shortPx * 0.052, Math.min(wanted, shortPx * 0.075), 9);
  return { marginPx: Math.max(3, Math.round(shortPx * 0.045)), gapPx: Math.max(2, Math.round(bodyPx * 0.5)), bodyPx };
}

function inset(geometry: PanelGeometry, marginPx: number): Box {
  return {
    xPx: marginPx,
    yPx: marginPx,
    widthPx: geometry.widthPx - 2 * marginPx,
    heightPx: geometry.heightPx - 2 * marginPx,
  };
}

interface Split {
  readonly code: Box;
  readonly words: Box;
}

/** The code gets the short side and more of a panel that is nearly square; the words keep at least a third. */
function split(geometry: PanelGeometry, metrics: Metrics): Split {
  const { widthPx, heightPx } = geometry;
  const { marginPx, gapPx } = metrics;
  if (widthPx >= heightPx) {
    const sidePx = Math.min(heightPx, Math.floor(widthPx * 0.62));
    const xPx = sidePx + gapPx;
    return {
      code: { xPx: 0, yPx: 0, widthPx: sidePx, heightPx },
      words: { xPx, yPx: marginPx, widthPx: widthPx - xPx - marginPx, heightPx: heightPx - 2 * marginPx },
    };
  }
  const sidePx = Math.min(widthPx, Math.floor(heightPx * 0.62));
  const yPx = sidePx + gapPx;
  return {
    code: { xPx: 0, yPx: 0, widthPx, heightPx: sidePx },
    words: { xPx: marginPx, yPx, widthPx: widthPx - 2 * marginPx, heightPx: heightPx - yPx - marginPx },
  };
}

/** Places texts one below the other; each takes what it needs, and gives way to those that are more important. */
class Column {
  readonly items: DisplayItem[] = [];
  readonly #measure: TextMeasure;
  readonly #gapPx: number;
  readonly #align: "left" | "center";
  #box: Box;

  constructor(box: Box, gapPx: number, align: "left" | "center", measure: TextMeasure) {
    this.#box = box;
    this.#gapPx = gapPx;
    this.#align = align;
    this.#measure = measure;
  }

  get left(): Box {
    return this.#box;
  }

  /** False, and nothing placed, when not even a small line fits. */
  text(text: string, sizePx: number, weight: Weight, ink: Ink, share: number, linesMax: number): boolean {
    const { xPx, yPx, widthPx, heightPx } = this.#box;
    const available = Math.floor(heightPx * share);
    if (available < 6 || widthPx < 12) return false;
    const fitted = fitText(text, { widthPx, heightPx: available }, sizePx, weight, this.#measure, linesMax);
    const box = { xPx, yPx, widthPx, heightPx: fitted.heightPx };
    this.items.push({ kind: "text", box, lines: fitted.lines, sizePx: fitted.sizePx, weight, ink, align: this.#align });
    this.skip(fitted.heightPx + this.#gapPx);
    return true;
  }

  icon(name: IconName, sizePx: number): void {
    const { xPx, yPx, widthPx, heightPx } = this.#box;
    const side = Math.floor(Math.min(sizePx, heightPx * 0.45, widthPx));
    if (side < 12) return;
    const offset = this.#align === "center" ? Math.floor((widthPx - side) / 2) : 0;
    this.items.push({ kind: "icon", box: { xPx: xPx + offset, yPx, widthPx: side, heightPx: side }, name });
    this.skip(side + this.#gapPx);
  }

  skip(byPx: number): void {
    const { xPx, yPx, widthPx, heightPx } = this.#box;
    const step = Math.min(heightPx, byPx);
    this.#box = { xPx, yPx: yPx + step, widthPx, heightPx: heightPx - step };
  }

  /** Takes a strip off the lower end. */
  reserveBottom(strip: number): Box {
    const { xPx, yPx, widthPx, heightPx } = this.#box;
    const height = Math.min(heightPx, strip);
    this.#box = { xPx, yPx, widthPx, heightPx: heightPx - height };
    return { xPx, yPx: yPx + heightPx - height, widthPx, heightPx: height };
  }
}

/** A table of products: line, name, price. As many as fit, in one or two columns, never half a row. */
function placeOffers(
  content: SceneContent,
  column: Column,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  const area = column.left;
  const rowPx = Math.ceil(metrics.bodyPx * 1.75);
  const rows = Math.floor(area.heightPx / rowPx);
  if (rows < 1 || content.offers.length === 0 || area.widthPx < metrics.bodyPx * 9) return [];
  const columns = content.offers.length > rows && area.widthPx > metrics.bodyPx * 26 ? 2 : 1;
  const cellPx = Math.floor((area.widthPx - (columns - 1) * metrics.gapPx * 2) / columns);
  const items: DisplayItem[] = [];
  content.offers.slice(0, rows * columns).forEach((offer, index) => {
    const xPx = area.xPx + Math.floor(index / rows) * (cellPx + metrics.gapPx * 2);
    const yPx = area.yPx + (index % rows) * rowPx;
    items.push(...offerRow(offer, { xPx, yPx, widthPx: cellPx, heightPx: rowPx }, metrics, measure));
  });
  column.skip(rows * rowPx);
  return items;
}

function offerRow(
  offer: SceneContent["offers"][number],
  box: Box,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  const heightPx = box.heightPx - Math.max(2, Math.round(metrics.gapPx * 0.4));
  const linePx = Math.floor(metrics.bodyPx * 2.1);
  const priceFit = fitText(
    offer.price,
    { widthPx: Math.floor(box.widthPx * 0.34), heightPx },
    metrics.bodyPx,
    "medium",
    measure,
    1,
  );
  const pricePx = Math.ceil(Math.max(...priceFit.lines.map((line) => measure.width(line, priceFit.sizePx, "medium"))));
  const namePx = box.widthPx - linePx - pricePx - 2 * metrics.gapPx;
  const ink: Ink = offer.soldOut ? "soft" : "ink";
  const lineFit = fitText(offer.line, { widthPx: linePx, heightPx }, metrics.bodyPx, "bold", measure, 1);
  const nameFit = fitText(offer.name, { widthPx: namePx, heightPx }, metrics.bodyPx, "medium", measure, 1);
  const middle = (height: number): number => box.yPx + Math.floor((heightPx - height) / 2);
  const text = (
    fit: typeof lineFit,
    xPx: number,
    widthPx: number,
    weight: Weight,
    align: "left" | "right",
  ): DisplayItem => ({
    kind: "text",
    box: { xPx, yPx: middle(fit.heightPx), widthPx, heightPx: fit.heightPx },
    lines: fit.lines,
    sizePx: fit.sizePx,
    weight,
    ink: weight === "bold" && !offer.soldOut ? "accent" : ink,
    align,
  });
  return [
    text(lineFit, box.xPx, linePx, "bold", "left"),
    text(nameFit, box.xPx + linePx + metrics.gapPx, namePx, "medium", "left"),
    text(priceFit, box.xPx + box.widthPx - pricePx, pricePx, "medium", "right"),
  ];
}

function placeFooter(
  text: string,
  box: Box,
  align: "left" | "center",
  sizePx: number,
  measure: TextMeasure,
): DisplayItem {
  const fitted = fitText(text, box, sizePx, "medium", measure, 1);
  const yPx = box.yPx + box.heightPx - fitted.heightPx;
  return {
    kind: "text",
    box: { ...box, yPx, heightPx: fitted.heightPx },
    lines: fitted.lines,
    sizePx: fitted.sizePx,
    weight: "medium",
    ink: "soft",
    align,
  };
}

/** Words in their order of importance: title, big value, lines, products; the footer has its strip from the start. */
function placeWords(
  content: SceneContent,
  box: Box,
  metrics: Metrics,
  align: "left" | "center",
  measure: TextMeasure,
): readonly DisplayItem[] {
  const column = new Column(box, metrics.gapPx, align, measure);
  const { bodyPx } = metrics;
  const footerPx = bodyPx * footerRatio;
  const isRoomy = box.heightPx > bodyPx * 7;
  const footer =
    content.footer === undefined || !isRoomy
      ? []
      : [
          placeFooter(
            content.footer,
            column.reserveBottom(Math.ceil(footerPx * lineHeight * 1.3)),
            align,
            footerPx,
            measure,
          ),
        ];
  if (content.icon !== undefined && isRoomy) column.icon(content.icon, bodyPx * 4.5);
  const hasMore = content.lines.length > 0 || content.big !== undefined || content.offers.length > 0;
  column.text(content.title, bodyPx * titleRatio, "bold", "ink", hasMore ? 0.55 : 1, 3);
  if (content.big !== undefined) column.text(content.big, bodyPx * bigRatio, "bold", "accent", 0.7, 1);
  content.lines.forEach((line, index) => {
    const share = 1 / Math.max(1, content.lines.length - index + (content.offers.length > 0 ? 1 : 0));
    column.text(line, bodyPx, "medium", "ink", Math.max(share, 0.34), 4);
  });
  const offers = placeOffers(content, column, metrics, measure);
  return [...column.items, ...offers, ...footer];
}

/** Where no code is shown, the words stand in the middle of the panel. */
function centred(items: readonly DisplayItem[], box: Box): readonly DisplayItem[] {
  const low = Math.max(...items.map((item) => item.box.yPx + item.box.heightPx));
  const free = box.yPx + box.heightPx - low;
  const by = Math.floor(Math.max(0, free) / 2);
  return items.map((item) => ({ ...item, box: { ...item.box, yPx: item.box.yPx + by } }));
}

/** PNG: width and height are the first two words of IHDR (PNG 1.2, §11.2.2). */
export function pngSize(png: Uint8Array): { readonly widthPx: number; readonly heightPx: number } | undefined {
  if (png.length < 24) return undefined;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { widthPx: view.getUint32(16), heightPx: view.getUint32(20) };
}

function placeCode(
  content: SceneContent,
  geometry: PanelGeometry,
  area: Box,
  policy: QrPolicy,
): DisplayItem | string | undefined {
  const { qr } = content;
  if (qr === undefined) return undefined;
  if (qr.kind === "content") {
    const planning = planQr(qr.text, geometry, area, policy);
    if (planning.kind === "refused") return planning.reason;
    const { plan } = planning;
    const box = { xPx: area.xPx + plan.xPx, yPx: area.yPx + plan.yPx, widthPx: plan.sidePx, heightPx: plan.sidePx };
    return { kind: "qr", box, plan };
  }
  // The provider's own picture is placed pixel for pixel: scaling by a fraction would make modules of unequal width.
  const size = pngSize(qr.png);
  if (size === undefined) return "the provider's picture is not a PNG";
  if (size.widthPx > area.widthPx || size.heightPx > area.heightPx)
    return `the provider's picture of ${size.widthPx} px is larger than the ${Math.min(area.widthPx, area.heightPx)} px that are free`;
  const xPx = area.xPx + Math.floor((area.widthPx - size.widthPx) / 2);
  const yPx = area.yPx + Math.floor((area.heightPx - size.heightPx) / 2);
  return { kind: "picture", box: { xPx, yPx, ...size }, png: qr.png };
}

/** The free square for a code on this panel, for `fit` and for the size to ask the provider for. */
export function codeArea(geometry: PanelGeometry): Box {
  return split(geometry, metricsOf(geometry)).code;
}

export function layOut(
  content: SceneContent,
  geometry: PanelGeometry,
  measure: TextMeasure,
  policy: QrPolicy = defaultQrPolicy,
): DisplayList {
  const metrics = metricsOf(geometry);
  const { widthPx, heightPx } = geometry;
  const areas = split(geometry, metrics);
  const code = placeCode(content, geometry, areas.code, policy);
  if (code === undefined || typeof code === "string") {
    const box = inset(geometry, metrics.marginPx);
    const hasTable = content.offers.length > 0;
    const words = placeWords(content, box, metrics, hasTable ? "left" : "center", measure);
    return { widthPx, heightPx, items: hasTable ? words : centred(words, box), refusal: code };
  }
  const align = widthPx >= heightPx ? "left" : "center";
  const words = placeWords(content, areas.words, metrics, align, measure);
  const isTall = widthPx < heightPx;
  const placed = content.offers.length > 0 || isTall ? words : centred(words, { ...areas.words });
  return { widthPx, heightPx, items: [code, ...placed], refusal: undefined };
}
