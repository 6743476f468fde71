/** From key presses to what the customer means: a line of the machine ("B4"), or single keys for plate and time. Pure. */
import type { Key } from "../port.ts";
import { characterOf, type KeyStroke, type LayoutName, written } from "./layouts.ts";

const keysByUsage: ReadonlyMap<number, Key> = new Map([
  [0x28, "ok"],
  [0x58, "ok"],
  [0x29, "cancel"],
  [0x2a, "backspace"],
  [0x4c, "backspace"],
  // Arrow up and down, page up and down: more and less.
  [0x52, "plus"],
  [0x51, "minus"],
  [0x4b, "plus"],
  [0x4e, "minus"],
]);

/** Numeric pads have no Escape key, so the star cancels. */
const keysByCharacter: ReadonlyMap<string, Key> = new Map([
  ["+", "plus"],
  ["-", "minus"],
  ["*", "cancel"],
  ["#", "ok"],
]);

/** The letters and digits of Nordic plates. */
const isKeyName = (text: string): text is Key => /^[0-9A-ZÅÆØÄÖ]$/.test(text);

const keyWords: ReadonlySet<string> = new Set<Key>(["plus", "minus", "ok", "cancel", "backspace", "other"]);

/** Whether a text from outside names a key. */
export const isKey = (text: string): text is Key => isKeyName(text) || keyWords.has(text);

export interface PressedKey {
  /** Undefined for keys that mean nothing here, and for a dead key until the next key. */
  readonly key: Key | undefined;
  /** A dead key that waits for the next key (¨ and then A make Ä), or "". */
  readonly dead: string;
}

export function keyOf(dead: string, stroke: KeyStroke, layout: LayoutName): PressedKey {
  if (stroke.held === "control" || stroke.held === "alt") return { key: undefined, dead };
  const byUsage = keysByUsage.get(stroke.usage);
  if (byUsage !== undefined) return { key: byUsage, dead: "" };
  const character = characterOf(layout, stroke);
  if (character === undefined) return { key: undefined, dead };
  const next = written(dead, character, layout);
  return { key: keyNamed(next.text), dead: next.dead };
}

function keyNamed(text: string): Key | undefined {
  const name = text.toUpperCase();
  if (isKeyName(name)) return name;
  // Without the letter it would be another car's plate.
  return keysByCharacter.get(name) ?? (/\p{L}/u.test(name) ? "other" : undefined);
}

/** What was typed is forgotten after this long without a key: the customer has left. */
export const forgetMs = 6_000;

/** No amount that anybody pays at a machine has more digits. */
const amountPattern = /^\d{1,5}$/;

export type KeypadMeaning =
  | { readonly kind: "line"; readonly line: string }
  /** A whole number of kroner or euros, ended with ok. */
  | { readonly kind: "amount"; readonly whole: number }
  | { readonly kind: "cancel" }
  /** Not enough keys yet, or no line that begins like this. */
  | { readonly kind: "nothing" };

/**
 * Adds a key to what was typed. A line is selected as soon as no other line can be meant, or with ok.
 * @param lines as products name them; upper and lower case are the same.
 * @param takesAmounts whether digits that are not a line are an amount once ok is pressed.
 */
export function chooseLine(
  typed: string,
  key: Key,
  lines: readonly string[],
  takesAmounts = false,
): { readonly typed: string; readonly meaning: KeypadMeaning } {
  const nothing = { kind: "nothing" } as const;
  switch (key) {
    case "cancel":
      return { typed: "", meaning: { kind: "cancel" } };
    case "backspace":
      return { typed: typed.slice(0, -1), meaning: nothing };
    case "other":
      return { typed: "", meaning: nothing };
    case "plus":
    case "minus":
      return { typed, meaning: nothing };
    case "ok": {
      const exact = lines.find((line) => line.toUpperCase() === typed);
      if (exact !== undefined) return { typed: "", meaning: { kind: "line", line: exact } };
      const isAmount = takesAmounts && amountPattern.test(typed);
      return { typed: "", meaning: isAmount ? { kind: "amount", whole: Number(typed) } : nothing };
    }
    default: {
      const next = typed + key;
      if (takesAmounts && amountPattern.test(next)) return { typed: next, meaning: nothing };
      const possible = lines.filter((line) => line.toUpperCase().startsWith(next));
      const [only] = possible;
      // No line begins like this: the customer starts again with this key.
      if (only === undefined)
        return typed === "" ? { typed: "", meaning: nothing } : chooseLine("", key, lines, takesAmounts);
      if (possible.length === 1 && only.toUpperCase() === next)
        return { typed: "", meaning: { kind: "line", line: only } };
      return { typed: next, meaning: nothing };
    }
  }
}
