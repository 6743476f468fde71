/**
 * From a scene's content to a display list. All scenes have one arrangement: the code in a square at one end and the words in the rest, side by side
 * on wide panels, one above the other on tall ones. Without a code the words are centred. Pure.
 */
import type { Box } from "../frame.ts";
import type { PanelGeometry } from "../geometry.ts";
import { defaultQrPolicy, planQr, type QrPolicy } from "../qr/planner.ts";
import { boardForms, listedMax, placeBoard, type PlacedBoard } from "./board.ts";
import { type SceneContent, shownText } from "./content.ts";
import type { Brand, DisplayItem, DisplayList, Ink } from "./display-list.ts";
import { type Metrics, metricsOf } from "./metrics.ts";
import { placeOffers, tableHeightMin } from "./offer-table.ts";
import { type Part, stackParts, type TextPart } from "./stack.ts";
import { fitText, lineHeight, type TextMeasure } from "./text-fit.ts";

/** The most of a panel's long side that the code may take; the rest is for the words. */
const codeShareMax = 0.62;
/** Time left and the code of a fault are never the smallest type. */
const footerRatio = 1;
const largeScales = [1.5, 1.35, 1.22, 1.1, 1, 0.92, 0.86, 0.8, 0.72, 0.64, 0.56];
const columnScales = [1.35, 1.22, 1.12, 1.04, 1, 0.92, 0.86, 0.8, 0.72, 0.64, 0.56];
const tableScales = [1.16, 1.08, 1, 0.92, 0.86, 0.8, 0.72, 0.64, 0.56];

/** The square that a code may take on this panel, for `fit` and for the size to request from the provider. */
export function codeArea(geometry: PanelGeometry): Box {
  const metrics = metricsOf(geometry);
  const { widthPx, heightPx } = geometry;
  const insetPx = metrics.hasCards ? metrics.marginPx : 0;
  const shortPx = Math.min(widthPx, heightPx) - 2 * insetPx;
  const longPx = Math.floor(Math.max(widthPx, heightPx) * codeShareMax) - insetPx;
  const sidePx = Math.min(shortPx, longPx, metrics.codeSidePxMax);
  return { xPx: insetPx, yPx: insetPx, widthPx: sidePx, heightPx: sidePx };
}

/** PNG 1.2, §3.1. */
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Undefined if it is not a PNG. Width and height are the first two words of IHDR (PNG 1.2, §11.2.2). */
export function pngSize(png: Uint8Array): { readonly widthPx: number; readonly heightPx: number } | undefined {
  if (png.length < 24 || pngSignature.some((byte, at) => png[at] !== byte)) return undefined;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { widthPx: view.getUint32(16), heightPx: view.getUint32(20) };
}

/** Why the provider's own picture of a code cannot be shown in this area; undefined when it can. */
export function pictureFault(png: Uint8Array, area: Box): string | undefined {
  const size = pngSize(png);
  if (size === undefined || size.widthPx === 0 || size.heightPx === 0) return "the provider's picture is not a PNG";
  return size.widthPx > area.widthPx || size.heightPx > area.heightPx
    ? `the provider's picture of ${size.widthPx}×${size.heightPx} px is larger than the ${area.widthPx} px that are free`
    : undefined;
}

type Code =
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "placed";
      readonly widthPx: number;
      readonly heightPx: number;
      readonly at: (xPx: number, yPx: number) => DisplayItem;
    };

function planCode(content: SceneContent, geometry: PanelGeometry, area: Box, policy: QrPolicy): Code {
  const { qr } = content;
  if (qr === undefined) return { kind: "none" };
  if (qr.kind === "content") {
    const planning = planQr(qr.text, geometry, area, policy);
    if (planning.kind === "refused") return planning;
    const { plan } = planning;
    const size = { widthPx: plan.sidePx, heightPx: plan.sidePx };
    return { kind: "placed", ...size, at: (xPx, yPx) => ({ kind: "qr", box: { xPx, yPx, ...size }, plan }) };
  }
  const { png } = qr;
  const reason = pictureFault(png, area);
  if (reason !== undefined) return { kind: "refused", reason };
  const size = pngSize(png) ?? area;
  // The provider's own picture is enlarged only by whole numbers: a fraction would make modules of unequal width.
  const times = Math.floor(Math.min(area.widthPx / size.widthPx, area.heightPx / size.heightPx));
  const placed = { widthPx: size.widthPx * times, heightPx: size.heightPx * times };
  return { kind: "placed", ...placed, at: (xPx, yPx) => ({ kind: "picture", box: { xPx, yPx, ...placed }, png }) };
}

interface Arrangement {
  readonly code: readonly DisplayItem[];
  readonly words: Box;
}

/** The code's column is exactly as wide as the code. What whole-pixel modules leave over goes to the words. */
function arrange(code: Code, geometry: PanelGeometry, metrics: Metrics): Arrangement {
  const { widthPx, heightPx } = geometry;
  const { marginPx, hasCards, gapPx, bodyPx } = metrics;
  if (code.kind !== "placed")
    return {
      code: [],
      words: { xPx: marginPx, yPx: marginPx, widthPx: widthPx - 2 * marginPx, heightPx: heightPx - 2 * marginPx },
    };
  const isWide = widthPx >= heightPx;
  const acrossPx = isWide ? heightPx : widthPx;
  const sidePx = isWide ? code.heightPx : code.widthPx;
  const across = Math.floor((acrossPx - sidePx) / 2);
  const along = Math.min(across, hasCards ? 2 * marginPx : Math.ceil(marginPx / 2));
  const spacePx = hasCards ? Math.ceil(Math.max(marginPx * 1.4, gapPx * 2)) : Math.ceil(gapPx / 2);
  const start = along + (isWide ? code.widthPx : code.heightPx) + spacePx;
  const item = isWide ? code.at(along, across) : code.at(across, along);
  const card: DisplayItem = {
    kind: "rect",
    box: grown(item.box, Math.floor(Math.min(marginPx, along) / 2)),
    ink: "card",
    radiusPx: Math.round(bodyPx * 0.6),
  };
  const words = isWide
    ? { xPx: start, yPx: marginPx, widthPx: widthPx - start - marginPx, heightPx: heightPx - 2 * marginPx }
    : { xPx: marginPx, yPx: start, widthPx: widthPx - 2 * marginPx, heightPx: heightPx - start - marginPx };
  return { code: hasCards ? [card, item] : [item], words };
}

function grown({ xPx, yPx, widthPx, heightPx }: Box, byPx: number): Box {
  return { xPx: xPx - byPx, yPx: yPx - byPx, widthPx: widthPx + 2 * byPx, heightPx: heightPx + 2 * byPx };
}

function textPart(text: string, ratio: number, rank: number, above: number, changes: Partial<TextPart> = {}): TextPart {
  return { kind: "text", text, ratio, rank, above, weight: "medium", ink: "ink", linesMax: 3, ...changes };
}

/**
 * In the order of reading. Ranks say what goes first where room is short: directions in a second language, then the icon, then the title in that
 * language. Above a table the products say what can be done, so there the directions go too. Everything else stays and gets smaller.
 */
function partsOf(content: SceneContent): readonly Part[] {
  const { icon, title, secondTitle, big, lines, tone, offers } = content;
  const howRank = offers.length === 0 && content.board === undefined ? 1 : 3;
  const toned: Ink = tone === "plain" ? "accent" : tone;
  const parts: Part[] = [];
  if (icon !== undefined) parts.push({ kind: "icon", name: icon, ratio: 4.2, ink: toned, rank: 3, above: 0 });
  if (content.sign !== undefined)
    parts.push(textPart(content.sign, 1.4, 0, 0.4, { weight: "bold", ink: "accent", linesMax: 2 }));
  parts.push(textPart(title, content.qr === undefined ? 1.9 : 1.6, 0, 0.7, { weight: "bold" }));
  if (secondTitle !== undefined) parts.push(textPart(secondTitle, 1.15, 2, 0.1, { ink: "soft", weight: "bold" }));
  const fates = lines.filter(({ role }) => role === "fate");
  const seconds = lines
    .filter(({ role }) => role === "second")
    .map(({ text }) => textPart(text, 0.9, 4, 0.3, { ink: "soft", linesMax: 5 }));
  for (const { text } of fates) parts.push(textPart(text, 1.2, 0, 0.4, { linesMax: 4 }));
  // What becomes of the money leads to the number below it, in both languages.
  if (fates.length > 0) parts.push(...seconds);
  if (big !== undefined)
    parts.push(textPart(big, 2.7, 0, 0.3, { weight: "bold", ink: tone === "bad" ? "ink" : toned, linesMax: 1 }));
  for (const { text, role } of lines) {
    if (role === "detail") parts.push(textPart(text, 1.15, 1, 0.3, { weight: "bold" }));
    if (role === "how") parts.push(textPart(text, 1, howRank, 0.4, { ink: "soft", linesMax: 6 }));
  }
  if (fates.length === 0) parts.push(...seconds);
  return parts;
}

interface Strips {
  readonly items: readonly DisplayItem[];
  readonly rest: Box;
}

/** The operator's sign above and the small print below; both only where the words have room to spare. */
function strips(
  content: SceneContent,
  box: Box,
  align: "left" | "center",
  geometry: PanelGeometry,
  metrics: Metrics,
  measure: TextMeasure,
  brand: Brand | undefined,
): Strips {
  const { bodyPx } = metrics;
  const items: DisplayItem[] = [];
  let rest = box;
  const header = box.heightPx > bodyPx * 9 ? brandItem(brand, box, align, bodyPx, measure) : undefined;
  if (header !== undefined) {
    items.push(header);
    const takenPx = header.box.heightPx + Math.round(bodyPx * 0.6);
    rest = { ...rest, yPx: rest.yPx + takenPx, heightPx: rest.heightPx - takenPx };
  }
  const timeLeft = geometry.isLive ? content.timeLeft : undefined;
  const small = [timeLeft, content.footer].filter((text) => text !== undefined).join(" · ");
  if (small === "" || box.heightPx < bodyPx * 6.5) return { items, rest };
  const wantedPx = Math.max(bodyPx * footerRatio, metrics.smallestPx);
  const sizePx = metrics.isWholePx ? Math.floor(wantedPx) : wantedPx;
  const heightPx = Math.ceil(sizePx * lineHeight);
  const weight = sizePx < metrics.boldBelowPx ? "bold" : "medium";
  const fitted = fitText(
    small,
    { widthPx: box.widthPx, heightPx },
    { sizePx, weight, measure },
    { linesMax: 1, isWholePx: metrics.isWholePx },
  );
  const footer = { ...rest, yPx: rest.yPx + rest.heightPx - fitted.heightPx, heightPx: fitted.heightPx };
  items.push({
    kind: "text",
    box: footer,
    lines: fitted.lines,
    sizePx: fitted.sizePx,
    weight,
    ink: "soft",
    align,
  });
  return { items, rest: { ...rest, heightPx: rest.heightPx - heightPx - Math.round(bodyPx * 0.35) } };
}

function brandItem(
  brand: Brand | undefined,
  box: Box,
  align: "left" | "center",
  bodyPx: number,
  measure: TextMeasure,
): DisplayItem | undefined {
  const size = brand?.logo === undefined ? undefined : pngSize(brand.logo);
  if (brand?.logo !== undefined && size !== undefined && size.widthPx > 0 && size.heightPx > 0) {
    const scale = Math.min((bodyPx * 1.9) / size.heightPx, (box.widthPx * 0.7) / size.widthPx);
    const widthPx = Math.max(1, Math.floor(size.widthPx * scale));
    const xPx = align === "center" ? box.xPx + Math.floor((box.widthPx - widthPx) / 2) : box.xPx;
    const heightPx = Math.max(1, Math.floor(size.heightPx * scale));
    return { kind: "logo", box: { xPx, yPx: box.yPx, widthPx, heightPx }, png: brand.logo };
  }
  const name = shownText(brand?.name ?? "");
  if (name === "") return undefined;
  const room = { widthPx: box.widthPx, heightPx: Math.ceil(bodyPx * lineHeight) };
  const style = { sizePx: bodyPx * 0.9, weight: "bold", measure } as const;
  const { heightPx, lines, sizePx } = fitText(name, room, style, { linesMax: 1 });
  return { kind: "text", box: { ...box, heightPx }, lines, sizePx, weight: "bold", ink: "accent", align };
}

/**
 * Title, value and lines, then the products or the outlets in the space that is left. Without them the words are centred. Where a board would have
 * to give something up, the words above it get smaller first.
 */
function placeWords(
  content: SceneContent,
  box: Box,
  align: "left" | "center",
  metrics: Metrics,
  measure: TextMeasure,
  isColumn: boolean,
  turn: number,
): Placed {
  const place = (wordsPx: number, scales: readonly number[]): Placed =>
    placeBelow(content, box, { align, metrics, measure, turn, wordsPx, scales });
  const { offers, board } = content;
  if (board !== undefined) {
    const formOf = ({ form }: Placed): number => (form === undefined ? boardForms.length : boardForms.indexOf(form));
    const wanted = board.rows.length > listedMax ? "numbers" : "names";
    const leastPx = wordsHeightMin(content, box, metrics);
    let best: Placed | undefined;
    for (const { share, scales } of boardWords) {
      const placed = place(Math.max(Math.floor(box.heightPx * share), leastPx), scales);
      const isBetter = best === undefined || formOf(placed) < formOf(best) || placed.pages < best.pages;
      if (isBetter) best = placed;
      if (placed.form === wanted) break;
    }
    return best ?? place(leastPx, tableScales);
  }
  const hasTable = offers.length > 0;
  const tablePx = hasTable ? tableHeightMin(offers.length, box.widthPx, metrics) + metrics.gapPx : 0;
  const wordsPx = Math.max(Math.floor(box.heightPx * (isColumn ? 0.45 : 0.28)), box.heightPx - tablePx);
  return place(wordsPx, hasTable ? tableScales : isColumn ? columnScales : largeScales);
}

/** What has to be said above a board has room for a line each in the smallest type, and on narrow glass for two. */
function wordsHeightMin(content: SceneContent, box: Box, { smallestPx, bodyPx }: Metrics): number {
  const kept = partsOf(content).filter(({ rank }) => rank <= 1).length;
  const linesEach = box.widthPx < smallestPx * 14 ? 2 : 1;
  return Math.ceil(kept * (linesEach * Math.ceil(smallestPx * lineHeight) + 1) + bodyPx * 0.5);
}

/** How much of the height the words above a board may take, and in which sizes; tried in this order. */
const boardWords = [
  { share: 0.28, scales: tableScales },
  { share: 0.2, scales: [0.8, 0.72, 0.64, 0.56] },
  { share: 0.16, scales: [0.56, 0.5] },
] as const;

interface Placed {
  readonly items: readonly DisplayItem[];
  readonly pages: number;
  readonly form?: PlacedBoard["form"] | undefined;
}

interface Placing {
  readonly align: "left" | "center";
  readonly metrics: Metrics;
  readonly measure: TextMeasure;
  readonly turn: number;
  /** The most that the words may take. */
  readonly wordsPx: number;
  readonly scales: readonly number[];
}

function placeBelow(content: SceneContent, box: Box, placing: Placing): Placed {
  const { align, metrics, measure, turn, wordsPx, scales } = placing;
  const { bodyPx, smallestPx, boldBelowPx, isWholePx, gapPx } = metrics;
  const stack = stackParts(
    partsOf(content),
    { ...box, heightPx: Math.min(box.heightPx, wordsPx) },
    { bodyPx, smallestPx, boldBelowPx, isWholePx, align, measure, scales },
  );
  const restPx = box.heightPx - stack.heightPx - gapPx;
  const area = { ...box, yPx: box.yPx + stack.heightPx + gapPx, heightPx: restPx };
  const { board } = content;
  const placed = board === undefined || restPx <= 0 ? undefined : placeBoard(board, area, metrics, measure, turn);
  const table = placed?.items ?? (restPx > 0 ? placeOffers(content, area, metrics, measure) : []);
  const words = [...stack.items, ...table];
  const endPx = Math.max(box.yPx, ...words.map((item) => item.box.yPx + item.box.heightPx));
  const items = moved(words, Math.floor(Math.max(0, box.yPx + box.heightPx - endPx) / 2));
  return { items, pages: placed?.pages ?? 1, form: placed?.form };
}

function moved(items: readonly DisplayItem[], byPx: number): readonly DisplayItem[] {
  return items.map((item) => ({ ...item, box: { ...item.box, yPx: item.box.yPx + byPx } }));
}

/**
 * @param turn which page of a board that has several, counted without end
 *
 * Larger type can push a scene to a step of the layout in which some of its words are smaller than they would be without: there it stays as it is
 * without.
 */
export function layOut(
  content: SceneContent,
  geometry: PanelGeometry,
  measure: TextMeasure,
  policy: QrPolicy = defaultQrPolicy,
  brand?: Brand,
  turn = 0,
): DisplayList {
  const list = arranged(content, geometry, measure, policy, brand, turn);
  if (geometry.isLargeType !== true) return list;
  const usual = arranged(content, { ...geometry, isLargeType: false }, measure, policy, brand, turn);
  return smallestType(list) < smallestType(usual) || list.pages > usual.pages ? usual : list;
}

function smallestType({ items }: DisplayList): number {
  return Math.min(...items.flatMap((item) => (item.kind === "text" ? [item.sizePx] : [])));
}

function arranged(
  content: SceneContent,
  geometry: PanelGeometry,
  measure: TextMeasure,
  policy: QrPolicy,
  brand: Brand | undefined,
  turn: number,
): DisplayList {
  const metrics = metricsOf(geometry);
  const { widthPx, heightPx } = geometry;
  const code = planCode(content, geometry, codeArea(geometry), policy);
  const { code: codeItems, words } = arrange(code, geometry, metrics);
  const isColumn = codeItems.length > 0;
  const align =
    (isColumn && widthPx >= heightPx) || (!isColumn && (content.offers.length > 0 || content.board !== undefined))
      ? "left"
      : "center";
  const { items, rest } = strips(content, words, align, geometry, metrics, measure, brand);
  const backdrop: readonly DisplayItem[] = metrics.hasCards
    ? [{ kind: "rect", box: { xPx: 0, yPx: 0, widthPx, heightPx }, ink: "backdrop", radiusPx: 0 }]
    : [];
  const placed = placeWords(content, rest, align, metrics, measure, isColumn, turn);
  return {
    widthPx,
    heightPx,
    items: [...backdrop, ...codeItems, ...items, ...placed.items],
    pages: placed.pages,
    refusal: code.kind === "refused" ? code.reason : undefined,
  };
}
