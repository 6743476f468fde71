/** Goal: what stands in a catalogue can be read by people, and what cannot is told with its place. Method: a table, and any text at all. */
import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { readableText, unreadableBecause } from "../../../src/kit/readable-text.ts";

describe("a text that people read", () => {
  it.each([
    "Kaffe",
    "Brus 0,5 l",
    "Smørbrød – ost & skinke",
    "Käsekuchen",
    "e\u0301clair",
    "กาแฟ",
    "قهوة",
    "咖啡 ☕",
    "5 €",
  ])("may be %j", (text) => {
    expect(unreadableBecause(text)).toBeUndefined();
    expect(readableText(text)).toBe(text);
  });

  it.each([
    ["Kaf\u0000fe", "there is a control character (U+0000) at position 4: leave it out", "Kaf fe"],
    ["Kaffe\u0007", "there is a control character (U+0007) at position 6: leave it out", "Kaffe"],
    ["Kaffe\nmed melk", "there is a line break (U+000A) at position 6: leave it out", "Kaffe med melk"],
    ["Kaffe\r\nmed", "there is a line break (U+000D) at position 6: leave it out", "Kaffe med"],
    ["Kaffe\u2028med", "there is a line break (U+2028) at position 6: leave it out", "Kaffe med"],
    [
      "\u202e52 rk",
      "there is a character that turns the direction of writing (U+202E) at position 1: leave it out",
      "52 rk",
    ],
    [
      "a\u2067b\u2069",
      "there is a character that turns the direction of writing (U+2067) at position 2: leave it out",
      "ab",
    ],
    ["Ka\u200bffe", "there is a character that cannot be seen (U+200B) at position 3: leave it out", "Kaffe"],
    ["☕\ud800", "there is a character that cannot be seen (U+D800) at position 2: leave it out", "☕"],
    ["\ue000x", "there is a character that cannot be seen (U+E000) at position 1: leave it out", "x"],
    ["Kaff\ufffd", "there is the sign for a lost character (U+FFFD) at position 5: leave it out", "Kaff"],
    ["", "there is nothing to read", ""],
    [" \u00a0 ", "there is nothing to read", ""],
  ])("may not be %j", (text, why, readable) => {
    expect(unreadableBecause(text)).toBe(why);
    expect(readableText(text)).toBe(readable);
  });

  it("is readable, or nothing, once what cannot be read is taken out of it", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        const readable = readableText(text);
        expect(readable === "" ? undefined : unreadableBecause(readable)).toBeUndefined();
      }),
    );
  });
});
