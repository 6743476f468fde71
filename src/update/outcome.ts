/** What is known of an ordered update, from the files that updater, launcher and gate leave: decided here, read in updates.ts. */
import type { UpdateOutcome } from "../service/port.ts";
import type { UpdateAnswer } from "./request.ts";

export interface UpdateFacts {
  /** The release of this process. */
  readonly running: string;
  /** The request lies there: the updater has not finished with it. Looked at before `answer`, which the updater writes first. */
  readonly isAsked: boolean;
  /** The updater's, to this order. */
  readonly answer: Pick<UpdateAnswer, "outcome" | "version" | "text" | "isRestarting"> | undefined;
  /** What the launcher and the gate noted of the release in the answer: started once; passed. */
  readonly mark: "good" | "tried" | "none";
  readonly isTimeOver: boolean;
}

/**
 * Done only where the gate let the release stay, or it is the package's own and runs: that it was started says nothing yet, the gate can still end it. The
 * answer is written after the slot is in place, so that a release which is not running and was not tried has its start before it.
 */
export function updateOutcome(facts: UpdateFacts): UpdateOutcome | { readonly kind: "wait" } {
  const { running, isAsked, answer, mark, isTimeOver } = facts;
  if (answer === undefined) {
    if (!isAsked)
      return refused("the updater knows nothing of it: the power may have gone before it was asked. Order it again");
    if (!isTimeOver) return { kind: "wait" };
    return refused(
      "the updater has not answered, and the order is withdrawn: is kvitt-update.path enabled? journalctl -u kvitt-update tells more",
    );
  }
  const { outcome, version, text, isRestarting } = answer;
  if (outcome !== "installed" || version === undefined) return refused(text);
  if (mark === "good") return { kind: "done", detail: doneText(version, running) };
  if (running === version) {
    if (mark === "none") return { kind: "done", detail: `${version} runs` };
    if (!isTimeOver) return { kind: "wait" };
    return refused(`${version} runs, and its gate has not decided: the next start takes the release before it`);
  }
  if (mark === "tried")
    return refused(
      `${version} was started and did not pass its gate; ${running} runs. The log of kvitt.service says why`,
    );
  if (!isRestarting) return refused(text);
  if (!isTimeOver) return { kind: "wait" };
  return refused(`${version} is unpacked, and kvitt was not started anew: it is tried when it is`);
}

function doneText(version: string, running: string): string {
  return running === version
    ? `${version} runs, and passed its gate`
    : `${version} passed its gate; ${running} runs by now`;
}

const refused = (reason: string): UpdateOutcome => ({ kind: "refused", reason });
