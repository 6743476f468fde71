/** Goal: a release that may have to give way to an older one writes what that one reads. Method: the choice as a table, and a journal on the disk's twin. */
import { expect, it } from "vitest";
import { openJournal } from "../../../src/journal/journal.ts";
import { decodeFile, encodeHeader, formatToWrite, formatVersion } from "../../../src/journal/record.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";

it("writes its newest format when nobody else has to read it, or when the other reads even newer ones", () => {
  expect(formatToWrite(undefined)).toBe(formatVersion);
  expect(formatToWrite(formatVersion)).toBe(formatVersion);
  expect(formatToWrite(formatVersion + 5)).toBe(formatVersion);
});

it.each([0, -1, 0.5, Number.NaN])("refuses to write for a reader of format %s, which it cannot serve", (readable) => {
  expect(() => formatToWrite(readable)).toThrow(expect.objectContaining({ code: "version" }));
});

it("every file's header names the format that was chosen", async () => {
  const disk = new SimulatedDisk();
  const journal = await openJournal({ disk, wallMs: () => 0, retentionMs: 1e12, readableFormat: 1 });
  await journal.commit([{ kind: "put", table: "sale", key: "a", value: 1 }]);
  await journal.close();
  const names = (await disk.list()).filter((name) => name.endsWith(".log"));
  expect(names.toSorted()).toStrictEqual(["journal.log", "sales-1970-01.log"]);
  for (const name of names) {
    const text = Buffer.from((await disk.read(name)) ?? []).toString();
    expect(text.split("\n")[0]).toContain('{"kvitt":"journal","version":1}');
  }
});

it("a journal is not opened for a reader that it cannot be written for", async () => {
  const disk = new SimulatedDisk();
  const opened = openJournal({ disk, wallMs: () => 0, retentionMs: 1e12, readableFormat: 0 });
  await expect(opened).rejects.toMatchObject({ code: "version" });
  expect(await disk.list()).toStrictEqual([]);
});

it("a file of a newer format is refused in words", () => {
  expect(() => decodeFile("journal.log", encodeHeader(formatVersion + 1))).toThrow(/written by a newer kvitt/);
});
