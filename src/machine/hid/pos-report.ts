/**
 * Reports of bar code scanners in HID POS mode (USB HID POS Usage Tables 1.02, page 0x8C): as Honeywell, Access-IS and Newland send them, 64 bytes:
 * report number 2, length, AIM identifier (ISO/IEC 15424: "]", a letter, a modifier), up to 56 bytes of data, own symbology number, reserved,
 * and a bit that says that more follows. Pure.
 */

const dataAt = 5;
const dataMax = 56;
const reportNumber = 0x02;
const reportBytes = 64;
const continuesAt = 63;
/** `]X0` answers a command that was sent to the scanner; nobody scanned it. */
const commandReply = "]X";

/** What has come of a code whose end is still to come. */
export interface PartialScan {
  readonly bytes: Uint8Array;
  readonly aim: string;
}

export type PosReport =
  | { readonly kind: "code"; readonly bytes: Uint8Array; readonly aim: string }
  | { readonly kind: "partial"; readonly partial: PartialScan }
  /** Too much for any code of ours: dropped, with what belongs to it. */
  | { readonly kind: "too-long" }
  /** Cut short on the way: dropped, with what belongs to it. */
  | { readonly kind: "broken" }
  | { readonly kind: "nothing" };

/** @param scanBytesMax longer codes are dropped. */
export function readPosReport(before: PartialScan | undefined, report: Uint8Array, scanBytesMax: number): PosReport {
  const [number = 0, length = 0] = report;
  if (number !== reportNumber) return { kind: "nothing" };
  // The length is the data's; the last byte says whether more follows. Without either nobody knows what was scanned.
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
