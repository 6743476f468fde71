/** Stacks words one below the other, as large as fits. The less important ones are left out before the important ones get small. Pure. */
import type { Box } from "../frame.ts";
import type { IconName } from "./content.ts";
import type { DisplayItem, Ink } from "./display-list.ts";
import { fitText, lineHeight, type TextMeasure, type Weight, wrap, wrapEvenly } from "./text-fit.ts";

export interface TextPart {
  readonly kind: "text";
  readonly text: string;
  /** Relative to the body size. */
  readonly ratio: number;
  readonly weight: Weight;
  readonly ink: Ink;
  /** 0 always stays; the highest rank is dropped first. */
  readonly rank: number;
  readonly linesMax: number;
  /** Space above, in body sizes; ignored for the first part. */
  readonly above: number;
}

export interface IconPart {
  readonly kind: "icon";
  readonly name: IconName;
  readonly ratio: number;
  readonly ink: Ink;
  readonly rank: number;
  readonly above: number;
}

export type Part = TextPart | IconPart;

export interface StackOptions {
  readonly bodyPx: number;
  readonly smallestPx: number;
  readonly boldBelowPx: number;
  readonly align: "left" | "center";
  readonly measure: TextMeasure;
  /** Tried in this order. */
  readonly scales: readonly number[];
}

export interface Stack {
  readonly items: readonly DisplayItem[];
  readonly heightPx: number;
}

/** Below this scale a part is left out instead, as long as there is one. */
const scaleBeforeDropping = 0.8;

/** How far a part may shrink on its own, so that one long word or one large price does not make everything small. */
const shrinkAloneMin = 0.5;

/** A part whose longest unbreakable piece is wider than the box gets a smaller size of its own. */
function slimmed(part: Part, box: Box, options: StackOptions): Part {
  if (part.kind === "icon") return part;
  const pieces = part.linesMax === 1 ? [part.text] : part.text.split(" ");
  const sizePx = part.ratio * options.bodyPx;
  const widest = Math.max(...pieces.map((piece) => options.measure.width(piece, sizePx, "bold")));
  if (widest <= box.widthPx) return part;
  return { ...part, ratio: part.ratio * Math.max(shrinkAloneMin, (box.widthPx / widest) * 0.995) };
}

/** Puts the stack at the top of the box. The rest of the box is the caller's. */
export function stackParts(given: readonly Part[], box: Box, options: StackOptions): Stack {
  const parts = given.map((part) => slimmed(part, box, options));
  const ranks = [...new Set(parts.map(({ rank }) => rank))].toSorted((a, b) => b - a);
  for (const rank of ranks) {
    const kept = parts.filter((part) => part.rank <= rank);
    const isLast = rank === ranks.at(-1);
    for (const scale of options.scales) {
      if (!isLast && scale < scaleBeforeDropping) break;
      const stack = tryStack(kept, box, scale, options);
      if (stack !== undefined) return stack;
    }
  }
  return squeeze(
    parts.filter(({ rank }) => rank === 0),
    box,
    options,
  );
}

function tryStack(parts: readonly Part[], box: Box, scale: number, options: StackOptions): Stack | undefined {
  const items: DisplayItem[] = [];
  let usedPx = 0;
  for (const part of parts) {
    if (items.length > 0) usedPx += Math.round(part.above * options.bodyPx * scale);
    const placed = place(part, { ...box, yPx: box.yPx + usedPx }, scale, options);
    if (placed === undefined) return undefined;
    usedPx += placed.box.heightPx;
    if (usedPx > box.heightPx) return undefined;
    items.push(placed);
  }
  return { items, heightPx: usedPx };
}

function place(part: Part, box: Box, scale: number, options: StackOptions): DisplayItem | undefined {
  const sizePx = part.ratio * options.bodyPx * scale;
  if (part.kind === "icon") {
    const side = Math.floor(sizePx);
    if (side < 14 || side > box.widthPx) return undefined;
    const offset = options.align === "center" ? Math.floor((box.widthPx - side) / 2) : 0;
    const iconBox = { xPx: box.xPx + offset, yPx: box.yPx, widthPx: side, heightPx: side };
    return { kind: "icon", box: iconBox, name: part.name, ink: part.ink };
  }
  if (sizePx < options.smallestPx) return undefined;
  const weight = sizePx < options.boldBelowPx ? "bold" : part.weight;
  const breakLines = part.linesMax > 1 && options.align === "center" ? wrapEvenly : wrap;
  const lines = breakLines(part.text, box.widthPx, { sizePx, weight, measure: options.measure });
  if (lines === undefined || lines.length > part.linesMax) return undefined;
  const heightPx = Math.ceil(lines.length * sizePx * lineHeight);
  return { kind: "text", box: { ...box, heightPx }, lines, sizePx, weight, ink: part.ink, align: options.align };
}

/** Gives each part a share of its own, however small: the last resort on tiny glass with long words. */
function squeeze(parts: readonly Part[], box: Box, options: StackOptions): Stack {
  const texts = parts.filter((part) => part.kind === "text");
  const total = texts.reduce((sum, { ratio }) => sum + ratio, 0);
  const items: DisplayItem[] = [];
  let usedPx = 0;
  for (const { text, ratio, weight, ink, linesMax } of texts) {
    const heightPx = Math.floor((box.heightPx * ratio) / total);
    if (heightPx < 7) continue;
    const room = { widthPx: box.widthPx, heightPx };
    const style = { sizePx: ratio * options.bodyPx, weight, measure: options.measure };
    const fitted = fitText(text, room, style, { linesMax: Math.max(2, linesMax) });
    const itemBox = { ...box, yPx: box.yPx + usedPx, heightPx: fitted.heightPx };
    if (usedPx + fitted.heightPx > box.heightPx) break;
    const { lines, sizePx } = fitted;
    items.push({ kind: "text", box: itemBox, lines, sizePx, weight, ink, align: options.align });
    usedPx += fitted.heightPx;
  }
  return { items, heightPx: usedPx };
}
