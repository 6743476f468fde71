/**
 * A settlement: one payment from the intent to create it until it is ended. It outlives its session and power cuts.
 * `Settlement` is what the journal keeps; `Live` is what only this boot knows and may forget.
 */
import type { EffectId, Reference } from "./ids.ts";
import { effectId } from "./ids.ts";
import { type Currency, isCurrency, type Minor, minor, type Money, noMinor } from "./money.ts";
import { isOver, type PaymentRequest, type PaymentView, reservedNow } from "./payment.ts";
import type { SaleHistory, Sums } from "./record.ts";
import type { Selection } from "./selection.ts";

/** What is being bought, as it was when the customer chose it. */
export interface Purchase {
  readonly selection: Selection;
  readonly productId: string;
  readonly name: string;
  readonly line: string;
  readonly vatRate: number;
  readonly price: Money;
}

export type DeliveryState =
  | { readonly kind: "none" }
  /** The intent is on disk; whether the machine moved is not known to the journal. */
  | { readonly kind: "started"; readonly deliveryId: string; readonly untilWallMs: number | null }
  | { readonly kind: "delivered"; readonly detail: string | null; readonly untilWallMs: number | null }
  | { readonly kind: "not-delivered"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string; readonly creditsSent: number | null };

/** A request that moves money towards the target, with the id that was on disk before it left. */
export interface Step {
  readonly kind: "capture" | "cancel" | "withdraw" | "refund";
  readonly id: EffectId;
  /** Of a capture or refund; 0 for the others. */
  readonly amount: Minor;
}

export type SettlementState =
  /** The request to create may have left. `uncertain`: an answer was lost, so it may have worked. */
  | { readonly kind: "creating"; readonly uncertain: boolean }
  /** Created; the customer has not approved. */
  | { readonly kind: "awaiting" }
  /** Reserve-dearest: approved, and the customer chooses. `chosen` while a GET confirms that it can still be paid. */
  | { readonly kind: "reserved" }
  | { readonly kind: "delivering" }
  /** Nobody waits any more. What is true is asked, and the difference to the target is acted on. */
  | { readonly kind: "settling"; readonly step: Step | null; readonly refusals: number }
  /** Given up while nobody knew whether it was created: asked for until it could no longer appear. */
  | { readonly kind: "doubtful"; readonly uncertain: boolean };

/** An order of the back office about a payment. */
export interface SettlementOrder {
  readonly commandId: string;
  readonly kind: "cancel" | "refund";
  /** Null refunds all that is left. In minor units of the payment's currency. */
  readonly amount: Minor | null;
  readonly startedWallMs: number;
}

export interface Settlement {
  readonly reference: Reference;
  readonly state: SettlementState;
  readonly startedWallMs: number;
  /** What was sent to create it, without the customer (a secret, kept apart); null when it was reopened from a record. */
  readonly request: PaymentRequest | null;
  readonly createId: EffectId;
  /** Whether the amount is the dearest price, and the purchase comes later. */
  readonly reserveDearest: boolean;
  readonly purchase: Purchase | null;
  readonly delivery: DeliveryState;
  /** What is to be captured and kept in the end; null while that is open. */
  readonly target: Minor | null;
  /** The newest truth. */
  readonly payment: PaymentView | null;
  /** How many effect ids were given out. */
  readonly effects: number;
  /** A stable word for the record: why it ended, or will end, as it does. */
  readonly reason: string;
  /** It ends as "attention", whatever the sums say. */
  readonly needsPerson: boolean;
  /** What this settlement was reopened for; null while it brings the sale itself to its end. */
  readonly order: SettlementOrder | null;
  /** Orders that came meanwhile. Each is carried out, and answered, after what was there before it. */
  readonly waitingOrders: readonly SettlementOrder[];
  /** What the books say of it already; null until the sale ended for the first time. */
  readonly history: SaleHistory | null;
  /** Of the next record. */
  readonly revision: number;
}

export interface Live {
  /** What the next event should be an answer to; a second request is never sent while one is out. */
  readonly waiting:
    | "create"
    /** A GET that the next step depends on. */
    | "view"
    | "adjust"
    /** A GET that has to show what an adjustment did. */
    | "proof"
    | "delivery"
    | "timer"
    | "session";
  /** Since the last progress; sets the back-off. */
  readonly attempts: number;
  /** Number of the newest GET: answers to older ones are stale and ignored. */
  readonly look: number;
  /** When a doubtful payment, or the payment of an order, could no longer appear. */
  readonly appearsUntilMono: number;
  /** Until then a capture or refund that may still be on its way is not sent again, whatever a GET says. */
  readonly repeatFromMono: number;
  /** The Selection that a `reserved` payment is being confirmed for. */
  readonly chosen: Purchase | null;
}

/** A name for the next effect of this settlement: unique for ever, and at most 50 characters (Idempotency-Key). */
export function nextEffectId(settlement: Settlement, kind: Step["kind"] | "delivery"): EffectId {
  const ulid = settlement.reference.slice(settlement.reference.lastIndexOf("-") + 1);
  return effectId(`${ulid}-${kind}-${settlement.effects + 1}`);
}

/** What is still to be done so that `target` is kept and nothing stays reserved. */
export type Difference =
  | { readonly kind: "none" }
  | { readonly kind: "capture" | "refund"; readonly amount: Minor }
  | { readonly kind: "cancel" }
  /** Not approved yet: cancel with `cancelTransactionOnly`. */
  | { readonly kind: "withdraw" }
  /** The money that should be kept cannot be had. */
  | { readonly kind: "short"; readonly amount: Minor };

/** Pure arithmetic over what the provider says is true. First the capture, and only when a GET shows it, the rest. */
export function difference(payment: PaymentView, target: Minor): Difference {
  const kept = payment.captured - payment.refunded;
  if (isOver(payment)) return kept >= target ? { kind: "none" } : { kind: "short", amount: minor(target - kept) };
  if (payment.state === "CREATED")
    return target === 0 ? { kind: "withdraw" } : { kind: "short", amount: minor(target - Math.max(0, kept)) };
  if (kept > target) return { kind: "refund", amount: minor(kept - target) };
  const reserved = reservedNow(payment);
  const missing = target - kept;
  if (missing > 0)
    return reserved >= missing
      ? { kind: "capture", amount: minor(missing) }
      : { kind: "short", amount: minor(missing - reserved) };
  return reserved > 0 ? { kind: "cancel" } : { kind: "none" };
}

/** All that was ever authorised, captured, cancelled and refunded of a payment, for reports. */
export function sums(payment: PaymentView | null): Sums {
  return {
    authorized: payment?.authorized ?? noMinor,
    captured: payment?.captured ?? noMinor,
    cancelled: payment?.cancelled ?? noMinor,
    refunded: payment?.refunded ?? noMinor,
  };
}

/** The payment's own currency, whatever the configuration says by now: by the provider's word, else by what was asked for. */
export function currencyOf({ payment, request, purchase, history }: Settlement): Currency | undefined {
  if (isCurrency(payment?.currency)) return payment.currency;
  return request?.amount.currency ?? purchase?.price.currency ?? history?.sale.currency;
}
