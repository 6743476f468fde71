/** What the forms of the board have in common: texts in boxes, sizes that the glass can show. Pure. */
import type { Box } from "../frame.ts";
import type { MarkName } from "./board-content.ts";
import type { Align, DisplayItem, Ink } from "./display-list.ts";
import type { Metrics } from "./metrics.ts";
import { fitText, lineHeight, type TextMeasure, type Weight } from "./text-fit.ts";

export interface Setter {
  readonly metrics: Metrics;
  readonly measure: TextMeasure;
}

/** The size of type as the glass can show it. */
export function typeSize(sizePx: number, { isWholePx }: Pick<Metrics, "isWholePx">): number {
  return isWholePx ? Math.floor(sizePx) : sizePx;
}

/** The next size to try. */
export function smallerSize(sizePx: number, { isWholePx }: Pick<Metrics, "isWholePx">): number {
  return isWholePx ? Math.ceil(sizePx) - 1 : sizePx * 0.95;
}

/** Sizes from the largest to the smallest, both included. */
export function* sizesDown(largestPx: number, smallestPx: number, metrics: Metrics): Generator<number> {
  let sizePx = typeSize(largestPx, metrics);
  for (; sizePx > smallestPx; sizePx = smallerSize(sizePx, metrics)) yield sizePx;
  yield Math.max(typeSize(smallestPx, metrics), metrics.isWholePx ? Math.ceil(smallestPx) : smallestPx);
}

export function weightOf(sizePx: number, { boldBelowPx }: Pick<Metrics, "boldBelowPx">): Weight {
  return sizePx < boldBelowPx ? "bold" : "medium";
}

export function lineOf(sizePx: number): number {
  return Math.ceil(sizePx * lineHeight);
}

export function widest(texts: readonly string[], sizePx: number, weight: Weight, measure: TextMeasure): number {
  return Math.ceil(Math.max(0, ...texts.map((text) => measure.width(text, sizePx, weight))));
}

export interface Line {
  readonly text: string;
  readonly sizePx: number;
  readonly weight: Weight;
  readonly ink: Ink;
  readonly align: Align;
  /** It gets smaller down to this, and is then cut short. */
  readonly smallestPx: number;
}

/** One line in the middle of its box. */
export function setLine(line: Line, at: Box, { metrics, measure }: Setter): DisplayItem {
  const { text, sizePx, weight, ink, align, smallestPx } = line;
  const limits = { linesMax: 1, smallestPx, isWholePx: metrics.isWholePx };
  const fitted = fitText(text, at, { sizePx, weight, measure }, limits);
  const yPx = at.yPx + Math.floor((at.heightPx - fitted.heightPx) / 2);
  const box = { ...at, yPx, heightPx: fitted.heightPx };
  return { kind: "text", box, lines: fitted.lines, sizePx: fitted.sizePx, weight, ink, align };
}

/** The side of the shape beside type of this size. */
export function markSide(sizePx: number): number {
  return Math.max(7, Math.round(sizePx * 0.78));
}

/** A shape, level with the middle of a line's small letters. */
export function setMark(
  name: MarkName,
  ink: Ink,
  at: { xPx: number; yPx: number; heightPx: number },
  sidePx: number,
): DisplayItem {
  const yPx = at.yPx + Math.floor((at.heightPx - sidePx) / 2);
  return { kind: "mark", box: { xPx: at.xPx, yPx, widthPx: sidePx, heightPx: sidePx }, name, ink };
}
