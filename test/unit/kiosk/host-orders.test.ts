/**
 * Goal: an order to end the daemon or the computer is answered once, and with what became of it. Method: whole kiosks, one life after the other, over the same
 * journal and computer.
 */
import { describe, expect, it } from "vitest";
import { settle } from "../../../src/service/simulated-clock.ts";
import { SimulatedHost } from "../../../src/service/simulated-host.ts";
import { SimulatedUpdates } from "../../../src/update/simulated-updates.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { KioskRig } from "./rig.ts";

const orders = ["restart", "reboot"] as const;

/** One computer with one disk, on which daemons live one after the other. */
function computer() {
  const parts = { journal: new MemoryJournal(), host: new SimulatedHost(), updates: new SimulatedUpdates() };
  return { ...parts, boot: () => new KioskRig(parts).start() };
}

describe.each(orders)("%s", (kind) => {
  it("is begun when the disk has the command, and not answered before it is done", async () => {
    const rig = await computer().boot();
    expect(await rig.command({ kind })).toBeUndefined();
    expect(rig.host.asked).toEqual([kind]);
    expect(rig.link.replies).toEqual([]);
  });

  it("is done when the machine is back", async () => {
    const { boot, host } = computer();
    const before = await boot();
    await before.command({ kind });
    const stopped = before.kiosk.stop();
    await before.clock.advance(60_000);
    await stopped;
    expect(before.link.replies).toEqual([]);
    host.boot = "boot-2";
    const after = await boot();
    expect(after.link.replies).toMatchObject([{ id: "command-1", outcome: "done" }]);
  });

  it("is answered once, however often the machine comes back", async () => {
    const { boot, host } = computer();
    await (await boot()).command({ kind });
    host.boot = "boot-2";
    await boot();
    host.boot = "boot-3";
    expect((await boot()).link.replies).toEqual([]);
  });

  it("is refused when nobody does it, and says why, now and not again later", async () => {
    const { boot, host } = computer();
    host.fault = "nobody is there";
    const rig = await boot();
    expect(await rig.command({ kind })).toMatchObject({ outcome: "refused", reason: "nobody is there" });
    host.fault = undefined;
    host.boot = "boot-2";
    expect((await boot()).link.replies).toEqual([]);
  });

  it("is refused when the process still runs long after", async () => {
    const rig = await computer().boot();
    await rig.command({ kind });
    await rig.clock.advance(3_600_000);
    expect(rig.link.replies).toMatchObject([{ id: "command-1", outcome: "refused" }]);
  });

  it("is answered when the disk takes writes again", async () => {
    const { boot, host, journal } = computer();
    await (await boot()).command({ kind });
    host.boot = "boot-2";
    journal.fault = new Error("full");
    const after = await boot();
    expect(after.link.replies).toEqual([]);
    journal.fault = undefined;
    await after.clock.advance(120_000);
    expect(after.link.replies).toMatchObject([{ id: "command-1", outcome: "done" }]);
  });
});

describe("update", () => {
  const order = { kind: "update", version: "1.2.0" } as const;
  const done = { kind: "done", detail: "1.2.0 runs" } as const;

  it.each([undefined, "1.2.0"])(
    "asks the updater for %s when the disk has the command, and is not answered yet",
    async (version) => {
      const { boot, updates } = computer();
      const rig = await boot();
      expect(await rig.command({ kind: "update", version })).toBeUndefined();
      expect([...updates.asked]).toStrictEqual([["command-1", version]]);
    },
  );

  it("is answered by the life that knows, once, whatever lives and dies before", async () => {
    const { boot, updates } = computer();
    await (await boot()).command(order);
    expect((await boot()).link.replies).toEqual([]);
    const after = await boot();
    updates.settle("command-1", done);
    await settle();
    expect(after.link.replies).toMatchObject([{ id: "command-1", outcome: "done", detail: "1.2.0 runs" }]);
    expect(updates.asked.size).toBe(1);
    expect((await boot()).link.replies).toEqual([]);
  });

  it("is answered without a restart when the updater refuses", async () => {
    const { boot, updates } = computer();
    const rig = await boot();
    await rig.command(order);
    updates.settle("command-1", { kind: "refused", reason: "nothing newer" });
    await settle();
    expect(rig.link.replies).toMatchObject([{ outcome: "refused", reason: "nothing newer" }]);
  });

  it("is left to the next life by one that stops: a stop is no word of the updater's", async () => {
    const { boot, updates } = computer();
    const before = await boot();
    await before.command(order);
    const stopped = before.kiosk.stop();
    await before.clock.advance(60_000);
    await stopped;
    updates.settle("command-1", done);
    await settle();
    expect(before.link.replies).toEqual([]);
    expect((await boot()).link.replies).toMatchObject([{ outcome: "done" }]);
  });

  it.each<readonly [string, (parts: ReturnType<typeof computer>) => void]>([
    ["nobody can be asked", ({ updates }) => (updates.fault = "no package")],
    ["nobody would start kvitt again", ({ host }) => (host.fault = "by hand")],
  ])("is refused at once where %s", async (_what, spoil) => {
    const parts = computer();
    spoil(parts);
    expect(await (await parts.boot()).command(order)).toMatchObject({ outcome: "refused" });
    expect(parts.updates.asked.size).toBe(0);
  });

  it("is answered when the disk takes writes again", async () => {
    const { boot, updates, journal } = computer();
    const rig = await boot();
    await rig.command(order);
    journal.fault = new Error("full");
    updates.settle("command-1", done);
    await rig.clock.advance(10_000);
    expect(rig.link.replies).toEqual([]);
    journal.fault = undefined;
    await rig.clock.advance(120_000);
    expect(rig.link.replies).toMatchObject([{ outcome: "done" }]);
  });
});

it("a reboot after which only the daemon is new is refused: the computer was not started anew", async () => {
  const { boot } = computer();
  await (await boot()).command({ kind: "reboot" });
  expect((await boot()).link.replies).toMatchObject([{ id: "command-1", outcome: "refused" }]);
});

it("an order that this version cannot read is refused", async () => {
  const { boot, journal } = computer();
  await journal.commit([{ kind: "put", table: "fact", key: "host-order.c-7", value: { kind: "warp" } }]);
  expect((await boot()).link.replies).toMatchObject([{ id: "c-7", outcome: "refused" }]);
});
