/** A payment as the sale sees it: what is asked for, what the provider says is true, and when that is enough to deliver. */
import type { Reference } from "./ids.ts";
import { type Minor, type Money, minor } from "./money.ts";

/** How the customer gets to the payment: a one-time QR on the panel, a push to the app, or the app that is waiting after a check-in. */
export type PaymentFlow = "qr" | "push" | "web-redirect";

/** Who pays, where that is known before. Secret while the settlement is open, scrubbed when it ends. */
export type Customer =
  | { readonly kind: "customer-token"; readonly token: string }
  | { readonly kind: "personal-qr"; readonly text: string }
  | { readonly kind: "phone-number"; readonly phoneNumber: string };

export interface ReceiptLine {
  readonly id: string;
  readonly name: string;
  readonly quantity: number;
  /** For the whole line, VAT included. */
  readonly total: Minor;
  /** Hundredths of a percent: 2500 = 25 %. */
  readonly vatRate: number;
}

/** ePayment API: a payment that nobody approves expires after 10 minutes. */
export const paymentLifeMs = 10 * 60_000;

/** All that a `POST /epayment/v1/payments` is made from. The same request always becomes the same bytes. */
export interface PaymentRequest {
  readonly reference: Reference;
  readonly amount: Money;
  readonly flow: PaymentFlow;
  readonly customer?: Customer;
  /** 3..100 characters, shown in the app and in the settlement report. */
  readonly description: string;
  /** The provider refuses a younger customer (`minimumUserAge`). */
  readonly minimumAge?: number;
  readonly lines: readonly ReceiptLine[];
  /** At most 5 pairs; key ≤ 100, value ≤ 500 characters. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** ePayment API, `GET payment`, `state`. It stays AUTHORIZED after a cancel or a full capture: never decide on it alone. */
export type PaymentState = "CREATED" | "AUTHORIZED" | "ABORTED" | "EXPIRED" | "TERMINATED";

/** The answer of `GET /epayment/v1/payments/{reference}`: the only source of truth about money. */
export interface PaymentView {
  readonly reference: string;
  readonly state: PaymentState;
  readonly currency: string;
  readonly amount: Minor;
  readonly authorized: Minor;
  readonly captured: Minor;
  readonly cancelled: Minor;
  readonly refunded: Minor;
  /** ISO 8601, when the provider says until when a capture is certain. */
  readonly captureGuaranteedUntil?: string;
}

/** What is reserved now and neither taken nor given back. */
export function reservedNow(payment: PaymentView): Minor {
  return minor(Math.max(0, payment.authorized - payment.captured - payment.cancelled));
}

/** Whether a delivery of `price` may start for this payment (design, promise 2). The caller sees to it that the reference is the session's. */
export function isPayable(payment: PaymentView, reference: Reference, price: Money): boolean {
  return (
    payment.state === "AUTHORIZED" &&
    payment.reference === reference &&
    payment.currency === price.currency &&
    payment.authorized - payment.captured - payment.cancelled - payment.refunded >= price.minor
  );
}

/**
 * Whether this is how the payment was before it became as `known`: a replica of the provider's that lags. What was authorized, captured, cancelled
 * and refunded only ever grows, and nothing is CREATED again.
 */
export function isBehind(payment: PaymentView, known: PaymentView): boolean {
  return (
    (payment.state === "CREATED" && known.state !== "CREATED") ||
    payment.authorized < known.authorized ||
    payment.captured < known.captured ||
    payment.cancelled < known.cancelled ||
    payment.refunded < known.refunded
  );
}

/** Ended without a reservation: nothing can be taken any more. */
export function isOver(payment: PaymentView): boolean {
  switch (payment.state) {
    case "ABORTED":
    case "EXPIRED":
    case "TERMINATED":
      return true;
    case "CREATED":
    case "AUTHORIZED":
      return false;
  }
}
