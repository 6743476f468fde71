/** Orders that the tables give, as plain data. The kiosk journals first, then performs them. */
import type { EffectId, Reference } from "./ids.ts";
import type { Money } from "./money.ts";
import type { PaymentRequest } from "./payment.ts";
import type { SaleHistory, SaleRecord } from "./record.ts";
import type { Selection } from "./selection.ts";

/** Where the customer of a payment is known from; the secret itself never enters the core. */
export type CustomerSource = "check-in" | "scan";

export type Effect =
  /** POST payment. With the same id it is the same bytes, however often. */
  | {
      readonly kind: "create";
      readonly reference: Reference;
      readonly id: EffectId;
      readonly request: PaymentRequest;
      readonly customer: CustomerSource | null;
    }
  /** GET payment; the answer carries the same `look`. */
  | { readonly kind: "look"; readonly reference: Reference; readonly look: number }
  | {
      readonly kind: "capture" | "refund";
      readonly reference: Reference;
      readonly id: EffectId;
      readonly amount: Money;
    }
  | { readonly kind: "cancel"; readonly reference: Reference; readonly id: EffectId; readonly transactionOnly: boolean }
  | {
      readonly kind: "deliver";
      readonly reference: Reference | undefined;
      readonly deliveryId: string;
      readonly selection: Selection;
      readonly price: Money;
      readonly untilWallMs: number | null;
    }
  /** Names are `session`, `notice` and references; starting one again replaces it. */
  | { readonly kind: "start-timer"; readonly name: string; readonly afterMs: number; readonly jitter: boolean }
  | { readonly kind: "cancel-timer"; readonly name: string }
  /** MDB: let the customer select up to these funds. */
  | { readonly kind: "open-machine-session"; readonly funds: Money }
  /** MDB: no delivery will follow. */
  | { readonly kind: "close-machine-session" }
  /** A settlement or service vend ended: keep the history, send its newest entry upstream, drop the secret. */
  | { readonly kind: "report"; readonly record: SaleRecord; readonly history: SaleHistory }
  | {
      readonly kind: "reply";
      readonly commandId: string;
      readonly outcome: "done" | "refused";
      readonly detail: string;
    }
  /** A cell that was ignored, with why: for the log. */
  | { readonly kind: "note"; readonly reference: Reference | undefined; readonly text: string };
