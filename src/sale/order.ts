/**
 * What became of something that another program on this machine ordered: a payment, or the delivery of a paid web-shop order. Told from
 * settlements, service vends and their records alone, so that it is the same before and after a restart. Pure.
 */
import type { ServiceVend } from "./event.ts";
import { isReference, type Reference } from "./ids.ts";
import { type Currency, type Minor, type Money, noMinor } from "./money.ts";
import { needsPerson, type SaleHistory, totalsOf } from "./record.ts";
import type { Selection } from "./selection.ts";
import type { Session } from "./session.ts";
import { type DeliveryState, type Settlement, sums } from "./settlement.ts";

export type OrderSelection = Extract<Selection, { kind: "order" }>;

export type OrderState =
  /** The payment is being made, or its code is on the panel. */
  | "waiting-for-payment"
  /** A GET said that the price can be taken, and the delivery is asked for. */
  | "paid"
  /** Delivered, or by policy taken for delivered; the price is kept. */
  | "done"
  /** Nobody paid. */
  | "not-paid"
  /** The provider did not take the order. */
  | "refused"
  /** It was paid and not delivered: the money goes back, or has gone. */
  | "released"
  /** A person has to look. */
  | "attention";

export interface OrderStatus {
  readonly reference: Reference;
  readonly state: OrderState;
  /** A stable word for why it ended so; null while it is open. */
  readonly reason: string | null;
  /** Nothing is left to be done with the money. */
  readonly isSettled: boolean;
  readonly title: string;
  readonly amount: Money;
  readonly authorized: Minor;
  readonly captured: Minor;
  readonly cancelled: Minor;
  readonly refunded: Minor;
  readonly delivery: DeliveryState["kind"];
  readonly deliveryDetail: string | null;
  readonly startedWallMs: number;
  readonly endedWallMs: number | null;
}

const createRefused = "create-refused";

interface Ending {
  readonly delivery: DeliveryState["kind"];
  readonly isKept: boolean;
  readonly authorized: number;
  readonly reason: string;
}

function endState({ delivery, isKept, authorized, reason }: Ending): OrderState {
  switch (delivery) {
    case "delivered":
      return "done";
    case "started":
    case "unknown":
      return isKept ? "done" : "released";
    case "not-delivered":
      return "released";
    case "none":
      if (authorized > 0) return "released";
      return reason.startsWith(createRefused) ? "refused" : "not-paid";
  }
}

function stateOf(settlement: Settlement, isWaitedFor: boolean): OrderState {
  if (settlement.needsPerson) return "attention";
  switch (settlement.state.kind) {
    case "creating":
    case "awaiting":
    case "reserved":
      return isWaitedFor ? "waiting-for-payment" : "not-paid";
    case "delivering":
      return "paid";
    case "settling":
    case "doubtful":
      return endState({
        delivery: settlement.delivery.kind,
        isKept: (settlement.target ?? noMinor) > 0,
        authorized: settlement.payment?.authorized ?? noMinor,
        reason: settlement.reason,
      });
  }
}

function detailOf(delivery: DeliveryState): string | null {
  switch (delivery.kind) {
    case "none":
    case "started":
      return null;
    case "delivered":
      return delivery.detail;
    case "not-delivered":
    case "unknown":
      return delivery.reason;
  }
}

/** An open payment. @param isWaitedFor whether the session that is on now waits for it. */
export function statusOfSettlement(settlement: Settlement, currency: Currency, isWaitedFor: boolean): OrderStatus {
  const { reference, delivery, purchase, request, reason, startedWallMs } = settlement;
  return {
    reference,
    state: stateOf(settlement, isWaitedFor),
    reason: reason === "" ? null : reason,
    isSettled: false,
    title: purchase?.name ?? "",
    amount: purchase?.price ?? request?.amount ?? { minor: noMinor, currency },
    ...sums(settlement.payment),
    delivery: delivery.kind,
    deliveryDetail: detailOf(delivery),
    startedWallMs,
    endedWallMs: null,
  };
}

/** A payment that ended; undefined when the record is not a payment's. */
export function statusOfSale(history: SaleHistory): OrderStatus | undefined {
  const { sale } = history;
  const { id, outcome, reason } = sale;
  if (!isReference(id)) return undefined;
  const totals = totalsOf(history);
  const isForPerson = needsPerson(history);
  const delivery = sale.delivery.outcome;
  return {
    reference: id,
    state: isForPerson
      ? "attention"
      : endState({
          delivery,
          isKept: outcome === "sold" || totals.captured > totals.refunded,
          authorized: totals.authorized,
          reason,
        }),
    reason,
    isSettled: !isForPerson,
    title: sale.product?.name ?? "",
    amount: { minor: sale.price, currency: sale.currency },
    ...totals,
    delivery,
    deliveryDetail: sale.delivery.detail,
    startedWallMs: Date.parse(sale.startedAt),
    endedWallMs: Date.parse(sale.endedAt),
  };
}

export type HandInState =
  /** The delivery is asked for. */
  "to-deliver" | "done" | "not-delivered" | "attention";

export interface HandInStatus {
  readonly state: HandInState;
  readonly reason: string | null;
  readonly line: string;
  readonly title: string;
  readonly delivery: DeliveryState["kind"];
  readonly deliveryDetail: string | null;
  readonly startedWallMs: number;
  readonly endedWallMs: number | null;
}

export function statusOfVend(vend: ServiceVend, title: string): HandInStatus {
  const { line, startedWallMs } = vend;
  return {
    state: "to-deliver",
    reason: null,
    line,
    title,
    delivery: "started",
    deliveryDetail: null,
    startedWallMs,
    endedWallMs: null,
  };
}

export function statusOfEndedVend({ sale: record }: SaleHistory): HandInStatus {
  const delivery = record.delivery.outcome;
  const state = delivery === "delivered" ? "done" : delivery === "not-delivered" ? "not-delivered" : "attention";
  return {
    state,
    reason: record.reason,
    line: record.product?.line ?? "",
    title: record.product?.name ?? "",
    delivery,
    deliveryDetail: record.delivery.detail,
    startedWallMs: Date.parse(record.startedAt),
    endedWallMs: Date.parse(record.endedAt),
  };
}

/** The order that the session is about, and its payment where it has one already. */
export function orderOfSession(
  session: Session,
): { readonly orderId: string; readonly reference: Reference } | undefined {
  switch (session.kind) {
    case "paying":
    case "confirming":
    case "delivering": {
      const selection = session.purchase?.selection;
      return selection?.kind === "order" ? { orderId: selection.orderId, reference: session.reference } : undefined;
    }
    case "none":
    case "choosing":
    case "choosing-time":
    case "choosing-reserved":
    case "service-vend":
      return undefined;
  }
}
