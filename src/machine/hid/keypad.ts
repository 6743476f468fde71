/** Key presses of a keypad to what the customer means: a line of the machine ("B4"), or single keys for plate and time. Pure. */
import type { Key } from "../port.ts";
import { characterOf, type KeyStroke, type LayoutName } from "./layouts.ts";

const keysByUsage: ReadonlyMap<number, Key> = new Map([
  [0x28, "ok"],
  [0x58, "ok"],
  [0x29, "cancel"],
  [0x2a, "backspace"],
  [0x4c, "backspace"],
  // Arrows up and down, page up and down: more and less.
  [0x52, "plus"],
  [0x51, "minus"],
  [0x4b, "plus"],
  [0x4e, "minus"],
]);

/** Numeric pads have no Escape: the star takes back. */
const keysByCharacter: ReadonlyMap<string, Key> = new Map([
  ["+", "plus"],
  ["-", "minus"],
  ["*", "cancel"],
  ["#", "ok"],
]);

const isKeyName = (text: string): text is Key => /^[0-9A-Z]$/.test(text);

const keyWords: ReadonlySet<string> = new Set<Key>(["plus", "minus", "ok", "cancel", "backspace"]);

/** Whether a word from outside names a key. */
export const isKey = (text: string): text is Key => isKeyName(text) || keyWords.has(text);

/** Undefined for keys that mean nothing to a machine. */
export function keyOf(stroke: KeyStroke, layout: LayoutName): Key | undefined {
  const byUsage = keysByUsage.get(stroke.usage);
  if (byUsage !== undefined) return byUsage;
  const character = characterOf(layout, stroke)?.toUpperCase() ?? "";
  return keysByCharacter.get(character) ?? (isKeyName(character) ? character : undefined);
}

/** After this long without a key what was typed is forgotten: somebody walked away. */
export const forgetMs = 6_000;

/** No amount that anybody pays at a machine has more digits. */
const amountPattern = /^\d{1,5}$/;

export type KeypadMeaning =
  | { readonly kind: "line"; readonly line: string }
  /** A whole number of kroner or euros, ended with ok. */
  | { readonly kind: "amount"; readonly whole: number }
  | { readonly kind: "cancel" }
  /** Not enough yet, or no line begins so. */
  | { readonly kind: "nothing" };

/**
 * Adds a key to what was typed. A line is chosen as soon as no other line could be meant, or with ok.
 * @param lines as products name them; letters count in any case.
 * @param takesAmounts whether digits that are no line are an amount, once ok is pressed.
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
      // No line begins so: the customer begins anew with this key.
      if (only === undefined)
        return typed === "" ? { typed: "", meaning: nothing } : chooseLine("", key, lines, takesAmounts);
      if (possible.length === 1 && only.toUpperCase() === next)
        return { typed: "", meaning: { kind: "line", line: only } };
      return { typed: next, meaning: nothing };
    }
  }
}
