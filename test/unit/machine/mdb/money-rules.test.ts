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

  it.each([
    ["disables", "delivered", 1],
    ["disables-and-fails", "not-delivered", 0],
  ] as const)("(a) READER DISABLE in between is no reset: %s ends as %s", async (fault, kind, fallen) => {
    const { clock, vmc, drops, deliver } = await startRig({ dialect, deliveryMs: 5_000 });
    vmc.setFault(fault);
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(4_000);
    expect(delivery.ended).toBeUndefined();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, drops.length, vmc.violations]).toEqual([kind, fallen, []]);
  });

  it("(a) nor is a machine that is disabled and stays so: its vend goes on to its end", async () => {
    const { clock, vmc, machine, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(100);
    vmc.setEnabled(false);
    await clock.advance(5_000);
    expect([delivery.ended?.kind, vmc.violations]).toEqual(["delivered", []]);
    await clock.advance(20_000);
    expect(machine.readiness()).toMatchObject({ ready: false, fault: "disabled-by-vmc" });
  });

  it("a selection outlives READER DISABLE and READER ENABLE: it can be paid, and only once", async () => {
    const { clock, vmc, drops, deliver, events } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    vmc.setEnabled(false);
    await clock.advance(5_000);
    vmc.setEnabled(true);
    await clock.advance(5_000);
    expect(kinds(events)).not.toContain("selection-cancelled");
    const delivery = deliver();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, drops.length, vmc.violations]).toEqual(["delivered", 1, []]);
  });

  it("(c) VEND CANCEL after READER DISABLE and READER ENABLE is denied, and the next sale works", async () => {
    const { clock, vmc, deliver, events, machine } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    vmc.setEnabled(false);
    await clock.advance(5_000);
    vmc.setEnabled(true);
    await clock.advance(5_000);
    vmc.cancel();
    await clock.advance(20_000);
    await machine.closeSession();
    expect(kinds(events).filter((kind) => kind === "selection-cancelled")).toHaveLength(1);
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, vmc.violations]).toEqual(["delivered", []]);
  });

  it("(a) a reset before the approval was fetched is no success", async () => {
    const { clock, vmc, drops, deliver } = await startRig({ dialect });
    vmc.setFault("reset-before-fetch");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, drops]).toEqual(["unknown", []]);
  });

  it("a drink that takes 77 s is delivered, and nothing is ordered meanwhile", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.setFault("slow");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    const { length } = vmc.heard;
    await clock.advance(80_000);
    expect([delivery.ended?.kind, vmc.heard.slice(length), vmc.violations]).toEqual(["delivered", [], []]);
  });

  it("a word that comes after the session is over still counts", async () => {
    const { clock, vmc, deliver, drops } = await startRig({ dialect });
    vmc.setFault("late-word");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, drops.length, vmc.violations]).toEqual(["delivered", 1, []]);
  });

  it("an approval that the adapter refuses is not delivered", async () => {
    const { clock, vmc, deliver, drops, machine } = await startRig({ dialect });
    vmc.setFault("refuses");
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(10_000);
    expect([delivery.ended?.kind, drops, vmc.violations, machine.state()]).toEqual([
      "not-delivered",
      [],
      [],
      "enabled",
    ]);
  });

  it.each(["unknown-price", "comma-price"] as const)("%s is denied, and nobody is asked to pay", async (fault) => {
    const { clock, vmc, events, machine } = await startRig({ dialect });
    vmc.setFault(fault);
    vmc.press(7);
    await clock.advance(1_000);
    expect([kinds(events), vmc.violations, machine.state()]).toEqual([[], [], "enabled"]);
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
    vmc.setFault("cancel-crosses");
    const delivery = deliver();
    await clock.advance(10_000);
    expect(delivery.ended).toMatchObject({ kind: "not-delivered" });
    expect([drops, vmc.violations]).toEqual([[], []]);
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

  it("an adapter that loses power between approval and success leaves the delivery unknown, as soon as it is heard of again", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(100);
    vmc.unplug();
    await clock.advance(10_000);
    expect(delivery.ended).toBeUndefined();
    vmc.plug();
    await clock.advance(30_000);
    expect(delivery.ended).toMatchObject({ kind: "unknown" });
  });

  it("a line that breaks in the middle of a vend and comes back: the machine's word counts", async () => {
    const { clock, vmc, deliver } = await startRig({ dialect, deliveryMs: 30_000 });
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(2_000);
    vmc.breakLine();
    await clock.advance(40_000);
    expect([delivery.ended?.kind, vmc.violations]).toEqual(["delivered", []]);
  });

  it.each(["hangs", "no-word"] as const)("%s: unknown at the end of the machine's time, by itself", async (fault) => {
    const { clock, vmc, deliver } = await startRig({ dialect });
    vmc.setFault(fault);
    vmc.press(7);
    await clock.advance(100);
    const delivery = deliver();
    await clock.advance(170_000);
    expect(delivery.ended).toBeUndefined();
    await clock.advance(11_000);
    expect([delivery.ended?.kind, vmc.violations]).toEqual(["unknown", []]);
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
