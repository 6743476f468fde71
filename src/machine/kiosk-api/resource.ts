/** What the API shows of a payment, a handed-in order and the machine, as plain JSON with a version that changes with the content. Pure. */
import { createHash } from "node:crypto";
import type { HandInStatus, OrderStatus } from "../../sale/order.ts";
import type { PendingDelivery } from "./deliveries.ts";
import type { CounterView } from "./port.ts";

export type Resource = Readonly<Record<string, unknown>> & { readonly version: string };

/** Changes when, and only when, the content does; the same before and after a restart. */
function versioned(content: Readonly<Record<string, unknown>>): Resource {
  const version = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  return { ...content, version };
}

const time = (wallMs: number | null): string | null => (wallMs === null ? null : new Date(wallMs).toISOString());

export function paymentResource(id: string, status: OrderStatus, pending: PendingDelivery | undefined): Resource {
  const { amount, authorized, captured, cancelled, refunded } = status;
  const isBegun = status.state === "paid" && pending?.hasBegun === true;
  return versioned({
    id,
    reference: status.reference,
    state: isBegun ? "delivering" : status.state,
    reason: status.reason,
    settled: status.isSettled,
    amount: amount.minor,
    currency: amount.currency,
    title: status.title,
    money: { authorized, captured, cancelled, refunded },
    delivery: { outcome: status.delivery, detail: status.deliveryDetail },
    deliverBy: status.state === "paid" ? time(pending?.untilWallMs ?? null) : null,
    startedAt: time(status.startedWallMs),
    endedAt: time(status.endedWallMs),
  });
}

export function handInResource(orderId: string, status: HandInStatus, pending: PendingDelivery | undefined): Resource {
  const isBegun = status.state === "to-deliver" && pending?.hasBegun === true;
  return versioned({
    orderId,
    state: isBegun ? "delivering" : status.state,
    reason: status.reason,
    line: status.line === "" ? null : status.line,
    title: status.title,
    delivery: { outcome: status.delivery, detail: status.deliveryDetail },
    deliverBy: status.state === "to-deliver" ? time(pending?.untilWallMs ?? null) : null,
    startedAt: time(status.startedWallMs),
    endedAt: time(status.endedWallMs),
  });
}

export function machineResource(view: CounterView): Resource {
  return versioned({
    state: view.state,
    reason: view.reason ?? null,
    missing: view.missing,
    scene: view.scene,
    currency: view.currency,
    takesOrders: view.takesOrders,
    customerWaits: view.customerWaits,
    paymentId: view.orderId ?? null,
  });
}
