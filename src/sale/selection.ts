/** What the customer chose, and how its delivery ended. */
import type { Money } from "./money.ts";
import type { ReceiptLine } from "./payment.ts";

export type Selection =
  /** A button, a keypad entry, an MDB item: the catalogue says what it is and what it costs. */
  | { readonly kind: "line"; readonly line: string }
  /** The machine itself names the price (MDB VEND REQUEST). `item` is undefined where the machine does not know it (FFFF). */
  | {
      readonly kind: "priced";
      readonly price: Money;
      readonly item: string | undefined;
      /** The machine's own request that this answers, where its requests can be told apart: a driver delivers for no other. */
      readonly request?: number;
    }
  /** Another program on this machine ordered a payment (local API). */
  | {
      readonly kind: "order";
      readonly orderId: string;
      readonly amount: Money;
      readonly title: string;
      readonly lines: readonly ReceiptLine[];
      readonly minimumAge?: number;
    }
  /** Time was bought (parking, shower): `until` is decided at delivery from the clock. */
  | {
      readonly kind: "time";
      readonly minutes: number;
      readonly price: Money;
      readonly line: string | undefined;
      readonly plate: string | undefined;
    };

/**
 * How a delivery ended. What counts as delivered is said per driver (design, "Delivered, per driver").
 * `unknown` is an answer like the others: the policy of the sale decides, never the driver.
 */
export type DeliveryOutcome =
  /** `onForMs`: an output was switched on, and goes off by itself after so long; after a restart it goes on for what is left. */
  | { readonly kind: "delivered"; readonly detail?: string; readonly onForMs?: number }
  | { readonly kind: "not-delivered"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string; readonly creditsSent?: number };

/** What happens with the customer's money when a sale did not work out. */
export type MoneyFate =
  /** Nothing was reserved. */
  | "nothing-taken"
  /** It was reserved and is being released. */
  | "being-released"
  /** It was taken and is being given back. */
  | "being-refunded"
  /** A person has to look; show the reference. */
  | "needs-attention";

export type SorryReason =
  | "timed-out"
  | "declined"
  | "cancelled"
  | "not-delivered"
  | "unknown-delivery"
  | "no-contact"
  | "sold-out"
  | "not-allowed"
  | "interrupted";
