/** Which scanned codes are let in: by length, characters and rate. Anybody can hold anything in front of a scanner. Pure. */

export interface ScanGate {
  readonly lastText: string;
  readonly lastMs: number;
  /** When the latest codes came in. */
  readonly times: readonly number[];
}

export const openGate: ScanGate = { lastText: "", lastMs: Number.NEGATIVE_INFINITY, times: [] };

export type ScanVerdict =
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "dropped"; readonly why: ScanFault };

export type ScanFault = "too-short" | "too-long" | "unprintable" | "repeated" | "too-many";

export const scanLengthMin = 5;
export const scanLengthMax = 255;
/** A scanner that triggers by itself reads the same code again and again. */
const repeatMs = 1_500;
const windowMs = 10_000;
const windowMax = 8;

/** The AIM identifier that many scanners put in front: "]", a letter, a modifier (ISO/IEC 15424). */
const aimIdentifier = /^\][A-Za-z][0-9A-Za-z]/;
/** Letters, digits, punctuation, symbols and spaces, but not the replacement characters (U+FFFC, U+FFFD). */
const printable = /^(?:(?![\ufffc\ufffd])[\p{L}\p{N}\p{P}\p{S} ])+$/u;

/** The code without what the scanner adds: line ends and blanks around it, and the AIM identifier. */
export function codeIn(scanned: string): string {
  return scanned.trim().replace(aimIdentifier, "").trim();
}

export function judgeScan(gate: ScanGate, scanned: string, monoMs: number): readonly [ScanGate, ScanVerdict] {
  const text = codeIn(scanned);
  if (text.length < scanLengthMin) return [gate, { kind: "dropped", why: "too-short" }];
  if (text.length > scanLengthMax) return [gate, { kind: "dropped", why: "too-long" }];
  if (!printable.test(text)) return [gate, { kind: "dropped", why: "unprintable" }];
  if (text === gate.lastText && monoMs - gate.lastMs < repeatMs)
    return [
      { ...gate, lastMs: monoMs },
      { kind: "dropped", why: "repeated" },
    ];
  const times = gate.times.filter((time) => monoMs - time < windowMs);
  if (times.length >= windowMax)
    return [
      { ...gate, times },
      { kind: "dropped", why: "too-many" },
    ];
  return [
    { lastText: text, lastMs: monoMs, times: [...times, monoMs] },
    { kind: "code", text },
  ];
}
