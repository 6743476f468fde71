/**
 * From the keys of a scanner in keyboard mode to a code. Enter, Tab, Control+J and Control+M end it; so does silence, for scanners that send no end.
 * Keys are kept rather than characters, so that a code that makes no sense can be tried in the other layouts. Pure.
 */
import type { KeyEvent } from "./boot-report.ts";
import { characterOf, type KeyStroke, type LayoutName, layoutNames, written } from "./layouts.ts";
import { scanLengthMax } from "./scan-gate.ts";

/** A key, or a character that was typed by its number and does not depend on the layout. */
type Typed = KeyStroke | { readonly character: string };

export interface TypedScan {
  readonly keys: readonly Typed[];
  /** The digits typed so far while the left Alt key is down. */
  readonly number: string;
}

export const nothingTyped: TypedScan = { keys: [], number: "" };

/** Enter, Tab and the Enter of the numeric pad. */
const ends: ReadonlySet<number> = new Set([0x28, 0x2b, 0x58]);
/** Control+I, Control+J, Control+M: tab, line feed, carriage return. */
const endCharacters: ReadonlySet<string> = new Set(["\t", "\n", "\r"]);

/**
 * The silence that ends a code if the scanner sends no end. Scanners type a key in 1 to 30 ms, but hubs, radio links and busy hosts have made gaps
 * of 300 ms.
 */
export const silenceMs = 1_000;

/** A little more than is let in, so that the gate reports codes that are too long. Dead keys take two keys for one character. */
const keptMax = 2 * scanLengthMax + 2;

export interface TypedStep {
  readonly typed: TypedScan;
  /** The whole code, once its end was typed. May be empty: carriage return and line feed are two ends. */
  readonly code: TypedScan | undefined;
}

export function typeKey(before: TypedScan, event: KeyEvent): TypedStep {
  if (event.kind === "alt-released") {
    if (before.number === "") return { typed: before, code: undefined };
    return add({ ...before, number: "" }, { character: characterByNumber(before.number) });
  }
  const { stroke } = event;
  if (stroke.held === "alt") {
    const digit = keypadDigit(stroke.usage);
    const number = digit === undefined ? before.number : (before.number + digit).slice(0, numberDigitsMax + 1);
    return { typed: { ...before, number }, code: undefined };
  }
  if (ends.has(stroke.usage)) return { typed: nothingTyped, code: before };
  return add(before, stroke);
}

function add(before: TypedScan, key: Typed): TypedStep {
  // Control and a letter mean the same in all of our layouts.
  const character = "character" in key ? key.character : characterOf("us", key);
  if (character !== undefined && endCharacters.has(character)) return { typed: nothingTyped, code: before };
  return { typed: { ...before, keys: [...before.keys, key].slice(0, keptMax) }, code: undefined };
}

/** What was typed, in this layout. */
export function textOf({ keys }: TypedScan, layout: LayoutName): string {
  let text = "";
  let dead = "";
  for (const key of keys) {
    const character = "character" in key ? key.character : characterOf(layout, key);
    // A control character that this layout does not have. No code that contains it is let in.
    if (character === undefined && "held" in key && key.held === "control") text += unknown;
    if (character === undefined) continue;
    const next = written(dead, character, layout);
    text += next.text;
    dead = next.dead;
  }
  return text + dead;
}

/** The layouts in which what was typed satisfies `isRight`. */
export function layoutsOf(scan: TypedScan, isRight: (text: string) => boolean): readonly LayoutName[] {
  return layoutNames.filter((layout) => isRight(textOf(scan, layout)));
}

function keypadDigit(usage: number): string | undefined {
  if (usage === 0x62) return "0";
  return usage >= 0x59 && usage <= 0x61 ? String(usage - 0x58) : undefined;
}

/** 0255: no number has more digits. */
const numberDigitsMax = 4;
/** Stands for an unknown character. No code that contains it is let in. */
const unknown = "\ufffd";

/**
 * Left Alt and digits on the numeric pad, as Windows reads them and scanners type them in any layout: ASCII up to 127, and Windows-1252 above if
 * there is a leading zero. Without one it would be the host's old code page, which is unknown.
 */
function characterByNumber(digits: string): string {
  const code = Number(digits);
  if (digits.length > numberDigitsMax || code > 255) return unknown;
  if (code < 128) return String.fromCharCode(code);
  return digits.startsWith("0") ? new TextDecoder("windows-1252").decode(Uint8Array.of(code)) : unknown;
}
