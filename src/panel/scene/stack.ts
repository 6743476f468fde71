/**
 * Stacks words one below the other, as large as fits. Only ornament is left out (the icon, the second language); what has to be read gets smaller
 * instead, and a word that is too long is broken. Pure.
 */
import type { Box } from "../frame.ts";
import type { IconName } from "./content.ts";
import type { DisplayItem, Ink } from "./display-list.ts";
import { fitText, lineHeight, type TextMeasure, type Weight, wrapBroken, wrapEvenly } from "./text-fit.ts";

export interface TextPart {
  readonly kind: "text";
  readonly text: string;
  /** Relative to the body size. */
  readonly ratio: number;
  readonly weight: Weight;
  readonly ink: Ink;
  /** The highest rank is dropped first; 0 and 1 always stay. */
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
  /** On one-bit glass a size between whole pixels gives stems of different widths. */
  readonly isWholePx: boolean;
  readonly align: "left" | "center";
  readonly measure: TextMeasure;
  /** Tried in this order. */
  readonly scales: readonly number[];
}

export interface Stack {
  readonly items: readonly DisplayItem[];
  readonly heightPx: number;
}

/** Below this scale ornament is left out instead, as long as there is some. */
const scaleBeforeDropping = 0.8;
/** What stays whatever happens. */
const rankKept = 1;

/** A part whose longest word is wider than the box gets a smaller size of its own, so that one long word does not make everything small. */
function slimmed(part: Part, box: Box, options: StackOptions): Part {
  if (part.kind === "icon" || part.linesMax === 1) return part;
  const sizePx = part.ratio * options.bodyPx;
  const widest = widestOf(part.text.split(" "), sizePx, options);
  if (widest <= box.widthPx) return part;
  const least = Math.min(1, options.smallestPx / sizePx);
  return { ...part, ratio: part.ratio * Math.max(least, (box.widthPx / widest) * 0.98) };
}

function widestOf(pieces: readonly string[], sizePx: number, { measure }: StackOptions): number {
  return Math.max(...pieces.map((piece) => measure.width(piece, sizePx, "bold")));
}

/** Puts the stack at the top of the box. The rest of the box is the caller's. */
export function stackParts(given: readonly Part[], box: Box, options: StackOptions): Stack {
  const parts = given.map((part) => slimmed(part, box, options));
  const ranks = [...new Set([rankKept, ...parts.map(({ rank }) => rank)])].toSorted((a, b) => b - a);
  for (const rank of ranks.filter((one) => one >= rankKept)) {
    const kept = parts.filter((part) => part.rank <= rank);
    for (const scale of options.scales) {
      if (rank > rankKept && scale < scaleBeforeDropping) break;
      const stack = tryStack(kept, box, scale, options);
      if (stack !== undefined) return stack;
    }
  }
  return squeeze(
    parts.filter(({ rank }) => rank <= rankKept),
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
  const wantedPx = part.ratio * options.bodyPx * scale;
  if (part.kind === "icon") {
    const side = Math.floor(wantedPx);
    if (side < 14 || side > box.widthPx) return undefined;
    const offset = options.align === "center" ? Math.floor((box.widthPx - side) / 2) : 0;
    const iconBox = { xPx: box.xPx + offset, yPx: box.yPx, widthPx: side, heightPx: side };
    return { kind: "icon", box: iconBox, name: part.name, ink: part.ink };
  }
  const isUnbroken = part.linesMax === 1;
  // A price is never broken: it is as large as the box is wide.
  const widestPx = isUnbroken ? widestOf([part.text], wantedPx, options) : 0;
  const fittingPx = widestPx > box.widthPx ? (wantedPx * box.widthPx * 0.99) / widestPx : wantedPx;
  // Nothing gets smaller than the smallest size, whatever its scale: the larger parts give way first.
  const sizePx = typePx(Math.max(fittingPx, options.smallestPx), options);
  const weight = sizePx < options.boldBelowPx ? "bold" : part.weight;
  const style = { sizePx, weight, measure: options.measure };
  const whole = wrapEvenly(part.text, box.widthPx, style);
  const isSmallest = sizePx <= Math.ceil(options.smallestPx);
  const lines = whole ?? (isSmallest && !isUnbroken ? wrapBroken(part.text, box.widthPx, style) : undefined);
  if (lines === undefined || lines.length > part.linesMax) return undefined;
  const heightPx = Math.ceil(lines.length * sizePx * lineHeight);
  return { kind: "text", box: { ...box, heightPx }, lines, sizePx, weight, ink: part.ink, align: options.align };
}

/** The size as the glass can show it. */
function typePx(sizePx: number, { isWholePx }: Pick<StackOptions, "isWholePx">): number {
  return isWholePx ? Math.floor(sizePx) : sizePx;
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
    const fitted = fitText(text, room, style, {
      linesMax: linesMax === 1 ? 1 : Math.max(2, linesMax),
      isWholePx: options.isWholePx,
    });
    const itemBox = { ...box, yPx: box.yPx + usedPx, heightPx: fitted.heightPx };
    if (usedPx + fitted.heightPx > box.heightPx) break;
    const { lines, sizePx } = fitted;
    items.push({ kind: "text", box: itemBox, lines, sizePx, weight, ink, align: options.align });
    usedPx += fitted.heightPx;
  }
  return { items, heightPx: usedPx };
}
