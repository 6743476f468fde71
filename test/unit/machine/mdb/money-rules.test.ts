/**
 * Goal: the money rules of MDB, each by its name: what counts as delivered, what is released, what is never approved. Method: the driver
 * against the simulated controller on a simulated clock, in both dialects of the adapter.
 */
import { describe, expect, it } from "vitest";
import { kinds, nok, startRig } from "./rig.ts";

describe.each(["new", "old"] as const)("money rules, %s firmware", (dialect) => {
  it("what was approved and reported as VEND SUCCESS is delivered, once, for the approved price", async () => {
    const { clock, vmc, drops, deliver, machine } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toEqual({ kind: "delivered", detail: "VEND SUCCESS" });
    expect(drops).toEqual([{ item: 7, approvedMinor: 2_500 }]);
    expect(vmc.heard.filter((order) => order.startsWith("C,VEND"))).toEqual(["C,VEND,25.00"]);
    expect([machine.state(), vmc.violations]).toEqual(["enabled", []]);
  });

  it("(a) a reset between VEND APPROVED and VEND SUCCESS counts as VEND SUCCESS, and says so", async () => {
    const { clock, vmc, drops, deliver } = await startRig({ dialect });
    vmc.setFault("reset-after-drop");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
    expect(JSON.stringify(delivery.ended)).toMatch(/MDB rule/);
    expect(drops).toHaveLength(1);
  });

  it("(a) so does READER DISABLE in between", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(100);
    vmc.setEnabled(false);
    await clock.advance(5_000);
    expect(delivery.ended).toMatchObject({ kind: "delivered" });
  });

  it("(b) VEND FAILURE is not delivered, and the next sale works", async () => {
    const { clock, vmc, drops, deliver } = await startRig({ dialect });
    vmc.setFault("vend-fails");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toEqual({ kind: "not-delivered", reason: "VEND FAILURE" });
    expect(drops).toEqual([]);
    vmc.setFault("none");
    vmc.press(8);
    await clock.advance(100);
    const next = deliver();
    await clock.advance(10_000);
    expect(next.ended).toMatchObject({ kind: "delivered" });
    expect(drops).toEqual([{ item: 8, approvedMinor: 3_200 }]);
  });

  it("(c) VEND CANCEL before the approval is denied, and an approval that comes later approves nothing", async () => {
    const { clock, vmc, drops, deliver, events } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    vmc.cancel();
    await clock.advance(100);
    expect(kinds(events)).toEqual(["selected", "selection-cancelled"]);
    expect(vmc.heard.at(-1)).toBe("C,STOP");
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
    expect([drops, vmc.violations]).toEqual([[], []]);
  });

  it("(c) an approval for a selection that was taken back does not approve the next one, even of the same item", async () => {
    const { clock, vmc, drops, deliver, selection, machine } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const old = selection();
    vmc.cancel();
    await clock.advance(400);
    vmc.press(7);
    await clock.advance(100);
    const early = deliver({ selection: old });
    await machine.closeSession();
    const late = deliver({ selection: old });
    await clock.advance(100);
    expect([early.ended, late.ended]).toMatchObject([{ kind: "not-delivered" }, { kind: "not-delivered" }]);
    expect(selection().request).not.toBe(old.request);
    const good = deliver();
    await clock.advance(10_000);
    expect(good.ended).toMatchObject({ kind: "delivered" });
    expect([drops.length, vmc.violations]).toEqual([1, []]);
  });

  it("(c) VEND CANCEL that crosses the approval on the wire is not delivered", async () => {
    const { clock, vmc, drops, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    vmc.cancel();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
    expect(drops).toEqual([]);
  });

  it("(d) less than the asked price may be approved, more never", async () => {
    const { clock, vmc, drops, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const dear = deliver({ price: nok(2_600) });
    await clock.advance(10);
    expect(dear.ended).toMatchObject({ kind: "not-delivered" });
    const cheap = deliver({ price: nok(2_000) });
    await clock.advance(10_000);
    expect(cheap.ended).toMatchObject({ kind: "delivered" });
    expect(drops).toEqual([{ item: 7, approvedMinor: 2_000 }]);
  });

  it("(d) the price that counts is the one that the machine asks for, whatever the price list says", async () => {
    const { clock, vmc, selection } = await startRig({ dialect });
    vmc.setFault("other-price");
    vmc.press(7);
    await clock.advance(100);
    expect(selection()).toMatchObject({ price: nok(2_600), item: "7" });
  });

  it("(e) without a payment in the machine's response time the vend is denied and the selection is given up", async () => {
    const { clock, vmc, events, deliver, machine } = await startRig({
      dialect,
      response: 30_000,
      maxResponseMs: 30_000,
    });
    vmc.press(7);
    await clock.advance(29_500);
    expect(kinds(events)).toEqual(["selected", "selection-cancelled"]);
    expect(vmc.heard.at(-1)).toBe("C,STOP");
    const late = deliver();
    await clock.advance(5_000);
    expect(late.ended).toMatchObject({ kind: "not-delivered" });
    expect([machine.state(), vmc.violations]).toEqual(["enabled", []]);
  });

  it("(f) an item that the machine does not know is sold for the price alone", async () => {
    const { clock, vmc, selection } = await startRig({ dialect });
    vmc.setFault("unknown-item");
    vmc.press(8);
    await clock.advance(100);
    expect(selection()).toMatchObject({ price: nok(3_200), item: undefined });
  });

  it("a price under what can be paid is denied at once, and the customer may choose again", async () => {
    const { clock, vmc, events } = await startRig({ dialect });
    vmc.press(9);
    await clock.advance(1_000);
    expect([kinds(events), vmc.heard.at(-1)]).toEqual([[], "C,STOP"]);
    vmc.press(7);
    await clock.advance(100);
    expect(kinds(events)).toEqual(["selected"]);
  });

  it("an adapter that is unplugged between approval and success leaves the delivery unknown, at once", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(100);
    vmc.unplug();
    await clock.advance(10);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("a machine that hangs after the approval is unknown when nobody waits any longer", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.setFault("hangs");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(60_000);
    expect(delivery.ended).toBeUndefined();
    delivery.stop.abort(new Error("the delivery took too long"));
    await clock.advance(1);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("a machine that leaves the vend without a word is unknown", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.setFault("no-word");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("an adapter that loses power between approval and success, and says so, leaves the delivery unknown", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(100);
    vmc.powerCycleAdapter(true);
    await clock.advance(100);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("delivers nothing that was not chosen at the machine", async () => {
    const { clock, vmc, deliver, drops } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver({ selection: { kind: "line", line: "7" } });
    await clock.advance(10);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
    expect(drops).toEqual([]);
  });
});
