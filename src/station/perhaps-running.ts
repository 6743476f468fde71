/**
 * The power went after an outlet was told to begin and before its end was in the journal: nobody knows whether it runs. Its payment is ended as the
 * configuration says; here it is kept from taking another customer's money for as long as it would run.
 */
import { timedOutputKey } from "../kiosk/journal-keys.ts";
import { readSettlement, type TimedOutput, toJson } from "../kiosk/stored.ts";
import type { Journal, JournalChange } from "../journal/port.ts";
import type { Settlement } from "../sale/settlement.ts";

export interface PerhapsRunning {
  /** As the outlet's kiosk has it. */
  readonly journal: Pick<Journal, "entries">;
  /** How long the outlet runs after a delivery. */
  readonly runsMs: number;
  /** The longest from the wish to pay to the end of the delivery. */
  readonly beforeMs: number;
}

/** What has to be in the journal before the outlet's kiosk starts: the same that a delivery leaves there which ended. */
export function perhapsRunningChanges({ journal, runsMs, beforeMs }: PerhapsRunning): readonly JournalChange[] {
  const changes: JournalChange[] = [];
  for (const [, value] of journal.entries("settlement")) {
    const begun = begunBy(readSettlement(value));
    if (begun === undefined) continue;
    // By the clock that was believed when the sale began: the one of this start may be wrong still.
    const output: TimedOutput = {
      ...begun.output,
      untilWallMs: begun.startedWallMs + beforeMs + runsMs,
      onForMs: runsMs,
    };
    changes.push({ kind: "put", table: "fact", key: timedOutputKey(output.deliveryId), value: toJson(output) });
  }
  return changes;
}

type Begun = Pick<Settlement, "startedWallMs"> & {
  readonly output: Omit<TimedOutput, "untilWallMs" | "onForMs">;
};

function begunBy({ reference, delivery, purchase, startedWallMs }: Settlement): Begun | undefined {
  if (delivery.kind !== "started" || purchase === null) return undefined;
  const { line, price } = purchase;
  return { startedWallMs, output: { deliveryId: `${delivery.deliveryId}-perhaps`, reference, line, price } };
}
