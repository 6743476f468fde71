/** Fits text into a box: wraps at spaces, shrinks until it fits, and as a last resort breaks a word. Nothing is ever clipped. */

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

/** Between two baselines, in type sizes. */
export const lineHeight = 1.22;
const sizePxMin = 5;
const shrinkBy = 0.94;

function wrap(
  text: string,
  widthPx: number,
  sizePx: number,
  weight: Weight,
  measure: TextMeasure,
): readonly string[] | undefined {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (measure.width(longer, sizePx, weight) <= widthPx) {
      line = longer;
      continue;
    }
    if (line === "" || measure.width(word, sizePx, weight) > widthPx) return undefined;
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

/** Breaks anywhere: for words that are wider than the box at the smallest size. */
function breakAnywhere(
  text: string,
  widthPx: number,
  sizePx: number,
  weight: Weight,
  measure: TextMeasure,
): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const letter of text) {
    if (line !== "" && measure.width(line + letter, sizePx, weight) > widthPx) {
      lines.push(line.trimEnd());
      line = letter.trimStart();
    } else line += letter;
  }
  return [...lines, line];
}

/** The largest size up to `sizePx` at which the text stands in the box. */
export function fitText(
  text: string,
  box: { readonly widthPx: number; readonly heightPx: number },
  sizePx: number,
  weight: Weight,
  measure: TextMeasure,
  linesMax = 4,
): FittedText {
  for (let size = sizePx; size >= sizePxMin; size *= shrinkBy) {
    const lines = wrap(text, box.widthPx, size, weight, measure);
    if (lines === undefined || lines.length > linesMax) continue;
    const heightPx = Math.ceil(lines.length * size * lineHeight);
    if (heightPx <= box.heightPx) return { sizePx: size, lines, heightPx };
  }
  const all = breakAnywhere(text, box.widthPx, sizePxMin, weight, measure);
  const fits = Math.max(1, Math.floor(box.heightPx / (sizePxMin * lineHeight)));
  const lines = all.slice(0, fits);
  return { sizePx: sizePxMin, lines, heightPx: Math.ceil(lines.length * sizePxMin * lineHeight) };
}
