/** Goal: each check-in and command takes effect at most once, whoever sends it how often. Method: tables over a journal in memory. */
import { describe, expect, it } from "vitest";
import { forgettable, refusedCheckInChanges, takeCheckIn, takeCommand } from "../../../src/kiosk/intake.ts";
import type { JournalChange } from "../../../src/journal/port.ts";
import type { LinkMessage } from "../../../src/link/port.ts";
import { MemoryJournal } from "./memory-journal.ts";

const now = 1_790_000_000_000;
const eightDays = 8 * 86_400_000;
const scan: Extract<LinkMessage, { kind: "checked-in" }> = {
  kind: "checked-in",
  eventId: "e1",
  customerToken: "a token",
  ageMs: 1_000,
  initiatedAtWallMs: now - 3_000,
  publishedAtWallMs: now - 2_000,
};

describe("a check-in", () => {
  it("is new once, and is remembered for a day longer than the provider repeats it", () => {
    const journal = new MemoryJournal();
    const taken = takeCheckIn(journal, scan, now, true);
    expect(taken).toEqual({
      kind: "check-in",
      eventId: "e1",
      ageMs: 3_000,
      customer: { kind: "customer-token", token: "a token" },
      changes: [{ kind: "put", table: "seen", key: "check-in.e1", value: now + eightDays }],
    });
    const again = new MemoryJournal(taken.kind === "check-in" ? taken.changes : []);
    expect(takeCheckIn(again, scan, now + 1, true)).toEqual({ kind: "duplicate" });
    expect(takeCheckIn(again, { ...scan, eventId: "e2" }, now + 1, true).kind).toBe("check-in");
  });

  it.each<readonly [string, Partial<typeof scan>, boolean, number]>([
    ["what the relay said, and the time on the way", {}, true, 3_000],
    ["without the way while our clock cannot be believed", {}, false, 1_000],
    ["never less than the relay said, when our clock is behind", { publishedAtWallMs: now + 60_000 }, true, 1_000],
    ["never negative", { ageMs: -5_000, publishedAtWallMs: now }, true, 0],
  ])("is as old as %s", (_, changes, isPlausible, ageMs) => {
    expect(takeCheckIn(new MemoryJournal(), { ...scan, ...changes }, now, isPlausible)).toMatchObject({ ageMs });
  });

  it("that the relay refused opens no session later, and its mark is written once", () => {
    const changes = refusedCheckInChanges(new MemoryJournal(), "e1", now);
    expect(changes).toEqual([{ kind: "put", table: "seen", key: "check-in.e1", value: now + eightDays }]);
    const journal = new MemoryJournal(changes);
    expect(takeCheckIn(journal, scan, now, true)).toEqual({ kind: "duplicate" });
    expect(refusedCheckInChanges(journal, "e1", now + 1)).toEqual([]);
  });
});

describe("a command", () => {
  const command = { id: "c1", counter: 7, deadlineWallMs: now + 1_000, order: { kind: "identify" } } as const;
  const counted = (counter: number): JournalChange => ({
    kind: "put",
    table: "fact",
    key: "command-counter",
    value: counter,
  });

  it("is taken once; its id and its counter are kept", () => {
    const taken = takeCommand(new MemoryJournal(), command, now, true);
    expect(taken).toEqual({
      kind: "command",
      changes: [{ kind: "put", table: "seen", key: "command.c1", value: now + eightDays }, counted(7)],
    });
    const journal = new MemoryJournal(taken.kind === "command" ? taken.changes : []);
    expect(takeCommand(journal, command, now, true)).toEqual({ kind: "duplicate" });
    expect(takeCommand(journal, { ...command, id: "c2", counter: 8 }, now, true).kind).toBe("command");
  });

  it.each<readonly [string, readonly JournalChange[], number, boolean, string]>([
    ["with a lower counter than another before", [counted(8)], now, true, "refused: counter"],
    ["with a counter that was used", [counted(7)], now, true, "refused: counter"],
    ["with the next counter", [counted(6)], now, true, "taken"],
    ["at its deadline", [], now + 1_000, true, "taken"],
    ["after its deadline", [], now + 1_001, true, "expired: deadline"],
    ["after its deadline, by a clock that cannot be believed", [], now + 1_001, false, "taken"],
  ])("%s", (_, before, wallMs, isPlausible, expected) => {
    const taken = takeCommand(new MemoryJournal(before), command, wallMs, isPlausible);
    const said =
      taken.kind === "refused-command" ? `${taken.isExpired ? "expired" : "refused"}: ${taken.reason}` : "taken";
    expect(said).toContain(expected);
    // Refused or not, it is answered once: a copy is a duplicate.
    expect(taken.kind !== "duplicate" && taken.changes[0]).toMatchObject({ table: "seen", key: "command.c1" });
  });

  it("and a check-in with the same id are two things", () => {
    const journal = new MemoryJournal(refusedCheckInChanges(new MemoryJournal(), "c1", now));
    expect(takeCommand(journal, command, now, true).kind).toBe("command");
  });
});

it("what was seen is forgotten when its time is over, and nothing else is", () => {
  const journal = new MemoryJournal([
    { kind: "put", table: "seen", key: "check-in.old", value: now - 1 },
    { kind: "put", table: "seen", key: "check-in.now", value: now },
    { kind: "put", table: "seen", key: "check-in.new", value: now + 1 },
    { kind: "put", table: "seen", key: "check-in.odd", value: "unreadable" },
    { kind: "put", table: "fact", key: "command-counter", value: 1 },
  ]);
  expect(forgettable(journal, now)).toEqual([{ kind: "delete", table: "seen", key: "check-in.old" }]);
});
