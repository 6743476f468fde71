/**
 * What the journal keeps of orders of another program: which payment an order became, and which web-shop orders were ever handed in.
 * An order's id is known for `orderMemoryMs`, a handed-in web-shop order's for ever.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import type { Journal, JournalChange } from "../journal/port.ts";
import type { ServiceVend } from "../sale/event.ts";
import { isReference, type Reference } from "../sale/ids.ts";
import type { OrderSelection } from "../sale/order.ts";
import type { Purchase } from "../sale/settlement.ts";
import type { SaleState } from "../sale/state.ts";
import { handInKey, orderKey, orderPrefix } from "./journal-keys.ts";

/** No command's id has a colon, so the two never meet. */
const handInIdPrefix = "shop:";

export const handInId = (orderId: string): string => `${handInIdPrefix}${orderId}`;
export const isHandInId = (id: string): boolean => id.startsWith(handInIdPrefix);

/** As long as the provider repeats things, and longer than a front end tries again. */
const orderMemoryMs = 8 * 86_400_000;
const ordersMax = 1_000;

const storedOrder = z.object({
  reference: z.custom<Reference>(isReference),
  digest: z.string(),
  startedWallMs: z.number(),
});
type StoredOrder = z.infer<typeof storedOrder>;
const storedHandIn = z.object({ vendId: z.string(), startedWallMs: z.number() });

/** The same for the same order, whatever the order of its fields was. */
export function orderDigest(order: OrderSelection): string {
  const { amount, title, lines, minimumAge } = order;
  const content = [
    amount.minor,
    amount.currency,
    title,
    lines.map((line) => [line.id, line.name, line.quantity, line.total, line.vatRate]),
    minimumAge ?? null,
  ];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 32);
}

/** Undefined too for an entry that this version cannot read: then nothing is known of it. */
export function findOrder(journal: Journal, orderId: string): StoredOrder | undefined {
  return storedOrder.safeParse(journal.get("fact", orderKey(orderId))).data;
}

export function findHandIn(journal: Journal, orderId: string): { readonly vendId: string } | undefined {
  return storedHandIn.safeParse(journal.get("fact", handInKey(orderId))).data;
}

/** Whether a web-shop order was ever handed in, by whomever: an entry that cannot be read counts too. */
export function wasHandedIn(journal: Journal, orderId: string): boolean {
  return journal.get("fact", handInKey(orderId)) !== undefined;
}

function orderOf(purchase: Purchase | null | undefined): OrderSelection | undefined {
  return purchase?.selection.kind === "order" ? purchase.selection : undefined;
}

/** A payment for a scanned code is not the order's before the session waits for it. */
function orderOfPayment(state: SaleState, reference: Reference): OrderSelection | undefined {
  const { session, settlements } = state;
  if (session.kind === "paying" && session.scanned === reference) return undefined;
  return orderOf(settlements.get(reference)?.settlement.purchase);
}

/** Which payment each order became: the newest one that its session waited for. */
export function orderChanges(before: SaleState, after: SaleState): JournalChange[] {
  const changes: JournalChange[] = [];
  for (const [reference, { settlement }] of after.settlements) {
    const order = orderOfPayment(after, reference);
    if (order === undefined || orderOfPayment(before, reference) !== undefined) continue;
    // A boot brings back what was open: of two payments of one order, the newer one is on the disk already.
    if (settlement.state.kind === "settling" || settlement.state.kind === "doubtful") continue;
    const value = { reference, digest: orderDigest(order), startedWallMs: settlement.startedWallMs };
    changes.push({ kind: "put", table: "fact", key: orderKey(order.orderId), value });
  }
  return changes;
}

/** Marks the web-shop order of a delivery that begins; the mark stays. */
export function handInChanges(vend: ServiceVend): JournalChange[] {
  if (vend.orderId === null) return [];
  const value = { vendId: vend.id, startedWallMs: vend.startedWallMs };
  return [{ kind: "put", table: "fact", key: handInKey(vend.orderId), value }];
}

/** Orders that nobody asks for any more: old ones, and the oldest where there are very many. */
export function forgettableOrders(journal: Journal, wallMs: number): readonly JournalChange[] {
  const orders = [...journal.entries("fact")].filter(([key]) => key.startsWith(orderPrefix));
  const surplus = orders.length - ordersMax;
  return orders
    .filter(([, value], index) => {
      const stored = storedOrder.safeParse(value).data;
      if (stored === undefined) return true;
      if (journal.get("settlement", stored.reference) !== undefined) return false;
      return index < surplus || stored.startedWallMs + orderMemoryMs < wallMs;
    })
    .map(([key]) => ({ kind: "delete", table: "fact", key }));
}
