/**
 * What a machine does that cannot read its journal: nothing moves, nothing is sold, nothing on the disk is touched; the panel and the back
 * office are told, and once a minute it is tried whether a person or the disk has mended it. Part of the composition root.
 */
import { JournalError } from "../journal/disk.ts";
import type { Journal } from "../journal/port.ts";
import { readOpenBusiness } from "../kiosk/open-business.ts";
import { StoredValueError } from "../kiosk/stored.ts";
import { errorFrom } from "../kit/error-text.ts";
import type { Link, LinkMessage } from "../link/port.ts";
import type { Panel } from "../panel/port.ts";
import { createOwned } from "../service/owned.ts";
import type { Clock, Log } from "../service/port.ts";
import type { StopBudget } from "./stop-budget.ts";

export type JournalTrouble = JournalError | StoredValueError;

/** Whether a start that failed so can be waited out. Another process that has the journal cannot: this one is one too many. */
export function isJournalTrouble(error: unknown): error is JournalTrouble {
  return error instanceof StoredValueError || (error instanceof JournalError && error.code !== "locked");
}

export interface OutOfServiceParts {
  readonly trouble: JournalTrouble;
  readonly panel: Panel;
  readonly link: Link;
  /** Opens the journal as the daemon does; it is closed again. */
  readonly openJournal: () => Promise<Journal>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly signal: AbortSignal;
  /** Called every now and then: this process is alive. */
  readonly onAlive: () => void;
  /** The longest that each may take to stop. */
  readonly budget: Pick<StopBudget, "panelMs" | "linkMs">;
}

const retryMs = 60_000;
const aliveMs = 5_000;
const reminderMs = 3_600_000;

/** Resolves when the journal can be read again, or when `signal` aborts; panel and link are stopped then. */
export async function standOutOfService(parts: OutOfServiceParts): Promise<void> {
  const { panel, link, clock, log, signal, trouble, version, onAlive, budget } = parts;
  await using owned = createOwned({ clock, log });
  const tell = (error: Error): void =>
    log.error(
      { error },
      "out of service: the journal cannot be read. Nothing of it was changed. Keep a copy of its folder, then see docs/reliability.md",
    );
  tell(trouble);
  owned.defer("panel", () => panel.stop(), budget.panelMs);
  await panel.start();
  await panel.show({ kind: "out-of-service", reason: "journal" });
  link.publishState({
    state: "out-of-service",
    reason: "journal",
    version,
    since: new Date(clock.wallMs()).toISOString(),
  });
  link.publishHealth({ state: "out-of-service", reason: "journal", detail: trouble.message, version });
  owned.defer("link", () => link.stop(), budget.linkMs);
  await link.start({
    message: (message) => refuse(message, link),
    connection: () => {},
    relay: () => {},
    rival: () => {},
  });
  let nextTryMs = clock.monotonicMs() + retryMs;
  let nextReminderMs = clock.monotonicMs() + reminderMs;
  while (!signal.aborted) {
    await clock.sleep(aliveMs, signal).catch(() => {});
    onAlive();
    if (clock.monotonicMs() < nextTryMs || signal.aborted) continue;
    nextTryMs = clock.monotonicMs() + retryMs;
    const still = await whatIsWrong(parts.openJournal);
    if (still === undefined) break;
    if (clock.monotonicMs() < nextReminderMs) continue;
    nextReminderMs = clock.monotonicMs() + reminderMs;
    tell(still);
  }
}

/** Opens and reads everything that the start of the kiosk reads. */
async function whatIsWrong(openJournal: () => Promise<Journal>): Promise<Error | undefined> {
  try {
    const journal = await openJournal();
    try {
      readOpenBusiness(journal);
    } finally {
      await journal.close();
    }
    return undefined;
  } catch (error) {
    return errorFrom(error);
  }
}

/** Commands are answered; check-ins and hints stay with the broker, until they are too old to mean anything. */
function refuse(message: LinkMessage, link: Link): Promise<void> {
  if (message.kind !== "command") return Promise.reject(new Error("there is no journal that could remember it"));
  link.reply({
    id: message.command.id,
    outcome: "refused",
    reason: "this machine cannot read its journal: a person has to look at it",
  });
  return Promise.resolve();
}
