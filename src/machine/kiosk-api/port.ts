/**
 * What the local API asks of the sale: its counter. Everything it answers was decided by the sale and is on the disk; nothing of it is
 * remembered here, so the answers survive a restart. Types only.
 */
import type { Currency } from "../../sale/money.ts";
import type { HandInStatus, OrderSelection, OrderStatus } from "../../sale/order.ts";

/** Why an order was not taken. */
export type OrderRefusal =
  /** Somebody else's session is on. */
  | { readonly reason: "busy"; readonly detail: string }
  /** Nothing can be sold now; `code` is the reason of the out-of-service scene. */
  | { readonly reason: "not-ready"; readonly code: string; readonly detail: string }
  /** The sale cannot sell this: amount, currency, sold out, no such line. */
  | { readonly reason: "not-allowed"; readonly detail: string };

export type OrderAnswer =
  | { readonly kind: "taken"; readonly status: OrderStatus }
  /** The same order was taken before: this is what became of it. */
  | { readonly kind: "known"; readonly status: OrderStatus }
  /** Its id belongs to another order. */
  | { readonly kind: "conflict" }
  | { readonly kind: "refused"; readonly refusal: OrderRefusal };

export type HandInAnswer =
  | { readonly kind: "taken" | "known"; readonly status: HandInStatus }
  | { readonly kind: "refused"; readonly refusal: OrderRefusal };

/** What is handed in: the product on a line, or something that only the front end knows, by its title. */
export type HandIn = { readonly orderId: string } & ({ readonly line: string } | { readonly title: string });

export interface CounterView {
  readonly state: "starting" | "ready" | "selling" | "out-of-service";
  /** Why it is out of service. */
  readonly reason: string | undefined;
  readonly missing: readonly string[];
  readonly scene: string;
  readonly currency: Currency;
  /** Whether an order would be taken now. */
  readonly takesOrders: boolean;
  /** A customer checked in and waits for an order: it is paid without a code. */
  readonly customerWaits: boolean;
  /** Of the session that is on, when a local order began it. */
  readonly orderId: string | undefined;
}

export interface Counter {
  /** Resolves when it is decided and journalled. Rejects when the sale cannot take anything now. */
  order(selection: OrderSelection): Promise<OrderAnswer>;
  status(orderId: string): OrderStatus | undefined;
  /** Takes an order back that is not paid. Resolves when it is decided; what became of it says `status`. */
  cancel(orderId: string): Promise<void>;
  handIn(order: HandIn): Promise<HandInAnswer>;
  handInStatus(orderId: string): HandInStatus | undefined;
  /** The web-shop order that a delivery without a payment belongs to. */
  handInOf(deliveryId: string): string | undefined;
  /** Orders that are not settled yet. */
  open(): { readonly payments: readonly string[]; readonly handIns: readonly string[] };
  view(): CounterView;
  /** Called after everything that was decided. Returns how to stop that. */
  onChange(listener: () => void): () => void;
}
