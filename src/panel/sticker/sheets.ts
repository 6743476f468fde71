/** A4 pages: a sheet of instructions with the table of ids and places in each language, then the stickers with cut marks. Pure. */
import type { Language } from "../languages.ts";
import type { TextMeasure } from "../scene/text-fit.ts";
import { movedBy, type PrintItem, type PrintPage, type PrintStyle, setText } from "./print-item.ts";
import type { Sticker } from "./sticker.ts";
import { sheetWords } from "./words/all.ts";

/** ISO 216. */
export const a4 = { widthMm: 210, heightMm: 297 } as const;
/** Office printers leave 5 mm at the edges white; marks keep clear of that. */
export const unprintableMm = 5;

const marginMm = 12;
/** Between two stickers: each has marks of its own. */
const gutterMm = 12;
const mark = { offsetMm: 1.5, lengthMm: 4, thickMm: 0.15 } as const;

export type Pages =
  | { readonly kind: "laid-out"; readonly pages: readonly PrintPage[] }
  | { readonly kind: "refused"; readonly reason: string; readonly advice: string };

/** As many A4 pages as the stickers need, in their order, each with marks to cut at. */
export function stickerPages(stickers: readonly Sticker[]): Pages {
  const cell = {
    widthMm: Math.max(0, ...stickers.map(({ page }) => page.widthMm)),
    heightMm: Math.max(0, ...stickers.map(({ page }) => page.heightMm)),
  };
  const columns = fitting(a4.widthMm, cell.widthMm);
  const rows = fitting(a4.heightMm, cell.heightMm);
  if (columns < 1 || rows < 1)
    return {
      kind: "refused",
      reason: `a sticker of ${cell.widthMm} × ${cell.heightMm} mm does not fit a page of A4 with its cut marks`,
      advice: "print it smaller, or at its own size as an SVG",
    };
  const pages: PrintPage[] = [];
  for (let from = 0; from < stickers.length; from += columns * rows) {
    const items = stickers.slice(from, from + columns * rows).flatMap(({ page }, index): readonly PrintItem[] => {
      const xMm = marginMm + (index % columns) * (cell.widthMm + gutterMm);
      const yMm = marginMm + Math.floor(index / columns) * (cell.heightMm + gutterMm);
      return [...movedBy(page.items, xMm, yMm), ...cutMarks(xMm, yMm, page)];
    });
    pages.push({ ...a4, items });
  }
  return { kind: "laid-out", pages };
}

function fitting(wholeMm: number, oneMm: number): number {
  return Math.floor((wholeMm - 2 * marginMm + gutterMm) / (oneMm + gutterMm));
}

/** Two at each corner, outside of it: what is cut a little wrong shows no rest of a line. */
export function cutMarks(xMm: number, yMm: number, { widthMm, heightMm }: PrintPage): readonly PrintItem[] {
  const { offsetMm, lengthMm, thickMm } = mark;
  const middle = (mm: number): number => mm - thickMm / 2;
  const items: PrintItem[] = [];
  for (const [cornerX, outX] of [
    [xMm, xMm - offsetMm - lengthMm],
    [xMm + widthMm, xMm + widthMm + offsetMm],
  ] as const)
    for (const [cornerY, outY] of [
      [yMm, yMm - offsetMm - lengthMm],
      [yMm + heightMm, yMm + heightMm + offsetMm],
    ] as const) {
      items.push({ kind: "rect", xMm: outX, yMm: middle(cornerY), widthMm: lengthMm, heightMm: thickMm });
      items.push({ kind: "rect", xMm: middle(cornerX), yMm: outY, widthMm: thickMm, heightMm: lengthMm });
    }
  return items;
}

export interface SheetSettings {
  readonly language: Language;
  /** The app's name as this language says it. */
  readonly app: string;
  readonly measure: TextMeasure;
}

const sheetMarginMm = 20;
const type = { title: 8, body: 4, table: 3.6 } as const;
const rulerMm = 50;
const columnsMm = { id: 0, place: 72, revision: 144 } as const;
const tableWidthMm = a4.widthMm - 2 * sheetMarginMm;

/** What whoever prints, glues and looks after stickers does, a line to check the size against, and which sticker belongs where. */
export function instructionPages(
  stickers: readonly Sticker[],
  { language, app, measure }: SheetSettings,
): readonly PrintPage[] {
  const words = sheetWords[language];
  const flow = new Flow(measure);
  flow.text(words.title, { sizeMm: type.title, weight: "bold" });
  flow.skip(3);
  for (const [index, step] of words.steps(app).entries()) {
    flow.text(`${index + 1}.`, { sizeMm: type.body, weight: "bold" }, { stays: true });
    flow.text(step, { sizeMm: type.body, weight: "medium" }, { insetMm: 8 });
    flow.skip(1.5);
  }
  flow.skip(3);
  flow.ruler();
  flow.text(words.ruler(rulerMm), { sizeMm: type.table, weight: "medium" });
  flow.skip(6);
  flow.row([words.id, words.place, words.revision], "bold");
  flow.line();
  for (const { id, place, revision } of stickers) flow.row([id, place, revision], "medium");
  return flow.pages();
}

/** Fills a page from its top, and begins the next one when it is full. */
class Flow {
  readonly #measure: TextMeasure;
  readonly #done: PrintPage[] = [];
  #items: PrintItem[] = [];
  #yMm = sheetMarginMm;

  constructor(measure: TextMeasure) {
    this.#measure = measure;
  }

  text(
    text: string,
    style: Pick<PrintStyle, "sizeMm" | "weight">,
    { insetMm = 0, stays = false }: { readonly insetMm?: number; readonly stays?: boolean } = {},
  ): void {
    const set = this.#set(text, insetMm, tableWidthMm - insetMm, style);
    this.#items.push(...set.items);
    if (!stays) this.#yMm += set.heightMm;
  }

  row([id, place, revision]: readonly [string, string, string], weight: PrintStyle["weight"]): void {
    const style = { sizeMm: type.table, weight };
    const cells = [
      this.#set(id, columnsMm.id, columnsMm.place - columnsMm.id - 2, style),
      this.#set(place, columnsMm.place, columnsMm.revision - columnsMm.place - 2, style),
      this.#set(revision, columnsMm.revision, tableWidthMm - columnsMm.revision, style),
    ];
    const heightMm = Math.max(...cells.map((cell) => cell.heightMm)) + 1.5;
    if (this.#yMm + heightMm > a4.heightMm - sheetMarginMm) {
      this.#turn();
      this.row([id, place, revision], weight);
      return;
    }
    this.#items.push(...cells.flatMap(({ items }) => items));
    this.#yMm += heightMm;
  }

  line(): void {
    this.#items.push({ kind: "rect", xMm: sheetMarginMm, yMm: this.#yMm, widthMm: tableWidthMm, heightMm: 0.2 });
    this.#yMm += 2;
  }

  /** From the outer edge of one end to that of the other. */
  ruler(): void {
    const rect = (xMm: number, yMm: number, widthMm: number, heightMm: number): PrintItem => ({
      kind: "rect",
      xMm: sheetMarginMm + xMm,
      yMm: this.#yMm + yMm,
      widthMm,
      heightMm,
    });
    this.#items.push(rect(0, 1.85, rulerMm, 0.3), rect(0, 0, 0.3, 4), rect(rulerMm - 0.3, 0, 0.3, 4));
    this.#yMm += 6;
  }

  skip(mm: number): void {
    this.#yMm += mm;
  }

  pages(): readonly PrintPage[] {
    this.#turn();
    return this.#done;
  }

  #set(text: string, insetMm: number, widthMm: number, style: Pick<PrintStyle, "sizeMm" | "weight">) {
    const column = { xMm: sheetMarginMm + insetMm, yMm: this.#yMm, widthMm };
    return setText(text, column, { ...style, align: "left", measure: this.#measure });
  }

  #turn(): void {
    this.#done.push({ ...a4, items: this.#items });
    this.#items = [];
    this.#yMm = sheetMarginMm;
  }
}
