/**
 * Goal: what the adapter says is understood exactly, and what it does not say is never guessed. Method: tables of lines as public pages and
 * clients show them, and properties over arbitrary amounts, items and chunks.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AdapterMessage,
  currencyCode,
  cutLines,
  formatAmount,
  lineLengthMax,
  noLine,
  orders,
  parseAmount,
  parseLine,
} from "../../../../src/machine/mdb/dialogue.ts";
import { minor } from "../../../../src/sale/money.ts";

describe("lines", () => {
  const table: readonly (readonly [string, AdapterMessage])[] = [
    ["c,STATUS,INACTIVE", { kind: "status", status: "inactive" }],
    ["c,STATUS,ONLINE", { kind: "status", status: "inactive" }],
    ["c,STATUS,OFFLINE", { kind: "status", status: "off" }],
    ["c,STATUS,OFF", { kind: "status", status: "off" }],
    ["c,STATUS,DISABLED", { kind: "status", status: "disabled" }],
    ["c,STATUS,ENABLED", { kind: "status", status: "enabled" }],
    ["c,STATUS,IDLE", { kind: "status", status: "idle" }],
    ["c,STATUS,IDLE,50.00", { kind: "status", status: "idle" }],
    ["c,STATUS,VEND,99.20,18", { kind: "vend", price: minor(9_920), item: "18", text: "99.20,18" }],
    ["c,STATUS,VEND,1,5", { kind: "vend", price: minor(100), item: "5", text: "1,5" }],
    ["c,STATUS,VEND,25.5,007", { kind: "vend", price: minor(2_550), item: "7", text: "25.5,007" }],
    ["c,STATUS,VEND,25.00,65535", { kind: "vend", price: minor(2_500), item: undefined, text: "25.00,65535" }],
    ["c,STATUS,VEND,25.00,FFFF", { kind: "vend", price: minor(2_500), item: undefined, text: "25.00,FFFF" }],
    ["c,STATUS,VEND,25.00", { kind: "vend", price: minor(2_500), item: undefined, text: "25.00" }],
    ["c,STATUS,VEND,25,00,7", { kind: "vend", price: undefined, item: "0", text: "25,00,7" }],
    ["c,STATUS,VEND,25,00", { kind: "vend", price: undefined, item: "0", text: "25,00" }],
    ["c,STATUS,VEND,25.00,x7", { kind: "vend", price: undefined, item: undefined, text: "25.00,x7" }],
    ["c,STATUS,VEND,abc,3", { kind: "vend", price: undefined, item: "3", text: "abc,3" }],
    ["c,STATUS,VEND,-1,3", { kind: "vend", price: undefined, item: "3", text: "-1,3" }],
    ["c,VEND,SUCCESS", { kind: "vend-success" }],
    ["c,ERR,VEND 3", { kind: "vend-error", code: 3 }],
    ['c,ERR,"VEND 1"', { kind: "vend-error", code: 1 }],
    ['c,ERR,"cashless is on"', { kind: "wrong-state", isOn: true }],
    ['c,ERR,"cashless is off"', { kind: "wrong-state", isOn: false }],
    ['c,ERR,"START -1"', { kind: "error", text: "START -1" }],
    ["c,SET,OK", { kind: "set", isTaken: true }],
    ["c,SET,ERR", { kind: "set", isTaken: false }],
    ["c,0", { kind: "switched", isOn: false }],
    ["c,1", { kind: "switched", isOn: true }],
    ["v,4.0.2.0,abcdef", { kind: "version", text: "4.0.2.0,abcdef" }],
    ["r,ACK", { kind: "polled" }],
    ["r,NACK", { kind: "noise" }],
    ["x,10", { kind: "noise" }],
    ["c,STATUS,SOMETHING", { kind: "unknown", text: "c,STATUS,SOMETHING" }],
    ["c,VEND,FAILED", { kind: "unknown", text: "c,VEND,FAILED" }],
    ["d,STATUS,RESULT,1,1.00", { kind: "unknown", text: "d,STATUS,RESULT,1,1.00" }],
    ["hello", { kind: "unknown", text: "hello" }],
  ];
  it.each(table)("%s", (line, message) => {
    expect(parseLine(line)).toEqual(message);
  });

  it("no line whatever throws", () => {
    fc.assert(fc.property(fc.string(), (line) => void parseLine(line)));
    fc.assert(fc.property(fc.string(), (tail) => void parseLine(`c,STATUS,VEND,${tail}`)));
  });
});

describe("amounts", () => {
  it("are read back exactly as they were written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_000_000 }), (value) => {
        expect(parseAmount(formatAmount(minor(value)))).toBe(value);
      }),
    );
  });

  it.each([
    ["0.1", 10],
    ["0.29", 29],
    ["1.15", 115],
    ["4.35", 435],
    ["1.1500", 115],
    ["655.35", 65_535],
  ])("%s is %s minor units, without a float's error", (text, value) => {
    expect(parseAmount(text)).toBe(value);
  });

  it.each(["", "1,50", "1.", ".5", "1.155", "1e3", "0x10", " 1", "-1", "1.23456", "12345678901", "NaN"])(
    "%j is no amount",
    (text) => {
      expect(parseAmount(text)).toBeUndefined();
    },
  );
});

describe("orders", () => {
  it("are what the vendor's pages show", () => {
    expect([orders.start(minor(5_000)), orders.approve(minor(105)), orders.set("mdb-always-idle", "1")]).toEqual([
      "C,START,50.00",
      "C,VEND,1.05",
      "C,SETCONF,mdb-always-idle=1",
    ]);
  });

  it.each([
    ["NOK", "0x1578"],
    ["DKK", "0x1208"],
    ["EUR", "0x1978"],
  ] as const)("%s is %s on the bus", (currency, code) => {
    expect(currencyCode(currency)).toBe(code);
  });
});

describe("cutting what comes into lines", () => {
  const all = (chunks: readonly string[]): readonly string[] => {
    let rest = noLine;
    return chunks.flatMap((chunk) => {
      const cut = cutLines(rest, chunk);
      rest = cut.rest;
      return cut.lines;
    });
  };

  it("does not depend on where the chunks are torn, nor on how lines end", () => {
    const line = fc.stringMatching(/^[a-z][A-Z0-9,. ]{0,30}$/).filter((text) => text.trim() !== "");
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat(400)),
        (lines, end, cuts) => {
          const text = lines.map((one) => one + end).join("");
          const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
          const chunks = at.slice(1).map((to, index) => text.slice(at[index], to));
          expect(all(chunks)).toEqual(lines);
        },
      ),
    );
  });

  it("a line without an end is cut and does not grow in memory; the next line is whole again", () => {
    let rest = noLine;
    for (let index = 0; index < 100; index += 1) rest = cutLines(rest, "x".repeat(100)).rest;
    expect(rest.text).toHaveLength(lineLengthMax);
    const { lines, cut } = cutLines(rest, "\nc,VEND,SUCCESS\n");
    expect(cut).toBe(1);
    expect(lines.map((line) => parseLine(line).kind)).toEqual(["unknown", "vend-success"]);
  });

  it("control characters are no text", () => {
    expect(all(["\u0000\u0007c,1\u0000\n\n\r\n"])).toEqual(["c,1"]);
  });
});
