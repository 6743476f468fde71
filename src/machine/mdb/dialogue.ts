/**
 * The adapter's dialogue: lines of ASCII, one message each (Qibixx MDB-USB and MDB Pi Hat, "Cashless Slave" of the vendor's API pages).
 * Pure: text in, messages out; what is not known is tolerated and counted, never guessed.
 */
import { currencies, type Currency, minor, type Minor } from "../../sale/money.ts";

/** What the adapter said. */
export type AdapterMessage =
  /** `off`: the cashless device is switched off, so the adapter has just started or was told `C,0`. */
  | { readonly kind: "status"; readonly status: "off" | "inactive" | "disabled" | "enabled" | "idle" }
  /** VEND REQUEST. `price` is undefined where the line is malformed; `item` where the machine does not know it (MDB 4.2, section 7: FFFFh). */
  | {
      readonly kind: "vend";
      readonly price: Minor | undefined;
      readonly item: string | undefined;
      readonly text: string;
    }
  | { readonly kind: "vend-success" }
  /** 1 = VEND CANCEL, 3 = VEND FAILURE: the numbers are the sub-commands of MDB's VEND (13h). */
  | { readonly kind: "vend-error"; readonly code: number }
  /** The order does not fit: the cashless device is on, or off. */
  | { readonly kind: "wrong-state"; readonly isOn: boolean }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "set"; readonly isTaken: boolean }
  | { readonly kind: "switched"; readonly isOn: boolean }
  | { readonly kind: "version"; readonly text: string }
  /** `r,ACK`: the machine sent a query, and got the adapter's answer. */
  | { readonly kind: "polled" }
  /** Known, and of no use to us. */
  | { readonly kind: "noise" }
  | { readonly kind: "unknown"; readonly text: string };

export const deviceAddresses = ["0x10", "0x60"] as const;
/** 0x10 is cashless device 1, 0x60 cashless device 2 (MDB 4.2, section 2). */
export type DeviceAddress = (typeof deviceAddresses)[number];

/** The ISO 4217 number as BCD digits, behind the 1 that says "currency, not country" (MDB 4.2, appendix A1). */
export function currencyCode(currency: Currency): string {
  return `0x1${currencies[currency].number}`;
}

/** Orders to the adapter, without the end of the line. */
export const orders = {
  version: "V",
  off: "C,0",
  on: "C,1",
  /** Session cancel, or the denial of a vend. */
  stop: "C,STOP",
  /** The denial of a vend, as older pages of the vendor have it. */
  deny: "C,VEND,-1",
  set: (name: string, value: string): string => `C,SETCONF,${name}=${value}`,
  /** BEGIN SESSION. */
  start: (funds: Minor): string => `C,START,${formatAmount(funds)}`,
  /** VEND APPROVED. */
  approve: (price: Minor): string => `C,VEND,${formatAmount(price)}`,
} as const;

const amountPattern = /^(\d{1,9})(?:\.(\d{1,4}))?$/;

/**
 * Decimal text to minor units, exactly: digits are moved, nothing is multiplied in floating point. All currencies of the wallet have two
 * decimals. Undefined for everything that is not a whole number of minor units.
 */
export function parseAmount(text: string): Minor | undefined {
  const found = amountPattern.exec(text);
  if (found === null) return undefined;
  const [, whole = "", fraction = ""] = found;
  const digits = fraction.padEnd(2, "0");
  if (/[1-9]/.test(digits.slice(2))) return undefined;
  return minor(Number(whole + digits.slice(0, 2)));
}

/** 2500 → "25.00". */
export function formatAmount(amount: Minor): string {
  const digits = String(amount).padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** An item number, or undefined where the machine does not know it (65535, FFFF, nothing). */
function parseItem(text: string): string | undefined {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 65_535;
  return number >= 65_535 ? undefined : String(number);
}

/** `price,item`, or `price` alone. A field too many or an item that is none says that the price was cut at a comma of its own: no price. */
function parseVend(fields: readonly string[]): AdapterMessage {
  const [price = "", item = ""] = fields;
  const isItem = /^(?:\d{1,5}|ffff|)$/i.test(item);
  const isDecimalComma = /^\d+$/.test(price) && /^0\d$/.test(item);
  const isWhole = fields.length <= 2 && isItem && !isDecimalComma;
  return {
    kind: "vend",
    price: isWhole ? parseAmount(price) : undefined,
    item: parseItem(item),
    text: fields.join(","),
  };
}

function parseStatus(fields: readonly string[]): AdapterMessage | undefined {
  const [word = "", ...rest] = fields;
  switch (word.toUpperCase()) {
    case "OFF":
    case "OFFLINE":
      return { kind: "status", status: "off" };
    // Firmware that says ONLINE says it instead of INACTIVE, right after `C,1`.
    case "ONLINE":
    case "INACTIVE":
      return { kind: "status", status: "inactive" };
    case "DISABLED":
      return { kind: "status", status: "disabled" };
    case "ENABLED":
      return { kind: "status", status: "enabled" };
    case "IDLE":
      return { kind: "status", status: "idle" };
    case "VEND":
      return parseVend(rest);
    default:
      return undefined;
  }
}

function parseError(text: string): AdapterMessage {
  const vend = /^VEND (\d{1,3})$/i.exec(text);
  if (vend?.[1] !== undefined) return { kind: "vend-error", code: Number(vend[1]) };
  if (/cashless is on/i.test(text)) return { kind: "wrong-state", isOn: true };
  if (/cashless is off/i.test(text)) return { kind: "wrong-state", isOn: false };
  return { kind: "error", text };
}

function parseCashless(fields: readonly string[]): AdapterMessage | undefined {
  const [word = "", ...rest] = fields;
  switch (word.toUpperCase()) {
    case "0":
    case "1":
      return { kind: "switched", isOn: word === "1" };
    case "STATUS":
      return parseStatus(rest);
    case "VEND":
      return rest[0]?.toUpperCase() === "SUCCESS" ? { kind: "vend-success" } : undefined;
    case "ERR":
      return parseError(rest.join(",").replaceAll('"', "").trim());
    case "SET":
      return { kind: "set", isTaken: rest[0]?.toUpperCase() === "OK" };
    default:
      return undefined;
  }
}

/** One line, without its end. */
export function parseLine(line: string): AdapterMessage {
  const [head = "", ...fields] = line.split(",").map((field) => field.trim());
  const unknown: AdapterMessage = { kind: "unknown", text: line.slice(0, 80) };
  switch (head) {
    case "c":
      return parseCashless(fields) ?? unknown;
    case "v":
      return { kind: "version", text: fields.join(",").slice(0, 80) };
    case "r":
      return fields[0]?.toUpperCase() === "ACK" ? { kind: "polled" } : { kind: "noise" };
    case "x":
    case "h":
    case "f":
      return { kind: "noise" };
    default:
      return unknown;
  }
}

/** Longer than any line of the dialogue; what goes on without an end is noise on the wire. */
export const lineLengthMax = 160;

/** What has come of a line that has not ended yet. */
export interface PartialLine {
  readonly text: string;
  /** How many characters of it were dropped because it is too long. */
  readonly dropped: number;
}

export const noLine: PartialLine = { text: "", dropped: 0 };

/** Cuts what came into lines: ends are `\n`, `\r\n` or `\r`, empty lines are nothing, a line that is too long keeps its beginning. */
export function cutLines(
  before: PartialLine,
  chunk: string,
): { readonly lines: readonly string[]; readonly rest: PartialLine; readonly cut: number } {
  const lines: string[] = [];
  let cut = 0;
  let { text, dropped } = before;
  const parts = chunk.split(/[\r\n]/);
  parts.forEach((part, index) => {
    // Noise while plugging in: NUL and other control characters are no text.
    const clean = part.replaceAll(/[^\x20-\x7e]/g, "");
    const room = Math.max(0, lineLengthMax - text.length);
    text += clean.slice(0, room);
    dropped += Math.max(0, clean.length - room);
    if (index === parts.length - 1) return;
    if (dropped > 0) cut += 1;
    if (text.trim() !== "") lines.push(text);
    text = "";
    dropped = 0;
  });
  return { lines, rest: { text, dropped }, cut };
}
