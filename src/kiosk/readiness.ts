/** Which code may be shown now, and why none can: judged from the conditions, followed as they change. */
import type { OutOfServiceReason } from "../panel/port.ts";
import type { Readiness } from "../sale/event.ts";
import type { Log } from "../service/port.ts";
import {
  type CodeCondition,
  type CodeFacts,
  conditionsOfCallbackCode,
  conditionsOfEveryCode,
} from "./code-conditions.ts";

/** Which codes the configuration wants. */
export interface WantedCodes {
  readonly callback: boolean;
  readonly oneTime: boolean;
}

export interface Judgement {
  readonly readiness: Readiness;
  /** Why not even one code can be shown; undefined when one can. */
  readonly reason: OutOfServiceReason | undefined;
  /** Everything that is missing, for the log and the health topic. */
  readonly missing: readonly OutOfServiceReason[];
}

export function judgeReadiness(facts: CodeFacts, wanted: WantedCodes): Judgement {
  const missing = unmet(conditionsOfEveryCode, facts);
  if (missing.length > 0)
    return { readiness: { checkIn: false, callbackQr: false, oneTimeQr: false }, reason: missing[0], missing };
  const missingForCallback = wanted.callback ? unmet(conditionsOfCallbackCode, facts) : [];
  const callbackQr = wanted.callback && missingForCallback.length === 0;
  const oneTimeQr = wanted.oneTime;
  const reason = callbackQr || oneTimeQr ? undefined : (missingForCallback[0] ?? "config");
  // What more the code needs is there for scans to arrive: this one has.
  return { readiness: { checkIn: wanted.callback, callbackQr, oneTimeQr }, reason, missing: missingForCallback };
}

function unmet(conditions: readonly CodeCondition[], facts: CodeFacts): readonly OutOfServiceReason[] {
  return conditions.filter(({ isMet }) => !isMet(facts)).map(({ reason }) => reason);
}

export interface ReadinessWatch {
  /** Looks at all conditions anew. */
  review(): void;
  /** Undefined before the first review. */
  last(): Judgement | undefined;
}

export interface ReadinessWatchParts {
  readonly facts: () => CodeFacts;
  readonly wanted: WantedCodes;
  readonly log: Log;
  /** Other codes may be shown than before. */
  readonly onReadiness: (readiness: Readiness) => void;
  /** The machine is out of service for another reason than before, or in service again. */
  readonly onReason: () => void;
}

export function createReadinessWatch(parts: ReadinessWatchParts): ReadinessWatch {
  const { facts, wanted, log, onReadiness, onReason } = parts;
  let last: Judgement | undefined;
  return {
    review() {
      const before = last;
      const now = judgeReadiness(facts(), wanted);
      last = now;
      const isNewReason = before?.reason !== now.reason;
      if (isNewReason || before?.missing.join() !== now.missing.join())
        log.info({ reason: now.reason, missing: now.missing }, "readiness changed");
      if (isNewReason) onReason();
      if (!isSame(before?.readiness, now.readiness)) onReadiness(now.readiness);
    },
    last: () => last,
  };
}

function isSame(a: Readiness | undefined, b: Readiness): boolean {
  return a?.checkIn === b.checkIn && a.callbackQr === b.callbackQr && a.oneTimeQr === b.oneTimeQr;
}
