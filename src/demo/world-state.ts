/** What there is to show of the demo's world at a moment. */
import type { Language } from "../panel/languages.ts";
import type { LedgerRowView, PhoneStateView } from "./clients.ts";
import type { LogEntry } from "./happening.ts";
import type { Control, MachineKind, SwitchName } from "./machines/port.ts";

export const switchNames: readonly SwitchName[] = [
  "network",
  "mqtt",
  "relay",
  "jam",
  "sensor",
  "power",
  "clock",
  "door",
];

export interface WorldState {
  readonly panel: {
    /** Of the picture; undefined while there is none. */
    readonly version: number | undefined;
    readonly powered: boolean;
    readonly scene: string;
    /** What stands on it in words, in the panel's language. */
    readonly text: string;
    readonly language: Language;
  };
  readonly machine: {
    readonly kind: MachineKind;
    readonly hasScanner: boolean;
    readonly lamp: boolean;
    readonly state: string;
    /** In the tray. */
    readonly things: readonly {
      readonly id: string;
      readonly name: string;
      /** Of the payment that it came out for. */
      readonly reference: string | undefined;
    }[];
    readonly controls: readonly Control[];
  };
  readonly phone: PhoneStateView & { readonly screen: string };
  readonly switches: readonly { readonly name: SwitchName; readonly broken: boolean }[];
  readonly ledger: readonly (LedgerRowView & { readonly ended: boolean })[];
  readonly log: { readonly from: number; readonly last: number; readonly entries: readonly LogEntry[] };
}

/** A payment that nobody has to do anything about any more. */
export function isEnded(row: LedgerRowView): boolean {
  switch (row.state) {
    case "CREATED":
      return false;
    case "AUTHORIZED":
      return row.authorized === row.captured + row.cancelled;
    case "ABORTED":
    case "EXPIRED":
    case "TERMINATED":
      return true;
  }
}
