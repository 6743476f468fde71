/** What is wrong with a display list, in words. An independent look: it measures again rather than trusting the layout. */
import type { Box } from "../../../src/panel/frame.ts";
import type { DisplayItem, DisplayList } from "../../../src/panel/scene/display-list.ts";
import { lineHeight, type TextMeasure } from "../../../src/panel/scene/text-fit.ts";

export function faultsOf(list: DisplayList, measure: TextMeasure): readonly string[] {
  const frame: Box = { xPx: 0, yPx: 0, widthPx: list.widthPx, heightPx: list.heightPx };
  const faults: string[] = [];
  for (const item of list.items) {
    if (!isInside(item.box, frame)) faults.push(`${nameOf(item)} leaves the frame`);
    if (item.kind === "text") faults.push(...textFaults(item, measure));
  }
  for (const [index, one] of list.items.entries())
    for (const other of list.items.slice(index + 1))
      if (collide(one, other)) faults.push(`${nameOf(one)} over ${nameOf(other)}`);
  return faults;
}

function textFaults(item: Extract<DisplayItem, { kind: "text" }>, measure: TextMeasure): readonly string[] {
  const { box, lines, sizePx, weight } = item;
  const faults: string[] = [];
  for (const line of lines)
    if (measure.width(line, sizePx, weight) > box.widthPx + 0.01) faults.push(`${nameOf(item)} is wider than its box`);
  if (lines.length * sizePx * lineHeight > box.heightPx + 1) faults.push(`${nameOf(item)} is higher than its box`);
  return faults;
}

/** Surfaces may carry others wholly; nothing else may touch. */
function collide(one: DisplayItem, other: DisplayItem): boolean {
  if (!overlap(one.box, other.box)) return false;
  if (one.kind === "rect") return !isInside(other.box, one.box);
  return true;
}

function overlap(a: Box, b: Box): boolean {
  return (
    a.xPx < b.xPx + b.widthPx && b.xPx < a.xPx + a.widthPx && a.yPx < b.yPx + b.heightPx && b.yPx < a.yPx + a.heightPx
  );
}

function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.widthPx > 0 &&
    inner.heightPx > 0 &&
    inner.xPx >= outer.xPx &&
    inner.yPx >= outer.yPx &&
    inner.xPx + inner.widthPx <= outer.xPx + outer.widthPx &&
    inner.yPx + inner.heightPx <= outer.yPx + outer.heightPx
  );
}

function nameOf(item: DisplayItem): string {
  const { xPx, yPx, widthPx, heightPx } = item.box;
  const what = item.kind === "text" ? `"${item.lines.join(" / ")}"` : item.kind;
  return `${what} at ${xPx},${yPx} ${widthPx}×${heightPx}`;
}
