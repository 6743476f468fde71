/**
 * The conditions under which a code may stand on the panel, one row each (design, "Readiness, per code"). A new condition is one row here and
 * the fact that it looks at.
 */
import type { MachineReadiness } from "../machine/port.ts";
import type { OutOfServiceReason } from "../panel/port.ts";

/** All that the rows look at, as it is now. */
export interface CodeFacts {
  readonly isStopping: boolean;
  readonly isJournalWorking: boolean;
  /** The back office did not take the machine out of service. */
  readonly isInService: boolean;
  readonly isQuiet: boolean;
  readonly machine: MachineReadiness;
  readonly isClockPlausible: boolean;
  /** Reachable, and our keys are good. */
  readonly isProviderReached: boolean;
  readonly isPanelPresent: boolean;
  readonly hasSomethingForSale: boolean;
  /** The callback code is registered, its content is known, and it fits on this panel, if there is one. */
  readonly isCallbackRegistered: boolean;
  readonly isConnected: boolean;
  /** Another machine uses this one's id at the broker: whatever is sold here could be taken for a sale there. */
  readonly hasRival: boolean;
  /** A relay says that it is alive and that the sales unit's registration is healthy. */
  readonly isRelayHealthy: boolean;
}

export interface CodeCondition {
  /** Said on the panel, in the state topic and in the log while the condition is not met. */
  readonly reason: OutOfServiceReason;
  readonly isMet: (facts: CodeFacts) => boolean;
}

/** For every code; the most telling reason first, because the panel shows one. */
export const conditionsOfEveryCode: readonly CodeCondition[] = [
  { reason: "stopped", isMet: ({ isStopping }) => !isStopping },
  { reason: "journal", isMet: ({ isJournalWorking }) => isJournalWorking },
  { reason: "identity", isMet: ({ hasRival }) => !hasRival },
  { reason: "operator", isMet: ({ isInService }) => isInService },
  { reason: "quiet-hours", isMet: ({ isQuiet }) => !isQuiet },
  { reason: "machine", isMet: ({ machine }) => machine.ready || isBetweenSales(machine) },
  { reason: "clock", isMet: ({ isClockPlausible }) => isClockPlausible },
  { reason: "provider", isMet: ({ isProviderReached }) => isProviderReached },
  { reason: "panel", isMet: ({ isPanelPresent }) => isPanelPresent },
  { reason: "nothing-for-sale", isMet: ({ hasSomethingForSale }) => hasSomethingForSale },
];

/** For the callback code on top of them: a scan of it has to reach this machine. */
export const conditionsOfCallbackCode: readonly CodeCondition[] = [
  { reason: "provider", isMet: ({ isCallbackRegistered }) => isCallbackRegistered },
  { reason: "mqtt", isMet: ({ isConnected }) => isConnected },
  // Without the broker nothing is known of the relay: then only the broker is named.
  { reason: "relay", isMet: ({ isConnected, isRelayHealthy }) => isRelayHealthy || !isConnected },
];

/** The pause after a delivery is part of selling; the next customer may already scan. */
export function isBetweenSales(machine: MachineReadiness): boolean {
  return !machine.ready && machine.fault === "post-delay";
}
