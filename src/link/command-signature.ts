/**
 * A command is signed with the machine's own key, so that being allowed to publish on the broker is not enough to open the machine.
 * HMAC-SHA256 over seven lines: scheme, msn, merchantQrId, id, counter, deadline as it was written, and the order as canonical JSON
 * (RFC 8785: members sorted by name, no white space). No field but the last can hold a line feed, so the lines are unambiguous.
 * A command to one outlet has `{merchantQrId}--{station}` as its third line, which no machine's id can be. So commands without a station are signed
 * as ever, and a machine from before there were stations, which does not look at the field, refuses one with it: `signature`.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export interface SignedCommand {
  readonly msn: string;
  readonly merchantQrId: string;
  /** The outlet that is meant, if it is not the whole machine. */
  readonly station?: string | undefined;
  readonly id: string;
  /** Higher with every command to this machine. */
  readonly counter: number;
  /** RFC 3339, exactly as in the message. */
  readonly deadline: string;
  /** As in the message, including fields that we do not know. */
  readonly order: unknown;
}

const scheme = "kvitt-command-v1";
/** RFC 2104 §3: a key shorter than the hash's output "would decrease the security strength". */
export const commandKeyBytesMin = 32;

/** Base64 of the HMAC; 44 characters. */
export function signCommand(command: SignedCommand, key: Uint8Array): string {
  return createHmac("sha256", key).update(stringToSign(command), "utf8").digest("base64");
}

/** Takes the same time wherever the two differ. */
export function verifyCommand(command: SignedCommand, signature: string, key: Uint8Array): boolean {
  const expected = Buffer.from(signCommand(command, key), "utf8");
  const given = Buffer.from(signature, "utf8");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export function stringToSign(command: SignedCommand): string {
  return [
    scheme,
    command.msn,
    command.station === undefined ? command.merchantQrId : `${command.merchantQrId}--${command.station}`,
    command.id,
    String(command.counter),
    command.deadline,
    canonicalJson(command.order),
  ].join("\n");
}

/** RFC 8785 §3.2: ECMAScript's own number and string forms, members sorted by UTF-16 code units. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
