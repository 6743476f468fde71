/** What is known of the machine, and the one answer that follows: whether it can sell now. Pure. */
import type { MachineReadiness } from "../port.ts";

export interface Standing {
  /** Inputs and outputs: not opened yet, opened, or why they could not be. */
  readonly opened: "starting" | "open" | { readonly failed: string };
  /** Why the actuators take no orders. */
  readonly trouble: string | undefined;
  /** An input that went away. */
  readonly failedInput: string | undefined;
  /** An output that nobody can say is off. */
  readonly stuckOutput: string | undefined;
  /** A drop sensor that is active though nothing falls. */
  readonly blockedSensor: string | undefined;
  readonly isDoorOpen: boolean;
  readonly isInhibited: boolean;
  readonly isPostDelay: boolean;
}

export const standingAtStart: Standing = {
  opened: "starting",
  trouble: undefined,
  failedInput: undefined,
  stuckOutput: undefined,
  blockedSensor: undefined,
  isDoorOpen: false,
  isInhibited: false,
  isPostDelay: false,
};

/** What a person has to mend comes first, what passes by itself last. */
export function readinessOf(standing: Standing): MachineReadiness {
  const { opened, trouble, failedInput, stuckOutput, blockedSensor } = standing;
  if (opened === "starting") return no("starting", "the lines are not open yet");
  if (opened !== "open") return no("no-hardware", opened.failed);
  if (stuckOutput !== undefined) return no("fault", `nobody can say that ${stuckOutput} is off`);
  if (failedInput !== undefined) return no("fault", failedInput);
  if (trouble !== undefined) return no("no-hardware", trouble);
  if (blockedSensor !== undefined)
    return no("fault", `${blockedSensor} is active though nothing falls: something lies in it, or it is blind`);
  if (standing.isDoorOpen) return no("door-open", "the door is open");
  if (standing.isInhibited) return no("inhibited", "the machine takes no credit now");
  if (standing.isPostDelay) return no("post-delay", "the machine rests after a delivery");
  return { ready: true };
}

type NotReady = Extract<MachineReadiness, { ready: false }>;

function no(fault: NotReady["fault"], detail: string): NotReady {
  return { ready: false, fault, detail };
}

export function isSameReadiness(a: MachineReadiness, b: MachineReadiness): boolean {
  if (a.ready || b.ready) return a.ready === b.ready;
  return a.fault === b.fault && a.detail === b.detail;
}
