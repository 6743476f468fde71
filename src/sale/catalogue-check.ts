/**
 * Checks a catalogue before anything is sold from it: the same checks for the configuration file and for the back office's `set-catalogue`.
 * Pure; what the machine's lines can deliver is passed in as a function.
 */
import { defined } from "../kit/defined.ts";
import { undrawableBecause } from "../kit/panel-letters.ts";
import { unreadableBecause } from "../kit/readable-text.ts";
import type { Catalogue, Product } from "./catalogue.ts";
import { currencies, type Currency, type Money, paymentMinorMax } from "./money.ts";

/** One thing wrong with a catalogue. */
export interface CatalogueFault {
  /** Index of the product; undefined for a fault of the catalogue as a whole. */
  readonly index: number | undefined;
  readonly key: "currency" | "products" | keyof Product;
  /** The value at fault. */
  readonly value: string | number | undefined;
  /** What is wrong and what is allowed. */
  readonly message: string;
  /** The value to write instead, if there is an obvious one. */
  readonly instead?: number;
}

/** Why a line cannot deliver at a price, and which of the two is at fault; undefined if it can. */
export type LineFaultOf = (
  line: string,
  priceMinor: number,
) => { readonly key: "line" | "price"; readonly message: string } | undefined;

export interface CatalogueAround {
  /** The sales unit's. */
  readonly currency: Currency;
  readonly lineFault: LineFaultOf;
  /** Whether a scan pays at once, so that only one product can be meant. */
  readonly isSingle?: boolean;
}

export const productsMax = 200;
export const productNameMax = 60;
/** Unique in the catalogue; printed on receipts. */
export const productIdPattern = /^[A-Za-z0-9_.-]{1,40}$/;
export const linePattern = /^[A-Za-z0-9_-]{1,20}$/;
/** Hundredths of a percent. */
export const vatRateMax = 10_000;
export const minimumAgeMax = 100;

/** Why a text cannot be shown; undefined if it can. @param max code points */
export function textFault(text: string, max: number): string | undefined {
  const unreadable = unreadableBecause(text);
  if (unreadable !== undefined) return unreadable;
  const { length } = Array.from(text);
  return length > max ? `${length} characters, and at most ${max} are allowed` : undefined;
}

/** The same for a text that stands on the panel, whose font has not every letter. */
export function panelTextFault(text: string, max: number): string | undefined {
  return textFault(text, max) ?? undrawableBecause(text);
}

/** Formats minor units: 2500 is "25.00 NOK". */
export function spokenAmount(minorUnits: number, currency: Currency): string {
  return `${(minorUnits / 100).toFixed(2)} ${currency}`;
}

/** A value probably written in the wrong unit, and the value probably meant. */
export interface Implausible {
  readonly message: string;
  readonly instead: number;
}

/** A fault if an amount was probably written in kroner or euros instead of minor units. */
export function implausibleFault(minorUnits: number, currency: Currency): Implausible | undefined {
  if (minorUnits >= currencies[currency].priceMinorPlausible) return undefined;
  return { message: `prices are in minor units: ${meantBy(minorUnits, currency)}`, instead: minorUnits * 100 };
}

function meantBy(minorUnits: number, currency: Currency): string {
  const hundredfold = minorUnits * 100;
  return `${minorUnits} is ${spokenAmount(minorUnits, currency)}, and ${spokenAmount(hundredfold, currency)} is ${hundredfold}`;
}

/** Why an amount cannot be charged; undefined if it can. */
export function priceFault(
  priceMinor: number,
  currency: Currency,
): { readonly message: string; readonly instead?: number } | undefined {
  if (!Number.isSafeInteger(priceMinor) || priceMinor < 1)
    return { message: "a price is a whole number of minor units (øre, cent) from 1" };
  if (priceMinor > paymentMinorMax)
    return {
      message: `the provider takes at most ${paymentMinorMax} minor units (${spokenAmount(paymentMinorMax, currency)})`,
    };
  const floor = currencies[currency].paymentMinorMin;
  if (priceMinor >= floor) return implausibleFault(priceMinor, currency);
  return {
    message: `the provider takes no payment under ${floor} ${currency} minor units: ${meantBy(priceMinor, currency)}`,
    instead: priceMinor * 100,
  };
}

/** A rate above zero but below 2 % was probably written in percent: no country that the wallet serves has one. */
const plausibleVatMin = 200;

/** Why a number is not a VAT rate in hundredths of a percent; undefined if it is. */
export function vatFault(rate: number): { readonly message: string; readonly instead?: number } | undefined {
  if (!Number.isSafeInteger(rate) || rate < 0 || rate > vatRateMax)
    return { message: `hundredths of a percent, a whole number from 0 to ${vatRateMax}: 15 % is 1500` };
  if (rate > 0 && rate < plausibleVatMin)
    return {
      message: `hundredths of a percent: ${rate} is ${(rate / 100).toFixed(2)} %, and ${rate} % is ${rate * 100}`,
      instead: rate * 100,
    };
  return undefined;
}

/** All faults of a catalogue; empty if everything in it can be sold. */
export function catalogueFaults(
  { currency, products }: Pick<Catalogue, "currency" | "products">,
  around: CatalogueAround,
): readonly CatalogueFault[] {
  const faults: CatalogueFault[] = [];
  if (currency !== around.currency)
    faults.push({
      index: undefined,
      key: "currency",
      value: currency,
      message: `the sales unit sells in ${around.currency}`,
    });
  if (products.length > productsMax)
    faults.push({
      index: undefined,
      key: "products",
      value: products.length,
      message: `at most ${productsMax} products are sold by one machine`,
    });
  if (around.isSingle === true && products.length !== 1)
    faults.push({
      index: undefined,
      key: "products",
      value: products.length,
      message: "exactly one product is sold where a scan pays at once",
    });
  const seen = { id: new Set<string>(), line: new Set<string>() };
  products.forEach((product, index) => {
    for (const fault of productFaults(product, around)) faults.push({ index, ...fault });
    for (const key of ["id", "line"] as const) {
      if (seen[key].has(product[key]))
        faults.push({ index, key, value: product[key], message: "is taken by another product" });
      seen[key].add(product[key]);
    }
  });
  return faults;
}

function productFaults(
  { id, name, price, vatRate, line, minimumAge, stock }: Product,
  { currency, lineFault }: CatalogueAround,
): readonly Omit<CatalogueFault, "index">[] {
  const faults: Omit<CatalogueFault, "index">[] = [];
  const fault = (key: keyof Product, value: string | number, message: string, instead?: number): void => {
    faults.push({ key, value, message, ...defined({ instead }) });
  };
  if (!productIdPattern.test(id)) fault("id", id, "1 to 40 letters, digits, _ . or -");
  const ofName = panelTextFault(name, productNameMax);
  if (ofName !== undefined) fault("name", name, ofName);
  const ofVat = vatFault(vatRate);
  if (ofVat !== undefined) fault("vatRate", vatRate, ofVat.message, ofVat.instead);
  if (minimumAge !== undefined && !isWithin(minimumAge, 1, minimumAgeMax))
    fault("minimumAge", minimumAge, `years, a whole number from 1 to ${minimumAgeMax}`);
  if (stock !== undefined && !isWithin(stock, 0, Number.MAX_SAFE_INTEGER))
    fault("stock", stock, "how many there are: a whole number from 0");
  if (!linePattern.test(line)) fault("line", line, "1 to 20 letters, digits, - or _");
  const ofPrice = pricedFault(price, currency);
  if (ofPrice !== undefined) fault("price", price.minor, ofPrice.message, ofPrice.instead);
  else if (linePattern.test(line)) {
    const ofLine = lineFault(line, price.minor);
    if (ofLine !== undefined) fault(ofLine.key, ofLine.key === "line" ? line : price.minor, ofLine.message);
  }
  return faults;
}

function pricedFault({ minor, currency }: Money, unit: Currency): ReturnType<typeof priceFault> {
  return currency === unit
    ? priceFault(minor, unit)
    : { message: `it is in ${currency}, and the sales unit sells in ${unit}` };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

/** Most faults named in a reply to the back office. */
const toldMax = 5;

/** The faults as one line for the back office. */
export function catalogueFaultText(faults: readonly CatalogueFault[]): string {
  const told = faults.slice(0, toldMax).map(({ index, key, value, message }) => {
    const where = index === undefined ? key : `products[${index}].${key}`;
    return `${where}${value === undefined ? "" : ` = ${JSON.stringify(value)}`}: ${message}`;
  });
  const more = faults.length - told.length;
  return [...told, ...(more === 0 ? [] : [`and ${more} more`])].join("; ");
}
