/** Everything that can happen to the sale, as plain data. Time and fresh names come inside the event. */
import type { Catalogue } from "./catalogue.ts";
import type { EffectId, Reference } from "./ids.ts";
import type { Money } from "./money.ts";
import type { PaymentState, PaymentView } from "./payment.ts";
import type { SaleHistory } from "./record.ts";
import type { DeliveryOutcome, Selection } from "./selection.ts";
import type { Purchase, Settlement, SettlementOrder } from "./settlement.ts";

/** When it happened, and a reference that nobody used yet, should the event start a payment. */
export interface Stamp {
  readonly monoMs: number;
  readonly wallMs: number;
  /** Whether the clock guard believes the wall clock: under one that it does not, no wall time is sold. */
  readonly isWallBelieved: boolean;
  readonly freshReference: Reference;
}

/** Answers about one payment. */
export type SettlementEvent =
  | { readonly kind: "created" }
  /** The request had no effect, unless an earlier copy had. */
  | { readonly kind: "create-refused"; readonly status: number; readonly code: string | undefined }
  | { readonly kind: "create-unknown"; readonly retryAfterMs: number | undefined }
  | { readonly kind: "viewed"; readonly look: number; readonly payment: PaymentView }
  /** 404: not there now. */
  | { readonly kind: "view-missing"; readonly look: number }
  | { readonly kind: "view-unknown"; readonly look: number; readonly retryAfterMs: number | undefined }
  | { readonly kind: "adjusted"; readonly id: EffectId }
  | {
      readonly kind: "adjust-refused";
      readonly id: EffectId;
      readonly status: number;
      readonly code: string | undefined;
    }
  /** `performed`: "no" when the provider said so (423, 6160, 6250, 6280): the next try is then a new effect. */
  | {
      readonly kind: "adjust-unknown";
      readonly id: EffectId;
      readonly performed: "no" | "maybe";
      readonly retryAfterMs: number | undefined;
    }
  | { readonly kind: "delivery-ended"; readonly deliveryId: string; readonly outcome: DeliveryOutcome }
  | { readonly kind: "timer" }
  /** Something says that looking now may be worth it: a payment event, the link or the provider is back. */
  | { readonly kind: "hint" }
  /** This boot found it open in the journal. */
  | { readonly kind: "restarted" }
  /** The session does not want it any more: from now on it never delivers. */
  | { readonly kind: "given-up"; readonly reason: string }
  /** Reserve-dearest: the customer chose; it has to be confirmed that this can still be paid. */
  | { readonly kind: "confirm"; readonly purchase: Purchase }
  /** The session starts the delivery that this payment pays for. */
  | { readonly kind: "deliver"; readonly purchase: Purchase; readonly untilWallMs: number | null }
  /** The back office orders a cancel or refund. */
  | { readonly kind: "ordered"; readonly order: SettlementOrder };

export type SettlementEventKind = SettlementEvent["kind"];

/** What touches the customer session. */
export type SessionEvent =
  | { readonly kind: "checked-in"; readonly eventId: string; readonly ageMs: number }
  | { readonly kind: "selected"; readonly selection: Selection }
  | { readonly kind: "selection-cancelled" }
  | { readonly kind: "code-scanned" }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "session-timer" }
  | { readonly kind: "machine-lost" }
  | { readonly kind: "panel-failed" }
  | SettlementMessage;

/** What a settlement tells the session that waits for it. */
export type SettlementMessage = { readonly reference: Reference } & (
  | { readonly kind: "created" }
  | { readonly kind: "create-failed"; readonly code: string | undefined }
  /** A GET said that the price can be taken. `purchase` where it was confirmed for a selection. */
  | { readonly kind: "payable" }
  | { readonly kind: "not-payable" }
  | { readonly kind: "over"; readonly state: PaymentState }
  | {
      readonly kind: "delivery-known";
      readonly outcome: DeliveryOutcome;
      readonly policy: "capture" | "release" | "attention";
    }
);

export type SessionEventKind = SessionEvent["kind"];

/** What the machine is allowed to do now, by the design's readiness table. */
export interface Readiness {
  /** A check-in that has arrived is served: a sticker is scanned also while nobody knows whether the next scan would arrive. */
  readonly checkIn: boolean;
  readonly callbackQr: boolean;
  readonly oneTimeQr: boolean;
}

export type SaleEvent = { readonly at: Stamp } & (
  | { readonly about: "settlement"; readonly reference: Reference; readonly event: SettlementEvent }
  | { readonly about: "session"; readonly event: SessionEvent }
  | { readonly about: "readiness"; readonly readiness: Readiness }
  | { readonly about: "operator"; readonly inService: boolean }
  /** Somebody refilled or mended the machine, or this line of it: the door was shut again, or a person said so. */
  | { readonly about: "serviced"; readonly line: string | undefined }
  | { readonly about: "catalogue"; readonly catalogue: Catalogue }
  | { readonly about: "line"; readonly line: string; readonly state: "for-sale" | "sold-out" | "jammed" }
  /** Journal replay: everything that was open when the power went. */
  | {
      readonly about: "boot";
      readonly settlements: readonly Settlement[];
      readonly serviceVends: readonly ServiceVend[];
    }
  /** The link or the provider is back: every open settlement looks now. */
  | { readonly about: "hint-all" }
  | { readonly about: "notice-over" }
  | {
      readonly about: "back-office";
      readonly commandId: string;
      readonly order: "cancel" | "refund";
      readonly reference: Reference;
      /** Undefined refunds all that is left. */
      readonly amount: Money | undefined;
      /** What the books say when the order's turn comes; undefined when they know no sale of this reference. */
      readonly history: SaleHistory | undefined;
    }
  | { readonly about: "service-vend"; readonly vend: ServiceVend }
  | { readonly about: "service-vend-ended"; readonly id: string; readonly outcome: DeliveryOutcome }
);

/** A delivery without a payment: the back office or a paid web-shop order asked for it. Once per id. */
export interface ServiceVend {
  readonly id: string;
  /** Empty where `title` says what it is. */
  readonly line: string;
  /** Of something that is in no catalogue: only a front end knows how to deliver it. */
  readonly title?: string;
  readonly orderId: string | null;
  readonly startedWallMs: number;
}

/** An event whose turn is still to come: the loop adds the time, and what the books say then. */
export type Unstamped<E> = E extends unknown ? Omit<E, "at" | "history"> : never;
