/** From an ended settlement or service vend to the entry of the books that accounting and upstream get. */
import type { ServiceVend } from "./event.ts";
import { type Currency, type Minor, minor, noMinor } from "./money.ts";
import { type SaleHistory, type SaleRecord, type Sums, totalsOf } from "./record.ts";
import type { DeliveryOutcome } from "./selection.ts";
import { currencyOf, type DeliveryState, type Settlement, type SettlementOrder, sums } from "./settlement.ts";

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function deliveryOf(delivery: DeliveryState): SaleRecord["delivery"] {
  switch (delivery.kind) {
    case "none":
      return { outcome: "none", detail: null, creditsSent: null };
    case "started":
      return { outcome: "unknown", detail: "started", creditsSent: null };
    case "delivered":
      return { outcome: "delivered", detail: delivery.detail, creditsSent: null };
    case "not-delivered":
      return { outcome: "not-delivered", detail: delivery.reason, creditsSent: null };
    case "unknown":
      return { outcome: "unknown", detail: delivery.reason, creditsSent: delivery.creditsSent };
  }
}

function untilOf(delivery: DeliveryState): string | null {
  return delivery.kind === "delivered" && delivery.untilWallMs !== null ? iso(delivery.untilWallMs) : null;
}

/** What ended, for good: no token, no phone number, no code. */
export interface Report {
  readonly record: SaleRecord;
  /** With the record in it. */
  readonly history: SaleHistory;
}

/** @param fallback the currency of a payment that nobody ever saw and that asked for nothing. */
export function reportOf(settlement: Settlement, fallback: Currency, endedWallMs: number): Report {
  const { history, order } = settlement;
  if (history !== null && order !== null) {
    const record = correctionOf(settlement, history, order, endedWallMs);
    return { record, history: { ...history, corrections: [...history.corrections, record] } };
  }
  const record = saleOf(settlement, fallback, endedWallMs);
  return { record, history: { sale: record, corrections: [] } };
}

function saleOf(settlement: Settlement, fallback: Currency, endedWallMs: number): SaleRecord {
  const { purchase, payment } = settlement;
  const amounts = sums(payment);
  const isKept = amounts.captured > amounts.refunded;
  return {
    id: settlement.reference,
    revision: settlement.revision,
    entry: "sale",
    outcome: settlement.needsPerson ? "attention" : isKept ? "sold" : "not-sold",
    reason: settlement.reason === "" ? "ended" : settlement.reason,
    startedAt: iso(settlement.startedWallMs),
    endedAt: iso(Math.max(endedWallMs, settlement.startedWallMs)),
    product:
      purchase === null
        ? null
        : { id: purchase.productId, name: purchase.name, line: purchase.line, vatRate: purchase.vatRate },
    currency: currencyOf(settlement) ?? fallback,
    price: purchase?.price.minor ?? settlement.request?.amount.minor ?? noMinor,
    ...amounts,
    delivery: deliveryOf(settlement.delivery),
    plate: purchase?.selection.kind === "time" ? (purchase.selection.plate ?? null) : null,
    validUntil: untilOf(settlement.delivery),
  };
}

/** What an order moved: an entry of its own, with its own time and reason. */
function correctionOf(
  { reference, revision, reason, needsPerson, payment }: Settlement,
  history: SaleHistory,
  order: SettlementOrder,
  endedWallMs: number,
): SaleRecord {
  const before = totalsOf(history);
  const after = payment === null ? before : sums(payment);
  const moved = (name: keyof Sums): Minor => minor(Math.max(0, after[name] - before[name]));
  const done = order.kind === "refund" ? "refunded" : "released";
  return {
    ...history.sale,
    id: reference,
    revision,
    entry: order.kind,
    outcome: needsPerson ? "attention" : done,
    reason,
    startedAt: iso(order.startedWallMs),
    endedAt: iso(Math.max(endedWallMs, order.startedWallMs)),
    authorized: moved("authorized"),
    captured: moved("captured"),
    cancelled: moved("cancelled"),
    refunded: moved("refunded"),
    delivery: deliveryOf({ kind: "none" }),
    plate: null,
    validUntil: null,
  };
}

/** The record of a delivery without a payment. */
export function reportOfVend(
  vend: ServiceVend,
  outcome: DeliveryOutcome,
  name: string,
  currency: Currency,
  endedWallMs: number,
): Report {
  const delivery: SaleRecord["delivery"] =
    outcome.kind === "delivered"
      ? { outcome: "delivered", detail: outcome.detail ?? null, creditsSent: null }
      : outcome.kind === "not-delivered"
        ? { outcome: "not-delivered", detail: outcome.reason, creditsSent: null }
        : { outcome: "unknown", detail: outcome.reason, creditsSent: outcome.creditsSent ?? null };
  const record: SaleRecord = {
    id: vend.id,
    revision: 0,
    entry: "sale",
    outcome: outcome.kind === "unknown" ? "attention" : "service",
    reason: outcome.kind === "delivered" ? "service-vend" : `service-vend-${outcome.kind}`,
    startedAt: iso(vend.startedWallMs),
    endedAt: iso(Math.max(endedWallMs, vend.startedWallMs)),
    product: { id: vend.orderId ?? vend.line, name, line: vend.line, vatRate: 0 },
    currency,
    price: noMinor,
    authorized: noMinor,
    captured: noMinor,
    cancelled: noMinor,
    refunded: noMinor,
    delivery,
    plate: null,
    validUntil: null,
  };
  return { record, history: { sale: record, corrections: [] } };
}
