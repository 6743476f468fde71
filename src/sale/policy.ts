/** What the operator decided about selling; plain numbers and words from the configuration. */
import type { BackOff } from "../kit/back-off.ts";
import { customerTokenLifeMs } from "./customer-token.ts";
import type { Currency, Minor } from "./money.ts";
import { paymentLifeMs } from "./payment.ts";

/** Time as a product: parking, showers, chargers. `quote` is a pure function made from the tariff. */
export interface TimeSales {
  readonly minutesMin: number;
  readonly minutesMax: number;
  readonly minutesStep: number;
  readonly quote: (fromWallMs: number, minutes: number) => { readonly price: Minor; readonly untilWallMs: number };
}

export interface SalePolicy {
  readonly currency: Currency;
  /**
   * What a check-in leads to: choose at the machine and pay the exact price; reserve the dearest price and then choose; or, where one product is all
   * that is sold, pay its exact price at once.
   */
  readonly checkInStyle: "choose-then-pay" | "reserve-dearest" | "pay-at-once" | "off";
  /** Whether a button may be pressed without a check-in: then a one-time QR is shown. */
  readonly selectFirst: boolean;
  /** Whether a scanner takes personal codes from the app. */
  readonly showCode: boolean;
  /** The flow of a payment made for a customer who checked in (facts 0.8: WEB_REDIRECT as documented for VENDING). */
  readonly checkInFlow: "web-redirect" | "push";
  /** What an unknown delivery leads to. `capture` waives promise 1. */
  readonly unknownDelivery: "release" | "attention" | "capture";
  /** Monotonic milliseconds that the customer has for each part. */
  readonly chooseMs: number;
  readonly payMs: number;
  /** How long thanks, sorry and refused stay on the panel. */
  readonly showMs: number;
  /** How old a check-in may be when it arrives. */
  readonly freshnessMs: number;
  /** Shown to the customer in the app: 3..100 characters are made from it and the product. */
  readonly merchantName: string;
  /** How time is sold; undefined where products are. */
  readonly timeSales: TimeSales | undefined;
  readonly plateWanted: boolean;
  /** The output that a time-based sale switches; undefined where only a validity is issued. */
  readonly timeLine: string | undefined;
  /** Hundredths of a percent, for sales that name no VAT rate themselves. */
  readonly defaultVatRate: number;
}

/** Time without a definite 404 after which a created payment could no longer appear: customerToken life (15 min) + payment life (10 min). */
export const appearanceMs = customerTokenLifeMs + paymentLifeMs;

/**
 * How long a request whose answer was lost may still be on its way. A GET cannot see it, and how long the provider remembers Idempotency-Keys
 * is not documented: a capture or refund is sent again only when the first can no longer land.
 */
export const inFlightMs = 120_000;

/** The longest waits before asking again; the loop adds jitter. */
export const askAgain: BackOff = { firstMs: 1_000, maxMs: 600_000 };

/** How often an adjustment may be refused before a person is asked. */
export const refusalsMax = 3;

/** Tries at up to 10 minutes each, about 26 weeks: as long as a reservation can last (Norway: 180 days). Then a person is asked. */
export const settleAttemptsMax = 26_000;
