/** Goal: an order of another program is one payment, a handed-in order is one delivery, for as long as anybody may ask. Method: tables. */
import { describe, expect, it } from "vitest";
import type { JournalChange } from "../../../src/journal/port.ts";
import {
  findHandIn,
  findOrder,
  forgettableOrders,
  handInChanges,
  handInId,
  isHandInId,
  orderChanges,
  orderDigest,
  wasHandedIn,
} from "../../../src/kiosk/orders.ts";
import { minor, money } from "../../../src/sale/money.ts";
import type { OrderSelection } from "../../../src/sale/order.ts";
import { SaleUnderTest } from "../sale/support.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { reference } from "./records.ts";

const now = 1_790_000_000_000;
const eightDays = 8 * 86_400_000;
const order: OrderSelection = {
  kind: "order",
  orderId: "o-1",
  amount: money(4_500, "NOK"),
  title: "Burger",
  lines: [{ id: "burger", name: "Burger", quantity: 1, total: minor(4_500), vatRate: 1_500 }],
};

function keptOrder(orderId: string, startedWallMs: number, payment: string = reference): JournalChange {
  const value = { reference: payment, digest: "d", startedWallMs };
  return { kind: "put", table: "fact", key: `order.${orderId}`, value };
}

describe("the digest of an order", () => {
  const line = order.lines[0];
  if (line === undefined) throw new Error("no line");
  const withLine = (changes: object): OrderSelection => ({ ...order, lines: [{ ...line, ...changes }] });

  it.each<readonly [string, OrderSelection]>([
    ["its amount", { ...order, amount: money(4_600, "NOK") }],
    ["its currency", { ...order, amount: money(4_500, "DKK") }],
    ["its title", { ...order, title: "Pizza" }],
    ["an age limit", { ...order, minimumAge: 18 }],
    ["no lines", { ...order, lines: [] }],
    ["another line", withLine({ id: "pizza" })],
    ["a line's name", withLine({ name: "Pizza" })],
    ["a line's quantity", withLine({ quantity: 2 })],
    ["a line's total", withLine({ total: minor(4_400) })],
    ["a line's VAT", withLine({ vatRate: 2_500 })],
  ])("is another with another content: %s", (_, other) => {
    expect(orderDigest(other)).not.toBe(orderDigest(order));
  });

  it("is the same for the same content, whatever its id", () => {
    expect(orderDigest({ ...order, orderId: "o-2" })).toBe(orderDigest(order));
    expect(orderDigest(order)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("what is kept of an order", () => {
  function ordered() {
    const sale = new SaleUnderTest();
    const before = sale.state;
    sale.tell({ about: "session", event: { kind: "selected", selection: order } });
    return { sale, before, payment: sale.one("create").reference };
  }

  it("is its newest payment, with the intent", () => {
    const { sale, before, payment } = ordered();
    const changes = orderChanges(before, sale.state);
    expect(changes).toMatchObject([
      { kind: "put", table: "fact", key: "order.o-1", value: { reference: payment, digest: orderDigest(order) } },
    ]);
    expect(findOrder(new MemoryJournal(changes), "o-1")).toMatchObject({ reference: payment });
    expect(orderChanges(sale.state, sale.state)).toEqual([]);
  });

  it("is a scanned code's payment only once the session waits for it", () => {
    const { sale } = ordered();
    const before = sale.state;
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    const { reference } = sale.one("create");
    expect(orderChanges(before, sale.state)).toEqual([]);
    const asked = sale.state;
    sale.payment(reference, { kind: "created" });
    expect(orderChanges(asked, sale.state)).toMatchObject([{ key: "order.o-1", value: { reference } }]);
  });

  it("is not written for a product, nor again at a boot that found the payment given up", () => {
    const product = new SaleUnderTest();
    const empty = product.state;
    product.press("A1");
    expect(orderChanges(empty, product.state)).toEqual([]);
    const { sale } = ordered();
    sale.tell({ about: "session", event: { kind: "selection-cancelled" } });
    const settlements = [...sale.state.settlements.values()].map(({ settlement }) => settlement);
    const booted = new SaleUnderTest();
    const before = booted.state;
    booted.tell({ about: "boot", settlements, serviceVends: [] });
    expect(orderChanges(before, booted.state)).toEqual([]);
  });

  it("is nothing when it cannot be read", () => {
    const journal = new MemoryJournal([{ kind: "put", table: "fact", key: "order.o-1", value: "?" }]);
    expect([findOrder(journal, "o-1"), findOrder(journal, "o-2")]).toEqual([undefined, undefined]);
  });
});

describe("a handed-in order", () => {
  const vend = { id: handInId("s-1"), line: "A1", orderId: "s-1", startedWallMs: now };

  it("is marked for ever; a vend without an order marks nothing", () => {
    const journal = new MemoryJournal(handInChanges(vend));
    expect([wasHandedIn(journal, "s-1"), wasHandedIn(journal, "s-2")]).toEqual([true, false]);
    expect(findHandIn(journal, "s-1")).toMatchObject({ vendId: "shop:s-1" });
    expect(handInChanges({ ...vend, orderId: null })).toEqual([]);
  });

  it("counts as handed in also when its mark cannot be read", () => {
    const journal = new MemoryJournal([{ kind: "put", table: "fact", key: "shop-order.s-1", value: "?" }]);
    expect([wasHandedIn(journal, "s-1"), findHandIn(journal, "s-1")]).toEqual([true, undefined]);
  });

  it("and a command never have the same id", () => {
    expect([isHandInId(handInId("c1")), isHandInId("c1"), isHandInId("c:shop:1")]).toEqual([true, false, false]);
  });
});

describe("what may be forgotten", () => {
  const keys = (changes: readonly JournalChange[]): readonly string[] =>
    forgettableOrders(new MemoryJournal(changes), now).map((change) => ("key" in change ? change.key : ""));

  it.each<readonly [string, readonly JournalChange[], readonly string[]]>([
    ["an order that is older than eight days", [keptOrder("old", now - eightDays - 1)], ["order.old"]],
    ["not one of eight days", [keptOrder("new", now - eightDays)], []],
    [
      "not one that is open still",
      [keptOrder("old", 0), { kind: "put", table: "settlement", key: reference, value: {} }],
      [],
    ],
    ["one that cannot be read", [{ kind: "put", table: "fact", key: "order.odd", value: 1 }], ["order.odd"]],
    ["nothing else", [{ kind: "put", table: "fact", key: "shop-order.s", value: 1 }], []],
  ])("%s", (_, changes, expected) => {
    expect(keys(changes)).toEqual(expected);
  });

  it("the oldest of more than a thousand", () => {
    const many = Array.from({ length: 1_002 }, (_, index) => keptOrder(`n${index}`, now));
    expect(keys(many)).toEqual(["order.n0", "order.n1"]);
    expect(keys(many.slice(2))).toEqual([]);
  });
});
