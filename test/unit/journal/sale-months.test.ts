/** Ended sales, a file a month: kept for their time by a clock that may be wrong, and forgotten oldest first, wherever the power is cut. */
import { describe, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/journal.ts";
import type { Journal, JournalChange } from "../../../src/journal/port.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 23);

it("a power cut while old months are forgotten never leaves a sale without what was added to it later", async () => {
  let came = 0;
  for (let seed = 0; seed < 64; seed += 1) {
    const disk = new SimulatedDisk();
    let wallMs = Date.UTC(2026, 0, 20);
    const open = () => openJournal({ disk, wallMs: () => wallMs, retentionMs: 60 * day });
    const journal = await open();
    const sale = { kind: "put", table: "sale", key: "s" } as const;
    await journal.commit([{ ...sale, value: "sold" }]);
    wallMs = Date.UTC(2026, 1, 20);
    await journal.commit([{ ...sale, value: "sold, refunded" }]);
    await journal.close();
    wallMs = Date.UTC(2026, 9, 1);
    const forgetting = await open();
    disk.cutPower();
    await forgetting.close().catch(() => {});
    disk.restorePower(createSeededEntropy(seed));
    // The clock of the next start is not believed: nothing is forgotten.
    const after = await openJournal({ disk, wallMs: () => 0, isPlausible: () => false, retentionMs: 60 * day });
    const found = after.get("sale", "s");
    expect([undefined, "sold, refunded"], `seed ${seed}`).toContain(found);
    if (found === undefined) came += 1;
    await after.close();
  }
  expect(came).toBeGreaterThan(0);
});

describe("ended sales", () => {
  it("a clock that jumped back or that nobody believes costs no sale, and the later row counts", async () => {
    const disk = new SimulatedDisk();
    const row = (captured: number): JournalChange => ({ kind: "put", table: "sale", key: "k", value: { captured } });
    const at = (wallMs: number, isPlausible: boolean): Promise<Journal> =>
      openJournal({ disk, wallMs: () => wallMs, isPlausible: () => isPlausible, retentionMs: 400 * day });
    const first = await at(now, true);
    await first.commit([row(1)]);
    await first.close();
    for (const [wallMs, isPlausible, captured] of [
      [0, false, 2],
      [Date.UTC(2020, 1, 1), true, 3],
      [Date.UTC(2070, 1, 1), false, 4],
    ] as const) {
      const journal = await at(wallMs, isPlausible);
      await journal.commit([row(captured)]);
      expect(journal.get("sale", "k")).toEqual({ captured });
      await journal.close();
    }
    const last = await at(now, true);
    expect(last.get("sale", "k")).toEqual({ captured: 4 });
    expect([...last.entries("sale")]).toEqual([["k", { captured: 4 }]]);
    expect((await disk.list()).filter((name) => name.startsWith("sales-"))).toEqual(["sales-2026-11.log"]);
  });

  it.each([0, Date.UTC(2025, 9, 23), Date.UTC(2070, 1, 1)])(
    "the first sale of a machine that does not know the time (it believes %i) is kept, and forgotten when it can be old",
    async (believedMs) => {
      const disk = new SimulatedDisk();
      const time = { wallMs: believedMs, isPlausible: false };
      const journal = await openJournal({
        disk,
        wallMs: () => time.wallMs,
        isPlausible: () => time.isPlausible,
        retentionMs: 60 * day,
      });
      const sell = (key: string): Promise<void> => journal.commit([{ kind: "put", table: "sale", key, value: key }]);
      await sell("first");
      Object.assign(time, { wallMs: now, isPlausible: true });
      await sell("second");
      expect(journal.get("sale", "first")).toBe("first");
      // As long as the month of the second, the first may have ended a moment before it.
      time.wallMs = now + 59 * day;
      await sell("third");
      expect(journal.get("sale", "first")).toBe("first");
      expect(journal.get("sale", "second")).toBe("second");
      time.wallMs = now + 150 * day;
      await sell("fourth");
      expect(journal.get("sale", "first")).toBeUndefined();
      expect(journal.get("sale", "second")).toBeUndefined();
      expect(journal.get("sale", "fourth")).toBe("fourth");
    },
  );

  it("forgets old months also while it runs for years", async () => {
    const disk = new SimulatedDisk();
    const time = { wallMs: now };
    const journal = await openJournal({ disk, wallMs: () => time.wallMs, retentionMs: 60 * day });
    for (let month = 0; month < 12; month += 1) {
      await journal.commit([{ kind: "put", table: "sale", key: `k${month}`, value: month }]);
      time.wallMs += 31 * day;
    }
    expect((await disk.list()).filter((name) => name.startsWith("sales-")).length).toBeLessThanOrEqual(4);
    expect(journal.get("sale", "k11")).toBe(11);
    expect(journal.get("sale", "k0")).toBeUndefined();
  });

  it("forgets months that are older than the retention", async () => {
    const disk = new SimulatedDisk();
    const at = (wallMs: number): Promise<Journal> =>
      openJournal({ disk, wallMs: () => wallMs, retentionMs: 400 * day });
    const journal = await at(now);
    await journal.commit([{ kind: "put", table: "sale", key: "k", value: 1 }]);
    await journal.close();
    const later = await at(now + 399 * day);
    expect(later.get("sale", "k")).toBe(1);
    await later.close();
    expect((await at(now + 500 * day)).get("sale", "k")).toBeUndefined();
  });
});
