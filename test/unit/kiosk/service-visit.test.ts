/** Goal: who refilled or mended the machine puts its lines back, by whichever way it is said. Method: a whole kiosk with a coil that jams. */
import { describe, expect, it } from "vitest";
import { serviceVisit } from "../../../src/kiosk/service-visit.ts";
import { initialState, type LineState, serviced } from "../../../src/sale/state.ts";
import { catalogue } from "../sale/support.ts";
import { KioskRig } from "./rig.ts";

const lines = new Map<string, LineState>([
  ["A1", { state: "jammed", sold: 3, sinceWallMs: 5 }],
  ["A2", { state: "for-sale", sold: 1, sinceWallMs: null }],
  ["B9", { state: "sold-out", sold: 0, sinceWallMs: 5 }],
]);

describe("what a visit puts back", () => {
  it.each([
    [undefined, { kind: "done", lines: ["A1", "B9"] }],
    ["A1", { kind: "done", lines: ["A1"] }],
    ["B9", { kind: "done", lines: ["B9"] }],
    ["A2", { kind: "done", lines: [] }],
    ["A4", { kind: "refused", reason: 'the catalogue says that "Nuts" on line A4 is sold out: change it there' }],
    ["C1", { kind: "refused", reason: 'there is no line "C1": there are A1, A2, A3, A4, B9' }],
  ])("for line %s: %o", (line, answer) => {
    expect(serviceVisit(initialState(catalogue, lines), line)).toEqual(answer);
  });

  it("is also a line whose counted stock is sold, and then it is counted from the beginning", () => {
    const sold = new Map<string, LineState>([["A2", { state: "for-sale", sold: 2, sinceWallMs: null }]]);
    const state = initialState(catalogue, sold);
    expect(serviceVisit(state, "A2")).toEqual({ kind: "done", lines: ["A2"] });
    expect(serviced(state, "A2").lines.get("A2")).toEqual({ state: "for-sale", sold: 0, sinceWallMs: null });
    expect(serviced(state, "A1")).toBe(state);
    expect(
      serviceVisit(initialState(catalogue, new Map([["A2", { state: "for-sale", sold: 1, sinceWallMs: null }]])), "A2"),
    ).toEqual({ kind: "done", lines: [] });
  });

  it("keeps the count of a line that was jammed, and what was found out of other lines", () => {
    const after = serviced(initialState(catalogue, lines), "A1");
    expect(after.lines.get("A1")).toEqual({ state: "for-sale", sold: 3, sinceWallMs: null });
    expect(after.lines.get("B9")).toEqual(lines.get("B9"));
  });

  it("on a machine that names no lines, only the whole machine", () => {
    const state = initialState({ ...catalogue, products: [] }, new Map());
    expect(serviceVisit(state, undefined)).toEqual({ kind: "done", lines: [] });
    expect(serviceVisit(state, "1")).toMatchObject({ reason: 'there is no line "1": this machine names no lines' });
  });
});

async function jammed(): Promise<KioskRig> {
  const rig = await new KioskRig().start();
  rig.machine.setFault("jam");
  await rig.sell("A1");
  rig.machine.setFault("none");
  expect(offerOf(rig, "A1")).toMatchObject({ soldOut: true });
  return rig;
}

function offerOf(rig: KioskRig, line: string) {
  const scene = rig.kiosk.scene();
  return scene.kind === "idle" ? scene.offers.find((offer) => offer.line === line) : undefined;
}

describe("a line that jammed", () => {
  it("is offered again when a person says so, and is known to be after a restart", async () => {
    const rig = await jammed();
    expect(await rig.kiosk.serviced("A1")).toEqual({ kind: "done", lines: ["A1"] });
    expect(offerOf(rig, "A1")).toMatchObject({ soldOut: false });
    const later = await new KioskRig({ journal: rig.journal }).start();
    expect(offerOf(later, "A1")).toMatchObject({ soldOut: false });
  });

  it("stays as it is when a person names another line", async () => {
    const rig = await jammed();
    expect(await rig.kiosk.serviced("A2")).toEqual({ kind: "done", lines: [] });
    expect(await rig.kiosk.serviced("A9")).toMatchObject({ kind: "refused" });
    expect(offerOf(rig, "A1")).toMatchObject({ soldOut: true });
  });

  it("is offered again by the signed command, which says what it did", async () => {
    const rig = await jammed();
    expect(await rig.command({ kind: "serviced", line: "A9" })).toMatchObject({ outcome: "refused" });
    expect(await rig.command({ kind: "serviced", line: "A1" })).toMatchObject({
      outcome: "done",
      detail: "tried again: A1",
    });
    expect(offerOf(rig, "A1")).toMatchObject({ soldOut: false });
    expect(await rig.command({ kind: "serviced", line: undefined })).toMatchObject({
      outcome: "done",
      detail: "nothing was jammed or sold out",
    });
  });

  it("is not put back, and nobody is told so, when the journal does not take it", async () => {
    const rig = await jammed();
    rig.journal.fault = new Error("ENOSPC");
    await expect(rig.kiosk.serviced("A1")).rejects.toThrow("ENOSPC");
    rig.journal.fault = undefined;
    await rig.clock.advance(15_000);
    expect(await rig.kiosk.serviced("A1")).toEqual({ kind: "done", lines: ["A1"] });
  });
});
