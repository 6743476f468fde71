/** The journal on this computer's disk, and what the daemon itself keeps there. Part of the composition root. */
import { mkdir } from "node:fs/promises";
import type { Config } from "../config/schema.ts";
import { JournalError } from "../journal/disk.ts";
import { openJournal } from "../journal/journal.ts";
import { openNodeDisk } from "../journal/node-disk.ts";
import type { Journal } from "../journal/port.ts";
import { bootKey, commandCounterKey, seenCommandKey } from "../kiosk/journal-keys.ts";
import type { Clock } from "../service/port.ts";

const dayMs = 86_400_000;

/** The launcher's word while this release is tried: what the one behind it reads (scripts/package/files/launch). */
function readableFormat(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env["KVITT_JOURNAL_FORMAT"];
  return text === undefined || text === "" ? undefined : Number(text);
}

/** @throws JournalError, `corrupt` also for one that has lost what it knew beside its sales */
export async function openConfiguredJournal(
  { journal }: Config,
  clock: Clock,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Journal> {
  await mkdir(journal.directory, { recursive: true, mode: 0o700 });
  const opened = await openJournal({
    disk: await openNodeDisk(journal.directory),
    wallMs: () => clock.wallMs(),
    isPlausible: () => clock.isPlausible(),
    retentionMs: journal.retention_days * dayMs,
    readableFormat: readableFormat(env),
  });
  if (!hasLostItsFacts(opened)) return opened;
  await opened.close();
  throw new JournalError(
    "corrupt",
    "the journal has sales but no number of the last boot: what it knew is lost, a person has to look, docs/journal.md says how",
  );
}

/** A boot is counted before anything is sold. Without its number the command counter is gone, too, and old commands would be obeyed again. */
function hasLostItsFacts(journal: Journal): boolean {
  return journal.get("fact", bootKey) === undefined && [...journal.entries("sale")].length > 0;
}

/** The number of this boot: an old will must not mark a new session dead. */
export async function countBoot(journal: Journal): Promise<number> {
  const before = journal.get("fact", bootKey);
  const number = (typeof before === "number" ? before : 0) + 1;
  await journal.commit([{ kind: "put", table: "fact", key: bootKey, value: number }]);
  return number;
}

/** Which commands were carried out already. */
export interface CommandMemory {
  readonly highestCounter: number;
  readonly wasSeen: (commandId: string) => boolean;
}

/** Of a machine that cannot read its journal. */
export const noMemory: CommandMemory = { highestCounter: 0, wasSeen: () => false };

export function commandMemory(journal: Journal): CommandMemory {
  const counter = journal.get("fact", commandCounterKey);
  return {
    highestCounter: typeof counter === "number" ? counter : 0,
    wasSeen: (commandId) => journal.get("seen", seenCommandKey(commandId)) !== undefined,
  };
}
