/** Goal: a code that a scanner types is the code that was scanned, in every layout. Method: known keys by hand; every character there and back. */
import { array, assert, constantFrom, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeysDown, keyPresses, noKeys } from "../../../../src/machine/hid/boot-report.ts";
import { characterOf, layoutNames, type LayoutName, strokesOf } from "../../../../src/machine/hid/layouts.ts";
import { keyReports } from "../../../../src/machine/hid/simulated-hid.ts";
import { finished, nothingTyped, typeKey } from "../../../../src/machine/hid/typed-scan.ts";

const plain = { shift: false, altGr: false };
const shift = { shift: true, altGr: false };
const altGr = { shift: false, altGr: true };

function read(layout: LayoutName, reports: readonly Uint8Array[]): string {
  let down: KeysDown = noKeys;
  let typed = nothingTyped;
  for (const report of reports) {
    const presses = keyPresses(down, report);
    ({ down } = presses);
    for (const stroke of presses.strokes) ({ typed } = typeKey(typed, stroke, layout));
  }
  return finished(typed);
}

describe("a layout", () => {
  // HID Usage Tables 1.5, section 10, and the printed keyboards.
  it.each<[LayoutName, number, { readonly shift: boolean; readonly altGr: boolean }, string]>([
    ["us", 0x04, plain, "a"],
    ["us", 0x04, shift, "A"],
    ["us", 0x24, shift, "&"],
    ["us", 0x2d, plain, "-"],
    ["us", 0x33, shift, ":"],
    ["us", 0x38, plain, "/"],
    ["us", 0x38, shift, "?"],
    ["us", 0x2e, plain, "="],
    ["no", 0x24, shift, "/"],
    ["no", 0x37, shift, ":"],
    ["no", 0x38, plain, "-"],
    ["no", 0x2d, shift, "?"],
    ["no", 0x27, shift, "="],
    ["no", 0x23, shift, "&"],
    ["no", 0x33, plain, "ø"],
    ["no", 0x34, plain, "æ"],
    ["no", 0x1f, altGr, "@"],
    ["no", 0x24, altGr, "{"],
    ["dk", 0x33, plain, "æ"],
    ["dk", 0x34, plain, "ø"],
    ["dk", 0x64, altGr, "\\"],
    ["se", 0x33, plain, "ö"],
    ["se", 0x34, shift, "Ä"],
    ["se", 0x2d, altGr, "\\"],
    ["fi", 0x64, altGr, "|"],
    ["fi", 0x2f, plain, "å"],
    ["us", 0x59, plain, "1"],
    ["no", 0x62, plain, "0"],
  ])("%s: usage %i %o is %s", (layout, usage, level, character) => {
    expect(characterOf(layout, { usage, ...level })).toBe(character);
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

  it("whatever comes, nothing is thrown and nothing unprintable is written", () => {
    assert(
      property(
        array(uint8Array({ maxLength: 10 }), { maxLength: 40 }),
        constantFrom(...layoutNames),
        (reports, layout) => {
          expect(read(layout, reports)).toMatch(/^[^\p{Cc}]{0,256}$/u);
        },
      ),
    );
  });
});
