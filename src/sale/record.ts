/** What is kept and reported of a sale that ended, or that needs a person: for accounting, upstream and `kvitt sales`. */
import { type Currency, type Minor, minor } from "./money.ts";

export type SaleOutcome =
  /** Delivered and captured. */
  | "sold"
  /** Nothing delivered, nothing kept. */
  | "not-sold"
  /** Delivered without a payment, on command. */
  | "service"
  /** Money was given back later, on command. */
  | "refunded"
  /** What was still reserved was released later, on command. */
  | "released"
  /** Cannot be ended by the machine itself; `reason` says what a person has to look at. */
  | "attention";

/** One entry of the books: a sale, or what the back office ordered of it afterwards. An entry never changes. */
export interface SaleRecord {
  /** The payment's reference, or the id of the service vend: the same for a sale and for what came after it. */
  readonly id: string;
  /** 0 for the sale, then counted on. The upstream id is `{id}.{revision}`. */
  readonly revision: number;
  readonly entry: "sale" | "refund" | "cancel";
  readonly outcome: SaleOutcome;
  /** A stable word: "delivered", "declined", "timed-out", "not-delivered", "unknown-delivery", "partial-capture-refused" … */
  readonly reason: string;
  /** ISO 8601 UTC. Of the sale, or of the order that this entry is about. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly product: {
    readonly id: string;
    readonly name: string;
    readonly line: string;
    readonly vatRate: number;
  } | null;
  /** The payment's own, from request to record. */
  readonly currency: Currency;
  /** What the sale was worth. */
  readonly price: Minor;
  /** What this entry moved: the entries of one sale add up to what the provider's aggregate says. */
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

/** A sale and what came after it, oldest first. The sale stays what it was. */
export interface SaleHistory {
  readonly sale: SaleRecord;
  readonly corrections: readonly SaleRecord[];
}

export interface Sums {
  readonly authorized: Minor;
  readonly captured: Minor;
  readonly cancelled: Minor;
  readonly refunded: Minor;
}

export function entriesOf({ sale, corrections }: SaleHistory): readonly SaleRecord[] {
  return [sale, ...corrections];
}

export function totalsOf(history: SaleHistory): Sums {
  const total = (name: keyof Sums): Minor => minor(entriesOf(history).reduce((sum, entry) => sum + entry[name], 0));
  return {
    authorized: total("authorized"),
    captured: total("captured"),
    cancelled: total("cancelled"),
    refunded: total("refunded"),
  };
}

/** Whether a person has to look: what was ordered last may have ended what the sale left open. */
export function needsPerson(history: SaleHistory): boolean {
  return entriesOf(history).at(-1)?.outcome === "attention";
}
