/**
 * The door of the machine's room: what the customer touches and what the machine does. Types only.
 * A driver (gpio, mdb, hid, kiosk, simulated) never decides about money: it says what happened and how a delivery ended.
 */
import type { Reference } from "../sale/ids.ts";
import type { Money } from "../sale/money.ts";
import type { DeliveryOutcome, Selection } from "../sale/selection.ts";

export type { DeliveryOutcome, Selection } from "../sale/selection.ts";

/** Why the machine cannot sell now; shown as a reason code. */
export type MachineFault =
  | "starting"
  | "inhibited"
  | "disabled-by-vmc"
  | "door-open"
  | "jammed"
  | "sold-out"
  | "no-hardware"
  | "post-delay"
  /** Of one outlet: somebody paid for it, and its time is not over. */
  | "in-use"
  | "fault";

export type MachineReadiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly fault: MachineFault; readonly detail: string };

export type Key =
  | "0"
  | "1"
  | "2"
  | "3"
  | "4"
  | "5"
  | "6"
  | "7"
  | "8"
  | "9"
  | "A"
  | "B"
  | "C"
  | "D"
  | "E"
  | "F"
  | "G"
  | "H"
  | "I"
  | "J"
  | "K"
  | "L"
  | "M"
  | "N"
  | "O"
  | "P"
  | "Q"
  | "R"
  | "S"
  | "T"
  | "U"
  | "V"
  | "W"
  | "X"
  | "Y"
  | "Z"
  | "Å"
  | "Æ"
  | "Ø"
  | "Ä"
  | "Ö"
  /** A letter that no Nordic plate has. The text typed so far is not what the customer means and must not be used without it. */
  | "other"
  | "plus"
  | "minus"
  | "ok"
  | "cancel"
  | "backspace";

export type MachineEvent =
  | { readonly kind: "readiness"; readonly readiness: MachineReadiness }
  | { readonly kind: "selected"; readonly selection: Selection }
  /** The customer or the machine took the selection back before a delivery began (cancel button, MDB VEND CANCEL). */
  | { readonly kind: "selection-cancelled" }
  /** The scanner read something: 5..255 printable characters, checked by the driver; may be a personal QR. */
  | { readonly kind: "code-scanned"; readonly text: string }
  /** A key that the driver does not turn into a selection itself (parking: plate and duration). */
  | { readonly kind: "key"; readonly key: Key }
  /** The machine ended the session that `openSession` began (MDB SESSION COMPLETE, or its own time-out). */
  | { readonly kind: "session-ended" }
  /** A product line can or cannot be sold now, as found out by the machine (empty coil, jam). */
  | { readonly kind: "line-state"; readonly line: string; readonly state: "for-sale" | "sold-out" | "jammed" };

export interface DeliveryOrder {
  /** Unique for ever; a driver starts each at most once. */
  readonly deliveryId: string;
  /** Undefined for a service vend. */
  readonly reference: Reference | undefined;
  readonly selection: Selection;
  readonly price: Money;
  /** Wall time until which bought time is valid, for timed outputs. */
  readonly untilWallMs?: number;
  /** For `resume`: how long the output was to stay on when it was delivered. */
  readonly onForMs?: number;
}

export interface Machine {
  /** Outputs off first, then inputs; returns when events may come. Calls `onEvent` for each; never before it returns. */
  start(onEvent: (event: MachineEvent) => void): Promise<void>;
  readiness(): MachineReadiness;
  /** Moves the machine. Ends by itself within a bounded time; `signal` asks it to stop early, which may end as unknown. */
  deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome>;
  /**
   * After a restart: a timed output that was on and still has time left goes on again until `untilWallMs`.
   * Drivers without timed outputs answer at once. Motors and pulses are never continued.
   */
  resume(order: DeliveryOrder): Promise<void>;
  /** Credit is reserved: let the customer select up to `funds` (MDB BEGIN SESSION). Drivers with buttons need nothing here. */
  openSession(funds: Money): Promise<void>;
  /** No delivery will follow for the selection or session that is open (MDB VEND DENIED, SESSION CANCEL). Idempotent. */
  closeSession(): Promise<void>;
  /** Helps a person find this machine: lamp, buzzer. */
  identify(): Promise<void>;
  /** Buttons, scanners and keypads, for the health report. A `readiness` event says that one of them changed. */
  inputs?(): readonly InputStatus[];
  /** Outputs off, lines freed. Idempotent. */
  stop(): Promise<void>;
}

export interface InputStatus {
  readonly name: string;
  /** Whether customers can use it now: a scanner that is unplugged and a button that is stuck are not there. */
  readonly present: boolean;
  /** What it is, or why it is not there and what to do. */
  readonly detail: string;
}

/**
 * Something that customers touch and that delivers nothing: a scanner, a keypad. It comes and goes (a cable is pulled) without taking the
 * machine out of service.
 */
export interface InputDevice {
  readonly name: string;
  /** Returns when events may come; a device that is not there yet is waited for in the background. */
  start(onEvent: (event: MachineEvent) => void): Promise<void>;
  /** For the health report: what is known of it now. */
  status(): { readonly present: boolean; readonly detail: string };
  /** Idempotent. */
  stop(): Promise<void>;
}
