/**
 * From a usage of the Keyboard/Keypad page (HID Usage Tables 1.5, section 10) and its modifiers to a character, in the layouts that Nordic scanners
 * and keyboards use. Pure.
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

/** The numeric pad is the same in every layout. Num Lock is up to the host, which is us. */
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
  return new Map([...letters, [0x2c, [" ", " "]] as const, ...parts.flat(), ...keypad]);
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

/** Dead keys, which wait for the next key. Alone or before a space they are themselves. */
const combining: ReadonlyMap<string, string> = new Map([
  ["¨", "\u0308"],
  ["^", "\u0302"],
  ["~", "\u0303"],
  ["´", "\u0301"],
  ["`", "\u0300"],
]);

export interface KeyStroke {
  readonly usage: number;
  /** The modifier that counts. */
  readonly held: "nothing" | "shift" | "altGr" | "control" | "alt";
}

/**
 * The character of one key press; undefined for keys that write nothing. Control and a letter are a control character, as on a terminal: Control+J is a
 * line feed (ECMA-48, C0), which many scanners send at the end of a code.
 */
export function characterOf(layout: LayoutName, { usage, held }: KeyStroke): string | undefined {
  if (held === "alt") return undefined;
  const levels = layouts[layout].get(usage);
  if (held === "control") return controlCharacter(levels?.[0]);
  const found = levels?.[held === "altGr" ? 2 : held === "shift" ? 1 : 0];
  return found === "" ? undefined : found;
}

/** `@` to `_` less 64: U+0000 to U+001F. */
function controlCharacter(plain: string | undefined): string | undefined {
  const code = plain?.toUpperCase().charCodeAt(0) ?? 0;
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : undefined;
}

/** What one key press writes, after a dead key that waits (or ""): a dead key writes nothing until the next one. */
export function written(
  dead: string,
  character: string,
  layout: LayoutName,
): { readonly text: string; readonly dead: string } {
  if (dead === "" && isDead(layout, character)) return { text: "", dead: character };
  return { text: dead === "" ? character : composed(dead, character), dead: "" };
}

/** Whether this character waits for the next one in this layout. The US layout has no dead keys. */
function isDead(layout: LayoutName, character: string): boolean {
  return layout !== "us" && combining.has(character);
}

/** What a dead key and the next character write together. */
function composed(dead: string, next: string): string {
  if (next === " ") return dead;
  const whole = (next + (combining.get(dead) ?? "")).normalize("NFC");
  return whole.length === 1 ? whole : dead + next;
}

const levelNames = ["nothing", "shift", "altGr"] as const;

/** Every character of a layout with a way to type it, for simulated devices and tests. */
export function strokesOf(layout: LayoutName): ReadonlyMap<string, KeyStroke> {
  const strokes = new Map<string, KeyStroke>();
  for (const [usage, levels] of layouts[layout])
    levels.forEach((character = "", level) => {
      if (character !== "" && !strokes.has(character))
        strokes.set(character, { usage, held: levelNames[level] ?? "nothing" });
    });
  return strokes;
}
