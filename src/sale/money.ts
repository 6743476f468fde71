/**
 * Money: integers in minor units with an ISO 4217 currency. Everything that is known of a currency stands in `currencies`, and nowhere
 * else: types, schemas, floors, messages and the codes of other protocols are made from it. A new currency is one line here.
 */

interface CurrencyFacts {
  /** ISO 4217 numeric code, three digits. */
  readonly number: string;
  /** ISO 4217 exponent. Amounts are read, written and shown with hundredths: the compiler asks when a currency has none. */
  readonly exponent: 2;
  /** The smallest payment, and the smallest partial capture, in minor units (ePayment error 6010 below it). */
  readonly paymentMinorMin: number;
  /** No machine sells for less: a smaller amount is one in whole kroner or euros, written where minor units are meant. */
  readonly priceMinorPlausible: number;
  /** What people call a hundred minor units. */
  readonly majorName: string;
}

/** The currencies that the wallet takes (ePayment API, create payment, `amount.currency` with `paymentMethod.type: WALLET`). */
export const currencies = {
  NOK: { number: "578", exponent: 2, paymentMinorMin: 100, priceMinorPlausible: 100, majorName: "kroner" },
  DKK: { number: "208", exponent: 2, paymentMinorMin: 1, priceMinorPlausible: 100, majorName: "kroner" },
  EUR: { number: "978", exponent: 2, paymentMinorMin: 1, priceMinorPlausible: 10, majorName: "euro" },
} as const satisfies Readonly<Record<string, CurrencyFacts>>;
export type Currency = keyof typeof currencies;

export function isCurrency(value: unknown): value is Currency {
  return typeof value === "string" && Object.hasOwn(currencies, value);
}

export const walletCurrencies: readonly Currency[] = Object.keys(currencies).filter(isCurrency);
/** For messages: "NOK, DKK or EUR". */
export const walletCurrenciesText = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(walletCurrencies);

/** Minor units in one krone or euro: every currency of the wallet has hundredths. */
export const minorPerMajor = 100;

declare const minorBrand: unique symbol;
/** An integer count of minor units (øre, cent), 0 … 65 000 000 where it is a payment's amount. */
export type Minor = number & { readonly [minorBrand]: "minor" };

export interface Money {
  readonly minor: Minor;
  readonly currency: Currency;
}

/** ePayment API: `amount.value` is at most 65 000 000 minor units. */
export const paymentMinorMax = 65_000_000;

/** For messages: "100 in NOK, 1 in DKK, 1 in EUR". */
export const paymentFloorsText = walletCurrencies
  .map((currency) => `${currencies[currency].paymentMinorMin} in ${currency}`)
  .join(", ");

export function isMinor(value: unknown): value is Minor {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** @throws RangeError when `value` is not a non-negative safe integer: a fraction of an øre is always a bug. */
export function minor(value: number): Minor {
  if (!isMinor(value))
    throw new RangeError(`an amount is a non-negative whole number of minor units, not ${String(value)}`);
  return value;
}

export function money(value: number, currency: Currency): Money {
  return { minor: minor(value), currency };
}

export const noMinor: Minor = minor(0);

export function addMinor(a: Minor, b: Minor): Minor {
  return minor(a + b);
}

/** Whether a payment of this amount can be made at all, within the provider's floor and ceiling. */
export function isPayableAmount(amount: Money): boolean {
  return amount.minor >= currencies[amount.currency].paymentMinorMin && amount.minor <= paymentMinorMax;
}

/** For logs, messages and books: "25.00 NOK". Customers read `moneyText` of the panel. */
export function plainText({ minor: value, currency }: Money): string {
  return `${(value / minorPerMajor).toFixed(2)} ${currency}`;
}
