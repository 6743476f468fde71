/**
 * Goal: amounts are whole minor units of a known currency, and every fact about a currency is said by the one table.
 * Method: properties over any number, and a hand-written copy of ISO 4217 for the currencies of the wallet.
 */
import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addMinor,
  currencies,
  isCurrency,
  isMinor,
  isPayableAmount,
  minor,
  minorPerMajor,
  money,
  noMinor,
  paymentFloorsText,
  paymentMinorMax,
  plainText,
  walletCurrencies,
  walletCurrenciesText,
} from "../../../src/sale/money.ts";

const anyCurrency = fc.constantFrom(...walletCurrencies);
const anyMinor = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("minor units", () => {
  it("are exactly the non-negative safe integers", () => {
    fc.assert(
      fc.property(fc.oneof(anyMinor, fc.double(), fc.integer({ max: -1 }), fc.maxSafeInteger()), (value) => {
        expect(isMinor(value)).toBe(Number.isSafeInteger(value) && value >= 0);
      }),
    );
    expect([0, Number.MAX_SAFE_INTEGER].every(isMinor)).toBe(true);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1", null, undefined, 1n])("%s is none", (value) => {
    expect(isMinor(value)).toBe(false);
  });

  it.each([-1, 25.5, 2 ** 53])("%d is refused, and the message says the value", (value) => {
    expect(() => minor(value)).toThrow(
      new RangeError(`an amount is a non-negative whole number of minor units, not ${value}`),
    );
  });

  it("come back as they were, alone and with a currency", () => {
    fc.assert(
      fc.property(anyMinor, anyCurrency, (value, currency) => {
        expect(minor(value)).toBe(value);
        expect(money(value, currency)).toEqual({ minor: value, currency });
      }),
    );
  });

  it("add up, and a sum that is too large to be exact is refused", () => {
    const half = fc.integer({ min: 0, max: Math.floor(Number.MAX_SAFE_INTEGER / 2) });
    fc.assert(fc.property(half, half, (a, b) => addMinor(minor(a), minor(b)) === a + b));
    expect(() => addMinor(minor(Number.MAX_SAFE_INTEGER), minor(1))).toThrow(RangeError);
    expect(noMinor).toBe(0);
  });
});

describe("currencies", () => {
  // ISO 4217:2015, table A.1: alphabetic code, numeric code, exponent; the floors are the provider's.
  it.each([
    ["NOK", "578", 2, 100, "kroner"],
    ["DKK", "208", 2, 1, "kroner"],
    ["EUR", "978", 2, 1, "euro"],
  ] as const)("%s is number %s with %d decimals, payments start at %d, and people say %s", (currency, ...facts) => {
    const { number, exponent, paymentMinorMin, majorName } = currencies[currency];
    expect([number, exponent, paymentMinorMin, majorName]).toEqual(facts);
  });

  it("have a least plausible price that can be paid", () => {
    for (const currency of walletCurrencies)
      expect(isPayableAmount(money(currencies[currency].priceMinorPlausible, currency)), currency).toBe(true);
  });

  it("are those of the wallet and no others", () => {
    expect(walletCurrencies).toEqual(["NOK", "DKK", "EUR"]);
    expect(walletCurrencies.every((currency) => 10 ** currencies[currency].exponent === minorPerMajor)).toBe(true);
    const others = fc.string().filter((text) => !walletCurrencies.some((currency) => currency === text));
    fc.assert(fc.property(others, (text) => !isCurrency(text)));
    expect(["nok", "SEK", "toString", "__proto__", "", 578, null, undefined].some(isCurrency)).toBe(false);
  });

  it("are the ones that the kiosk API's document lists, which is written by hand", async () => {
    const text = await readFile(new URL("../../../docs/kiosk-api.openapi.json", import.meta.url), "utf8");
    const lists = [...text.matchAll(/\[[^[\]]*"NOK"[^[\]]*\]/g)].map(([list]): unknown => JSON.parse(list));
    expect(lists.length).toBeGreaterThan(0);
    for (const list of lists) expect(list).toEqual(walletCurrencies);
  });

  it("are listed in messages, with where payments start", () => {
    expect(walletCurrenciesText).toBe("NOK, DKK or EUR");
    expect(paymentFloorsText).toBe("100 in NOK, 1 in DKK, 1 in EUR");
  });
});

describe("a payable amount", () => {
  it("lies between the floor of its currency and the ceiling, both included", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * paymentMinorMax }), anyCurrency, (value, currency) => {
        const isWithin = value >= currencies[currency].paymentMinorMin && value <= paymentMinorMax;
        expect(isPayableAmount(money(value, currency))).toBe(isWithin);
      }),
    );
  });

  it.each([
    ["NOK", 99, false],
    ["NOK", 100, true],
    ["DKK", 0, false],
    ["DKK", 1, true],
    ["EUR", 65_000_000, true],
    ["EUR", 65_000_001, false],
  ] as const)("%s %d: %s", (currency, value, isPayable) => {
    expect(isPayableAmount(money(value, currency))).toBe(isPayable);
  });
});

describe("plain text", () => {
  it.each([
    [2_500, "NOK", "25.00 NOK"],
    [5, "EUR", "0.05 EUR"],
    [0, "DKK", "0.00 DKK"],
  ] as const)("%d %s is written %s", (value, currency, text) => {
    expect(plainText(money(value, currency))).toBe(text);
  });
});
