/**
 * Goal: a journal that cannot be read takes the machine out of service, is told on the glass and upstream, is not touched, and is not the
 * end: once it is mended the machine goes on. Method: the real journal on a simulated disk that is damaged in every file and at many places.
 */
import { describe, expect, it } from "vitest";
import { JournalError } from "../../../src/journal/disk.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";
import { readOpenBusiness } from "../../../src/kiosk/open-business.ts";
import { StoredValueError } from "../../../src/kiosk/stored.ts";
import type { CommandReply, LinkListener } from "../../../src/link/port.ts";
import { isJournalTrouble, type JournalTrouble, standOutOfService } from "../../../src/daemon/out-of-service.ts";
import type { Scene } from "../../../src/panel/port.ts";
import { createMemoryLog, type LogLine } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { LinkTwin, PanelTwin } from "../../simulation/twins.ts";

class ListeningLink extends LinkTwin {
  listener: LinkListener | undefined;
  readonly replies: CommandReply[] = [];
  isStopped = false;

  override async start(listener: LinkListener): Promise<void> {
    this.listener = listener;
    await super.start(listener);
  }

  override reply(reply?: CommandReply): void {
    if (reply !== undefined) this.replies.push(reply);
  }

  override async stop(): Promise<void> {
    this.isStopped = true;
  }
}

async function troubleOf(open: () => Promise<Journal>): Promise<JournalTrouble> {
  try {
    const journal = await open();
    try {
      readOpenBusiness(journal);
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (isJournalTrouble(error)) return error;
    throw error;
  }
  throw new Error("nothing is wrong with it");
}

async function stand(disk: SimulatedDisk) {
  const clock = new SimulatedClock();
  const open = (): Promise<Journal> => openJournal({ disk, wallMs: () => clock.wallMs(), retentionMs: 1e12 });
  const scenes: Scene[] = [];
  const lines: LogLine[] = [];
  const link = new ListeningLink(new Map());
  const stop = new AbortController();
  const state = { isOver: false, alive: 0 };
  const standing = standOutOfService({
    trouble: await troubleOf(open),
    panel: new PanelTwin((scene) => void scenes.push(scene)),
    link,
    openJournal: open,
    clock,
    log: createMemoryLog(lines),
    version: "1",
    signal: stop.signal,
    onAlive: () => (state.alive += 1),
    budget: { panelMs: 10_000, linkMs: 10_000 },
  }).then(() => (state.isOver = true));
  await settle();
  return { clock, scenes, lines, link, stop, state, standing };
}

async function filledDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const journal = await openJournal({ disk, wallMs: () => 0, retentionMs: 1e12 });
  await journal.commit([{ kind: "put", table: "fact", key: "a", value: 1 }]);
  await journal.commit([{ kind: "put", table: "fact", key: "b", value: 2 }]);
  await journal.close();
  return disk;
}

/** Damages the newest file that holds more than nothing, in its first line. */
async function damage(disk: SimulatedDisk): Promise<{ readonly name: string; readonly offset: number }> {
  for (const name of await disk.list()) {
    const bytes = await disk.read(name);
    if (bytes === undefined || bytes.length < 40) continue;
    disk.corrupt(name, 12);
    return { name, offset: 12 };
  }
  throw new Error("there is nothing to damage");
}

describe("a machine whose journal is corrupt", () => {
  it("says so on the glass, upstream and in the log, and stays alive", async () => {
    const disk = await filledDisk();
    await damage(disk);
    const before = disk.everything();
    const { clock, scenes, lines, link, state } = await stand(disk);
    expect(scenes.at(-1)).toEqual({ kind: "out-of-service", reason: "journal" });
    expect(link.state).toMatchObject({ state: "out-of-service", reason: "journal" });
    expect(lines.some(({ level, message }) => level === "error" && message.includes("journal"))).toBe(true);
    await clock.advance(3 * 3_600_000);
    expect(state).toMatchObject({ isOver: false });
    expect(state.alive).toBeGreaterThan(100);
    expect(disk.everything()).toBe(before);
  });

  it("refuses commands, and leaves check-ins with the broker", async () => {
    const disk = await filledDisk();
    await damage(disk);
    const { link } = await stand(disk);
    const command = { id: "c1", counter: 1, deadlineWallMs: 0, order: { kind: "in-service" } } as const;
    await link.listener?.message({ kind: "command", command });
    expect(link.replies).toMatchObject([{ id: "c1", outcome: "refused" }]);
    expect(JSON.stringify(link.replies)).toContain("journal");
    const checkIn = link.listener?.message({
      kind: "checked-in",
      eventId: "e",
      customerToken: "t",
      ageMs: 0,
      initiatedAtWallMs: 0,
      publishedAtWallMs: 0,
    });
    await expect(checkIn).rejects.toThrow("journal");
  });

  it("goes on when it is mended", async () => {
    const disk = await filledDisk();
    const { name, offset } = await damage(disk);
    const { clock, state, link } = await stand(disk);
    await clock.advance(90_000);
    expect(state.isOver).toBe(false);
    disk.corrupt(name, offset);
    await clock.advance(90_000);
    expect(state.isOver).toBe(true);
    expect(link.isStopped).toBe(true);
  });

  it("stops when it is asked to", async () => {
    const disk = await filledDisk();
    await damage(disk);
    const { clock, stop, standing, link } = await stand(disk);
    stop.abort();
    await clock.advance(10_000);
    await standing;
    expect(link.isStopped).toBe(true);
  });
});

describe("what counts as such trouble", () => {
  it("a settlement that nobody understands", async () => {
    const disk = new SimulatedDisk();
    const journal = await openJournal({ disk, wallMs: () => 0, retentionMs: 1e12 });
    await journal.commit([{ kind: "put", table: "settlement", key: "x", value: { not: "a settlement" } }]);
    expect(() => readOpenBusiness(journal)).toThrow(StoredValueError);
  });

  it.each(["corrupt", "version", "disk"] as const)("a journal that is %s", (code) => {
    expect(isJournalTrouble(new JournalError(code, "x"))).toBe(true);
  });

  it("never a journal that another process has", () => {
    expect(isJournalTrouble(new JournalError("locked", "x"))).toBe(false);
    expect(isJournalTrouble(new Error("x"))).toBe(false);
  });
});
