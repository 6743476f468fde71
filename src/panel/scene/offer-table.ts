/** The products as a table: what to press, name, price. As many rows as fit, in one or two columns, never half a row. Pure. */
import type { Box } from "../frame.ts";
import type { SceneContent } from "./content.ts";
import type { Align, DisplayItem, Ink } from "./display-list.ts";
import type { Metrics } from "./metrics.ts";
import { fitText, lineHeight, type TextMeasure, type Weight } from "./text-fit.ts";

type Offer = SceneContent["offers"][number];

const rowRatioMax = 2.3;
const rowRatioMin = 1.4;
/** A column of the table needs room for a name. */
const columnRatioMin = 12;

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly rowPx: number;
}

/** The least height that a table of `count` products should get. */
export function tableHeightMin(count: number, widthPx: number, metrics: Metrics): number {
  const columns = widthPx >= 2 * columnRatioMin * metrics.bodyPx ? 2 : 1;
  return Math.ceil(Math.ceil(count / columns) * rowRatioMin * metrics.bodyPx);
}

function gridFor(count: number, area: Box, metrics: Metrics): Grid {
  const { bodyPx } = metrics;
  const fitting = Math.floor(area.heightPx / (bodyPx * rowRatioMin));
  const canSplit = area.widthPx >= 2 * columnRatioMin * bodyPx;
  const columns = canSplit && (count > fitting || count * bodyPx * rowRatioMax > area.heightPx) && count > 1 ? 2 : 1;
  const rows = Math.max(0, Math.min(fitting, Math.ceil(count / columns)));
  const rowPx = rows === 0 ? 0 : Math.floor(Math.min(area.heightPx / rows, bodyPx * rowRatioMax));
  return { columns, rows, rowPx };
}

export function placeOffers(
  offers: readonly Offer[],
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  if (offers.length === 0 || area.widthPx < metrics.bodyPx * 5) return [];
  const { columns, rows, rowPx } = gridFor(offers.length, area, metrics);
  if (rows === 0) return [];
  const gutterPx = columns === 1 ? 0 : metrics.gapPx * 2;
  const cellPx = Math.floor((area.widthPx - (columns - 1) * gutterPx) / columns);
  const chosen = chooseShown(offers, rows * columns);
  const { shown, type } = dressed(chosen, cellPx, rowPx, metrics, measure);
  return shown.flatMap((offer, index) => {
    const xPx = area.xPx + Math.floor(index / rows) * (cellPx + gutterPx);
    const yPx = area.yPx + (index % rows) * rowPx;
    const isLast = index % rows === rows - 1 || index === shown.length - 1;
    return offerRow(offer, { xPx, yPx, widthPx: cellPx, heightPx: rowPx }, type, metrics, measure, isLast);
  });
}

/** One size for all rows: a table with rows of different sizes looks broken. */
interface TableType {
  readonly sizePx: number;
  readonly nameWeight: Weight;
  readonly chipPx: number;
  readonly pricePx: number;
  readonly insetPx: number;
  readonly betweenPx: number;
}

/** If names would be cut short, prices lose their currency first: what is bought matters more, and the pay scene has the price in full. */
function dressed(
  offers: readonly Offer[],
  cellPx: number,
  rowPx: number,
  metrics: Metrics,
  measure: TextMeasure,
): { readonly shown: readonly Offer[]; readonly type: TableType } {
  const whole = typeFor(offers, cellPx, rowPx, metrics, measure);
  if (wholeNames(offers, whole, cellPx, measure) === offers.length) return { shown: offers, type: whole };
  const short = offers.map((offer) => ({ ...offer, price: offer.shortPrice }));
  const type = typeFor(short, cellPx, rowPx, metrics, measure);
  const gains =
    type.sizePx > whole.sizePx || wholeNames(short, type, cellPx, measure) > wholeNames(offers, whole, cellPx, measure);
  return gains ? { shown: short, type } : { shown: offers, type: whole };
}

function wholeNames(offers: readonly Offer[], type: TableType, cellPx: number, measure: TextMeasure): number {
  const room = nameRoom(type, cellPx);
  return offers.filter(({ name }) => measure.width(name, type.sizePx, type.nameWeight) <= room).length;
}

/** This share of the names must fit in full; the few longer ones are shortened. */
const wholeNamesMin = 0.7;

function typeFor(
  offers: readonly Offer[],
  cellPx: number,
  rowPx: number,
  metrics: Metrics,
  measure: TextMeasure,
): TableType {
  let type = typeAt(metrics.bodyPx, offers, metrics, measure);
  while (type.sizePx > metrics.smallestPx) {
    const whole = wholeNames(offers, type, cellPx, measure);
    if (whole >= offers.length * wholeNamesMin && type.sizePx * (lineHeight + 0.2) <= rowPx) break;
    type = typeAt(Math.max(metrics.smallestPx, type.sizePx * 0.95), offers, metrics, measure);
  }
  return type;
}

function typeAt(sizePx: number, offers: readonly Offer[], metrics: Metrics, measure: TextMeasure): TableType {
  const widest = (texts: readonly string[]): number =>
    Math.max(...texts.map((text) => measure.width(text, sizePx, "bold")));
  const isTight = sizePx < metrics.bodyPx * 0.85;
  const chip = widest(offers.map(({ line }) => line)) + sizePx * (isTight ? 0.4 : 0.6);
  const betweenPx = Math.round(sizePx * (isTight ? 0.3 : 0.45));
  return {
    sizePx,
    nameWeight: sizePx < metrics.boldBelowPx ? "bold" : "medium",
    chipPx: Math.ceil(Math.min(sizePx * 4, Math.max(sizePx * (isTight ? 1.2 : 1.5), chip))),
    pricePx: Math.ceil(widest(offers.map(({ price }) => price))) + 1,
    insetPx: metrics.hasCards ? Math.round(sizePx * 0.3) : 0,
    betweenPx,
  };
}

function nameRoom({ chipPx, pricePx, insetPx, betweenPx }: TableType, cellPx: number): number {
  return cellPx - chipPx - pricePx - 3 * insetPx - 2 * betweenPx;
}

/** If not all of them fit, those that can be bought go first. The order does not change. */
function chooseShown(offers: readonly Offer[], count: number): readonly Offer[] {
  if (offers.length <= count) return offers;
  const kept = new Set(
    [...offers.filter(({ soldOut }) => !soldOut), ...offers.filter(({ soldOut }) => soldOut)].slice(0, count),
  );
  return offers.filter((offer) => kept.has(offer));
}

function offerRow(
  offer: Offer,
  row: Box,
  type: TableType,
  metrics: Metrics,
  measure: TextMeasure,
  isLast: boolean,
): readonly DisplayItem[] {
  const { sizePx, chipPx, insetPx, betweenPx, nameWeight } = type;
  const box = { ...row, heightPx: row.heightPx - Math.max(1, Math.round(sizePx * 0.14)) };
  const ink: Ink = offer.soldOut ? "soft" : "ink";
  const roomy = Math.min(box.heightPx - 2 * Math.min(insetPx, 4), Math.ceil(sizePx * 1.45));
  const chipHeight = Math.max(roomy, Math.ceil(sizePx * lineHeight));
  const chip = middle(box, box.xPx + insetPx, chipPx, chipHeight);
  const roomPx = row.widthPx - chipPx - 3 * insetPx - 2 * betweenPx;
  // A name keeps room for a few letters next to the highest price.
  const pricePx = Math.min(type.pricePx, Math.floor(roomPx - sizePx * 2.5));
  const namePx = roomPx - pricePx;
  const nameX = chip.xPx + chipPx + betweenPx;
  const text = (content: string, at: Box, weight: Weight, textInk: Ink, align: Align): DisplayItem => {
    // A price is never shortened, only made smaller.
    const smallestPx = align === "right" ? 4 : sizePx * 0.9;
    const fitted = fitText(content, at, { sizePx, weight, measure }, { linesMax: 1, smallestPx });
    const placed = middle(at, at.xPx, at.widthPx, fitted.heightPx);
    return { kind: "text", box: placed, lines: fitted.lines, sizePx: fitted.sizePx, weight, ink: textInk, align };
  };
  const priceBox = { ...box, xPx: nameX + namePx + betweenPx, widthPx: pricePx };
  return [
    ...surface(box, row, metrics, isLast),
    ...(offer.soldOut ? [] : [{ kind: "rect", box: chip, ink: "accent", radiusPx: Math.round(sizePx * 0.3) } as const]),
    text(
      offer.line,
      { ...chip, xPx: chip.xPx + 1, widthPx: chipPx - 2 },
      "bold",
      offer.soldOut ? "soft" : "onAccent",
      "center",
    ),
    text(offer.name, { ...box, xPx: nameX, widthPx: namePx }, nameWeight, ink, "left"),
    text(offer.price, priceBox, offer.soldOut ? nameWeight : "bold", ink, "right"),
  ];
}

/** One card per row if there is room for cards; otherwise a thin line between rows. */
function surface(box: Box, row: Box, metrics: Metrics, isLast: boolean): readonly DisplayItem[] {
  if (metrics.hasCards) return [{ kind: "rect", box, ink: "card", radiusPx: Math.round(metrics.bodyPx * 0.4) }];
  if (isLast || row.heightPx < metrics.bodyPx * 1.6) return [];
  return [{ kind: "rect", box: { ...row, yPx: row.yPx + row.heightPx - 1, heightPx: 1 }, ink: "line", radiusPx: 0 }];
}

function middle(box: Box, xPx: number, widthPx: number, heightPx: number): Box {
  return { xPx, yPx: box.yPx + Math.floor((box.heightPx - heightPx) / 2), widthPx, heightPx };
}
