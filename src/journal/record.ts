/**
 * The format: a text file of lines, each `crc32 json\n`, the checksum in 8 hexadecimal digits over the JSON's bytes. The first line names
 * format and version. One line is one commit: all its changes or none. It carries a number, by which a file shows how much of another one there was.
 */
import { crc32 } from "node:zlib";
import * as z from "zod";
import { JournalError } from "./disk.ts";
import type { JournalChange, JournalTable, JsonValue } from "./port.ts";

/** The newest format: read and written. Everything older is read, too. */
export const formatVersion = 1;
/** The oldest that can still be written, for a release that may have to give way to an older one. */
const oldestWritten = 1;

/**
 * Which format is written. While a new release is being tried, the one behind it has to be able to go on with the journal: the launcher says what
 * that one reads (docs/update.md). After its gate, from the next start on, a release writes the newest that it knows.
 * @param readable the newest format that the other reads; undefined where nobody else has to
 * @throws JournalError `version` when it reads nothing that can be written
 */
export function formatToWrite(readable: number | undefined): number {
  if (readable === undefined) return formatVersion;
  if (Number.isSafeInteger(readable) && readable >= oldestWritten) return Math.min(readable, formatVersion);
  throw new JournalError(
    "version",
    `the release behind this one reads journals up to format ${readable}, and this one writes ${oldestWritten} at the oldest: update in smaller steps`,
  );
}

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
const line = z.object({ n: z.number().int().min(0).exactOptional(), c: z.array(storedChange) });
const header = z.object({ kvitt: z.literal("journal"), version: z.number() });

const newline = 0x0a;
/** 8 digits and a space stand before the JSON. */
const bodyStart = 9;

function encodeLine(value: object): string {
  const text = JSON.stringify(value);
  return `${crc32(Buffer.from(text, "utf8")).toString(16).padStart(8, "0")} ${text}\n`;
}

/** @param format of `formatToWrite` */
export function encodeHeader(format = formatVersion): Uint8Array {
  return Buffer.from(encodeLine({ kvitt: "journal", version: format }), "utf8");
}

/**
 * @param number in `journal.log` how many commits there were, this one included; in a month's file how many there were in `journal.log` before it
 */
export function encodeCommit(changes: readonly StoredChange[], number?: number): Uint8Array {
  const c = changes.map((change) =>
    change.kind === "put" ? [change.table, change.key, change.value] : [change.table, change.key],
  );
  return Buffer.from(encodeLine(number === undefined ? { c } : { n: number, c }), "utf8");
}

export interface Decoded {
  readonly changes: readonly StoredChange[];
  /** How many commits there are, empty ones included. */
  readonly commits: number;
  /** Of the newest commit; undefined where an older version of kvitt wrote it. */
  readonly number: number | undefined;
  /** Bytes of whole, good lines: what comes after is torn and may be cut off. */
  readonly goodBytes: number;
  readonly isTorn: boolean;
}

/**
 * Only the very end may be torn: bytes after the last good line are dropped when they look like a write that did not arrive.
 * @throws JournalError `corrupt` for anything else, an empty file included: then nobody may pretend that nothing was there.
 */
export function decodeFile(name: string, bytes: Uint8Array): Decoded {
  const buffer = view(bytes);
  const { ends, goodBytes } = goodLines(name, buffer);
  const changes: StoredChange[] = [];
  let number: number | undefined;
  let start = 0;
  for (const [index, end] of ends.entries()) {
    const value = parseBody(name, buffer.subarray(start, end));
    if (index === 0) readHeader(name, value);
    else {
      const commit = readCommit(name, value);
      changes.push(...commit.changes);
      ({ number } = commit);
    }
    start = end + 1;
  }
  return { changes, commits: Math.max(0, ends.length - 1), number, goodBytes, isTorn: goodBytes < buffer.length };
}

/**
 * The checksums alone, for files whose content nobody needs now. Returns the number of the newest commit, where it has one.
 * @throws JournalError as `decodeFile`.
 */
export function checkFile(name: string, bytes: Uint8Array): number | undefined {
  const buffer = view(bytes);
  const { ends } = goodLines(name, buffer);
  const before = ends.at(-2);
  if (before === undefined) return undefined;
  return readCommit(name, parseBody(name, buffer.subarray(before + 1, ends.at(-1)))).number;
}

/**
 * The last change of a key of a table, without decoding the rest of the file.
 * @throws JournalError `corrupt` when the line that holds it is damaged.
 */
export function findLast(name: string, bytes: Uint8Array, table: JournalTable, key: string): StoredChange | undefined {
  const buffer = view(bytes);
  // JSON.stringify writes tuples without spaces: a change begins with exactly this text. (So may a list in a value: that is looked at too.)
  const needle = Buffer.from(`[${JSON.stringify(table)},${JSON.stringify(key)}`, "utf8");
  for (let at = buffer.lastIndexOf(needle); at !== -1; at = at === 0 ? -1 : buffer.lastIndexOf(needle, at - 1)) {
    const start = buffer.lastIndexOf(newline, at) + 1;
    const end = buffer.indexOf(newline, at);
    // No end: this line is being written, or was torn; nobody was told of it.
    if (end === -1) continue;
    if (!hasRightSum(buffer.subarray(start, end))) throw corrupt(name, start);
    const { changes } = readCommit(name, parseBody(name, buffer.subarray(start, end)));
    const found = changes.findLast((change) => change.table === table && change.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Where each good line ends, from the first on. */
function goodLines(name: string, buffer: Buffer): { readonly ends: readonly number[]; readonly goodBytes: number } {
  const ends: number[] = [];
  let start = 0;
  while (start < buffer.length) {
    const end = buffer.indexOf(newline, start);
    if (end === -1 || !hasRightSum(buffer.subarray(start, end))) {
      if (!isTornEnd(buffer, start)) throw corrupt(name, start);
      break;
    }
    ends.push(end);
    start = end + 1;
  }
  // Every file takes its place by a rename after a sync, so one that does not even have its first line was damaged later.
  if (ends.length === 0) throw corrupt(name, 0);
  return { ends, goodBytes: start };
}

function hasRightSum(bytes: Buffer): boolean {
  const sum = bytes.toString("latin1", 0, bodyStart);
  if (!/^[0-9a-f]{8} $/.test(sum)) return false;
  return crc32(bytes.subarray(bodyStart)) === Number.parseInt(sum, 16);
}

/**
 * What a power cut leaves of the last write: a beginning of it, or all of its length with sectors of zeros where nothing arrived. A line
 * that has its end and no zeros arrived whole; when its checksum is wrong nevertheless, it was damaged after we promised that it is safe.
 */
function isTornEnd(buffer: Buffer, from: number): boolean {
  const end = buffer.indexOf(newline, from);
  if (end === -1) return !hasLostItsEnd(buffer.subarray(from));
  return buffer.indexOf(0x00, from) !== -1 && !hasGoodLine(buffer, from);
}

/** All of a line with something else in the place of its newline. */
function hasLostItsEnd(bytes: Buffer): boolean {
  return bytes.at(-1) !== 0x00 && hasRightSum(bytes.subarray(0, -1));
}

/** Whether a whole line stands anywhere after a bad place: then it is damage, not a torn end. */
function hasGoodLine(buffer: Buffer, from: number): boolean {
  for (let end = buffer.indexOf(newline, from); end !== -1; end = buffer.indexOf(newline, end + 1)) {
    const next = buffer.indexOf(newline, end + 1);
    if (next !== -1 && hasRightSum(buffer.subarray(end + 1, next))) return true;
  }
  return false;
}

function parseBody(name: string, bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8", bodyStart));
    return value;
  } catch (error) {
    throw new JournalError("corrupt", `${name} has a line with a right checksum that is not JSON`, { cause: error });
  }
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

function readCommit(
  name: string,
  value: unknown,
): { readonly changes: readonly StoredChange[]; readonly number: number | undefined } {
  const parsed = line.safeParse(value);
  if (!parsed.success) throw new JournalError("corrupt", `${name} has a line with a right checksum that is no commit`);
  const changes = parsed.data.c.map((change): StoredChange =>
    change.length === 3
      ? { kind: "put", table: change[0], key: change[1], value: change[2] }
      : { kind: "delete", table: change[0], key: change[1] },
  );
  return { changes, number: parsed.data.n };
}

function corrupt(name: string, offset: number): JournalError {
  return new JournalError(
    "corrupt",
    `${name} is damaged at byte ${offset}: sales are stopped, nothing was changed. Copy the folder to a safe place and ask for help; docs/journal.md says what can be done`,
  );
}
