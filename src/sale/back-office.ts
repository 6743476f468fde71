/**
 * What the back office orders of a payment: what is refused at once, what waits its turn, what is carried out, and what is answered. An order
 * is carried out when the sale that it is about has ended, one after the other, and gets exactly one answer: what was asked, compared with
 * the provider's ledger.
 */
import { effectId, isReference } from "./ids.ts";
import { type Currency, type Minor, minor, type Money, plainText } from "./money.ts";
import { needsPerson, type SaleHistory, type Sums, totalsOf } from "./record.ts";
import {
  type DeliveryState,
  difference,
  type Purchase,
  type Settlement,
  type SettlementOrder,
  sums,
} from "./settlement.ts";

/** More orders about one payment than anybody gives before the first is answered. */
export const waitingOrdersMax = 8;

/** Effect ids of one life of a settlement, of which no other life uses any: more than its tries. */
const idsOfALife = 100_000;

/** Why an order can never be carried out, whatever the ledger says by then. */
export function refusalOfAmount(amount: Money | undefined, currency: Currency | undefined): string | undefined {
  if (amount === undefined) return undefined;
  if (amount.minor === 0) return "a refund of 0 gives nothing back: name an amount, or none to refund all that is left";
  if (currency === undefined || amount.currency === currency) return undefined;
  return `the payment is in ${currency}, and a refund of ${plainText(amount)} was ordered: name the amount in ${currency}`;
}

export type Plan =
  /** What is to be kept of the payment in the end. */
  { readonly kind: "keep"; readonly target: Minor } | { readonly kind: "refused"; readonly because: string };

/** What the order means for a payment of which this much is authorized, captured, cancelled and refunded. */
export function planOf(
  order: SettlementOrder,
  { authorized, captured, cancelled, refunded }: Sums,
  currency: Currency,
): Plan {
  const kept = minor(Math.max(0, captured - refunded));
  const text = (value: Minor): string => plainText({ minor: value, currency });
  if (order.kind === "cancel") {
    if (captured === 0 || authorized - captured - cancelled > 0) return { kind: "keep", target: kept };
    return kept === 0
      ? refused(`nothing is reserved to be cancelled: ${text(captured)} was captured, and is refunded already`)
      : refused(`${text(captured)} was captured, and what is captured cannot be cancelled: order a refund`);
  }
  if (captured === 0)
    return refused("nothing was captured, so there is nothing to refund: a cancel releases what is reserved");
  if (kept === 0) return refused(`all that was captured (${text(captured)}) is refunded already`);
  const amount = order.amount ?? kept;
  return amount > kept
    ? refused(`only ${text(kept)} is left to refund, and ${text(amount)} was ordered`)
    : { kind: "keep", target: minor(kept - amount) };
}

function refused(because: string): Plan {
  return { kind: "refused", because };
}

/** By the books. What needs a person may stand otherwise with the provider: then only a GET can refuse. */
export function refusalByTheBooks(order: SettlementOrder, history: SaleHistory): string | undefined {
  if (!isReference(history.sale.id)) return "a service vend has no payment";
  if (needsPerson(history)) return undefined;
  const plan = planOf(order, totalsOf(history), history.sale.currency);
  return plan.kind === "refused" ? plan.because : undefined;
}

export interface OrderAnswer {
  readonly outcome: "done" | "refused";
  readonly detail: string;
}

/** Of an order whose settlement has ended. @param refusal why the provider's ledger did not allow it, where it did not. */
export function answerOf(settlement: Settlement, refusal: string | undefined): OrderAnswer {
  const { payment, target, reason } = settlement;
  if (refusal !== undefined) return { outcome: "refused", detail: refusal };
  const { captured, refunded, cancelled } = sums(payment);
  const detail = `captured ${captured}, refunded ${refunded}, cancelled ${cancelled} (${reason})`;
  const isDone =
    payment !== null && target !== null && captured - refunded <= target && difference(payment, target).kind === "none";
  return { outcome: isDone ? "done" : "refused", detail };
}

/** Whether the order's settlement has anything to say in the books. */
export function hasMoved({ payment, history, needsPerson: isForPerson }: Settlement): boolean {
  if (history === null || isForPerson) return true;
  const [before, after] = [totalsOf(history), payment === null ? undefined : sums(payment)];
  if (after === undefined) return false;
  return (
    before.authorized !== after.authorized ||
    before.captured !== after.captured ||
    before.cancelled !== after.cancelled ||
    before.refunded !== after.refunded
  );
}

/** The settlement that carries out an order about a sale that has ended. */
export function reopened(
  history: SaleHistory,
  order: SettlementOrder,
  waitingOrders: readonly SettlementOrder[],
): Settlement | undefined {
  const { sale, corrections } = history;
  if (!isReference(sale.id)) return undefined;
  const revision = (corrections.at(-1) ?? sale).revision + 1;
  return {
    reference: sale.id,
    state: { kind: "settling", step: null, refusals: 0 },
    startedWallMs: Date.parse(sale.startedAt),
    request: null,
    createId: effectId("none"),
    reserveDearest: false,
    purchase: purchaseOf(history),
    delivery: deliveryOf(history),
    target: null,
    payment: null,
    effects: revision * idsOfALife,
    reason: order.kind === "refund" ? "refunded" : "cancelled-by-back-office",
    needsPerson: false,
    order,
    waitingOrders,
    history,
    revision,
  };
}

function purchaseOf({ sale }: SaleHistory): Purchase | null {
  if (sale.product === null) return null;
  const { id, name, line, vatRate } = sale.product;
  const price = { minor: sale.price, currency: sale.currency };
  const selection =
    sale.validUntil === null
      ? ({ kind: "line", line } as const)
      : ({ kind: "time", minutes: 0, price, line: undefined, plate: sale.plate ?? undefined } as const);
  return { selection, productId: id, name, line, vatRate, price };
}

function deliveryOf({ sale }: SaleHistory): DeliveryState {
  const { outcome, detail, creditsSent } = sale.delivery;
  switch (outcome) {
    case "none":
      return { kind: "none" };
    case "delivered": {
      const untilWallMs = sale.validUntil === null ? null : Date.parse(sale.validUntil);
      return { kind: "delivered", detail, untilWallMs };
    }
    case "not-delivered":
      return { kind: "not-delivered", reason: detail ?? "" };
    case "unknown":
      return { kind: "unknown", reason: detail ?? "", creditsSent };
  }
}
