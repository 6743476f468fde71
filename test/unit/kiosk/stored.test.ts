/**
 * Goal: what is written can be read, and so can what earlier versions wrote.
 * Method: values as they stand in journals, written out by hand for the earlier ones.
 */
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/journal/port.ts";
import { readSaleHistory, readSaleRecord, readSettlement, saleToJson, toJson } from "../../../src/kiosk/stored.ts";
import { minor } from "../../../src/sale/money.ts";
import { totalsOf } from "../../../src/sale/record.ts";
import { SaleUnderTest, view } from "../sale/support.ts";
import { history, record } from "./records.ts";

const refund = { ...record, entry: "refund", revision: 1, outcome: "refunded", refunded: minor(1_000) } as const;

function fromDisk(value: JsonValue): JsonValue {
  const read: unknown = JSON.parse(JSON.stringify(value));
  return toJson(read);
}

/** The same without this key. */
function without(value: JsonValue, name: string): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

describe("an ended sale", () => {
  it.each([
    ["alone", history],
    ["with what came after it", { sale: record, corrections: [refund, { ...refund, revision: 2 }] }],
  ])("%s comes back as it was", (_name, value) => {
    expect(readSaleHistory(fromDisk(saleToJson(value)))).toEqual(value);
  });

  it("of a journal in which a refund rewrote the sale stays readable, sums included", () => {
    const old = without(toJson({ ...record, revision: 1, refunded: 1_000 }), "entry");
    const read = readSaleHistory(old);
    expect(read).toEqual({ sale: { ...record, revision: 1, refunded: 1_000 }, corrections: [] });
    expect(totalsOf(read)).toEqual({ authorized: 2_500, captured: 2_500, cancelled: 0, refunded: 1_000 });
  });

  it("waits to be sent as the one entry that is new", () => {
    expect(readSaleRecord(toJson(refund))).toEqual(refund);
  });
});

describe("a settlement", () => {
  function settling() {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    const { deliveryId } = sale.one("deliver");
    sale.payment(reference, { kind: "delivery-ended", deliveryId, outcome: { kind: "delivered" } });
    sale.tell({
      about: "back-office",
      commandId: "c1",
      order: "refund",
      reference,
      amount: undefined,
      history: undefined,
    });
    const settlement = sale.state.settlements.get(reference)?.settlement;
    if (settlement === undefined) throw new Error("it is not open");
    return settlement;
  }

  it("comes back as it was, with the orders that wait for its end", () => {
    const settlement = settling();
    expect(settlement.waitingOrders).toHaveLength(1);
    expect(readSettlement(fromDisk(toJson(settlement)))).toEqual(settlement);
  });

  it("of a journal that knew no waiting orders has its order wait for the end of the sale", () => {
    const { waitingOrders, ...rest } = settling();
    const order = { commandId: "c1", kind: "refund", amount: null };
    const old = without(toJson({ ...rest, order }), "history");
    expect(readSettlement(old)).toMatchObject({
      order: null,
      waitingOrders: [{ ...order, startedWallMs: 0 }],
      history: null,
    });
    expect(waitingOrders).toHaveLength(1);
  });
});

it("a payment that is open under a reference of an id that no machine can have any more is read, so that it ends", () => {
  const sale = new SaleUnderTest();
  const reference = sale.selectAndCreate();
  sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
  const settlement = sale.state.settlements.get(reference)?.settlement;
  if (settlement === undefined) throw new Error("it is not open");
  const former = reference.replace(/-([^-]+)$/, "--$1");
  const stored: unknown = JSON.parse(JSON.stringify(toJson(settlement)).replaceAll(reference, former));
  expect(readSettlement(toJson(stored))).toMatchObject({ reference: former, state: settlement.state });
});
