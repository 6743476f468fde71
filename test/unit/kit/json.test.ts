/** JSON from outside is read within bounds, and never throws. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonDepthMax, parseJson, topLevelText } from "../../../src/kit/json.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");
const nested = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels);

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(["", "{", '{"a":1}x', "undefined", '"open', '"\\'])("gives nothing for %j", (text) => {
    expect(parseJson(bytes(text))).toBeUndefined();
  });

  it("gives nothing for what is not UTF-8", () => {
    expect(parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
  });

  it.each([
    ["[", "]"],
    ['{"a":', "}"],
  ])("takes %s up to the deepest level, and no deeper", (open, close) => {
    const innermost = (levels: number) => bytes(open.repeat(levels) + "1" + close.repeat(levels));
    expect(parseJson(innermost(jsonDepthMax))).toBeDefined();
    expect(parseJson(innermost(jsonDepthMax + 1))).toBeUndefined();
    expect(parseJson(innermost(100_000))).toBeUndefined();
  });

  it("counts no brackets that stand in strings", () => {
    for (const text of [`"${"[".repeat(100)}"`, `"\\"${"{".repeat(100)}"`, `["\\\\","${"[".repeat(100)}"]`])
      expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
  });

  it("takes time in proportion to the text, whatever it is", () => {
    const quotes = `"${'\\"'.repeat(500_000)}`;
    const startMs = performance.now();
    expect(parseJson(bytes(quotes))).toBeUndefined();
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});

describe("topLevelText", () => {
  it.each([
    ['{"id":"c-1"}', "c-1"],
    ['{ "order":{"id":"inner","list":[{"id":"deep"}]}, "id" : "c-2" }', "c-2"],
    [`{"a":${nested("[", "]", 9_000)},"id":"c-3"`, "c-3"],
    ['{"text":"\\"id\\":\\"false\\"","id":"c-4"}', "c-4"],
    ['{"other":"id","id":"c-5"}', "c-5"],
    ['{"id":7}', undefined],
    ['{"order":{"id":"inner"}}', undefined],
    ['["id","x"]', undefined],
    ['"id":"bare"', undefined],
    ["", undefined],
    ['{"id":"', undefined],
  ])("of %s is %s", (text, expected) => expect(topLevelText(bytes(text), "id")).toBe(expected));

  it("agrees with JSON.parse wherever both can read", () => {
    const message = fc.record({ id: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), order: fc.jsonValue() });
    fc.assert(
      fc.property(message, (value) => {
        expect(topLevelText(bytes(JSON.stringify(value)), "id")).toBe(value.id);
      }),
    );
  });
});
