/** What is kept and reported of a sale that ended, or that needs a person: for accounting, upstream and `kvitt sales`. */
import type { Currency, Minor } from "./money.ts";

export type SaleOutcome =
  /** Delivered and captured. */
  | "sold"
  /** Nothing delivered, nothing kept. */
  | "not-sold"
  /** Delivered without a payment, on command. */
  | "service"
  /** Cannot be ended by the machine itself; `reason` says what a person has to look at. */
  | "attention";

export interface SaleRecord {
  /** The payment's reference, or the id of the service vend. */
  readonly id: string;
  /** 0 when it first ended; grows when the back office cancels or refunds it later. The upstream id is `{id}.{revision}`. */
  readonly revision: number;
  readonly outcome: SaleOutcome;
  /** A stable word: "delivered", "declined", "timed-out", "not-delivered", "unknown-delivery", "partial-capture-refused" … */
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly product: {
    readonly id: string;
    readonly name: string;
    readonly line: string;
    readonly vatRate: number;
  } | null;
  readonly currency: Currency;
  readonly price: Minor;
  readonly authorized: Minor;
  readonly captured: Minor;
  readonly cancelled: Minor;
  readonly refunded: Minor;
  readonly delivery: {
    readonly outcome: "none" | "delivered" | "not-delivered" | "unknown";
    readonly detail: string | null;
    readonly creditsSent: number | null;
  };
  readonly plate: string | null;
  /** ISO 8601 UTC. */
  readonly validUntil: string | null;
}
