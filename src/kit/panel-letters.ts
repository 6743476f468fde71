/**
 * The letters that the panel's bundled font has, as a value: whoever checks a text that will stand on the panel needs no font for it. A test reads
 * the font's own table (OpenType, `cmap`) and fails when the two differ.
 */

/** First and last code point of each range, in hexadecimal. */
export const panelLetterRanges =
  "20-7e a0-ac ae-b4 b6-107 10a-113 116-11b 11e-123 126-127 12a-12b 12e-133 136-137 139-13e 141-148 150-155 158-15b 15e-165 16a-16b 16e-17e 192 218-21b 237 2c6-2c7 2c9 2d8-2dd 300-304 306-308 30a-30c 312 326-328 394 3a9 3bc 3c0 1e80-1e85 1e9e 1ef2-1ef3 2009 2013-2014 2018-201a 201c-201e 2020-2022 2026 2030 2039-203a 2044 20ac 20b9 2113 2122 212e 2202 220f 2211-2212 2215 2219-221a 221e 222b 2248 2260 2264-2265 25ca 266a";

const ranges = panelLetterRanges.split(" ").map((range) => {
  const [first = "", last = first] = range.split("-");
  return { first: Number.parseInt(first, 16), last: Number.parseInt(last, 16) };
});

function isDrawable(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return ranges.some(({ first, last }) => code >= first && code <= last);
}

/** Why the panel cannot write this text, or undefined: `the panel's font has no "ŋ" (U+014B, position 3): …`. */
export function undrawableBecause(text: string): string | undefined {
  const letters = Array.from(text.normalize("NFC"));
  const index = letters.findIndex((letter) => !isDrawable(letter));
  const letter = letters[index];
  if (letter === undefined) return undefined;
  const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `the panel's font has no "${letter}" (U+${code}, position ${index + 1}): write it with Latin letters, without emoji`;
}

/**
 * The same text as the panel can write it, for names that came past the checks. What it has no letter for becomes one "?" a run: a name that cannot
 * be read is better than a product without one.
 */
export function drawableText(text: string): string {
  let drawn = "";
  let isLost = false;
  for (const letter of text.normalize("NFC")) {
    const isKnown = isDrawable(letter);
    if (isKnown) drawn += letter;
    else if (!isLost) drawn += "?";
    isLost = !isKnown;
  }
  return drawn;
}
