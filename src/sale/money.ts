/**
 * Money: integers in minor units with an ISO 4217 currency. This is the one file of `sale/` whose values other rooms may
 * import, because every boundary has to make and check amounts.
 */

/** The currencies that the wallet takes (ePayment API, create payment, `amount.currency` with `paymentMethod.type: WALLET`). */
export const walletCurrencies = ["NOK", "DKK", "EUR"] as const;
export type Currency = (typeof walletCurrencies)[number];

declare const minorBrand: unique symbol;
/** An integer count of minor units (øre, cent), 0 … 65 000 000 where it is a payment's amount. */
export type Minor = number & { readonly [minorBrand]: "minor" };

export interface Money {
  readonly minor: Minor;
  readonly currency: Currency;
}

/** ePayment API: `amount.value` is at most 65 000 000 minor units. */
export const paymentMinorMax = 65_000_000;

/** The smallest payment, and the smallest partial capture, in minor units (error 6010 below it). */
export const paymentMinorMin: Readonly<Record<Currency, number>> = { NOK: 100, DKK: 1, EUR: 1 };

export function isMinor(value: unknown): value is Minor {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** @throws RangeError when `value` is not a non-negative safe integer: a fraction of an øre is always a bug. */
export function minor(value: number): Minor {
  if (!isMinor(value))
    throw new RangeError(`an amount is a non-negative whole number of minor units, not ${String(value)}`);
  return value;
}

export function isCurrency(value: unknown): value is Currency {
  return walletCurrencies.some((currency) => currency === value);
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
  return amount.minor >= paymentMinorMin[amount.currency] && amount.minor <= paymentMinorMax;
}
