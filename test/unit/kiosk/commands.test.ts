/** Goal: every command of the back office does what it says, once, and gets exactly one answer. Method: a whole kiosk, command by command. */
import { describe, expect, it } from "vitest";
import type { CommandOrder } from "../../../src/link/port.ts";
import { seenCommandKey } from "../../../src/kiosk/journal-keys.ts";
import { isForSale } from "../../../src/sale/catalogue.ts";
import { money } from "../../../src/sale/money.ts";
import { catalogue } from "../sale/support.ts";
import { reference as foreign } from "./records.ts";
import { KioskRig, lost } from "./rig.ts";

const dearer = {
  ...catalogue,
  version: "2",
  products: catalogue.products.filter(isForSale).map((product) => ({ ...product, price: money(9_900, "NOK") })),
};

describe("a command", () => {
  it.each<readonly [CommandOrder, object]>([
    [{ kind: "out-of-service" }, { outcome: "done" }],
    [{ kind: "in-service" }, { outcome: "done" }],
    [{ kind: "serviced", line: undefined }, { outcome: "done" }],
    [{ kind: "set-catalogue", catalogue: dearer }, { outcome: "done" }],
    [{ kind: "identify" }, { outcome: "done" }],
    [{ kind: "screenshot" }, { outcome: "done", png: Uint8Array.of(1, 2, 3) }],
    [{ kind: "logs" }, { outcome: "done", logs: { lines: [{ msg: "hello" }] } }],
    [
      { kind: "deliver", line: "A1", orderId: undefined },
      { outcome: "done", detail: "delivered" },
    ],
    [{ kind: "deliver", line: "C9", orderId: undefined }, { outcome: "refused" }],
    [{ kind: "refund", reference: foreign, amount: undefined }, { outcome: "refused" }],
    [{ kind: "cancel", reference: foreign }, { outcome: "refused" }],
  ])("%o is answered once: %o", async (order, reply) => {
    const rig = await new KioskRig().start();
    await rig.command(order);
    await rig.clock.advance(30_000);
    expect(rig.link.replies).toMatchObject([{ id: "command-1", ...reply }]);
  });

  it.each<CommandOrder>([
    { kind: "deliver", line: "A1", orderId: undefined },
    { kind: "deliver", line: "C9", orderId: undefined },
    { kind: "serviced", line: "C9" },
    { kind: "screenshot" },
    { kind: "refund", reference: foreign, amount: undefined },
  ])("%o whose copy arrives before it is on the disk takes effect once, and is answered once", async (order) => {
    const rig = await new KioskRig().start();
    await Promise.all([rig.command(order, { id: "c1", counter: 5 }), rig.command(order, { id: "c1", counter: 5 })]);
    await rig.clock.advance(30_000);
    expect(rig.drops.length).toBeLessThanOrEqual(1);
    expect(rig.link.replies.map(({ id }) => id)).toEqual(["c1"]);
  });

  it("with the counter of one that is on its way to the disk is refused, and remembered", async () => {
    const rig = await new KioskRig().start();
    const order = { kind: "identify" } as const;
    await Promise.all([rig.command(order, { id: "c1", counter: 5 }), rig.command(order, { id: "c2", counter: 5 })]);
    expect(rig.journal.get("seen", seenCommandKey("c2"))).toBeDefined();
    expect(rig.link.replies).toMatchObject([
      { id: "c1", outcome: "done" },
      { id: "c2", outcome: "refused" },
    ]);
  });

  it("that is refused is answered once, however often it comes", async () => {
    const rig = await new KioskRig().start();
    await rig.command({ kind: "identify" }, { id: "c1", counter: 5 });
    for (let copy = 0; copy < 3; copy += 1) await rig.command({ kind: "identify" }, { id: "old", counter: 4 });
    for (let copy = 0; copy < 3; copy += 1) await rig.command({ kind: "identify" }, { id: "late", deadlineWallMs: 0 });
    expect(rig.link.replies.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      "c1 done",
      "old refused",
      "late refused",
    ]);
  });

  it("that fails by its own content is refused and dropped", async () => {
    const rig = await new KioskRig().start();
    const reference = await rig.sell();
    await rig.journal.commit([{ kind: "put", table: "sale", key: reference, value: "unreadable" }]);
    expect(await rig.command({ kind: "refund", reference, amount: undefined })).toMatchObject({ outcome: "refused" });
    expect(await rig.command({ kind: "identify" })).toMatchObject({ outcome: "done" });
  });

  it("that comes again takes effect once, also after a restart, and is not answered again", async () => {
    const rig = await new KioskRig().start();
    const order = { kind: "deliver", line: "A1", orderId: undefined } as const;
    await rig.command(order);
    await rig.command(order, { id: "command-1", counter: 1 });
    await rig.clock.advance(30_000);
    expect(rig.drops).toHaveLength(1);
    const later = await new KioskRig({ journal: rig.journal }).start();
    await later.command(order);
    await later.clock.advance(30_000);
    expect([later.drops, later.link.replies]).toEqual([[], []]);
  });

  it.each([
    ["with an old counter", { counter: 0 }, "refused"],
    ["after its deadline", { deadlineWallMs: 0 }, "expired"],
  ])("%s is not carried out: %s", async (_, changes, outcome) => {
    const rig = await new KioskRig().start();
    await rig.command({ kind: "in-service" });
    expect(await rig.command({ kind: "identify" }, changes)).toMatchObject({ outcome });
    expect(rig.machine.isIdentifying).toBe(false);
  });

  it("stays with the broker while the disk does not take it, and is not answered", async () => {
    const rig = await new KioskRig().start();
    rig.journal.fault = new Error("ENOSPC");
    await expect(rig.command({ kind: "out-of-service" })).rejects.toThrow("ENOSPC");
    expect(rig.link.replies).toEqual([]);
    rig.journal.fault = undefined;
    await rig.clock.advance(15_000);
    expect(await rig.command({ kind: "out-of-service" })).toMatchObject({ outcome: "done" });
  });

  it("that fails is refused, with the reason", async () => {
    const rig = await new KioskRig().start();
    rig.panel.screenshot = () => Promise.reject(new Error("no memory"));
    expect(await rig.command({ kind: "screenshot" })).toMatchObject({ outcome: "refused", reason: "no memory" });
    expect(rig.lines.at(-1)).toMatchObject({ level: "error", fields: { command: "screenshot" } });
  });
});

describe("out of service and back", () => {
  it("is on the panel and upstream, and survives a restart", async () => {
    const rig = await new KioskRig().start();
    await rig.command({ kind: "out-of-service" });
    expect(rig.scene).toBe("out-of-service");
    expect(rig.link.states.at(-1)).toMatchObject({ state: "out-of-service", reason: "operator" });
    const later = await new KioskRig({ journal: rig.journal }).start();
    expect(later.scene).toBe("out-of-service");
    await later.command({ kind: "in-service" }, { id: "back", counter: 9 });
    expect(later.scene).toBe("idle");
    expect((await new KioskRig({ journal: rig.journal }).start()).scene).toBe("idle");
  });
});

describe("another catalogue", () => {
  it("is offered at once, and after a restart", async () => {
    const rig = await new KioskRig().start();
    await rig.command({ kind: "set-catalogue", catalogue: dearer });
    const prices = (at: KioskRig): unknown => {
      const scene = at.kiosk.scene();
      return scene.kind === "idle" && scene.offers.map(({ price }) => price.minor);
    };
    expect(prices(rig)).toEqual([9_900, 9_900, 9_900]);
    expect(prices(await new KioskRig({ journal: rig.journal }).start())).toEqual([9_900, 9_900, 9_900]);
  });
});

describe("a web-shop order", () => {
  it("is delivered once, whatever command asks for it again", async () => {
    const rig = await new KioskRig().start();
    const order = { kind: "deliver", line: "A1", orderId: "shop-1" } as const;
    await rig.command(order);
    await rig.clock.advance(30_000);
    expect(await rig.command(order)).toMatchObject({ outcome: "refused", reason: "order shop-1 was handed in before" });
    await rig.clock.advance(30_000);
    expect(rig.drops).toHaveLength(1);
    expect(rig.link.replies).toHaveLength(2);
  });
});

describe("a sale's money", () => {
  it.each([
    [undefined, { captured: 2_500, refunded: 2_500 }],
    [money(1_000, "NOK"), { captured: 2_500, refunded: 1_000 }],
  ])("is given back: %o", async (amount, sums) => {
    const rig = await new KioskRig().start();
    const reference = await rig.sell();
    await rig.command({ kind: "refund", reference, amount });
    await rig.clock.advance(20_000);
    expect(rig.provider.views.get(reference)).toMatchObject(sums);
    expect(rig.link.replies).toMatchObject([{ id: "command-1", outcome: "done" }]);
  });

  it("is asked for twice at a time: both are answered, and it is given back once", async () => {
    const rig = await new KioskRig().start();
    const reference = await rig.sell();
    rig.provider.fault = lost;
    await rig.command({ kind: "refund", reference, amount: undefined });
    await rig.command({ kind: "refund", reference, amount: undefined });
    rig.provider.fault = undefined;
    await rig.clock.advance(600_000);
    expect(rig.provider.views.get(reference)).toMatchObject({ captured: 2_500, refunded: 2_500 });
    expect(rig.link.replies.map(({ id }) => id)).toEqual(["command-1", "command-2"]);
  });

  it("is not given back twice", async () => {
    const rig = await new KioskRig().start();
    const reference = await rig.sell();
    await rig.command({ kind: "refund", reference, amount: undefined });
    await rig.clock.advance(20_000);
    expect(await rig.command({ kind: "refund", reference, amount: money(100, "NOK") })).toMatchObject({
      outcome: "refused",
    });
  });
});
