/**
 * The format: a text file of lines, each `crc32 json\n`, the checksum in 8 hexadecimal digits over the JSON's bytes. The first line names
 * format and version. One line is one commit: all its changes or none.
 */
import { crc32 } from "node:zlib";
import { z } from "zod";
import { JournalError } from "./disk.ts";
import type { JournalChange, JournalTable, JsonValue } from "./port.ts";

export const formatVersion = 1;

export type StoredChange = Extract<JournalChange, { kind: "put" | "delete" }>;

const table = z.enum([
  "settlement",
  "service-vend",
  "sale",
  "unsent",
  "seen",
  "fact",
]) satisfies z.ZodType<JournalTable>;
const json: z.ZodType<JsonValue> = z.json();
/** `[table, key, value]` puts, `[table, key]` deletes. */
const storedChange = z.union([z.tuple([table, z.string(), json]), z.tuple([table, z.string()])]);
const line = z.object({ c: z.array(storedChange) });
const header = z.object({ kvitt: z.literal("journal"), version: z.number() });

function encodeLine(value: object): string {
  const text = JSON.stringify(value);
  return `${crc32(Buffer.from(text, "utf8")).toString(16).padStart(8, "0")} ${text}\n`;
}

export function encodeHeader(): Uint8Array {
  return Buffer.from(encodeLine({ kvitt: "journal", version: formatVersion }), "utf8");
}

export function encodeCommit(changes: readonly StoredChange[]): Uint8Array {
  const c = changes.map((change) =>
    change.kind === "put" ? [change.table, change.key, change.value] : [change.table, change.key],
  );
  return Buffer.from(encodeLine({ c }), "utf8");
}

export interface Decoded {
  readonly changes: readonly StoredChange[];
  /** Bytes of whole, good lines: what comes after is torn and may be cut off. */
  readonly goodBytes: number;
  readonly isTorn: boolean;
}

function parseLine(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  const sum = text.slice(0, 8);
  const body = text.slice(9);
  if (!/^[0-9a-f]{8}$/.test(sum) || text[8] !== " ") return undefined;
  if (crc32(Buffer.from(body, "utf8")) !== Number.parseInt(sum, 16)) return undefined;
  const value: unknown = JSON.parse(body);
  return value;
}

function readHeader(name: string, value: unknown): void {
  const parsed = header.safeParse(value);
  if (!parsed.success) throw new JournalError("corrupt", `${name} does not begin like a journal`);
  if (parsed.data.version > formatVersion)
    throw new JournalError(
      "version",
      `${name} was written by a newer kvitt (format ${parsed.data.version}, this one reads up to ${formatVersion}): install that version again`,
    );
}

function readCommit(name: string, value: unknown): readonly StoredChange[] {
  const parsed = line.safeParse(value);
  if (!parsed.success) throw new JournalError("corrupt", `${name} has a line with a right checksum that is no commit`);
  return parsed.data.c.map((change): StoredChange =>
    change.length === 3
      ? { kind: "put", table: change[0], key: change[1], value: change[2] }
      : { kind: "delete", table: change[0], key: change[1] },
  );
}

/**
 * Only the very end may be torn: bytes after the last good line are dropped when no good line follows them.
 * @throws JournalError `corrupt` for anything else: then nobody may pretend that nothing was there.
 */
export function decodeFile(name: string, bytes: Uint8Array): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const changes: StoredChange[] = [];
  let start = 0;
  let lines = 0;
  while (start < buffer.length) {
    const end = buffer.indexOf(0x0a, start);
    const value = end === -1 ? undefined : parseLine(buffer.subarray(start, end));
    if (value === undefined) {
      if (hasGoodLine(buffer, start)) throw corrupt(name, start);
      return { changes, goodBytes: start, isTorn: true };
    }
    if (lines === 0) readHeader(name, value);
    else changes.push(...readCommit(name, value));
    lines += 1;
    start = end + 1;
  }
  return { changes, goodBytes: start, isTorn: false };
}

/** Whether a whole line stands anywhere after a bad place: then it is damage, not a torn end. */
function hasGoodLine(buffer: Buffer, from: number): boolean {
  for (let end = buffer.indexOf(0x0a, from); end !== -1; end = buffer.indexOf(0x0a, end + 1)) {
    const next = buffer.indexOf(0x0a, end + 1);
    if (next !== -1 && parseLine(buffer.subarray(end + 1, next)) !== undefined) return true;
  }
  return false;
}

function corrupt(name: string, offset: number): JournalError {
  return new JournalError(
    "corrupt",
    `${name} is damaged at byte ${offset}, and good records follow: sales are stopped, nothing was changed. Keep a copy of the folder and ask for help`,
  );
}
