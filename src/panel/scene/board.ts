/**
 * The outlets as a board: up to 16 as a list, more as numbers alone. The form that leaves the largest type is taken; names go before numbers and
 * states do. What one page cannot hold stands on further ones: no outlet is left out. Pure.
 */
import type { Box } from "../frame.ts";
import type { BoardContent, BoardRow } from "./board-content.ts";
import { placeLegend } from "./board-legend.ts";
import { bestList, placeList } from "./board-list.ts";
import { bestNumbers, placeNumbers } from "./board-numbers.ts";
import type { DisplayItem } from "./display-list.ts";
import type { Metrics } from "./metrics.ts";
import type { TextMeasure } from "./text-fit.ts";

/** More than that are shown as numbers. */
export const listedMax = 16;

export interface PlacedBoard {
  readonly items: readonly DisplayItem[];
  readonly pages: number;
  /** How much is told of each outlet: what is given up as room gets scarce, the most first. */
  readonly form: (typeof boardForms)[number];
}

export const boardForms = ["names", "states", "numbers", "pages"] as const;

/** @param turn which page, counted without end */
export function placeBoard(
  board: BoardContent,
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
  turn: number,
): PlacedBoard {
  const { rows, legend, priceLine } = board;
  if (rows.length === 0) return { items: [], pages: 1, form: "names" };
  const list = rows.length > listedMax ? undefined : bestList(rows, area, metrics, measure);
  if (list !== undefined) {
    const items = placeList(rows, area, list, metrics, measure);
    return { items, pages: 1, form: list.form === "short" ? "states" : "names" };
  }
  const price = priceLine === undefined ? [] : [{ mark: undefined, word: priceLine }];
  // With the state under each number no legend is needed. What the shapes mean is said in full, or else in short.
  for (const under of ["state", "time", "nothing"] as const)
    for (const words of ["word", "shortWord"] as const) {
      const entries = under === "state" ? price : [...legend.map((one) => ({ ...one, word: one[words] })), ...price];
      const below = placeLegend(entries, area, metrics, measure);
      const setting = bestNumbers(rows, under, lessBelow(area, below.heightPx), metrics, measure);
      if (setting === undefined || setting.places < rows.length) continue;
      const cells = placeNumbers(rows, area, setting, metrics, measure);
      return { items: [...cells, ...legendUnder(cells, below.items, area)], pages: 1, form: "numbers" };
    }
  return inPages(board, area, metrics, measure, turn);
}

/** The page is told last in the legend: "1/2". */
function inPages(board: BoardContent, area: Box, metrics: Metrics, measure: TextMeasure, turn: number): PlacedBoard {
  const { rows, legend, priceLine } = board;
  const shapes = legend.map(({ mark, shortWord: word }) => ({ mark, word }));
  const entries = [...shapes, ...(priceLine === undefined ? [] : [{ mark: undefined, word: priceLine }])];
  const below = (label: string) => placeLegend([...entries, { mark: undefined, word: label }], area, metrics, measure);
  const { heightPx } = below(`${rows.length}/${rows.length}`);
  const setting = bestNumbers(rows, "nothing", lessBelow(area, heightPx), metrics, measure);
  if (setting === undefined) return { items: [], pages: 1, form: "pages" };
  const pages = Math.ceil(rows.length / setting.places);
  const called = rows.findLastIndex(({ isCalled }) => isCalled);
  const page = called < 0 ? turn % pages : Math.floor(called / setting.places);
  const shown: readonly BoardRow[] = rows.slice(page * setting.places, (page + 1) * setting.places);
  const cells = placeNumbers(shown, area, setting, metrics, measure);
  return { items: [...cells, ...legendUnder(cells, below(`${page + 1}/${pages}`).items, area)], pages, form: "pages" };
}

function lessBelow(area: Box, heightPx: number): Box {
  return { ...area, heightPx: area.heightPx - heightPx };
}

function legendUnder(cells: readonly DisplayItem[], legend: readonly DisplayItem[], area: Box): readonly DisplayItem[] {
  const endPx = Math.max(area.yPx, ...cells.map(({ box }) => box.yPx + box.heightPx));
  return legend.map((item) => ({ ...item, box: { ...item.box, yPx: item.box.yPx - area.yPx + endPx } }));
}
