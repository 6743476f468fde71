/**
 * The products as a table: what to press, name, price. In as many columns as it takes to show all of them, in smaller type if need be. Where even
 * that is too little, the last row says how many more can be bought: nothing for sale is left out in silence. Pure.
 */
import type { Box } from "../frame.ts";
import type { SceneContent } from "./content.ts";
import type { Align, DisplayItem, Ink } from "./display-list.ts";
import type { Metrics } from "./metrics.ts";
import { fitText, type FittedText, lineHeight, type TextMeasure, type Weight } from "./text-fit.ts";

type Offer = SceneContent["offers"][number];

/** Heights of a row, in sizes of its type. */
const rowRatioMax = 2.3;
const rowRatioMin = 1.4;
const columnsMax = 4;
/** A column needs room for a name, in sizes of its type. */
const columnRatioMin = 10;
/** Where there is room to spare, the table's type may be this much larger than running text. */
const growMax = 1.35;

/** The least height that a table of `count` products should get. */
export function tableHeightMin(count: number, widthPx: number, metrics: Metrics): number {
  const columns = Math.max(1, Math.min(2, Math.floor(widthPx / (columnRatioMin * 1.2 * metrics.bodyPx))));
  return Math.ceil(Math.ceil(count / columns) * rowRatioMin * metrics.bodyPx);
}

/** A way to set the table: how many columns and rows, and what stands in them. */
interface Setting {
  readonly columns: number;
  readonly rows: number;
  readonly rowPx: number;
  readonly cellPx: number;
  readonly shown: readonly Offer[];
  readonly type: TableType;
  /** How many that can be bought are not shown; told in the last cell. */
  readonly more: number;
}

export function placeOffers(
  { offers, moreOffers }: Pick<SceneContent, "offers" | "moreOffers">,
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  if (offers.length === 0 || area.widthPx < metrics.bodyPx * 5) return [];
  const setting = bestSetting(offers, area, metrics, measure);
  if (setting === undefined) return moreRow(forSale(offers), moreOffers, area, metrics, measure);
  const { columns, rows, rowPx, cellPx, shown, type, more } = setting;
  const gutterPx = columns === 1 ? 0 : metrics.gapPx * 2;
  const cellOf = (index: number): Box => ({
    xPx: area.xPx + Math.floor(index / rows) * (cellPx + gutterPx),
    yPx: area.yPx + (index % rows) * rowPx,
    widthPx: cellPx,
    heightPx: rowPx,
  });
  const items = shown.flatMap((offer, index) => {
    const isLast = index % rows === rows - 1 || (more === 0 && index === shown.length - 1);
    return offerRow(offer, cellOf(index), type, metrics, measure, isLast);
  });
  if (more === 0) return items;
  return [...items, ...moreRow(more, moreOffers, cellOf(shown.length), { ...metrics, bodyPx: type.sizePx }, measure)];
}

function forSale(offers: readonly Offer[]): number {
  return offers.filter(({ soldOut }) => !soldOut).length;
}

/** All of them if possible, in the largest type; of settings with equal type the one with the fewest columns. */
function bestSetting(offers: readonly Offer[], area: Box, metrics: Metrics, measure: TextMeasure): Setting | undefined {
  const settings = Array.from({ length: columnsMax }, (_, index) =>
    settingWith(index + 1, offers, area, metrics, measure),
  ).filter((setting) => setting !== undefined);
  return settings.reduce<Setting | undefined>(
    (best, one) => (best === undefined || isBetter(one, best) ? one : best),
    undefined,
  );
}

function isBetter(one: Setting, other: Setting): boolean {
  if (one.more !== other.more) return one.more < other.more;
  return one.type.sizePx > other.type.sizePx * 1.02;
}

function settingWith(
  columns: number,
  offers: readonly Offer[],
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
): Setting | undefined {
  const gutterPx = columns === 1 ? 0 : metrics.gapPx * 2;
  const cellPx = Math.floor((area.widthPx - (columns - 1) * gutterPx) / columns);
  if (columns > 1 && (cellPx < columnRatioMin * metrics.smallestPx || columns > offers.length)) return undefined;
  const rowsFitting = Math.floor(area.heightPx / (metrics.smallestPx * rowRatioMin));
  if (rowsFitting === 0) return undefined;
  const rows = Math.min(rowsFitting, Math.ceil(offers.length / columns));
  const rowPx = Math.floor(Math.min(area.heightPx / rows, metrics.bodyPx * growMax * rowRatioMax));
  const places = rows * columns;
  const isWhole = forSale(offers) <= places;
  const chosen = chooseShown(offers, isWhole ? places : places - 1);
  if (chosen.length === 0) return undefined;
  const { shown, type } = dressed(chosen, cellPx, rowPx, metrics, measure);
  return { columns, rows, rowPx, cellPx, shown, type, more: forSale(offers) - forSale(shown) };
}

/** A row of words: "and 3 more: press the number"; where those are too many, "+3". */
function moreRow(
  count: number,
  text: (count: number) => string,
  row: Box,
  { bodyPx, smallestPx, boldBelowPx, isWholePx }: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  if (count === 0) return [];
  const sizePx = Math.max(smallestPx, bodyPx);
  const weight: Weight = sizePx < boldBelowPx ? "bold" : "medium";
  const fit = (words: string): FittedText =>
    fitText(words, row, { sizePx, weight, measure }, { linesMax: 2, smallestPx, isWholePx });
  const words = fit(text(count));
  const { lines, sizePx: fittedPx, heightPx } = words.lines.join(" ") === text(count) ? words : fit(`+${count}`);
  if (heightPx > row.heightPx) return [];
  const box = middle(row, row.xPx, row.widthPx, heightPx);
  return [{ kind: "text", box, lines, sizePx: fittedPx, weight, ink: "ink", align: "left" }];
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

/**
 * If names would be cut short, all rows get a little smaller; if that is not enough, prices lose their currency: what is bought matters more, and
 * the pay scene has the price in full.
 */
function dressed(
  offers: readonly Offer[],
  cellPx: number,
  rowPx: number,
  metrics: Metrics,
  measure: TextMeasure,
): { readonly shown: readonly Offer[]; readonly type: TableType } {
  const isWhole = (shown: readonly Offer[], type: TableType): boolean =>
    wholeNames(shown, type, cellPx, measure) === shown.length;
  const type = typeFor(offers, cellPx, rowPx, metrics, measure);
  if (isWhole(offers, type)) return { shown: offers, type };
  const smaller = { ...metrics, smallestPx: Math.max(metrics.smallestPx, metrics.bodyPx * sizeForCurrencyMin) };
  const slim = typeFor(offers, cellPx, rowPx, smaller, measure, 1);
  if (isWhole(offers, slim)) return { shown: offers, type: slim };
  const short = offers.map((offer) => ({ ...offer, price: offer.shortPrice }));
  const shortType = typeFor(short, cellPx, rowPx, metrics, measure);
  const gains =
    shortType.sizePx > type.sizePx ||
    wholeNames(short, shortType, cellPx, measure) > wholeNames(offers, type, cellPx, measure);
  return gains ? { shown: short, type: shortType } : { shown: offers, type };
}

/** How small the type may get, in sizes of running text, before prices lose their currency. */
const sizeForCurrencyMin = 0.85;

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
  wholeMin = wholeNamesMin,
): TableType {
  // Larger than running text only where the row has the air for it.
  const roomyPx = Math.min(metrics.bodyPx * growMax, rowPx / rowRatioMax);
  let type = typeAt(Math.max(metrics.bodyPx, roomyPx), offers, metrics, measure);
  while (type.sizePx > metrics.smallestPx) {
    const whole = wholeNames(offers, type, cellPx, measure);
    if (whole >= offers.length * wholeMin && type.sizePx * rowRatioMin <= rowPx) break;
    type = typeAt(Math.max(metrics.smallestPx, smaller(type.sizePx, metrics)), offers, metrics, measure);
  }
  return type;
}

function smaller(sizePx: number, { isWholePx }: Metrics): number {
  return isWholePx ? Math.ceil(sizePx) - 1 : sizePx * 0.95;
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
  // A name keeps room for a few letters next to the highest price; where there is none for both, they share it.
  const pricePx = Math.min(type.pricePx, Math.max(Math.floor(roomPx - sizePx * 2.5), Math.floor(roomPx / 2)));
  const namePx = roomPx - pricePx;
  const nameX = chip.xPx + chipPx + betweenPx;
  const text = (content: string, at: Box, weight: Weight, textInk: Ink, align: Align): DisplayItem => {
    // A price is never shortened, only made smaller.
    const smallestPx = align === "right" ? 4 : sizePx * 0.9;
    const fitted = fitText(
      content,
      at,
      { sizePx, weight, measure },
      { linesMax: 1, smallestPx, isWholePx: metrics.isWholePx },
    );
    const placed = middle(at, at.xPx, at.widthPx, fitted.heightPx);
    return { kind: "text", box: placed, lines: fitted.lines, sizePx: fitted.sizePx, weight, ink: textInk, align };
  };
  const priceBox = { ...box, xPx: nameX + namePx + betweenPx, widthPx: pricePx };
  const name = text(offer.name, { ...box, xPx: nameX, widthPx: namePx }, nameWeight, ink, "left");
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
    ...leader(offer, name, { startPx: nameX, endPx: priceBox.xPx + pricePx }, type, metrics, measure),
    text(offer.price, priceBox, offer.soldOut ? nameWeight : "bold", ink, "right"),
  ];
}

/** Dots from the name to its price, which lead the eye where the two stand far apart and no card holds them together. */
function leader(
  offer: Offer,
  name: DisplayItem,
  { startPx, endPx }: { readonly startPx: number; readonly endPx: number },
  { sizePx, nameWeight, betweenPx }: TableType,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  if (name.kind !== "text" || metrics.hasCards) return [name];
  const nameWidth = Math.max(1, Math.ceil(measure.width(name.lines[0] ?? "", name.sizePx, nameWeight)));
  const priceWidth = Math.ceil(measure.width(offer.price, sizePx, "bold"));
  const from = startPx + nameWidth + betweenPx;
  const dot = measure.width(" .", sizePx, nameWeight);
  const count = Math.floor((endPx - priceWidth - betweenPx - from) / dot);
  const priceColumn = name.box.xPx + name.box.widthPx;
  // The dots end before the column of the prices: its box is the widest price's.
  const fitting = Math.min(count, Math.floor((priceColumn - from) / dot));
  if (fitting < 4) return [name];
  const widthPx = priceColumn - from;
  const dots: DisplayItem = {
    ...name,
    box: { ...name.box, xPx: from, widthPx },
    lines: [" .".repeat(fitting).trimStart()],
    weight: nameWeight,
    ink: "soft",
    align: "right",
  };
  return [{ ...name, box: { ...name.box, widthPx: nameWidth } }, dots];
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
