/** The board as a list: number, name, state in shape and word, price; in as many columns as leave the largest type. Pure. */
import type { Box } from "../frame.ts";
import type { BoardRow } from "./board-content.ts";
import {
  lineOf,
  markSide,
  type Setter,
  setLine,
  setMark,
  sizesDown,
  typeSize,
  weightOf,
  widest,
} from "./board-parts.ts";
import type { DisplayItem, Ink } from "./display-list.ts";
import type { Metrics } from "./metrics.ts";
import type { TextMeasure } from "./text-fit.ts";

/** `two-lines`: the state below the name. `short`: without the name, which the number stands for. */
type Form = "two-lines" | "one-line" | "short";

/** How much of the names has to be readable: all of each, most of them, or the beginnings. */
type Names = "all" | "most" | "beginnings" | "none";

export interface ListSetting {
  readonly form: Form;
  readonly columns: number;
  readonly rows: number;
  readonly rowPx: number;
  readonly cellPx: number;
  readonly type: ListType;
}

interface ListType {
  readonly sizePx: number;
  readonly idPx: number;
  /** The number's field. */
  readonly chipPx: number;
  readonly namePx: number;
  readonly statePx: number;
  readonly pricePx: number;
  readonly insetPx: number;
  readonly gapPx: number;
  readonly markPx: number;
  readonly rowPxMin: number;
}

const columnsMax = 4;
/** In sizes of running text: boards are read from farther away than a sentence. */
const growMax = 2;
/** A row is not made higher than it needs by more than this. */
const airMax = 1.45;
/** A beginning of a name is this long at least, in sizes of type. */
const beginningMin = 6;
const mostNames = 0.7;
/** The numbers' size, in sizes of the type beside them. */
const idRatio: Readonly<Record<Form, number>> = { "two-lines": 1.6, "one-line": 1.15, short: 1.15 };

const steps: readonly { readonly names: Names; readonly forms: readonly Form[] }[] = [
  { names: "all", forms: ["two-lines", "one-line"] },
  { names: "most", forms: ["two-lines", "one-line"] },
  { names: "beginnings", forms: ["two-lines", "one-line"] },
  { names: "none", forms: ["short"] },
];

/** Undefined where not even the shortest form has room for all. */
export function bestList(
  rows: readonly BoardRow[],
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
): ListSetting | undefined {
  for (const { names, forms } of steps) {
    // Small type is better than a name that is cut short, but not by much.
    const leastPx = names === "all" ? Math.max(metrics.smallestPx, metrics.bodyPx * 0.85) : metrics.smallestPx;
    for (const sizePx of sizesDown(metrics.bodyPx * growMax, leastPx, metrics))
      for (const form of forms) {
        const type = typeAt(rows, form, sizePx, { metrics, measure });
        for (let columns = 1; columns <= Math.min(columnsMax, rows.length); columns += 1) {
          const setting = settingWith({ rows, area, form, columns, names, type }, { metrics, measure });
          if (setting !== undefined) return setting;
        }
      }
  }
  return undefined;
}

interface Attempt {
  readonly rows: readonly BoardRow[];
  readonly area: Box;
  readonly form: Form;
  readonly columns: number;
  readonly names: Names;
  readonly type: ListType;
}

function settingWith({ rows, area, form, columns, names, type }: Attempt, setter: Setter): ListSetting | undefined {
  const { metrics } = setter;
  const perColumn = Math.ceil(rows.length / columns);
  const gutterPx = gutterOf(columns, metrics);
  const cellPx = Math.floor((area.widthPx - (columns - 1) * gutterPx) / columns);
  const airPx = Math.min(Math.floor(area.heightPx / perColumn), Math.ceil(type.rowPxMin * airMax));
  if (airPx < type.rowPxMin) return undefined;
  const roomPx = cellPx - 2 * type.insetPx - type.chipPx - type.gapPx;
  const setting = { form, columns, rows: perColumn, rowPx: airPx, cellPx };
  if (form === "short")
    return rows.every((row) => shortWidth(row, type, setter) <= roomPx) ? { ...setting, type } : undefined;
  const besidePx = type.pricePx === 0 ? 0 : type.gapPx + type.pricePx;
  const stateOnlyPx = form === "two-lines" ? 0 : type.gapPx + type.markPx + halfGap(type) + type.statePx;
  if (form === "two-lines" && type.markPx + halfGap(type) + type.statePx > roomPx - besidePx) return undefined;
  const nameRoomPx = roomPx - besidePx - stateOnlyPx;
  return namesFit(rows, names, nameRoomPx, type.sizePx, setter)
    ? { ...setting, type: { ...type, namePx: form === "two-lines" ? nameRoomPx : Math.min(nameRoomPx, type.namePx) } }
    : undefined;
}

function gutterOf(columns: number, { gapPx, hasCards }: Metrics): number {
  return columns === 1 ? 0 : hasCards ? gapPx : gapPx * 2;
}

function halfGap({ gapPx }: Pick<ListType, "gapPx">): number {
  return Math.ceil(gapPx / 2);
}

function namesFit(rows: readonly BoardRow[], names: Names, roomPx: number, sizePx: number, setter: Setter): boolean {
  if (names === "none") return true;
  if (names === "beginnings") return roomPx >= sizePx * beginningMin;
  const weight = weightOf(sizePx, setter.metrics);
  const whole = rows.filter(({ name }) => setter.measure.width(name, sizePx, weight) <= roomPx).length;
  return roomPx > 0 && whole >= rows.length * (names === "all" ? 1 : mostNames);
}

function shortWidth(row: BoardRow, { sizePx, markPx, gapPx }: ListType, { metrics, measure }: Setter): number {
  const price = shortPrice(row);
  const pricePx = price === undefined ? 0 : gapPx + Math.ceil(measure.width(price, sizePx, "bold")) + 1;
  const statePx = Math.ceil(measure.width(row.shortState, sizePx, weightOf(sizePx, metrics))) + 1;
  return markPx + halfGap({ gapPx }) + statePx + pricePx;
}

/** Where there is little room, the price is for those who can begin now. */
function shortPrice({ price, isInviting }: BoardRow): string | undefined {
  return isInviting ? price : undefined;
}

function typeAt(rows: readonly BoardRow[], form: Form, sizePx: number, { metrics, measure }: Setter): ListType {
  const weight = weightOf(sizePx, metrics);
  const idPx = typeSize(sizePx * idRatio[form], metrics);
  const ids = rows.map(({ id }) => id);
  const prices = rows.flatMap(({ price }) => (price === undefined ? [] : [price]));
  const textPx = form === "two-lines" ? 2 * lineOf(sizePx) : lineOf(sizePx);
  return {
    sizePx,
    idPx,
    chipPx: Math.max(widest(ids, idPx, "bold", measure) + 2 * Math.ceil(idPx * 0.25), lineOf(idPx)),
    namePx:
      widest(
        rows.map(({ name }) => name),
        sizePx,
        weight,
        measure,
      ) + 1,
    statePx:
      widest(
        rows.map(({ state }) => state),
        sizePx,
        weight,
        measure,
      ) + 1,
    pricePx: prices.length === 0 ? 0 : widest(prices, sizePx, "bold", measure) + 1,
    insetPx: Math.max(2, Math.round(sizePx * (metrics.hasCards ? 0.4 : 0.2))),
    gapPx: Math.max(3, Math.round(sizePx * 0.5)),
    markPx: markSide(sizePx),
    rowPxMin: Math.max(textPx, lineOf(idPx)) + Math.max(2, Math.round(sizePx * 0.25)),
  };
}

export function placeList(
  rows: readonly BoardRow[],
  area: Box,
  setting: ListSetting,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  const gutterPx = gutterOf(setting.columns, metrics);
  return rows.flatMap((row, index) => {
    const column = Math.floor(index / setting.rows);
    const cell: Box = {
      xPx: area.xPx + column * (setting.cellPx + gutterPx),
      yPx: area.yPx + (index % setting.rows) * setting.rowPx,
      widthPx: setting.cellPx,
      heightPx: setting.rowPx,
    };
    const isLast = index % setting.rows === setting.rows - 1 || index === rows.length - 1;
    return placeRow(row, cell, setting, isLast, { metrics, measure });
  });
}

function placeRow(
  row: BoardRow,
  cell: Box,
  { form, type }: ListSetting,
  isLast: boolean,
  setter: Setter,
): readonly DisplayItem[] {
  const { sizePx, chipPx, insetPx, gapPx, pricePx } = type;
  const betweenPx = Math.max(1, Math.round(sizePx * (setter.metrics.hasCards ? 0.18 : 0.1)));
  const box = { ...cell, heightPx: cell.heightPx - betweenPx };
  const inks = inksOf(row);
  const chip = chipOf(row, box, type, setter);
  const leftPx = box.xPx + insetPx + chipPx + gapPx;
  const endPx = box.xPx + box.widthPx - insetPx;
  const price = form === "short" ? shortPrice(row) : row.price;
  const ownPricePx = form === "short" ? priceWidth(price, sizePx, setter) : pricePx;
  const priceItems =
    price === undefined
      ? []
      : [
          setLine(
            { text: price, sizePx, weight: "bold", ink: inks.text, align: "right", smallestPx: 4 },
            { ...box, xPx: endPx - ownPricePx, widthPx: ownPricePx },
            setter,
          ),
        ];
  const textEndPx = endPx - (ownPricePx === 0 ? 0 : ownPricePx + gapPx);
  const text = { ...box, xPx: leftPx, widthPx: textEndPx - leftPx };
  return [
    ...surface(row, box, isLast, setter.metrics),
    ...chip,
    ...wordsOf(row, form, text, type, inks, setter),
    ...priceItems,
  ];
}

function priceWidth(price: string | undefined, sizePx: number, { measure }: Setter): number {
  return price === undefined ? 0 : Math.ceil(measure.width(price, sizePx, "bold")) + 1;
}

interface Inks {
  readonly text: Ink;
  readonly soft: Ink;
}

/** A row whose code was scanned is turned to its opposite: dark with light letters. */
function inksOf({ isCalled, isInviting }: BoardRow): Inks {
  if (isCalled) return { text: "onAccent", soft: "onAccent" };
  return { text: isInviting ? "ink" : "soft", soft: isInviting ? "ink" : "soft" };
}

function surface({ isCalled }: BoardRow, box: Box, isLast: boolean, metrics: Metrics): readonly DisplayItem[] {
  const radiusPx = metrics.hasCards ? Math.round(metrics.bodyPx * 0.4) : 0;
  if (isCalled) return [{ kind: "rect", box, ink: "accent", radiusPx }];
  if (metrics.hasCards) return [{ kind: "rect", box, ink: "card", radiusPx }];
  if (isLast || box.heightPx < metrics.bodyPx * 1.6) return [];
  return [{ kind: "rect", box: { ...box, yPx: box.yPx + box.heightPx, heightPx: 1 }, ink: "line", radiusPx: 0 }];
}

/** The number. Where somebody can begin, it stands on a dark field. */
function chipOf(row: BoardRow, box: Box, { idPx, chipPx, insetPx }: ListType, setter: Setter): readonly DisplayItem[] {
  const heightPx = Math.min(lineOf(idPx), box.heightPx);
  const chip = {
    xPx: box.xPx + insetPx,
    yPx: box.yPx + Math.floor((box.heightPx - heightPx) / 2),
    widthPx: chipPx,
    heightPx,
  };
  const isDark = row.isInviting && !row.isCalled;
  const isLight = row.isCalled;
  const ink: Ink = isDark ? "onAccent" : isLight ? "accent" : "ink";
  const field: Ink | undefined = isDark ? "accent" : isLight ? "paper" : undefined;
  const label = { ...chip, xPx: chip.xPx + 1, widthPx: chipPx - 2 };
  return [
    ...(field === undefined
      ? []
      : [{ kind: "rect", box: chip, ink: field, radiusPx: Math.round(idPx * 0.22) } as const]),
    setLine({ text: row.id, sizePx: idPx, weight: "bold", ink, align: "center", smallestPx: 4 }, label, setter),
  ];
}

function wordsOf(
  row: BoardRow,
  form: Form,
  box: Box,
  type: ListType,
  inks: Inks,
  setter: Setter,
): readonly DisplayItem[] {
  const { sizePx, namePx, markPx, gapPx } = type;
  const weight = weightOf(sizePx, setter.metrics);
  const linePx = lineOf(sizePx);
  const state = (text: string, at: Box): readonly DisplayItem[] => {
    const leftPx = at.xPx + markPx + halfGap({ gapPx });
    const room = { ...at, xPx: leftPx, widthPx: at.xPx + at.widthPx - leftPx };
    return [
      setMark(row.mark, inks.soft, at, markPx),
      setLine({ text, sizePx, weight, ink: inks.soft, align: "left", smallestPx: 4 }, room, setter),
    ];
  };
  if (form === "short") return state(row.shortState, box);
  const name = (at: Box): readonly DisplayItem[] =>
    row.name === ""
      ? []
      : [
          setLine(
            { text: row.name, sizePx, weight: "bold", ink: inks.text, align: "left", smallestPx: sizePx * 0.9 },
            at,
            setter,
          ),
        ];
  if (form === "one-line") {
    const stateX = box.xPx + namePx + gapPx;
    return [
      ...name({ ...box, widthPx: namePx }),
      ...state(row.state, { ...box, xPx: stateX, widthPx: box.xPx + box.widthPx - stateX }),
    ];
  }
  const topPx = box.yPx + Math.floor((box.heightPx - 2 * linePx) / 2);
  return [
    ...name({ ...box, yPx: topPx, heightPx: linePx }),
    ...state(row.state, { ...box, yPx: topPx + linePx, heightPx: linePx }),
  ];
}
