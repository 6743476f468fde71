/** The customer session: at most one, from check-in or selection until delivery or time-out. Only it may start a delivery. */
import type { Catalogue } from "./catalogue.ts";
import type { Reference } from "./ids.ts";
import type { Money } from "./money.ts";
import type { MoneyFate, SorryReason } from "./selection.ts";
import type { Purchase } from "./settlement.ts";

/** What was quoted for a time, and when: by the clock of the wall, and by the one that never jumps. */
export interface Quote {
  readonly untilWallMs: number;
  readonly wallMs: number;
  readonly monoMs: number;
}

export type Session =
  | { readonly kind: "none" }
  /** Checked in; chooses at the machine. The token is held outside the core until then. */
  | {
      readonly kind: "choosing";
      readonly eventId: string;
      readonly catalogue: Catalogue;
      readonly deadlineMono: number;
    }
  /** Parking and other time: sets the time, and the plate where one is wanted. */
  | {
      readonly kind: "choosing-time";
      /** Of the check-in that it began with; null when it began with a key. */
      readonly eventId: string | null;
      readonly catalogue: Catalogue;
      readonly plate: string;
      readonly minutes: number;
      readonly deadlineMono: number;
    }
  /** A payment is being created, or waits for approval. */
  | {
      readonly kind: "paying";
      readonly how: "qr" | "check-in" | "scan";
      readonly reference: Reference;
      /** Null while the dearest price is being reserved. */
      readonly purchase: Purchase | null;
      readonly amount: Money;
      readonly isCreated: boolean;
      /** A second payment, for a code that was held to the scanner: nobody knows yet whether the provider takes that code. */
      readonly scanned: Reference | null;
      /** Of bought time: what the price was asked for. */
      readonly quote: Quote | null;
      readonly catalogue: Catalogue;
      readonly deadlineMono: number;
    }
  /** The dearest price is reserved; chooses at the machine. */
  | {
      readonly kind: "choosing-reserved";
      readonly reference: Reference;
      readonly funds: Money;
      readonly catalogue: Catalogue;
      readonly deadlineMono: number;
    }
  /** A GET has to say that the selection can still be paid from the reservation. */
  | {
      readonly kind: "confirming";
      readonly reference: Reference;
      readonly purchase: Purchase;
      readonly deadlineMono: number;
    }
  | {
      readonly kind: "delivering";
      readonly reference: Reference;
      readonly purchase: Purchase;
      readonly untilWallMs: number | null;
    }
  /** A delivery without a payment. */
  | { readonly kind: "service-vend"; readonly id: string; readonly name: string };

/** What stays on the panel when a session is over, until the timer `notice` takes it away: that runs from when this is on the disk, however slow that is. */
export type Notice =
  | { readonly kind: "thanks"; readonly product: string; readonly price: Money }
  | {
      readonly kind: "valid-until";
      readonly plate: string | undefined;
      readonly untilWallMs: number;
      readonly price: Money;
    }
  | {
      readonly kind: "sorry";
      readonly reason: SorryReason;
      readonly money: MoneyFate;
      readonly reference: Reference | undefined;
    }
  | { readonly kind: "refused"; readonly reason: "age" | "identity" }
  /** Somebody else's check-in was refused while a session is on. */
  | { readonly kind: "busy" };

/** Whether the session wants to hear of this payment. */
export function isWaitedFor(session: Session, reference: Reference): boolean {
  return referenceOfSession(session) === reference || (session.kind === "paying" && session.scanned === reference);
}

/** The payment that this session waits for, if any: the one whose code is shown, and that it delivers for. */
export function referenceOfSession(session: Session): Reference | undefined {
  switch (session.kind) {
    case "paying":
    case "choosing-reserved":
    case "confirming":
    case "delivering":
      return session.reference;
    case "none":
    case "choosing":
    case "choosing-time":
    case "service-vend":
      return undefined;
  }
}
