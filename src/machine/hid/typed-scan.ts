/** Key presses of a scanner in keyboard mode to a code: Enter or Tab ends it, and so does silence, for scanners that send no end. Pure. */
import { characterOf, composed, isDead, type KeyStroke, type LayoutName } from "./layouts.ts";
import { scanLengthMax } from "./scan-gate.ts";

export interface TypedScan {
  readonly text: string;
  /** A dead key that waits for the next one. */
  readonly dead: string;
}

export const nothingTyped: TypedScan = { text: "", dead: "" };

/** Enter, Tab and the Enter of the numeric pad. */
const ends: ReadonlySet<number> = new Set([0x28, 0x2b, 0x58]);

/** After this long without a key the code is whole: scanners type a key in 1 to 30 ms. */
export const silenceMs = 250;

/** A code that is too long is kept at one character more than is let in, so that the gate says so. */
const keptMax = scanLengthMax + 1;

export function finished({ text, dead }: TypedScan): string {
  return text + dead;
}

export function typeKey(
  before: TypedScan,
  stroke: KeyStroke,
  layout: LayoutName,
): { readonly typed: TypedScan; readonly code: string | undefined } {
  if (ends.has(stroke.usage)) return { typed: nothingTyped, code: finished(before) };
  const character = characterOf(layout, stroke);
  if (character === undefined) return { typed: before, code: undefined };
  const { text, dead } = before;
  if (dead === "" && isDead(layout, character)) return { typed: { text, dead: character }, code: undefined };
  const written = text + (dead === "" ? character : composed(dead, character));
  return { typed: { text: written.slice(0, keptMax), dead: "" }, code: undefined };
}
