/**
 * What a key means: from a usage of the Keyboard/Keypad page (HID Usage Tables 1.5, section 10) and its modifiers to a character, in the layouts that
 * scanners and keyboards of the Nordic countries are set to. Pure.
 */

export const layoutNames = ["us", "no", "se", "dk", "fi"] as const;
export type LayoutName = (typeof layoutNames)[number];

/** The characters of a key: plain, with Shift, with AltGr. "" where there is none. */
type Levels = readonly [plain: string, shift: string, altGr?: string];
type Layout = ReadonlyMap<number, Levels>;

const letters: readonly (readonly [number, Levels])[] = Array.from({ length: 26 }, (_, index) => {
  const letter = String.fromCharCode(97 + index);
  return [0x04 + index, [letter, letter.toUpperCase()]];
});

/** Keys of the numeric pad mean the same everywhere; what Num Lock makes of them is the host's affair, and we are the host. */
const keypad: readonly (readonly [number, Levels])[] = [
  ...Array.from("123456789", (digit, index) => [0x59 + index, [digit, digit]] as const),
  [0x62, ["0", "0"]],
  [0x54, ["/", "/"]],
  [0x55, ["*", "*"]],
  [0x56, ["-", "-"]],
  [0x57, ["+", "+"]],
  [0x63, [".", "."]],
];

/** 1 to 0, from usage 0x1E on. */
function digits(shifted: string, altGr: string): readonly (readonly [number, Levels])[] {
  return Array.from("1234567890", (digit, index) => {
    const third = (altGr[index] ?? " ").trim();
    return [0x1e + index, [digit, shifted[index] ?? "", third]];
  });
}

function layoutOf(...parts: readonly (readonly (readonly [number, Levels])[])[]): Layout {
  return new Map([...letters, ...keypad, [0x2c, [" ", " "]] as const, ...parts.flat()]);
}

const nordicDigits = digits('!"#¤%&/()=', " @£$  {[]}");
const nordicCommon: readonly (readonly [number, Levels])[] = [
  [0x2f, ["å", "Å"]],
  [0x30, ["¨", "^", "~"]],
  [0x31, ["'", "*"]],
  [0x32, ["'", "*"]],
  [0x36, [",", ";"]],
  [0x37, [".", ":"]],
  [0x38, ["-", "_"]],
  [0x08, ["e", "E", "€"]],
];

const swedish = layoutOf(nordicDigits, nordicCommon, [
  [0x2d, ["+", "?", "\\"]],
  [0x2e, ["´", "`"]],
  [0x33, ["ö", "Ö"]],
  [0x34, ["ä", "Ä"]],
  [0x35, ["§", "½"]],
  [0x64, ["<", ">", "|"]],
]);

const layouts: Readonly<Record<LayoutName, Layout>> = {
  us: layoutOf(digits("!@#$%^&*()", ""), [
    [0x2d, ["-", "_"]],
    [0x2e, ["=", "+"]],
    [0x2f, ["[", "{"]],
    [0x30, ["]", "}"]],
    [0x31, ["\\", "|"]],
    [0x32, ["\\", "|"]],
    [0x33, [";", ":"]],
    [0x34, ["'", '"']],
    [0x35, ["`", "~"]],
    [0x36, [",", "<"]],
    [0x37, [".", ">"]],
    [0x38, ["/", "?"]],
    [0x64, ["\\", "|"]],
  ]),
  no: layoutOf(nordicDigits, nordicCommon, [
    [0x2d, ["+", "?"]],
    [0x2e, ["\\", "`", "´"]],
    [0x33, ["ø", "Ø"]],
    [0x34, ["æ", "Æ"]],
    [0x35, ["|", "§"]],
    [0x64, ["<", ">"]],
  ]),
  dk: layoutOf(nordicDigits, nordicCommon, [
    [0x2d, ["+", "?"]],
    [0x2e, ["´", "`", "|"]],
    [0x33, ["æ", "Æ"]],
    [0x34, ["ø", "Ø"]],
    [0x35, ["½", "§"]],
    [0x64, ["<", ">", "\\"]],
  ]),
  se: swedish,
  fi: swedish,
};

/** Keys that wait for the next one: alone, or before a space, they are themselves. */
const combining: ReadonlyMap<string, string> = new Map([
  ["¨", "\u0308"],
  ["^", "\u0302"],
  ["~", "\u0303"],
  ["´", "\u0301"],
  ["`", "\u0300"],
]);

export interface KeyStroke {
  readonly usage: number;
  readonly shift: boolean;
  readonly altGr: boolean;
}

/** The character of one key press; undefined for keys that write nothing. */
export function characterOf(layout: LayoutName, { usage, shift, altGr }: KeyStroke): string | undefined {
  const levels = layouts[layout].get(usage);
  const found = levels?.[altGr ? 2 : shift ? 1 : 0];
  return found === "" ? undefined : found;
}

/** Whether this character waits for the next one in this layout. The US layout has no dead keys. */
export function isDead(layout: LayoutName, character: string): boolean {
  return layout !== "us" && combining.has(character);
}

/** What a dead key and the character behind it write together. */
export function composed(dead: string, next: string): string {
  if (next === " ") return dead;
  const whole = (next + (combining.get(dead) ?? "")).normalize("NFC");
  return whole.length === 1 ? whole : dead + next;
}

/** Every character of a layout with a way to type it: for twins and tests. */
export function strokesOf(layout: LayoutName): ReadonlyMap<string, KeyStroke> {
  const strokes = new Map<string, KeyStroke>();
  for (const [usage, levels] of layouts[layout])
    levels.forEach((character = "", level) => {
      if (character !== "" && !strokes.has(character))
        strokes.set(character, { usage, shift: level === 1, altGr: level === 2 });
    });
  return strokes;
}
