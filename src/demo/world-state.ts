/** What the page is told of the demo's world, and what its switches are called. */
import type { LedgerRowView, PhoneStateView } from "./clients.ts";
import type { Control, MachineKind, SwitchName } from "./machines/port.ts";

export interface SwitchText {
  readonly name: SwitchName;
  readonly label: string;
  readonly text: string;
  readonly brokenText: string;
}

export const switchTexts: readonly SwitchText[] = [
  { name: "network", label: "Network to the provider", text: "connected", brokenText: "cut: no payment can be made" },
  { name: "mqtt", label: "MQTT broker", text: "connected", brokenText: "gone: no check-in can arrive" },
  { name: "relay", label: "Relay", text: "running", brokenText: "killed: scans are refused" },
  {
    name: "jam",
    label: "Coils",
    text: "turn freely",
    brokenText:
      "jammed: nothing comes out. To mend: free the coil, then say kvitt machine serviced. This switch does both",
  },
  { name: "sensor", label: "Drop sensor", text: "sees what falls", brokenText: "blind: nobody knows" },
  { name: "power", label: "Power", text: "on", brokenText: "cut (SIGKILL)" },
  { name: "clock", label: "Clock", text: "right", brokenText: "a day wrong" },
  { name: "door", label: "Door", text: "shut", brokenText: "open: somebody refills" },
];

export interface LogEntry {
  readonly n: number;
  readonly who: string;
  readonly level: string;
  readonly text: string;
}

export interface WorldState {
  readonly panel: { readonly version: number; readonly powered: boolean; readonly scene: string };
  readonly machine: {
    readonly kind: MachineKind;
    readonly hint: string;
    readonly hasScanner: boolean;
    readonly lamp: boolean;
    readonly state: string;
    readonly tray: {
      readonly empty: string;
      readonly things: readonly { readonly id: string; readonly name: string }[];
    };
    readonly controls: readonly Control[];
  };
  readonly phone: PhoneStateView & { readonly screen: string };
  readonly switches: readonly (SwitchText & { readonly broken: boolean })[];
  readonly ledger: readonly (LedgerRowView & { readonly ended: boolean })[];
  readonly log: readonly LogEntry[];
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
