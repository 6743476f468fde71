/** Fits text into a box: wraps at spaces, shrinks until it fits, and breaks a word as a last resort. Nothing is ever clipped. */

export type Weight = "medium" | "bold";

export interface TextMeasure {
  /** Width in pixels of one line. */
  width(text: string, sizePx: number, weight: Weight): number;
}

export interface FittedText {
  readonly sizePx: number;
  readonly lines: readonly string[];
  readonly heightPx: number;
}

/** The distance between two baselines, in type sizes. */
export const lineHeight = 1.22;
const sizePxMin = 5;
const shrinkBy = 0.94;

/** How text is set. */
export interface TypeStyle {
  readonly sizePx: number;
  readonly weight: Weight;
  readonly measure: TextMeasure;
}

/** Breaks text at spaces into lines no wider than `widthPx`; undefined if a word is wider. */
export function wrap(text: string, widthPx: number, style: TypeStyle): readonly string[] | undefined {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer, style) <= widthPx) {
      line = longer;
      continue;
    }
    if (line === "" || widthOf(word, style) > widthPx) return undefined;
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

/** As many lines as `wrap` needs, but of similar length, so that no single word is left on the last one. */
export function wrapEvenly(text: string, widthPx: number, style: TypeStyle): readonly string[] | undefined {
  const widest = wrap(text, widthPx, style);
  if (widest === undefined || widest.length === 1) return widest;
  let narrow = widthPx / 2;
  let wide = widthPx;
  let best = widest;
  for (let step = 0; step < 6; step += 1) {
    const middle = (narrow + wide) / 2;
    const lines = wrap(text, middle, style);
    if (lines !== undefined && lines.length === widest.length) {
      best = lines;
      wide = middle;
    } else narrow = middle;
  }
  return best;
}

/** The same, but a word that is wider than the box is broken with a hyphen: better than leaving the sentence out. */
export function wrapBroken(text: string, widthPx: number, style: TypeStyle): readonly string[] {
  const words = text.split(" ").flatMap((word) => brokenWord(word, widthPx, style));
  return wrap(words.join(" "), widthPx, style) ?? breakAnywhere(text, widthPx, style);
}

/** Two letters at least stay on either side. */
function brokenWord(word: string, widthPx: number, style: TypeStyle): readonly string[] {
  const pieces: string[] = [];
  let letters = Array.from(word);
  while (letters.length > 4 && widthOf(letters.join(""), style) > widthPx) {
    let count = letters.length - 2;
    while (count > 2 && widthOf(`${letters.slice(0, count).join("")}-`, style) > widthPx) count -= 1;
    pieces.push(`${letters.slice(0, count).join("")}-`);
    letters = letters.slice(count);
  }
  return [...pieces, letters.join("")];
}

/** Breaks anywhere, for words that are wider than the box at the smallest size. */
function breakAnywhere(text: string, widthPx: number, style: TypeStyle): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const letter of text) {
    if (line !== "" && widthOf(line + letter, style) > widthPx) {
      lines.push(line.trimEnd());
      line = letter.trimStart();
    } else line += letter;
  }
  return [...lines, line];
}

export interface FitLimits {
  readonly linesMax: number;
  /** No size is tried below this one. */
  readonly smallestPx?: number;
  /** Only whole sizes, for one-bit glass. */
  readonly isWholePx?: boolean;
}

/** Below it nothing is drawn that could be seen. */
const sizePxLeast = 1;

/** The largest size up to that of the style at which the text fits the box. Text that fits at no size is cut short with "…". */
export function fitText(
  text: string,
  box: { readonly widthPx: number; readonly heightPx: number },
  style: TypeStyle,
  { linesMax, smallestPx = sizePxMin, isWholePx = false }: FitLimits,
): FittedText {
  const { sizePx } = style;
  const next = (size: number): number => (isWholePx ? Math.ceil(size) - 1 : size * shrinkBy);
  const fitting = letterFits(text, box.widthPx, { ...style, sizePx: Math.min(sizePx, smallestPx) });
  // Not even a box without any width is searched for ever.
  const smallest = Math.max(sizePxLeast, isWholePx ? Math.floor(fitting) : fitting);
  for (let size = isWholePx ? Math.floor(sizePx) : sizePx; size >= smallest; size = next(size)) {
    const lines = wrapEvenly(text, box.widthPx, { ...style, sizePx: size });
    if (lines === undefined || lines.length > linesMax) continue;
    const heightPx = Math.ceil(lines.length * size * lineHeight);
    if (heightPx <= box.heightPx) return { sizePx: size, lines, heightPx };
  }
  const small = { ...style, sizePx: smallest };
  const count = Math.max(1, Math.min(linesMax, Math.floor(box.heightPx / (smallest * lineHeight))));
  const all = breakAnywhere(text, box.widthPx, small);
  const lines = all.length <= count ? all : shortened(all, count, box.widthPx, small);
  return { sizePx: smallest, lines, heightPx: Math.ceil(lines.length * smallest * lineHeight) };
}

/** A size at which no single letter, nor the ellipsis, is wider than the box. */
function letterFits(text: string, widthPx: number, style: TypeStyle): number {
  const { sizePx } = style;
  const widest = Math.max(...Array.from(`${text}…`, (letter) => widthOf(letter, style)));
  return widest <= widthPx ? sizePx : (sizePx * widthPx * 0.99) / widest;
}

function shortened(all: readonly string[], count: number, widthPx: number, style: TypeStyle): readonly string[] {
  const letters = Array.from(all[count - 1] ?? "");
  while (letters.length > 0 && widthOf(`${letters.join("")}…`, style) > widthPx) letters.pop();
  return [...all.slice(0, count - 1), `${letters.join("").trimEnd()}…`];
}

function widthOf(text: string, { sizePx, weight, measure }: TypeStyle): number {
  return measure.width(text, sizePx, weight);
}
