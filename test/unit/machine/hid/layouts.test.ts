/** Goal: a code that a scanner types is the code that was scanned, in every layout. Method: known keys by hand; every character there and back. */
import { readFileSync } from "node:fs";
import { array, assert, constantFrom, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { keyEvents, type Keys, noKeys } from "../../../../src/machine/hid/boot-report.ts";
import {
  characterOf,
  type KeyStroke,
  layoutNames,
  type LayoutName,
  strokesOf,
} from "../../../../src/machine/hid/layouts.ts";
import { altCodeReports, altNumberReports, keyReport, keyReports } from "../../../../src/machine/hid/simulated-hid.ts";
import { nothingTyped, textOf, typeKey, type TypedScan } from "../../../../src/machine/hid/typed-scan.ts";

/** What was typed and not ended yet, and the codes that were. */
function readAll(layout: LayoutName, reports: readonly Uint8Array[]): { codes: readonly string[]; rest: string } {
  let keys: Keys = noKeys;
  let typed: TypedScan = nothingTyped;
  const codes: string[] = [];
  for (const report of reports) {
    const heard = keyEvents(keys, report);
    ({ keys } = heard);
    for (const event of heard.events) {
      const step = typeKey(typed, event);
      ({ typed } = step);
      if (step.code !== undefined) codes.push(textOf(step.code, layout));
    }
  }
  return { codes, rest: textOf(typed, layout) };
}

function read(layout: LayoutName, reports: readonly Uint8Array[]): string {
  return readAll(layout, reports).rest;
}

describe("a layout", () => {
  // HID Usage Tables 1.5, section 10, and the printed keyboards.
  it.each<[LayoutName, number, KeyStroke["held"], string]>([
    ["us", 0x04, "nothing", "a"],
    ["us", 0x04, "shift", "A"],
    ["us", 0x24, "shift", "&"],
    ["us", 0x2d, "nothing", "-"],
    ["us", 0x33, "shift", ":"],
    ["us", 0x38, "nothing", "/"],
    ["us", 0x38, "shift", "?"],
    ["us", 0x2e, "nothing", "="],
    ["no", 0x24, "shift", "/"],
    ["no", 0x37, "shift", ":"],
    ["no", 0x38, "nothing", "-"],
    ["no", 0x2d, "shift", "?"],
    ["no", 0x27, "shift", "="],
    ["no", 0x23, "shift", "&"],
    ["no", 0x33, "nothing", "ø"],
    ["no", 0x34, "nothing", "æ"],
    ["no", 0x1f, "altGr", "@"],
    ["no", 0x24, "altGr", "{"],
    ["dk", 0x33, "nothing", "æ"],
    ["dk", 0x34, "nothing", "ø"],
    ["dk", 0x64, "altGr", "\\"],
    ["se", 0x33, "nothing", "ö"],
    ["se", 0x34, "shift", "Ä"],
    ["se", 0x2d, "altGr", "\\"],
    ["fi", 0x64, "altGr", "|"],
    ["fi", 0x2f, "nothing", "å"],
    ["us", 0x59, "nothing", "1"],
    ["no", 0x62, "nothing", "0"],
  ])("%s: usage %i with %s is %s", (layout, usage, held, character) => {
    expect(characterOf(layout, { usage, held })).toBe(character);
  });

  it("has every character that a link has", () => {
    const link = "https://qr.vipps.no/box/28/ab-c_D?x=1&y=%20#z.5~!*'()[]@";
    for (const layout of layoutNames) expect(read(layout, keyReports(`${link} `, layout)).trim(), layout).toBe(link);
  });

  it("types there and back whatever it has", () => {
    for (const layout of layoutNames) {
      const characters = [...strokesOf(layout).keys()].filter((one) => layout === "us" || !"¨^~´`".includes(one));
      assert(
        property(array(constantFrom(...characters), { maxLength: 40 }), (text) => {
          expect(read(layout, keyReports(text.join(""), layout))).toBe(text.join(""));
        }),
        { numRuns: 50 },
      );
    }
  });

  it.each([
    ["a dead key and a letter are one letter", "no", "´e", "é"],
    ["a dead key and a space are the mark itself", "no", "^ ", "^"],
    ["a dead key and what it cannot stand on are both", "se", "~7", "~7"],
    ["a dead key at the end is itself", "dk", "a`", "a`"],
  ] as const)("%s", (_, layout, keys, text) => {
    expect(read(layout, keyReports(keys, layout))).toBe(text);
  });
});

it("docs/scanners.md says what a link becomes in another layout", () => {
  const page = readFileSync(new URL("../../../../docs/scanners.md", import.meta.url), "utf8");
  for (const scanner of layoutNames) {
    const typed = keyReports("https://qr.vipps.no/28?a=1", scanner);
    const cells = layoutNames.map((layout) => `\`${read(layout, typed)}\``);
    expect(page).toContain(`| \`${scanner}\` | ${cells.join(" | ")} |`);
  }
});

describe("keys that are held while others are pressed", () => {
  const key = (usage: number, held: KeyStroke["held"]): readonly Uint8Array[] => [
    keyReport({ usage, held }),
    keyReport({ usage: 0, held: "nothing" }),
  ];
  const [i, j, m, o] = [0x0c, 0x0d, 0x10, 0x12];

  it.each(layoutNames)("Control+I, J and M end a code as Tab and Enter do, in the layout %s", (layout) => {
    for (const usage of [i, j, m])
      expect(readAll(layout, [...keyReports("4711", layout), ...key(usage, "control")])).toEqual({
        codes: ["4711"],
        rest: "",
      });
  });

  it.each(layoutNames)("Control and another letter are a control character, in the layout %s", (layout) => {
    expect(read(layout, [...keyReports("47", layout), ...key(o, "control")])).toBe("47\u000f");
  });

  it.each(layoutNames)("Control and what is no letter leave a mark, in the layout %s", (layout) => {
    expect(read(layout, [...keyReports("47", layout), ...key(0x1e, "control")])).toBe("47\ufffd");
  });

  it("the left Alt key and a letter write nothing", () => {
    expect(read("us", [...keyReports("47", "us"), ...key(o, "alt")])).toBe("47");
  });

  it("Control and the left Alt key together are AltGr", () => {
    const report = keyReport({ usage: 0x1f, held: "control" });
    report[0] = 0x05;
    expect(read("no", [report])).toBe("@");
  });

  it.each(layoutNames)("a character typed by its number is itself, in the layout %s", (layout) => {
    const text = "https://qr.vipps.no/é?x=1";
    expect(read(layout, altCodeReports(text))).toBe(text);
    expect(readAll(layout, [...altCodeReports(`${text}\r\n`)]).codes).toEqual([text, ""]);
  });

  it("a number that is no character, or one of an unknown code page, leaves a mark", () => {
    expect(read("us", altNumberReports("65"))).toBe("A");
    expect(read("us", altNumberReports("0229"))).toBe("å");
    for (const digits of ["134", "0999", "1234567"])
      expect(read("us", altNumberReports(digits)), digits).toBe("\ufffd");
  });
});

describe("boot reports", () => {
  const report = (...usages: readonly number[]): Uint8Array =>
    Uint8Array.from([0, 0, ...usages, ...Array<number>(6 - usages.length).fill(0)]);

  it("a key that stays down is pressed once; keys may overlap", () => {
    expect(read("us", [report(4), report(4), report(4, 5), report(5), report()])).toBe("ab");
  });

  it("too many keys at once change nothing", () => {
    expect(read("us", [report(4), report(1, 1, 1, 1, 1, 1), report(4), report()])).toBe("a");
  });

  it("a report number in front is passed over", () => {
    expect(read("us", [Uint8Array.from([1, ...report(4)]), Uint8Array.from([1, ...report()])])).toBe("a");
  });

  it("whatever comes, nothing is thrown and no more is kept than a code has", () => {
    assert(
      property(
        array(uint8Array({ maxLength: 10 }), { maxLength: 40 }),
        constantFrom(...layoutNames),
        (reports, layout) => {
          expect(read(layout, reports).length).toBeLessThanOrEqual(600);
        },
      ),
    );
  });
});
