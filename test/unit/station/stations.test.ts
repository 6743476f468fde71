/** Goal: outlets sell side by side, and none of them at another's cost. Method: real kiosks on one simulated machine, with power cuts. */
import { describe, expect, it } from "vitest";
import { createNoPanel } from "../../../src/panel/no-panel.ts";
import { stationId } from "../../../src/sale/ids.ts";
import { settle } from "../../../src/service/simulated-clock.ts";
import type { OutletOnMachine } from "../../../src/station/machine-share.ts";
import { MemoryJournal } from "../kiosk/memory-journal.ts";
import { deliveryMs, Laundry, machineId, price } from "./laundry.ts";

describe("two customers", () => {
  it("do not touch each other's payment: a press at W2 leaves W1's code on the glass, and W1 is paid", async () => {
    const laundry = await new Laundry().start();
    laundry.provider.approvesAtOnce = false;
    await laundry.press("w1");
    expect(laundry.panel.scenes.at(-1)).toMatchObject({ kind: "pay", station: { id: "w1", name: `${machineId}--w1` } });
    const shown = laundry.panel.scenes.length;
    await laundry.press("w2");
    expect(laundry.panel.scenes.length, "nothing else came onto the glass").toBe(shown);
    expect(laundry.buyers).toEqual([`${machineId}--w1`]);
    laundry.provider.approvesAtOnce = true;
    await laundry.pass(5_000 + deliveryMs);
    expect(laundry.drops.map(({ what }) => what)).toEqual(["w1"]);
    expect(laundry.captured).toBe(price.minor);
    await laundry.pass(20_000);
    await laundry.press("w2");
    expect(laundry.buyers).toEqual([`${machineId}--w1`, `${machineId}--w2`]);
  });

  it("scan two stickers, and each starts its own washer alone, both at once", async () => {
    const laundry = await new Laundry().start();
    await laundry.scan("w2");
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["free", "selling"]);
    await laundry.scan("w4");
    await laundry.press("w4");
    await laundry.press("w2");
    await laundry.untilMoving(2);
    expect(laundry.drops, "both move at once").toEqual([]);
    await laundry.pass(deliveryMs + 5_000);
    expect(laundry.drops.map(({ what, reference }) => [what, reference?.slice(0, 13)])).toEqual([
      ["w4", `${machineId}--w4`],
      ["w2", `${machineId}--w2`],
    ]);
    expect(laundry.captured).toBe(2 * price.minor);
  });

  it("of which one scans before the machine has heard that a relay is there: what has arrived is served", async () => {
    const laundry = await new Laundry().start();
    laundry.link.setRelay(false);
    await laundry.scan("w2");
    expect(laundry.stateOf("w2")).toBe("selling");
  });

  it("at outlets that share a supply wait for each other, and both get what they paid for", async () => {
    const laundry = await new Laundry({ outlet: { waitsFor: "supply" } }).start();
    await laundry.scan("w1");
    await laundry.scan("w2");
    await laundry.press("w1");
    await laundry.press("w2");
    await laundry.untilMoving(1);
    await laundry.pass(deliveryMs - 100);
    expect(laundry.moves).toEqual(["w1"]);
    await laundry.pass(200);
    expect(
      laundry.drops.map(({ what }) => what),
      "the second has not begun to fall",
    ).toEqual(["w1"]);
    await laundry.pass(deliveryMs + 5_000);
    expect(laundry.drops.map(({ what }) => what)).toEqual(["w1", "w2"]);
    expect(laundry.captured).toBe(2 * price.minor);
  });

  it("of which one's washer jams: only that one's money goes back", async () => {
    const laundry = await new Laundry().start();
    await laundry.scan("w1");
    await laundry.press("w1");
    await laundry.untilMoving(1);
    laundry.machine.setFault("jam");
    await laundry.scan("w2");
    await laundry.press("w2");
    await laundry.pass(deliveryMs + 10_000);
    expect(laundry.drops.map(({ what }) => what)).toEqual(["w1"]);
    expect(laundry.captured).toBe(price.minor);
    expect(laundry.stateOf("w2")).toBe("nothing-for-sale");
    expect(laundry.stateOf("w3")).toBe("free");
  });
});

describe("without a panel", () => {
  it("sells by stickers, two at once, and a press without a scan costs nobody anything", async () => {
    const laundry = await new Laundry({ glass: createNoPanel() }).start();
    expect(laundry.stateOf("w1")).toBe("free");
    await laundry.press("w3");
    await laundry.scan("w1");
    await laundry.scan("w2");
    await laundry.press("w1");
    await laundry.press("w2");
    await laundry.pass(deliveryMs + 20_000);
    expect(laundry.drops.map(({ what }) => what)).toEqual(["w1", "w2"]);
    expect(laundry.captured).toBe(2 * price.minor);
  });
});

describe("a washer that runs", () => {
  const stations = ["w1", "w2"];
  const runsMs = 3 * 60_000;
  async function running(options: { readonly canExtend?: boolean } = {}) {
    const laundry = await new Laundry({ stations, outlet: { runsMs, ...options } }).start();
    await laundry.scan("w1");
    await laundry.press("w1");
    await laundry.pass(deliveryMs + 20_000);
    return laundry;
  }

  it("is in use and not out of order, its neighbours are free, and its time ends it", async () => {
    const laundry = await running();
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["in-use", "free"]);
    const paid = laundry.buyers.length;
    await laundry.scan("w1");
    await laundry.press("w1");
    expect(laundry.buyers).toHaveLength(paid);
    await laundry.pass(runsMs);
    expect(laundry.stateOf("w1")).toBe("free");
    expect(laundry.link.states.map(({ stations }) => stations?.get(stationId("w1"))?.state)).toContain("in-use");
  });

  it("is in use after a power cut too, for what is left and no longer", async () => {
    const before = await running();
    const after = await before.afterPowerCut({ stations, outlet: { runsMs } });
    expect([after.stateOf("w1"), after.stateOf("w2")]).toEqual(["in-use", "free"]);
    await after.pass(runsMs);
    expect(after.stateOf("w1")).toBe("free");
  });

  it("is in use after a power cut while it began: nobody pays for what perhaps runs, and it is free after its time", async () => {
    const before = await new Laundry({ stations, outlet: { runsMs } }).start();
    await before.scan("w1");
    await before.press("w1");
    await before.untilMoving(1);
    const cut = await before.afterPowerCut({ stations, outlet: { runsMs } });
    expect([cut.stateOf("w1"), cut.stateOf("w2")]).toEqual(["in-use", "free"]);
    await cut.untilSettled();
    expect(cut.captured, "and nobody has paid for it").toBe(0);
    const paid = cut.buyers.length;
    await cut.scan("w1");
    await cut.press("w1");
    expect(cut.buyers).toHaveLength(paid);
    // The power often goes twice.
    const again = await cut.afterPowerCut({ stations, outlet: { runsMs } });
    expect(again.stateOf("w1")).toBe("in-use");
    await again.pass(runsMs);
    expect(again.stateOf("w1")).toBe("free");
    const later = await again.afterPowerCut({ stations, outlet: { runsMs } });
    expect(later.stateOf("w1")).toBe("free");
  });

  it.each<readonly [string, Partial<OutletOnMachine>]>([
    ["no time of its own", {}],
    ["is a right", { runsMs, isParallel: true }],
  ])("%s: free after the same power cut", async (_name, outlet) => {
    const before = await new Laundry({ stations, outlet }).start();
    await before.scan("w1");
    await before.press("w1");
    await before.untilMoving(1);
    const cut = await before.afterPowerCut({ stations, outlet });
    expect(cut.stateOf("w1")).toBe("free");
  });

  it("has to be emptied afterwards, sells meanwhile, and is free after that or when the next one runs", async () => {
    const emptyMs = 60_000;
    const laundry = await new Laundry({ stations, outlet: { runsMs, emptyMs } }).start();
    const wash = async (): Promise<void> => {
      await laundry.scan("w1");
      await laundry.press("w1");
      await laundry.pass(deliveryMs + 20_000);
      expect(laundry.stateOf("w1")).toBe("in-use");
      await laundry.pass(runsMs - 10_000);
    };
    await wash();
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["finished", "free"]);
    expect(laundry.link.states.at(-1)?.stations?.get(stationId("w1"))).toEqual({ state: "finished" });
    await wash();
    expect(laundry.stateOf("w1"), "the second customer paid and it ran").toBe("finished");
    await laundry.pass(emptyMs);
    expect([laundry.stateOf("w1"), laundry.link.states.at(-1)?.stations?.get(stationId("w1"))?.state]).toEqual([
      "free",
      "free",
    ]);
    expect(laundry.captured).toBe(2 * price.minor);
  });

  it("takes more time while it runs, where it may", async () => {
    const laundry = await running({ canExtend: true });
    await laundry.scan("w1");
    await laundry.press("w1");
    await laundry.pass(deliveryMs + 20_000);
    expect(laundry.captured).toBe(2 * price.minor);
    const until = (): number | undefined => laundry.house.outlets()[0]?.untilWallMs;
    await laundry.pass(runsMs);
    expect(until(), "the second time began when the first was over").toBeGreaterThan(laundry.clock.wallMs());
    await laundry.pass(runsMs);
    expect(until()).toBeUndefined();
  });
});

describe("a power cut with two outlets in mid-sale", () => {
  it.each([2_500, 3_500, 5_000])("ends all payments, %d ms after the second press", async (ms) => {
    const starts = new Map<string, number>();
    const stations = ["w1", "w2"];
    const before = await new Laundry({ stations, starts }).start();
    await before.scan("w1");
    await before.scan("w2");
    await before.press("w1");
    await before.pass(50);
    await before.press("w2");
    await before.pass(ms);
    const after = await before.afterPowerCut({ stations, starts });
    await after.untilSettled();
    expect([...after.journal.entries("settlement")]).toEqual([]);
    expect(after.captured).toBeLessThanOrEqual(after.drops.length * price.minor);
    expect(
      [...starts.values()].every((times) => times === 1),
      "never twice",
    ).toBe(true);
    for (const view of after.provider.views.values())
      expect(view.state === "AUTHORIZED" ? view.captured + view.cancelled : view.authorized).toBe(view.authorized);
  });

  it("settles what is open of an outlet that has left the configuration, and shows nothing of it", async () => {
    const before = await new Laundry({ stations: ["w1", "w8"] }).start();
    await before.scan("w8");
    await before.press("w8");
    await before.untilMoving(1);
    expect([...before.journal.entries("settlement")]).toHaveLength(1);
    const after = await before.afterPowerCut({ stations: ["w1", "w2"] });
    expect(after.house.outlets().map(({ station }) => station)).toEqual(["w1", "w2"]);
    await after.untilSettled();
    await after.pass(5_000);
    expect([...after.journal.entries("settlement")]).toEqual([]);
    expect(new Set(after.panel.scenes.map(({ kind }) => kind))).toEqual(new Set(["idle"]));
    expect([...after.link.sales.keys()]).toHaveLength(1);
  });
});

describe("the machine as a whole", () => {
  it("is told to stop or to sell for all outlets, and each can be told for itself", async () => {
    const laundry = await new Laundry({ stations: ["w1", "w2"] }).start();
    const tell = async (counter: number, kind: "out-of-service" | "in-service", station?: string): Promise<void> => {
      const command = { id: `c${counter}`, counter, deadlineWallMs: laundry.clock.wallMs() + 60_000, order: { kind } };
      const named = station === undefined ? command : { ...command, station: stationId(station) };
      await laundry.link.deliver({ kind: "command", command: named });
      await laundry.pass(2_000);
    };
    await tell(1, "out-of-service", "w1");
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["operator", "free"]);
    await tell(2, "out-of-service");
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["operator", "operator"]);
    expect(laundry.link.states.at(-1)).toMatchObject({ state: "out-of-service", reason: "operator" });
    await tell(3, "in-service");
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["operator", "free"]);
    await tell(2, "in-service", "w1");
    expect(laundry.stateOf("w1"), "commands are counted in one row for all outlets").toBe("operator");
    await tell(4, "in-service", "w1");
    expect(laundry.stateOf("w1")).toBe("free");
    expect(laundry.link.replies.map(({ id }) => id).toSorted()).toEqual(["c1", "c2", "c3", "c4"]);
  });

  it("stops all outlets when its door is open, and says one state", async () => {
    const laundry = await new Laundry({ stations: ["w1", "w2"] }).start();
    expect(laundry.link.states.at(-1)).toMatchObject({ state: "ready" });
    laundry.machine.setDoorOpen(true);
    await settle();
    expect([laundry.stateOf("w1"), laundry.stateOf("w2")]).toEqual(["machine", "machine"]);
    expect(laundry.link.states.at(-1)).toMatchObject({ state: "out-of-service", reason: "machine" });
  });

  it("sends each ended sale once, from one outbox, and lets deliveries end before it stops", async () => {
    const laundry = await new Laundry().start();
    for (const station of ["w1", "w2", "w3"]) {
      await laundry.scan(station);
      await laundry.press(station);
    }
    await laundry.untilMoving(3);
    const stopped = laundry.house.stop();
    await laundry.pass(deliveryMs + 1_000);
    await laundry.pass(30_000);
    await stopped;
    expect(laundry.drops).toHaveLength(3);
    const again = await laundry.afterPowerCut({});
    await again.pass(60_000);
    expect([...laundry.link.sales.keys(), ...again.link.sales.keys()].toSorted()).toHaveLength(3);
    expect(again.captured).toBe(3 * price.minor);
    expect([...again.journal.entries("unsent")]).toEqual([]);
  });

  it("hears scans in the order in which they came, for the walk round the stickers", async () => {
    const laundry = await new Laundry({ stations: ["w1", "w2"] }).start();
    await laundry.scan("w2");
    expect(laundry.house.checkIns().map(({ id, number }) => [id, number])).toEqual([[`${machineId}--w2`, 1]]);
    await laundry.scan("w1");
    expect(laundry.house.checkIns().map(({ id, number }) => [id, number])).toEqual([
      [`${machineId}--w2`, 1],
      [`${machineId}--w1`, 2],
    ]);
  });

  it("leaves the journal's keys of a machine without outlets alone", async () => {
    const journal = new MemoryJournal();
    const laundry = await new Laundry({ journal, stations: ["w1"] }).start();
    laundry.machine.setFault("jam");
    await laundry.scan("w1");
    await laundry.press("w1");
    await laundry.pass(10_000);
    const keys = [...journal.entries("fact")].map(([key]) => key);
    expect(keys).toContain("station.w1.line-states");
    expect(keys).not.toContain("line-states");
  });
});
