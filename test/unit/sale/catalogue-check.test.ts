/** Goal: nothing is sold that cannot be paid, delivered or drawn, whichever way the catalogue came in. Method: a right catalogue with one thing changed. */
import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalogue, Product } from "../../../src/sale/catalogue.ts";
import { catalogueFaults, catalogueFaultText, textFault } from "../../../src/sale/catalogue-check.ts";
import { type Currency, minor, money } from "../../../src/sale/money.ts";

const water: Product = { id: "water", name: "Vann", price: money(2_500, "NOK"), vatRate: 1_500, line: "A1" };
const cola: Product = { id: "cola", name: "Cola", price: money(3_200, "NOK"), vatRate: 1_500, line: "A2" };
const right: Catalogue = { currency: "NOK", version: "1", products: [water, cola] };

/** A machine with the lines A1 and A2, of which A2 sends at most 40 pulses of 1.00. */
const around = {
  currency: "NOK" as Currency,
  lineFault: (line: string, price: number) => {
    if (line !== "A1" && line !== "A2") return { key: "line" as const, message: "it has A1, A2" };
    return line === "A2" && price > 4_000 ? { key: "price" as const, message: "more than 40 pulses" } : undefined;
  },
};

const withWater = (change: Partial<Product>): Catalogue => ({ ...right, products: [{ ...water, ...change }, cola] });

describe("a catalogue", () => {
  it("that is right has no fault, whatever Nordic names it has", () => {
    expect(catalogueFaults(right, around)).toEqual([]);
    expect(catalogueFaults(withWater({ name: "Rødgrød med fløde, 0,5 l – Ø" }), around)).toEqual([]);
  });

  it.each<[string, Catalogue, number | undefined, string, RegExp]>([
    ["another currency", { ...right, currency: "DKK" }, undefined, "currency", /sells in NOK/],
    ["a price in another currency", withWater({ price: money(2_500, "EUR") }), 0, "price", /in EUR/],
    ["a price under the floor", withWater({ price: money(50, "NOK") }), 0, "price", /under 100/],
    ["a price of nothing", withWater({ price: money(0, "NOK") }), 0, "price", /from 1/],
    ["a price that no wallet takes", withWater({ price: money(1e15, "NOK") }), 0, "price", /at most 65000000/],
    ["a name with NUL", withWater({ name: "Va\u0000nn" }), 0, "name", /U\+0000/],
    ["a name of half a character", withWater({ name: "Va\ud83d" }), 0, "name", /U\+D83D/],
    ["a name that turns the writing around", withWater({ name: "\u202eVann" }), 0, "name", /U\+202E/],
    ["a name over two lines", withWater({ name: "Va\nnn" }), 0, "name", /U\+000A/],
    ["a name of spaces", withWater({ name: " " }), 0, "name", /nothing to read/],
    [
      "a name in letters that the panel's font has not",
      withWater({ name: "Kaffe ☕" }),
      0,
      "name",
      /no "☕" \(U\+2615/,
    ],
    ["a name that fits nowhere", withWater({ name: "x".repeat(61) }), 0, "name", /61 characters.*60/],
    ["a line that there is not", withWater({ line: "Z9" }), 0, "line", /A1, A2/],
    [
      "a price that the line cannot deliver",
      { ...right, products: [water, { ...cola, price: money(5_000, "NOK") }] },
      1,
      "price",
      /40 pulses/,
    ],
    ["a rate of VAT in percent", withWater({ vatRate: 25 }), 0, "vatRate", /25 % is 2500/],
    ["an id twice", withWater({ id: "cola" }), 1, "id", /another product/],
    ["a line twice", withWater({ line: "A2" }), 1, "line", /another product/],
    ["an id with a space", withWater({ id: "wa ter" }), 0, "id", /letters/],
    ["an age of nobody", withWater({ minimumAge: 140 }), 0, "minimumAge", /100/],
    ["half a bottle", withWater({ stock: 0.5 }), 0, "stock", /whole number/],
  ])("with %s is refused, with its place and reason", (_name, catalogue, index, key, message) => {
    const found = catalogueFaults(catalogue, around).filter((one) => one.index === index && one.key === key);
    expect(found.map((one) => one.message).join("\n")).toMatch(message);
  });

  it("of more or less than one product is refused where a scan pays at once", () => {
    const single = { ...around, isSingle: true };
    expect(catalogueFaults({ ...right, products: [water] }, single)).toEqual([]);
    for (const products of [[], [water, cola]])
      expect(catalogueFaults({ ...right, products }, single)).toMatchObject([{ index: undefined, key: "products" }]);
  });

  it("with too many products is refused", () => {
    const products = Array.from({ length: 201 }, (_, index) => ({ ...water, id: `p${index}`, line: `L${index}` }));
    const found = catalogueFaults({ ...right, products }, { ...around, lineFault: () => undefined });
    expect(found).toMatchObject([{ key: "products", value: 201 }]);
  });

  it("that is wrong all over is told in a sentence that ends", () => {
    const products = Array.from({ length: 50 }, () => ({
      ...water,
      price: { minor: minor(50), currency: "NOK" as const },
    }));
    const text = catalogueFaultText(catalogueFaults({ ...right, products }, around));
    expect(text).toContain("products[0].price = 50: the provider takes no payment under 100");
    expect(text).toMatch(/; and \d+ more$/);
    expect(text.length).toBeLessThan(1_000);
  });
});

it("a text that is taken has something to read and no control character, whatever it is", () => {
  assert(
    property(string({ unit: "binary", maxLength: 80 }), (text) => {
      if (textFault(text, 60) !== undefined) return;
      expect(text.trim()).not.toBe("");
      expect(Array.from(text).length).toBeLessThanOrEqual(60);
      expect(Array.from(text).every((one) => (one.codePointAt(0) ?? 0) >= 32)).toBe(true);
    }),
  );
});
