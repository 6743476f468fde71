/**
 * Goal: another program's order is answered with what was decided, the same answer however often it is asked. Method: the counter of a whole
 * kiosk, and the journal that a restart finds.
 */
import { describe, expect, it } from "vitest";
import { money } from "../../../src/sale/money.ts";
import type { OrderSelection } from "../../../src/sale/order.ts";
import { settle } from "../../../src/service/simulated-clock.ts";
import { KioskRig } from "./rig.ts";

const order = (orderId: string, minor = 4_500): OrderSelection => ({
  kind: "order",
  orderId,
  amount: money(minor, "NOK"),
  title: "Burger",
  lines: [],
});

async function waiting(): Promise<KioskRig> {
  const rig = await new KioskRig().start();
  rig.provider.approvesAtOnce = false;
  return rig;
}

describe("an order", () => {
  it("is taken, waits for its payment, and is done when it was handed over", async () => {
    const rig = await new KioskRig().start();
    const { counter } = rig.kiosk;
    expect(await counter.order(order("o-1"))).toMatchObject({
      kind: "taken",
      status: { state: "waiting-for-payment", isSettled: false, title: "Burger", amount: money(4_500, "NOK") },
    });
    expect(counter.open()).toEqual({ payments: ["o-1"], handIns: [] });
    expect(counter.view()).toMatchObject({ state: "selling", takesOrders: false, orderId: "o-1" });
    await rig.clock.advance(20_000);
    expect(counter.status("o-1")).toMatchObject({ state: "done", isSettled: true, captured: 4_500 });
    expect(counter.open()).toEqual({ payments: [], handIns: [] });
    expect(await counter.order(order("o-1"))).toMatchObject({ kind: "known", status: { state: "done" } });
    const later = await new KioskRig({ journal: rig.journal }).start();
    expect(later.kiosk.counter.status("o-1")).toMatchObject({ state: "done", captured: 4_500 });
    expect(await later.kiosk.counter.order(order("o-1"))).toMatchObject({ kind: "known" });
  });

  it("sent again while it waits is the same order; another under its id is a conflict", async () => {
    const rig = await waiting();
    const { counter } = rig.kiosk;
    const both = await Promise.all([counter.order(order("o-1")), counter.order(order("o-1"))]);
    expect(both.map(({ kind }) => kind)).toEqual(["taken", "known"]);
    expect(await counter.order(order("o-1", 9_900))).toEqual({ kind: "conflict" });
    expect(rig.provider.requests).toHaveLength(1);
  });

  it("while another session is on is refused as busy", async () => {
    const rig = await waiting();
    await rig.kiosk.counter.order(order("o-1"));
    expect(await rig.kiosk.counter.order(order("o-2"))).toMatchObject({ kind: "refused", refusal: { reason: "busy" } });
    expect(rig.kiosk.counter.status("o-2")).toBeUndefined();
  });

  it.each<readonly [string, (rig: KioskRig) => Promise<unknown>, OrderSelection, object]>([
    [
      "out of service",
      (rig) => rig.command({ kind: "out-of-service" }),
      order("o-1"),
      { reason: "not-ready", code: "operator" },
    ],
    [
      "with a provider that is away",
      async (rig) => {
        rig.provider.fault = { kind: "refused", status: 403, code: undefined, detail: "no" };
        await rig.clock.advance(60_000);
      },
      order("o-1"),
      { reason: "not-ready", code: "provider" },
    ],
    ["for less than the wallet takes", async () => {}, order("o-1", 99), { reason: "not-allowed" }],
    [
      "in another currency",
      async () => {},
      { ...order("o-1"), amount: money(4_500, "DKK") },
      { reason: "not-allowed" },
    ],
  ])("%s is refused", async (_, prepare, selection, refusal) => {
    const rig = await waiting();
    await prepare(rig);
    expect(await rig.kiosk.counter.order(selection)).toMatchObject({ kind: "refused", refusal });
    expect(rig.kiosk.counter.open().payments).toEqual([]);
  });

  it("of a machine that starts is refused", async () => {
    const rig = new KioskRig();
    expect(rig.kiosk.counter.view()).toMatchObject({ state: "starting", takesOrders: false });
    expect(await rig.kiosk.counter.order(order("o-1"))).toMatchObject({
      refusal: { reason: "not-ready", code: "starting" },
    });
  });

  it("is taken back while it is not paid, and only by its own id", async () => {
    const rig = await waiting();
    const { counter } = rig.kiosk;
    await counter.order(order("o-1"));
    await counter.cancel("o-2");
    expect(counter.status("o-1")).toMatchObject({ state: "waiting-for-payment" });
    await counter.cancel("o-1");
    expect(counter.status("o-1")).toMatchObject({ state: "not-paid" });
    await rig.clock.advance(20_000);
    expect(counter.status("o-1")).toMatchObject({ state: "not-paid", isSettled: true });
  });

  it("rejects while the disk does not take it, and is taken later", async () => {
    const rig = await waiting();
    rig.journal.fault = new Error("ENOSPC");
    await expect(rig.kiosk.counter.order(order("o-1"))).rejects.toThrow("ENOSPC");
    rig.journal.fault = undefined;
    await rig.clock.advance(120_000);
    expect(await rig.kiosk.counter.order(order("o-1"))).toMatchObject({ kind: "taken" });
  });

  it("for a customer who checked in is paid without a code", async () => {
    const rig = await waiting();
    await rig.link.deliver({
      kind: "checked-in",
      eventId: "e1",
      customerToken: "a token",
      ageMs: 0,
      initiatedAtWallMs: rig.clock.wallMs(),
      publishedAtWallMs: rig.clock.wallMs(),
    });
    expect(rig.kiosk.counter.view()).toMatchObject({ customerWaits: true, takesOrders: true });
    await rig.kiosk.counter.order(order("o-1"));
    await settle();
    expect(rig.provider.requests).toMatchObject([
      { flow: "web-redirect", customer: { kind: "customer-token", token: "a token" } },
    ]);
  });

  it("that nobody ever sent is not known", async () => {
    const rig = await waiting();
    expect(rig.kiosk.counter.status("o-1")).toBeUndefined();
    expect(rig.kiosk.counter.handInStatus("s-1")).toBeUndefined();
    expect(rig.kiosk.counter.handInOf("s-1")).toBeUndefined();
  });
});

describe("a handed-in order", () => {
  it("is delivered once, and its answer is the same ever after", async () => {
    const rig = await new KioskRig().start();
    const { counter } = rig.kiosk;
    expect(await counter.handIn({ orderId: "s-1", line: "A1" })).toMatchObject({
      kind: "taken",
      status: { state: "to-deliver", title: "Water", line: "A1" },
    });
    expect(counter.open()).toEqual({ payments: [], handIns: ["s-1"] });
    expect(counter.handInOf("shop:s-1")).toBe("s-1");
    await rig.clock.advance(20_000);
    expect(counter.handInStatus("s-1")).toMatchObject({ state: "done", title: "Water" });
    expect(await counter.handIn({ orderId: "s-1", line: "A1" })).toMatchObject({ kind: "known" });
    expect(rig.drops).toHaveLength(1);
    const later = await new KioskRig({ journal: rig.journal }).start();
    expect(await later.kiosk.counter.handIn({ orderId: "s-1", line: "A1" })).toMatchObject({ kind: "known" });
    expect(later.kiosk.counter.handInStatus("s-1")).toMatchObject({ state: "done" });
  });

  it("of something that only the front end knows has the title that it came with", async () => {
    const rig = await new KioskRig().start();
    expect(await rig.kiosk.counter.handIn({ orderId: "s-1", title: "Bag 12" })).toMatchObject({
      status: { title: "Bag 12", line: "" },
    });
  });

  it.each([
    ["on a line that is sold out", "A4", "not-allowed", "line A4 is sold out or jammed"],
    ["on a line that is not there", "C9", "not-allowed", "there is no product on line C9"],
  ])("%s is refused, and can be handed in later", async (_, line, reason, detail) => {
    const rig = await new KioskRig().start();
    const answer = await rig.kiosk.counter.handIn({ orderId: "s-1", line });
    expect(answer).toEqual({ kind: "refused", refusal: { reason, detail } });
    expect(await rig.kiosk.counter.handIn({ orderId: "s-1", line: "A1" })).toMatchObject({ kind: "taken" });
  });

  it("while a session is on is refused as busy", async () => {
    const rig = await waiting();
    await rig.kiosk.counter.order(order("o-1"));
    expect(await rig.kiosk.counter.handIn({ orderId: "s-1", line: "A1" })).toMatchObject({
      refusal: { reason: "busy", detail: "a customer session is on" },
    });
  });
});

describe("who listens", () => {
  it("is told after every decision and every change of state, until they stop", async () => {
    const rig = await waiting();
    let told = 0;
    const stop = rig.kiosk.counter.onChange(() => (told += 1));
    await rig.kiosk.counter.order(order("o-1"));
    expect(told).toBeGreaterThan(0);
    stop();
    told = 0;
    await rig.kiosk.counter.cancel("o-1");
    expect(told).toBe(0);
  });

  it("asks for today's sales without a look into the month's file, for the newest 64", async () => {
    const rig = await new KioskRig().start();
    await rig.kiosk.counter.order(order("o-1"));
    await rig.clock.advance(20_000);
    const { counter } = rig.kiosk;
    const reads: string[] = [];
    const get = rig.journal.get.bind(rig.journal);
    rig.journal.get = (table, key) => {
      if (table === "sale") reads.push(key);
      return get(table, key);
    };
    counter.status("o-1");
    expect(reads).toEqual([]);
  });
});
