/** The board as numbers alone, each with the shape of its state, and where there is room with the state or the time below. Pure. */
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

/** What stands below a number. Without the state there, a legend has to say what the shapes mean. */
export type Under = "state" | "time" | "nothing";

export interface NumbersSetting {
  readonly under: Under;
  readonly idPx: number;
  readonly textPx: number;
  readonly columns: number;
  readonly places: number;
  readonly cellWidthPx: number;
  readonly cellHeightPx: number;
  readonly gapPx: number;
}

/** The numbers' size in sizes of running text: at most, and what it should be for more than a number to stand in a cell. */
const growMax = 3;
const roomyMin: Readonly<Record<Under, number>> = { state: 1.1, time: 1, nothing: 0 };
/** The type below a number, in sizes of the number. */
const underRatio = 0.5;
/** A cell is not made larger than it needs by more than this. */
const airMax = 1.6;

/** In the largest type that shows all of them; undefined where the wanted text has no room. With `nothing` there is always an answer. */
export function bestNumbers(
  rows: readonly BoardRow[],
  under: Under,
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
): NumbersSetting | undefined {
  const leastPx = Math.max(metrics.smallestPx, metrics.bodyPx * roomyMin[under]);
  let setting: NumbersSetting | undefined;
  for (const idPx of sizesDown(metrics.bodyPx * growMax, leastPx, metrics)) {
    setting = settingAt(rows, under, idPx, area, { metrics, measure });
    if (setting.places >= rows.length) return setting;
  }
  return under === "nothing" ? setting : undefined;
}

function textUnder({ shortState, time }: BoardRow, under: Under): string {
  if (under === "state") return shortState;
  return under === "time" ? (time ?? "") : "";
}

function padOf(idPx: number): number {
  return Math.max(1, Math.round(idPx * 0.15));
}

/** The frame around a number whose code was just scanned. */
function frameOf(idPx: number): number {
  return Math.max(1, Math.round(idPx * 0.1));
}

function nearOf(idPx: number): number {
  return Math.max(1, Math.round(idPx * 0.15));
}

function settingAt(
  rows: readonly BoardRow[],
  under: Under,
  idPx: number,
  area: Box,
  { metrics, measure }: Setter,
): NumbersSetting {
  const textPx = typeSize(Math.max(metrics.smallestPx, idPx * underRatio), metrics);
  const texts = rows.map((row) => textUnder(row, under));
  const hasText = texts.some((text) => text !== "");
  const idsPx =
    markSide(idPx * 0.8) +
    nearOf(idPx) +
    widest(
      rows.map(({ id }) => id),
      idPx,
      "bold",
      measure,
    ) +
    2 +
    2 * frameOf(idPx);
  const padPx = padOf(idPx);
  const textsPx = widest(texts, textPx, weightOf(textPx, metrics), measure) + 2;
  const neededPx = Math.min(area.widthPx, Math.max(idsPx, textsPx) + 2 * padPx);
  const slackPx = idPx > metrics.smallestPx ? Math.max(padPx, frameOf(idPx)) : frameOf(idPx);
  const highPx = lineOf(idPx) + (hasText ? lineOf(textPx) : 0) + 2 * slackPx;
  const gapPx = Math.max(1, Math.round(idPx * (metrics.hasCards ? 0.25 : 0.12)));
  const columnsFitting = Math.max(1, Math.floor((area.widthPx + gapPx) / (neededPx + gapPx)));
  const rowsFitting = Math.max(1, Math.floor((area.heightPx + gapPx) / (highPx + gapPx)));
  const isWhole = columnsFitting * rowsFitting >= rows.length;
  // As even as possible: not twelve in a row and one alone below.
  const rowCount = isWhole ? Math.ceil(rows.length / columnsFitting) : rowsFitting;
  const columns = isWhole ? Math.ceil(rows.length / rowCount) : columnsFitting;
  const widthPx = Math.floor((area.widthPx - (columns - 1) * gapPx) / columns);
  const heightPx = Math.floor((area.heightPx - (rowCount - 1) * gapPx) / rowCount);
  return {
    under,
    idPx,
    textPx,
    columns,
    places: columns * rowCount,
    cellWidthPx: Math.min(widthPx, Math.ceil(neededPx * airMax)),
    cellHeightPx: Math.min(heightPx, Math.ceil(highPx * airMax)),
    gapPx,
  };
}

/** Row by row, as people count. */
export function placeNumbers(
  rows: readonly BoardRow[],
  area: Box,
  setting: NumbersSetting,
  metrics: Metrics,
  measure: TextMeasure,
): readonly DisplayItem[] {
  const { columns, cellWidthPx, cellHeightPx, gapPx } = setting;
  const usedPx = columns * cellWidthPx + (columns - 1) * gapPx;
  const startPx = area.xPx + Math.floor((area.widthPx - usedPx) / 2);
  return rows.flatMap((row, index) => {
    const cell = {
      xPx: startPx + (index % columns) * (cellWidthPx + gapPx),
      yPx: area.yPx + Math.floor(index / columns) * (cellHeightPx + gapPx),
      widthPx: cellWidthPx,
      heightPx: cellHeightPx,
    };
    return placeCell(row, cell, setting, { metrics, measure });
  });
}

/** Dark where somebody can begin; in a thick frame where the code was just scanned. */
function placeCell(row: BoardRow, cell: Box, setting: NumbersSetting, setter: Setter): readonly DisplayItem[] {
  const { metrics, measure } = setter;
  const { idPx, textPx, under } = setting;
  const isDark = row.isInviting && !row.isCalled;
  const ink: Ink = isDark ? "onAccent" : "ink";
  const radiusPx = Math.round(idPx * 0.2);
  const framePx = frameOf(idPx);
  const inner = {
    xPx: cell.xPx + framePx,
    yPx: cell.yPx + framePx,
    widthPx: cell.widthPx - 2 * framePx,
    heightPx: cell.heightPx - 2 * framePx,
  };
  const field = isDark || row.isCalled ? "accent" : metrics.hasCards ? "card" : undefined;
  const surfaces: readonly DisplayItem[] =
    field === undefined ? [] : [{ kind: "rect", box: cell, ink: field, radiusPx }];
  const within: readonly DisplayItem[] = row.isCalled
    ? [{ kind: "rect", box: inner, ink: "paper", radiusPx: Math.max(0, radiusPx - framePx) }]
    : [];
  const text = textUnder(row, under);
  // Inside the frame, if there is one.
  const room = row.isCalled ? inner : cell;
  const idLinePx = Math.min(lineOf(idPx), room.heightPx);
  const textLinePx = text === "" ? 0 : Math.min(lineOf(textPx), Math.max(1, room.heightPx - idLinePx));
  const topPx = room.yPx + Math.max(0, Math.floor((room.heightPx - idLinePx - textLinePx) / 2));
  const sidePx = Math.min(markSide(idPx * 0.8), idLinePx);
  const nearPx = nearOf(idPx);
  const idWidth = Math.ceil(measure.width(row.id, idPx, "bold")) + 1;
  const idRoom = Math.max(1, Math.min(idWidth, room.widthPx - sidePx - nearPx - 2));
  const leftPx = room.xPx + Math.floor((room.widthPx - sidePx - nearPx - idRoom) / 2);
  return [
    ...surfaces,
    ...within,
    setMark(row.mark, ink, { xPx: leftPx, yPx: topPx, heightPx: idLinePx }, sidePx),
    setLine(
      { text: row.id, sizePx: idPx, weight: "bold", ink, align: "left", smallestPx: 4 },
      { xPx: leftPx + sidePx + nearPx, yPx: topPx, widthPx: idRoom, heightPx: idLinePx },
      setter,
    ),
    ...(text === ""
      ? []
      : [
          setLine(
            { text, sizePx: textPx, weight: weightOf(textPx, metrics), ink, align: "center", smallestPx: 4 },
            { ...room, xPx: room.xPx + 1, widthPx: room.widthPx - 2, yPx: topPx + idLinePx, heightPx: textLinePx },
            setter,
          ),
        ]),
  ];
}
