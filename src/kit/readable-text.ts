/** Text that people read: on a panel, on a receipt, in an app. One line of visible characters. */

/** Line and paragraph separators: U+000A and its kin. */
const lineBreak = /[\n\v\f\r\u0085\u2028\u2029]/u;
const control = /\p{Cc}/u;
/** Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9, 2.1 to 2.4): what is read is not what is written. */
const direction = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** Format characters (zero width, soft hyphen), halves of pairs, private use, and code points that stand for nothing. */
const invisible = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u;

/** Stand for a character that was lost on the way, or for an object. */
const lost = /[\ufffc\ufffd]/u;

const rules: readonly (readonly [RegExp, string])[] = [
  [lineBreak, "a line break"],
  [control, "a control character"],
  [direction, "a character that turns the direction of writing"],
  [invisible, "a character that cannot be seen"],
  [lost, "the sign for a lost character"],
];

/** Why people could not read this text as it is written, or undefined: `there is a line break (U+000A) at position 4: leave it out`. */
export function unreadableBecause(text: string): string | undefined {
  if (text.trim() === "") return "there is nothing to read";
  for (const [index, character] of Array.from(text).entries()) {
    const rule = rules.find(([pattern]) => pattern.test(character));
    if (rule === undefined) continue;
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `there is ${rule[1]} (U+${code}) at position ${index + 1}: leave it out`;
  }
  return undefined;
}

/** The same text without what cannot be read; line breaks and control characters become spaces. May be blank. */
export function readableText(text: string): string {
  return text
    .replaceAll(/\p{Cc}|[\u2028\u2029]/gu, " ")
    .replaceAll(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}\ufffc\ufffd]/gu, "")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}
