/** What can be told of the demo, as data: the page and the scripts make sentences of it (page/texts). Types only. */
import type { ControlWord, MachineKind, SwitchName } from "./machines/port.ts";

export type Speaker = "you" | "machine" | "relay" | "provider" | "story";

/** Scenes and reasons are the firmware's own words: where the page has no sentence for one, it shows the word. */
export type Happening =
  | { readonly kind: "pressed"; readonly id: string; readonly label: string; readonly word: ControlWord | undefined }
  | { readonly kind: "switched"; readonly name: SwitchName; readonly broken: boolean }
  | { readonly kind: "other-machine"; readonly machine: MachineKind }
  | { readonly kind: "serviced"; readonly lines: readonly string[] }
  | { readonly kind: PlainHappening }
  | { readonly kind: "fell"; readonly what: string }
  | { readonly kind: "scene"; readonly scene: string }
  /** What keeps the machine from showing a code; empty: all is well. */
  | { readonly kind: "readiness"; readonly missing: readonly string[] }
  | { readonly kind: "delivery-ended"; readonly outcome: DeliveryEnd; readonly payment: string }
  | { readonly kind: "delivering"; readonly payment: string }
  | { readonly kind: "moving-money"; readonly effect: MoneyMove; readonly payment: string }
  | { readonly kind: "sale-ended"; readonly payment: string; readonly keptMinor: number; readonly currency: string }
  | { readonly kind: "payment"; readonly payment: string; readonly state: PaymentStep }
  /** A line of a log, as an operator reads it, without its fields. */
  | { readonly kind: "line"; readonly text: string };

/** Those that need nothing but a sentence. */
export const plainHappenings = [
  "took",
  "scanned",
  "no-code-to-scan",
  "approved",
  "declined",
  "put-away",
  "waited-too-long",
  "held-up",
  "no-scanner",
  "reset",
  "checked-in",
  "check-in-delivered",
  "check-in-refused",
  "connected",
  "disconnected",
  "started",
  "no-watchdog",
] as const;
export type PlainHappening = (typeof plainHappenings)[number];

export type DeliveryEnd = "delivered" | "not-delivered" | "unknown";
export type MoneyMove = "capture" | "cancel" | "refund";
export type PaymentStep = "created" | "authorized" | "captured" | "released" | "refunded" | "ended-unpaid";

export interface LogEntry {
  readonly n: number;
  readonly who: Speaker;
  readonly level: string;
  readonly what: Happening;
  /** The log line behind it, where a process wrote one. */
  readonly raw?: string | undefined;
}
