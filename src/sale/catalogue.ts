/** What the machine sells. A session holds a snapshot, so that no price changes under a customer. */
import type { Currency, Minor, Money } from "./money.ts";

export interface Product {
  /** Unique in the catalogue, `^[A-Za-z0-9_.-]{1,40}$`. */
  readonly id: string;
  readonly name: string;
  readonly price: Money;
  /** Hundredths of a percent: 2500 = 25 %. */
  readonly vatRate: number;
  /** The machine's name for the place it lies in: a GPIO delivery line, a keypad selection ("B4"), an MDB item number. */
  readonly line: string;
  readonly minimumAge?: number;
  /** How many are left; undefined where nobody counts. */
  readonly stock?: number;
  /** Not sold now: empty, jammed, or switched off by the operator. */
  readonly soldOut?: boolean;
}

export interface Catalogue {
  readonly currency: Currency;
  /** Changes with every change of content; a session names the one it was opened with. */
  readonly version: string;
  readonly products: readonly Product[];
}

export function isForSale(product: Product): boolean {
  return product.soldOut !== true && (product.stock === undefined || product.stock > 0);
}

export function productsForSale(catalogue: Catalogue): readonly Product[] {
  return catalogue.products.filter(isForSale);
}

/** The product that this selection line stands for, sold out or not. */
export function productOnLine(catalogue: Catalogue, line: string): Product | undefined {
  return catalogue.products.find((product) => product.line === line);
}

/** What reserve-dearest reserves: the highest price of what is for sale now; undefined when nothing is. */
export function dearestPrice(catalogue: Catalogue): Minor | undefined {
  let dearest: Minor | undefined;
  for (const product of productsForSale(catalogue))
    if (dearest === undefined || product.price.minor > dearest) dearest = product.price.minor;
  return dearest;
}
