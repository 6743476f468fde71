/**
 * Splits a text into the QR Code modes that need the fewest bits (ISO/IEC 18004, data encodation): three digits take ten bits, two capitals eleven,
 * and anything else eight per byte of UTF-8; every change of mode costs a header. Found in one pass over the text.
 */

export type SegmentMode = "numeric" | "alphanumeric" | "byte";

export interface Segment {
  readonly mode: SegmentMode;
  readonly data: string;
}

const modes: readonly SegmentMode[] = ["numeric", "alphanumeric", "byte"];
/** Mode indicator and character count, in bits, for versions 1 to 9; larger symbols have wider counts. */
const headersSmall: Readonly<Record<SegmentMode, number>> = { numeric: 4 + 10, alphanumeric: 4 + 9, byte: 4 + 8 };
const headersLarge: Readonly<Record<SegmentMode, number>> = { numeric: 4 + 12, alphanumeric: 4 + 11, byte: 4 + 16 };
/** What version 9 holds at level L; longer texts need larger symbols. */
const bytesMaxSmall = 230;

const digit = /^[0-9]$/;
const capital = /^[0-9A-Z $%*+\-./:]$/;

/** In sixths of a bit, so that every mode costs a whole number: 20 per digit, 33 per capital, 48 per byte. */
function costOf(letter: string, mode: SegmentMode): number {
  if (mode === "numeric") return digit.test(letter) ? 20 : Number.POSITIVE_INFINITY;
  if (mode === "alphanumeric") return capital.test(letter) ? 33 : Number.POSITIVE_INFINITY;
  return 48 * bytesOf(letter);
}

function bytesOf(letter: string): number {
  const point = letter.codePointAt(0) ?? 0;
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x1_0000 ? 3 : 4;
}

interface Way {
  readonly cost: number;
  /** The mode of the previous letter on the cheapest path. */
  readonly from: SegmentMode;
}

type Step = Readonly<Record<SegmentMode, Way>>;

export function segmentsOf(text: string): readonly Segment[] {
  const letters = Array.from(text);
  const bytes = letters.reduce((sum, letter) => sum + bytesOf(letter), 0);
  const headers = bytes <= bytesMaxSmall ? headersSmall : headersLarge;
  const steps: Step[] = [];
  for (const letter of letters) steps.push(stepAfter(steps.at(-1), letter, headers));
  return joined(letters, steps);
}

function stepAfter(before: Step | undefined, letter: string, headers: Readonly<Record<SegmentMode, number>>): Step {
  const way = (mode: SegmentMode): Way => {
    const cost = costOf(letter, mode);
    if (before === undefined) return { cost: headers[mode] * 6 + cost, from: mode };
    let best: Way = { cost: before[mode].cost + cost, from: mode };
    for (const other of modes) {
      if (other === mode) continue;
      // A segment ends on a whole bit.
      const changed = Math.ceil(before[other].cost / 6) * 6 + headers[mode] * 6 + cost;
      if (changed < best.cost) best = { cost: changed, from: other };
    }
    return best;
  };
  return { numeric: way("numeric"), alphanumeric: way("alphanumeric"), byte: way("byte") };
}

/** From the cheapest end back to the beginning; neighbours of one mode are one segment. */
function joined(letters: readonly string[], steps: readonly Step[]): readonly Segment[] {
  const last = steps.at(-1);
  if (last === undefined) return [];
  let mode = modes.reduce((best, one) => (last[one].cost < last[best].cost ? one : best), "byte");
  const chosen: SegmentMode[] = [];
  for (const step of steps.toReversed()) {
    chosen.push(mode);
    mode = step[mode].from;
  }
  chosen.reverse();
  const segments: Segment[] = [];
  let start = 0;
  for (let at = 1; at <= letters.length; at += 1) {
    const one = chosen[start] ?? "byte";
    if (at < letters.length && chosen[at] === one) continue;
    segments.push({ mode: one, data: letters.slice(start, at).join("") });
    start = at;
  }
  return segments;
}
