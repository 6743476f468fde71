/** What the shapes mean, for boards of numbers alone: lines of shapes with their words. Pure. */
import type { Box } from "../frame.ts";
import type { MarkName } from "./board-content.ts";
import { lineOf, markSide, setLine, setMark, typeSize, weightOf } from "./board-parts.ts";
import type { DisplayItem } from "./display-list.ts";
import type { Metrics } from "./metrics.ts";
import type { TextMeasure } from "./text-fit.ts";

interface Entry {
  readonly mark: MarkName | undefined;
  readonly word: string;
}

/** At the top of the area; `heightPx` includes the space above it. */
export function placeLegend(
  entries: readonly Entry[],
  area: Box,
  metrics: Metrics,
  measure: TextMeasure,
): { readonly items: readonly DisplayItem[]; readonly heightPx: number } {
  if (entries.length === 0) return { items: [], heightPx: 0 };
  const sizePx = typeSize(Math.max(metrics.smallestPx, metrics.bodyPx * 0.85), metrics);
  const weight = weightOf(sizePx, metrics);
  const abovePx = Math.ceil(sizePx * 0.3);
  const [sidePx, linePx] = [markSide(sizePx), lineOf(sizePx)];
  const [nearPx, apartPx] = [Math.ceil(sizePx * 0.3), Math.ceil(sizePx * 0.8)];
  const items: DisplayItem[] = [];
  let [xPx, yPx] = [area.xPx, area.yPx + abovePx];
  for (const { mark, word } of entries) {
    const signPx = mark === undefined ? 0 : sidePx + nearPx;
    const wordPx = Math.min(Math.ceil(measure.width(word, sizePx, weight)), area.widthPx - signPx);
    if (xPx > area.xPx && xPx + signPx + wordPx > area.xPx + area.widthPx) {
      xPx = area.xPx;
      yPx += linePx;
    }
    if (mark !== undefined) items.push(setMark(mark, "ink", { xPx, yPx, heightPx: linePx }, sidePx));
    const box = { xPx: xPx + signPx, yPx, widthPx: wordPx, heightPx: linePx };
    const line = { text: word, sizePx, weight, ink: "ink", align: "left", smallestPx: 5 } as const;
    items.push(setLine(line, box, { metrics, measure }));
    xPx += signPx + wordPx + apartPx;
  }
  return { items, heightPx: yPx + linePx - area.yPx };
}
