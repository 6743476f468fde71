/**
 * Boot keyboard reports (HID 1.11, appendix B.1: modifiers, a reserved byte, up to six usages) to key presses. Pure.
 */
import type { KeyStroke } from "./layouts.ts";

/** Usages of the keys that are down. */
export type KeysDown = ReadonlySet<number>;

export const noKeys: KeysDown = new Set();

const leftShift = 0x02;
const rightShift = 0x20;
/** AltGr is the right Alt key; of the left one and of Control we want nothing. */
const rightAlt = 0x40;
/** Usages 1 to 3 are errors: too many keys at once (ErrorRollOver), self-test failed, undefined. */
const firstKey = 0x04;
const modifiersFrom = 0xe0;
const reportBytes = 8;

/**
 * New presses in a report, in its order; keys that stay down are not pressed again, a report of errors changes nothing.
 * @param report 8 bytes, or 9 where the device has report numbers.
 */
export function keyPresses(
  before: KeysDown,
  report: Uint8Array,
): { readonly strokes: readonly KeyStroke[]; readonly down: KeysDown } {
  const body = report.length === reportBytes + 1 ? report.subarray(1) : report;
  if (body.length < reportBytes) return { strokes: [], down: before };
  const usages = [...body.subarray(2, reportBytes)];
  if (usages.some((usage) => usage > 0 && usage < firstKey)) return { strokes: [], down: before };
  const down = new Set(usages.filter((usage) => usage >= firstKey && usage < modifiersFrom));
  const modifiers = body[0] ?? 0;
  const shift = (modifiers & (leftShift | rightShift)) !== 0;
  const altGr = (modifiers & rightAlt) !== 0;
  const strokes = [...down].filter((usage) => !before.has(usage)).map((usage) => ({ usage, shift, altGr }));
  return { strokes, down };
}
