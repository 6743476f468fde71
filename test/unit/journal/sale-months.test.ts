/** Months that are too old go, oldest first, wherever the power is cut. */
import { expect, it } from "vitest";
import { openJournal } from "../../../src/journal/journal.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";

const day = 86_400_000;

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
