/**
 * Goal: of a file that was cut anywhere, all whole commits are read; of a file that was damaged anywhere, nothing is believed. Method: every
 * length and every byte of a small file is tried.
 */
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredChange } from "../../../src/journal/record.ts";
import { checkFile, decodeFile, encodeCommit, encodeHeader, findLast } from "../../../src/journal/record.ts";

const put = (key: string, value: number): StoredChange => ({ kind: "put", table: "sale", key, value });
const commits: readonly (readonly StoredChange[])[] = [
  [put("a", 1), put("b", 2)],
  [{ kind: "delete", table: "settlement", key: "å\n" }],
  [put("a", 3)],
];
const pieces = [encodeHeader(), ...commits.map((changes, index) => encodeCommit(changes, index + 1))];
const whole = Buffer.concat(pieces);
/** Where each line ends. */
const ends = pieces.map((_, index) => Buffer.concat(pieces.slice(0, index + 1)).length);

describe("a file of the journal", () => {
  it("is read back as it was written", () => {
    expect(decodeFile("x", whole)).toEqual({
      changes: commits.flat(),
      commits: commits.length,
      number: commits.length,
      goodBytes: whole.length,
      isTorn: false,
    });
  });

  it("that was cut at any byte after its first line gives every whole commit", () => {
    for (let length = ends[0] ?? 0; length <= whole.length; length += 1) {
      const lines = ends.filter((end) => end <= length).length;
      const decoded = decodeFile("x", whole.subarray(0, length));
      expect(decoded.changes).toEqual(commits.slice(0, lines - 1).flat());
      expect(decoded.isTorn).toBe(!ends.includes(length));
    }
  });

  it("whose last line did not arrive, zeros in its place, gives the commits before it", () => {
    const from = ends.at(-2) ?? 0;
    for (let hole = from; hole < whole.length; hole += 1) {
      const bytes = Uint8Array.from(whole);
      bytes.fill(0, hole);
      expect(decodeFile("x", bytes)).toMatchObject({ goodBytes: from, isTorn: true });
    }
  });

  it("without a whole first line is damaged: a new file takes its place only when it is whole", () => {
    for (let length = 0; length < (ends[0] ?? 0); length += 1)
      expect(() => decodeFile("x", whole.subarray(0, length))).toThrow(expect.objectContaining({ code: "corrupt" }));
  });

  it("with any single byte changed is damaged, the last line included", () => {
    for (let at = 0; at < whole.length; at += 1)
      for (const flip of [0x01, 0x20, 0xff]) {
        const bytes = Uint8Array.from(whole, (byte, index) => (index === at ? byte ^ flip : byte));
        // A zero is what a sector looks like that never arrived.
        if (bytes[at] === 0) continue;
        expect(() => decodeFile("x", bytes), `byte ${at} ^ ${flip}`).toThrow(
          expect.objectContaining({ code: "corrupt" }),
        );
        expect(() => checkFile("x", bytes)).toThrow(expect.objectContaining({ code: "corrupt" }));
      }
  });

  it("of a newer version is refused by a code of its own", () => {
    const body = '{"kvitt":"journal","version":2}';
    const line = `${crc32(body).toString(16).padStart(8, "0")} ${body}\n`;
    expect(() => decodeFile("x", Buffer.from(line))).toThrow(expect.objectContaining({ code: "version" }));
  });

  it("takes any text and any JSON, and finds the last change of a key", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.jsonValue()), { maxLength: 8 }), fc.nat(), (rows, pick) => {
        const values = rows.map(([key, value]): StoredChange => {
          const parsed: unknown = JSON.parse(JSON.stringify(value));
          return { kind: "put", table: "sale", key, value: JSON.stringify(parsed) };
        });
        const bytes = Buffer.concat([encodeHeader(), ...values.map((change) => encodeCommit([change]))]);
        expect(decodeFile("x", bytes).changes).toEqual(values);
        const wanted = values[pick % Math.max(1, values.length)];
        if (wanted === undefined) return;
        expect(findLast("x", bytes, "sale", wanted.key)).toEqual(values.findLast(({ key }) => key === wanted.key));
      }),
      { numRuns: 100 },
    );
  });

  it("finds no key that only stands inside a value", () => {
    const nested: StoredChange = { kind: "put", table: "fact", key: "f", value: [["sale", "b", 9]] };
    const bytes = Buffer.concat([whole, encodeCommit([nested])]);
    expect(findLast("x", bytes, "sale", "b")).toEqual(put("b", 2));
    expect(findLast("x", bytes, "sale", "c")).toBeUndefined();
  });
});
