/**
 * Reports of bar code scanners in HID POS mode (USB HID POS Usage Tables 1.02, page 0x8C), as Honeywell, Access-IS and Newland send them. 64 bytes:
 * report number 2, length, AIM identifier (ISO/IEC 15424: "]", a letter, a modifier), up to 56 bytes of data, the vendor's symbology number,
 * reserved bytes, and a bit that says whether more follows. Pure.
 */

const dataAt = 5;
const dataMax = 56;
const reportNumber = 0x02;
const reportBytes = 64;
const continuesAt = 63;
/** `]X0` marks the answer to a command that was sent to the scanner. */
const commandReply = "]X";

/** The part of a code that has arrived so far. */
export interface PartialScan {
  readonly bytes: Uint8Array;
  readonly aim: string;
}

export type PosReport =
  | { readonly kind: "code"; readonly bytes: Uint8Array; readonly aim: string }
  | { readonly kind: "partial"; readonly partial: PartialScan }
  /** Longer than any code of ours: dropped, with the reports that belong to it. */
  | { readonly kind: "too-long" }
  /** Truncated: dropped, with the reports that belong to it. */
  | { readonly kind: "broken" }
  | { readonly kind: "nothing" };

/** @param scanBytesMax longer codes are dropped. */
export function readPosReport(before: PartialScan | undefined, report: Uint8Array, scanBytesMax: number): PosReport {
  const [number = 0, length = 0] = report;
  if (number !== reportNumber) return { kind: "nothing" };
  // The length belongs to the data, and the last byte says whether more follows. Without both of them the code is not known.
  if (report.length < reportBytes || length > dataMax) return { kind: "broken" };
  const aim = Buffer.from(report.subarray(2, dataAt)).toString("latin1");
  if (aim.startsWith(commandReply)) return { kind: "nothing" };
  const data = report.subarray(dataAt, dataAt + length);
  const bytes = before === undefined ? Uint8Array.from(data) : Uint8Array.from([...before.bytes, ...data]);
  if (bytes.length > scanBytesMax) return { kind: "too-long" };
  const continues = ((report[continuesAt] ?? 0) & 0x01) !== 0;
  const whole = { bytes, aim: before?.aim ?? aim };
  return continues ? { kind: "partial", partial: whole } : { kind: "code", ...whole };
}
