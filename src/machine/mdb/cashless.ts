/** The cashless device as plain data: its states, what can happen to it, and what it wants done. */
import type { Money } from "../../sale/money.ts";
import type { DeliveryOutcome } from "../../sale/selection.ts";
import type { Approval } from "./approved-table.ts";
import type { AdapterMessage } from "./dialogue.ts";

/** A VEND REQUEST that waits for an answer. */
export interface VendRequest {
  /** Counts the requests of this process: an approval names the request that it was made for. */
  readonly number: number;
  readonly price: Money;
  readonly item: string | undefined;
}

/** What the machine is at when it does nothing with us (MDB 4.2, section 7: Inactive, Disabled, Enabled). */
export type RestStatus = "inactive" | "disabled" | "enabled";

export type CashlessState =
  /** No line to the adapter. */
  | { readonly kind: "off"; readonly reason: string }
  | {
      readonly kind: "configuring";
      readonly step: number;
      /** How often this step was sent. */
      readonly tries: number;
      /** Whether the step's other spelling is being tried. */
      readonly isOther: boolean;
      /** How often the adapter turned out to be on while it should have been off. */
      readonly setbacks: number;
    }
  /** `probe` counts the questions that were not answered since the adapter last said something. */
  | { readonly kind: RestStatus; readonly probe: number }
  /** BEGIN SESSION was ordered; the machine fetches it with its next POLL. */
  | { readonly kind: "starting"; readonly funds: Money }
  | { readonly kind: "session"; readonly funds: Money }
  /** `isTold` false: a selection that was taken back has not been digested yet, so this one waits to be told. */
  | {
      readonly kind: "vend-requested";
      readonly request: VendRequest;
      readonly isTold: boolean;
      /** READER DISABLE was said since: the READER ENABLE that follows is no end of the selection. */
      readonly isDisabled: boolean;
      /** Of the session that it was made in; null where there is none. */
      readonly funds: Money | null;
    }
  /** VEND APPROVED was ordered: only how it ends counts, and nothing is ordered until it has ended. */
  | {
      readonly kind: "approved";
      readonly deliveryId: string;
      readonly request: VendRequest;
      readonly approval: Approval;
      /**
       * What the timer is for. Until `vend`, what is heard may have been said before the approval was read: `fetch`, then `acknowledge` and
       * `crossing` when the machine polled.
       */
      readonly wait: "fetch" | "acknowledge" | "crossing" | "vend";
      /** What holds unless the machine says more within a moment. */
      readonly verdict: DeliveryOutcome | null;
      readonly seen: RestStatus | "idle" | "vend";
      readonly isLineUp: boolean;
    }
  /** How the last vend ended is not known, and will not count any more; the machine has not left it. */
  | { readonly kind: "overdue" }
  /** Over for us; the machine has to get back to rest. `wanted` is a session that begins as soon as it has. */
  | {
      readonly kind: "ending";
      readonly tries: number;
      readonly seen: "idle" | "vend";
      readonly wanted: Money | null;
    };

export interface Cashless {
  readonly state: CashlessState;
  readonly requests: number;
  /** A selection or session was taken back, and nobody has answered that with close-session yet. */
  readonly isUnheard: boolean;
  /** The adapter owes us its version; one that comes unasked says that it has started again. */
  readonly isVersionAsked: boolean;
}

export type CashlessEvent =
  | { readonly kind: "line-opened" }
  | { readonly kind: "line-closed"; readonly reason: string }
  | { readonly kind: "said"; readonly message: AdapterMessage }
  /** The one timer of the state that is on. */
  | { readonly kind: "timer" }
  | { readonly kind: "open-session"; readonly funds: Money }
  | { readonly kind: "close-session" }
  | {
      readonly kind: "approve";
      readonly deliveryId: string;
      readonly request: number | undefined;
      readonly price: Money;
    }
  /** Nobody waits any longer for how this delivery ends. */
  | { readonly kind: "give-up"; readonly deliveryId: string; readonly reason: string }
  | { readonly kind: "stop" };

export type CashlessAction =
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "selected"; readonly request: VendRequest }
  | { readonly kind: "selection-cancelled" }
  | { readonly kind: "session-ended" }
  | { readonly kind: "end-delivery"; readonly deliveryId: string; readonly outcome: DeliveryOutcome }
  /** Close the line and open it again after a while. */
  | { readonly kind: "reopen"; readonly reason: string }
  | { readonly kind: "note"; readonly level: "debug" | "warn"; readonly text: string };

export interface Step {
  readonly cashless: Cashless;
  readonly actions: readonly CashlessAction[];
  /** The state's timer: a time starts it anew, null takes it off, undefined leaves it. */
  readonly timerMs: number | null | undefined;
}

export const offAtFirst: Cashless = {
  state: { kind: "off", reason: "the adapter's line is not open yet" },
  requests: 0,
  isUnheard: false,
  isVersionAsked: false,
};
