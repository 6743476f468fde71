/**
 * From what came down the link to what the sale gets: each check-in and command at most once, for ever, however often it is sent.
 * Pure: it reads the journal and answers with what to write and what to decide.
 */
import type { Journal, JournalChange } from "../journal/port.ts";
import type { Command, LinkMessage } from "../link/port.ts";
import type { Customer } from "../sale/payment.ts";
import { commandCounterKey, seenCheckInKey, seenCommandKey } from "./journal-keys.ts";
import { readNumber } from "./stored.ts";

/** The provider repeats a refused check-in for up to 7 days (webhooks, retries); a day more for wrong clocks. */
const seenForMs = 8 * 86_400_000;

interface Duplicate {
  readonly kind: "duplicate";
}

export type TakenCheckIn =
  | Duplicate
  | {
      readonly kind: "check-in";
      readonly eventId: string;
      readonly ageMs: number;
      readonly customer: Customer;
      readonly changes: readonly JournalChange[];
    };

export type TakenCommand =
  | Duplicate
  | { readonly kind: "command"; readonly changes: readonly JournalChange[] }
  | {
      readonly kind: "refused-command";
      readonly reason: string;
      readonly isExpired: boolean;
      readonly changes: readonly JournalChange[];
    };

function seenChange(id: string, wallMs: number): JournalChange {
  return { kind: "put", table: "seen", key: id, value: wallMs + seenForMs };
}

/** How old a check-in is by now: what the relay said, and how long it lay in the broker by a clock that can be believed. */
function ageNow(
  message: Extract<LinkMessage, { kind: "checked-in" }>,
  wallMs: number,
  clockIsPlausible: boolean,
): number {
  const onTheWayMs = clockIsPlausible ? Math.max(0, wallMs - message.publishedAtWallMs) : 0;
  return Math.max(0, message.ageMs) + onTheWayMs;
}

export function takeCheckIn(
  journal: Journal,
  message: Extract<LinkMessage, { kind: "checked-in" }>,
  wallMs: number,
  clockIsPlausible: boolean,
): TakenCheckIn {
  const id = seenCheckInKey(message.eventId);
  if (journal.get("seen", id) !== undefined) return { kind: "duplicate" };
  return {
    kind: "check-in",
    eventId: message.eventId,
    ageMs: ageNow(message, wallMs, clockIsPlausible),
    customer: { kind: "customer-token", token: message.customerToken },
    changes: [seenChange(id, wallMs)],
  };
}

/** The mark of a check-in that the relay refused: a retry of it must never open a session (the app has told the customer no). */
export function refusedCheckInChanges(journal: Journal, eventId: string, wallMs: number): readonly JournalChange[] {
  const id = seenCheckInKey(eventId);
  return journal.get("seen", id) === undefined ? [seenChange(id, wallMs)] : [];
}

/** Refuses in the same words as the link (docs/link.md): a copy may be judged there while this one waits for the journal. */
export function takeCommand(
  journal: Journal,
  command: Command,
  wallMs: number,
  clockIsPlausible: boolean,
): TakenCommand {
  const id = seenCommandKey(command.id);
  if (journal.get("seen", id) !== undefined) return { kind: "duplicate" };
  const stored = journal.get("fact", commandCounterKey);
  const highest = stored === undefined ? -1 : readNumber(stored);
  if (command.counter <= highest)
    return {
      kind: "refused-command",
      reason: "counter",
      isExpired: false,
      changes: [seenChange(id, wallMs)],
    };
  if (clockIsPlausible && wallMs > command.deadlineWallMs)
    return {
      kind: "refused-command",
      reason: "deadline",
      isExpired: true,
      changes: [seenChange(id, wallMs)],
    };
  return {
    kind: "command",
    changes: [seenChange(id, wallMs), { kind: "put", table: "fact", key: commandCounterKey, value: command.counter }],
  };
}

/** Ids that may be forgotten now. */
export function forgettable(journal: Journal, wallMs: number): readonly JournalChange[] {
  const changes: JournalChange[] = [];
  for (const [key, until] of journal.entries("seen"))
    if (typeof until === "number" && until < wallMs) changes.push({ kind: "delete", table: "seen", key });
  return changes;
}
