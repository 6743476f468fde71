/** From an ended settlement or service vend to the record that accounting and upstream get; and back, when it is reopened. */
import type { ServiceVend } from "./event.ts";
import { effectId, isReference } from "./ids.ts";
import { type Currency, noMinor } from "./money.ts";
import type { SaleOutcome, SaleRecord } from "./record.ts";
import type { DeliveryOutcome } from "./selection.ts";
import { type DeliveryState, type Purchase, type Settlement, type SettlementOrder, sums } from "./settlement.ts";

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

function outcomeOf(settlement: Settlement, kept: number): SaleOutcome {
  if (settlement.needsPerson) return "attention";
  return kept > 0 ? "sold" : "not-sold";
}

function untilOf(delivery: DeliveryState): string | null {
  return delivery.kind === "delivered" && delivery.untilWallMs !== null ? iso(delivery.untilWallMs) : null;
}

/** What is kept of a settlement for good: no token, no phone number, no code. */
export function recordOf(settlement: Settlement, currency: Currency, endedWallMs: number): SaleRecord {
  const { purchase, payment } = settlement;
  const amounts = sums(payment);
  return {
    id: settlement.reference,
    revision: settlement.revision,
    outcome: outcomeOf(settlement, amounts.captured - amounts.refunded),
    reason: settlement.reason === "" ? "ended" : settlement.reason,
    startedAt: iso(settlement.startedWallMs),
    endedAt: iso(Math.max(endedWallMs, settlement.startedWallMs)),
    product:
      purchase === null
        ? null
        : { id: purchase.productId, name: purchase.name, line: purchase.line, vatRate: purchase.vatRate },
    currency,
    price: purchase?.price.minor ?? settlement.request?.amount.minor ?? noMinor,
    ...amounts,
    delivery: deliveryOf(settlement.delivery),
    plate: purchase?.selection.kind === "time" ? (purchase.selection.plate ?? null) : null,
    validUntil: untilOf(settlement.delivery),
  };
}

function purchaseOf(record: SaleRecord): Purchase | null {
  if (record.product === null) return null;
  const { id, name, line, vatRate } = record.product;
  const price = { minor: record.price, currency: record.currency };
  const selection =
    record.validUntil === null
      ? ({ kind: "line", line } as const)
      : ({ kind: "time", minutes: 0, price, line: undefined, plate: record.plate ?? undefined } as const);
  return { selection, productId: id, name, line, vatRate, price };
}

function deliveryStateOf(record: SaleRecord): DeliveryState {
  const { outcome, detail, creditsSent } = record.delivery;
  switch (outcome) {
    case "none":
      return { kind: "none" };
    case "delivered": {
      const untilWallMs = record.validUntil === null ? null : Date.parse(record.validUntil);
      return { kind: "delivered", detail, untilWallMs };
    }
    case "not-delivered":
      return { kind: "not-delivered", reason: detail ?? "" };
    case "unknown":
      return { kind: "unknown", reason: detail ?? "", creditsSent };
  }
}

/** An ended sale that the back office wants to cancel or refund; undefined when the record is not a payment's. */
export function reopen(record: SaleRecord, order: SettlementOrder): Settlement | undefined {
  const reference = record.id;
  if (!isReference(reference)) return undefined;
  const revision = record.revision + 1;
  return {
    reference,
    state: { kind: "settling", step: null, refusals: 0 },
    startedWallMs: Date.parse(record.startedAt),
    request: null,
    createId: effectId("none"),
    reserveDearest: false,
    purchase: purchaseOf(record),
    delivery: deliveryStateOf(record),
    target: null,
    payment: null,
    // Ids of earlier lives of this settlement are never given out again.
    effects: revision * 1_000,
    reason: order.kind === "refund" ? "refunded" : "cancelled-by-back-office",
    needsPerson: false,
    order,
    revision,
  };
}

/** The record of a delivery without a payment. */
export function serviceRecord(
  vend: ServiceVend,
  outcome: DeliveryOutcome,
  name: string,
  currency: Currency,
  endedWallMs: number,
): SaleRecord {
  const delivery: SaleRecord["delivery"] =
    outcome.kind === "delivered"
      ? { outcome: "delivered", detail: outcome.detail ?? null, creditsSent: null }
      : outcome.kind === "not-delivered"
        ? { outcome: "not-delivered", detail: outcome.reason, creditsSent: null }
        : { outcome: "unknown", detail: outcome.reason, creditsSent: outcome.creditsSent ?? null };
  return {
    id: vend.id,
    revision: 0,
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
}
