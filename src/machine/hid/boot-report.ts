/**
 * Boot keyboard reports (HID 1.11, appendix B.1: modifiers, a reserved byte, up to six usages) to what happened on the keys. Pure.
 */
import type { KeyStroke } from "./layouts.ts";

/** The keys that are down after a report. */
export interface Keys {
  /** Usages. */
  readonly down: ReadonlySet<number>;
  readonly isAltDown: boolean;
}

export const noKeys: Keys = { down: new Set(), isAltDown: false };

export type KeyEvent =
  | { readonly kind: "pressed"; readonly stroke: KeyStroke }
  /** The left Alt key was released: the digits typed meanwhile make a character. */
  | { readonly kind: "alt-released" };

const control = 0x01 | 0x10;
const shift = 0x02 | 0x20;
const leftAlt = 0x04;
/** The right Alt key. */
const altGr = 0x40;
/** Usages 1 to 3 are errors: too many keys at once (ErrorRollOver), self-test failed, undefined. */
const firstKey = 0x04;
const modifiersFrom = 0xe0;
const reportBytes = 8;

/**
 * New presses in a report, in its order. Keys that stay down are not pressed again, and a report of errors changes nothing.
 * @param report 8 bytes, or 9 if the device has report numbers.
 */
export function keyEvents(
  before: Keys,
  report: Uint8Array,
): { readonly events: readonly KeyEvent[]; readonly keys: Keys } {
  const body = report.length === reportBytes + 1 ? report.subarray(1) : report;
  if (body.length < reportBytes) return { events: [], keys: before };
  const usages = [...body.subarray(2, reportBytes)];
  if (usages.some((usage) => usage > 0 && usage < firstKey)) return { events: [], keys: before };
  const down = new Set(usages.filter((usage) => usage >= firstKey && usage < modifiersFrom));
  const modifiers = body[0] ?? 0;
  const isAltDown = (modifiers & leftAlt) !== 0;
  const held = heldBy(modifiers);
  const pressed = [...down].filter((usage) => !before.down.has(usage));
  return {
    events: [
      ...(before.isAltDown && !isAltDown ? [{ kind: "alt-released" } as const] : []),
      ...pressed.map((usage) => ({ kind: "pressed", stroke: { usage, held } }) as const),
    ],
    keys: { down, isAltDown },
  };
}

/** Control and left Alt together are AltGr, as on a PC: that is how scanners and keyboards without an AltGr key send it. */
function heldBy(modifiers: number): KeyStroke["held"] {
  const isControl = (modifiers & control) !== 0;
  const isAlt = (modifiers & leftAlt) !== 0;
  if ((modifiers & altGr) !== 0 || (isControl && isAlt)) return "altGr";
  if (isControl) return "control";
  if (isAlt) return "alt";
  return (modifiers & shift) === 0 ? "nothing" : "shift";
}
