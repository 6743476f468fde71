/** The daemon's side of an update: it asks root's updater by a file, and reads in files what became of it. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../kit/error-text.ts";
import type { Clock, Updates } from "../service/port.ts";
import { type UpdateFacts, updateOutcome } from "./outcome.ts";
import { isRequested, readAnswer, requestUpdate, withdrawRequest } from "./request.ts";

export interface UpdatesParts {
  /** The release of this process. */
  readonly running: string;
  /** root's folder, with the slots and the updater's answer. */
  readonly slots: string;
  /** The daemon's folder in it: requests, and what launcher and gate note. */
  readonly state: string;
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
}

/** As long as the updater may take (systemd/kvitt-update.service, TimeoutStartSec=), and a gate after it. In each life of this process. */
const knownWithinMs = 7_500_000;
const lookEveryMs = 2_000;

export function createUpdates({ running, slots, state, clock }: UpdatesParts): Updates {
  async function markOf(version: string | undefined): Promise<UpdateFacts["mark"]> {
    if (version === undefined) return "none";
    for (const mark of ["good", "tried"] as const) if (await exists(join(state, `${version}.${mark}`))) return mark;
    return "none";
  }

  async function factsOf(id: string, isTimeOver: boolean): Promise<UpdateFacts> {
    const isAsked = await isRequested(state, id);
    const last = await readAnswer(slots);
    const answer = last?.id === id ? last : undefined;
    return { running, isAsked, answer, mark: await markOf(answer?.version), isTimeOver };
  }

  return {
    async ask(id, version) {
      const wanted = version === undefined ? ({ kind: "newest" } as const) : ({ kind: "version", version } as const);
      try {
        await requestUpdate(state, { id, wanted });
        return { kind: "taken" };
      } catch (error) {
        return { kind: "refused", reason: `the updater cannot be asked: ${errorText(error)}` };
      }
    },
    async outcome(id, signal) {
      const deadlineMs = clock.monotonicMs() + knownWithinMs;
      for (;;) {
        signal.throwIfAborted();
        const isTimeOver = clock.monotonicMs() >= deadlineMs;
        const facts = await factsOf(id, isTimeOver);
        // Lest it is begun after it was called refused.
        if (isTimeOver && facts.isAsked) await withdrawRequest(state, id);
        const outcome = updateOutcome(facts);
        if (outcome.kind !== "wait") return outcome;
        await clock.sleep(lookEveryMs, signal);
      }
    },
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
