/** What is printed, as plain data in millimetres from the top left corner. Black on white: nothing depends on a printer's colours. */
import type { PrintPlan } from "../qr/print-planner.ts";
import { quietZoneModules } from "../qr/planner.ts";
import { lineHeight, type TextMeasure, type Weight, wrapBroken, wrapEvenly } from "../scene/text-fit.ts";

export type PrintItem =
  | {
      readonly kind: "rect";
      readonly xMm: number;
      readonly yMm: number;
      readonly widthMm: number;
      readonly heightMm: number;
    }
  | {
      readonly kind: "text";
      readonly text: string;
      readonly xMm: number;
      readonly baselineMm: number;
      readonly widthMm: number;
      readonly sizeMm: number;
      readonly weight: Weight;
    }
  /** The place is that of the square, quiet zone included. */
  | { readonly kind: "qr"; readonly xMm: number; readonly yMm: number; readonly plan: PrintPlan };

export interface PrintPage {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly items: readonly PrintItem[];
}

/** Everything of a picture at another place. */
export function movedBy(items: readonly PrintItem[], dxMm: number, dyMm: number): readonly PrintItem[] {
  return items.map((item) => {
    switch (item.kind) {
      case "rect":
      case "qr":
        return { ...item, xMm: item.xMm + dxMm, yMm: item.yMm + dyMm };
      case "text":
        return { ...item, xMm: item.xMm + dxMm, baselineMm: item.baselineMm + dyMm };
    }
  });
}

/** The box that an item fills, a text's with its descenders. */
export function boxOf(item: PrintItem): { left: number; top: number; right: number; bottom: number } {
  const [widthMm, heightMm] =
    item.kind === "qr"
      ? [item.plan.sideMm, item.plan.sideMm]
      : item.kind === "rect"
        ? [item.widthMm, item.heightMm]
        : [item.widthMm, item.sizeMm * lineHeight];
  const top = item.kind === "text" ? item.baselineMm - ascent * item.sizeMm : item.yMm;
  return { left: item.xMm, top, right: item.xMm + widthMm, bottom: top + heightMm };
}

/** Where the first module of a code is. */
export function firstModuleMm({ xMm, yMm, plan }: Extract<PrintItem, { kind: "qr" }>): { xMm: number; yMm: number } {
  const quietMm = quietZoneModules * plan.moduleMm;
  return { xMm: xMm + quietMm, yMm: yMm + quietMm };
}

/** From a line's top to its baseline, in type sizes. */
const ascent = 0.93;

export interface PrintStyle {
  readonly sizeMm: number;
  readonly weight: Weight;
  readonly align: "left" | "centre";
  readonly measure: TextMeasure;
}

export interface Column {
  readonly xMm: number;
  readonly yMm: number;
  readonly widthMm: number;
}

/** Sets a text in a column, from its top down; long words are broken, and nothing is left out. */
export function setText(
  text: string,
  { xMm, yMm, widthMm }: Column,
  { sizeMm, weight, align, measure }: PrintStyle,
): { readonly items: readonly PrintItem[]; readonly heightMm: number } {
  const style = { sizePx: sizeMm, weight, measure };
  const lines = (align === "centre" ? wrapEvenly(text, widthMm, style) : undefined) ?? wrapBroken(text, widthMm, style);
  const items = lines.map((line, index): PrintItem => {
    const lineMm = measure.width(line, sizeMm, weight);
    return {
      kind: "text",
      text: line,
      xMm: align === "left" ? xMm : xMm + (widthMm - lineMm) / 2,
      baselineMm: yMm + (index * lineHeight + ascent) * sizeMm,
      widthMm: lineMm,
      sizeMm,
      weight,
    };
  });
  return { items, heightMm: lines.length * lineHeight * sizeMm };
}
