/** Goal: the health report names what a person has to do, and is never older than what is true. Method: a whole kiosk, and what its link was told. */
import { describe, expect, it } from "vitest";
import { linesNotForSale } from "../../../src/kiosk/line-health.ts";
import { initialState, type LineState } from "../../../src/sale/state.ts";
import { catalogue } from "../sale/support.ts";
import { KioskRig } from "./rig.ts";

describe("a line that is not for sale", () => {
  const since = { sinceWallMs: Date.UTC(2026, 10, 23, 12) };
  const line = (name: string, state: LineState): ReadonlyMap<string, LineState> => new Map([[name, state]]);
  const nuts = {
    line: "A4",
    product: "Nuts",
    state: "sold-out",
    since: undefined,
    action: "the catalogue says that it is sold out: set it on sale there",
  };

  it.each<readonly [string, ReadonlyMap<string, LineState>, object]>([
    [
      "jammed",
      line("A1", { state: "jammed", sold: 0, ...since }),
      {
        line: "A1",
        product: "Water",
        state: "jammed",
        since: "2026-11-23T12:00:00.000Z",
        action: "free what is stuck on line A1, then say so: kvitt machine serviced A1",
      },
    ],
    [
      "found empty",
      line("A1", { state: "sold-out", sold: 0, ...since }),
      { line: "A1", state: "sold-out", action: "refill line A1, then say so: kvitt machine serviced A1" },
    ],
    [
      "counted down to nothing",
      line("A2", { state: "for-sale", sold: 2, sinceWallMs: null }),
      {
        line: "A2",
        product: "Cola",
        state: "sold-out",
        since: undefined,
        action: "all 2 that were counted are sold: refill line A2, then say so: kvitt machine serviced A2",
      },
    ],
    [
      "without a product",
      line("B9", { state: "jammed", sold: 0, ...since }),
      { line: "B9", product: undefined, state: "jammed" },
    ],
  ])("%s", (_, lines, expected) => {
    const found = linesNotForSale(initialState(catalogue, lines));
    expect(found).toHaveLength(2);
    expect(found.find((one) => one.line !== "A4")).toMatchObject(expected);
    expect(found).toContainEqual(nuts);
  });

  it("by the catalogue's own stock is counted anew there", () => {
    const products = catalogue.products.map((product) => ({ ...product, soldOut: false, stock: 0 }));
    const [first] = linesNotForSale(initialState({ ...catalogue, products }, new Map()));
    expect(first).toMatchObject({ line: "A1", action: "the catalogue's stock is 0: count it anew there" });
  });

  it("and none besides is named", () => {
    const lines = new Map<string, LineState>([
      ["A1", { state: "for-sale", sold: 7, sinceWallMs: null }],
      ["A2", { state: "for-sale", sold: 1, sinceWallMs: null }],
    ]);
    expect(linesNotForSale(initialState(catalogue, lines)).map(({ line: name }) => name)).toEqual(["A4"]);
  });
});

describe("the retained health", () => {
  it("of an idle machine after a sale is that of an idle machine", async () => {
    const rig = await new KioskRig().start();
    await rig.sell();
    await rig.clock.advance(20_000);
    expect(rig.link.health.at(-1)).toMatchObject({ state: "ready", openSettlements: 0, inbox: 0, unsent: 0 });
  });

  it("names a coil that jammed, since when, and no longer after the visit", async () => {
    const rig = await new KioskRig().start();
    rig.machine.setFault("jam");
    const jammedAt = rig.clock.wallMs();
    await rig.sell("A1");
    await rig.clock.advance(20_000);
    const { lines } = { lines: linesOf(rig) };
    expect(lines).toMatchObject([{ line: "A1", state: "jammed" }, { line: "A4" }]);
    expect(Date.parse(lines[0]?.since ?? "")).toBeGreaterThan(jammedAt);
    await rig.kiosk.serviced();
    await rig.clock.advance(20_000);
    expect(linesOf(rig).map(({ line }) => line)).toEqual(["A4"]);
  });

  it("names the newest command that was refused", async () => {
    const rig = await new KioskRig().start();
    await rig.command({ kind: "serviced", line: "C9" });
    await rig.clock.advance(20_000);
    expect(rig.link.health.at(-1)).toMatchObject({
      refused: { id: "command-1", outcome: "refused", at: "2026-11-23T12:00:00.000Z" },
    });
  });

  it("says what the machine's driver and the panel have to say while they are not ready", async () => {
    const rig = await new KioskRig().start();
    expect(rig.kiosk.health()).toMatchObject({ machine: undefined, panel: undefined });
    rig.machine.setDoorOpen(true);
    expect(rig.kiosk.health()).toMatchObject({ machine: "the door is open", missing: ["machine"] });
    await rig.clock.advance(20_000);
    expect(rig.link.health.at(-1)).toMatchObject({ machine: "the door is open" });
  });

  it("is said every hour although nothing happens, and not more often", async () => {
    const rig = await new KioskRig().start();
    await rig.clock.advance(60_000);
    const before = rig.link.health.length;
    await rig.clock.advance(3 * 3_600_000);
    expect(rig.link.health.length - before).toBe(3);
  });
});

function linesOf(rig: KioskRig): readonly { readonly line: string; readonly since: string | undefined }[] {
  return rig.kiosk.health().lines;
}
