/** The design's readiness table: which code may be shown, and why none can. Pure. */
import type { OutOfServiceReason } from "../panel/port.ts";
import type { Readiness } from "../sale/event.ts";

export interface ReadinessInputs {
  readonly clock: boolean;
  readonly machine: boolean;
  /** Reachable, and our keys are good. */
  readonly provider: boolean;
  /** The callback QR is registered, its content is known, and it fits on this panel. */
  readonly registered: boolean;
  readonly mqtt: boolean;
  /** A relay says that it is alive and that the sales unit's registration is healthy. */
  readonly relay: boolean;
  readonly panel: boolean;
  readonly journal: boolean;
  readonly operator: boolean;
  readonly quietHours: boolean;
  readonly somethingForSale: boolean;
  readonly stopping: boolean;
  /** Whether the configuration wants check-ins, and payments without one. */
  readonly wantsCallback: boolean;
  readonly wantsOneTime: boolean;
}

export interface Judgement {
  readonly readiness: Readiness;
  /** Why not even one code can be shown; undefined when one can. */
  readonly reason: OutOfServiceReason | undefined;
  /** Everything that is missing, for the log and the health topic. */
  readonly missing: readonly OutOfServiceReason[];
}

/** Inputs that every code needs, most telling first. */
const always: readonly (readonly [keyof ReadinessInputs, boolean, OutOfServiceReason])[] = [
  ["stopping", false, "stopped"],
  ["journal", true, "journal"],
  ["operator", true, "operator"],
  ["quietHours", false, "quiet-hours"],
  ["machine", true, "machine"],
  ["clock", true, "clock"],
  ["provider", true, "provider"],
  ["panel", true, "panel"],
  ["somethingForSale", true, "nothing-for-sale"],
];

export function judgeReadiness(inputs: ReadinessInputs): Judgement {
  const missing = always.filter(([key, wanted]) => inputs[key] !== wanted).map(([, , reason]) => reason);
  const base = missing.length === 0;
  const oneTimeQr = base && inputs.wantsOneTime;
  const callbackQr = base && inputs.wantsCallback && inputs.registered && inputs.mqtt && inputs.relay;
  if (base && inputs.wantsCallback && !callbackQr) {
    if (!inputs.registered) missing.push("provider");
    if (!inputs.mqtt) missing.push("mqtt");
    else if (!inputs.relay) missing.push("relay");
  }
  const reason = oneTimeQr || callbackQr ? undefined : (missing[0] ?? "config");
  return { readiness: { callbackQr, oneTimeQr }, reason, missing };
}
