/**
 * Goal: the books say of each end what was bought, how it was delivered and what was moved: every field of every record.
 * Method: settlements and service vends as they stand when they end, and their whole records.
 */
import { describe, expect, it } from "vitest";
import { effectId, merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { minor, money, noMinor } from "../../../src/sale/money.ts";
import { needsPerson, type SaleRecord, totalsOf } from "../../../src/sale/record.ts";
import { reportOf, reportOfVend } from "../../../src/sale/report.ts";
import type { DeliveryOutcome } from "../../../src/sale/selection.ts";
import { currencyOf, type Purchase, type Settlement, sums } from "../../../src/sale/settlement.ts";
import { view } from "./support.ts";

const reference = referenceOf(merchantQrId("kiosk-7"), "01J00000000000000000000001");
const startedWallMs = Date.UTC(2026, 10, 26, 12);
const endedWallMs = startedWallMs + 90_000;

const purchase: Purchase = {
  selection: { kind: "line", line: "A1" },
  productId: "water",
  name: "Water",
  line: "A1",
  vatRate: 1_500,
  price: money(2_500, "NOK"),
};
const settlement: Settlement = {
  reference,
  state: { kind: "settling", step: null, refusals: 0 },
  startedWallMs,
  request: {
    reference,
    amount: money(3_200, "NOK"),
    flow: "qr",
    description: "Kiosk: Water",
    lines: [],
    metadata: {},
  },
  createId: effectId("create"),
  reserveDearest: false,
  purchase,
  delivery: { kind: "delivered", detail: "drop sensor", untilWallMs: null },
  target: minor(2_500),
  payment: view(reference, "AUTHORIZED", { authorized: 3_200, captured: 2_500, cancelled: 700 }),
  effects: 2,
  reason: "delivered",
  needsPerson: false,
  order: null,
  waitingOrders: [],
  history: null,
  revision: 0,
};

const sold: SaleRecord = {
  id: reference,
  revision: 0,
  entry: "sale",
  outcome: "sold",
  reason: "delivered",
  startedAt: "2026-11-26T12:00:00.000Z",
  endedAt: "2026-11-26T12:01:30.000Z",
  product: { id: "water", name: "Water", line: "A1", vatRate: 1_500 },
  currency: "NOK",
  price: minor(2_500),
  authorized: minor(3_200),
  captured: minor(2_500),
  cancelled: minor(700),
  refunded: noMinor,
  delivery: { outcome: "delivered", detail: "drop sensor", creditsSent: null },
  plate: null,
  validUntil: null,
};
const nothing = { authorized: noMinor, captured: noMinor, cancelled: noMinor, refunded: noMinor };
const time = { kind: "time", minutes: 60, price: money(2_500, "NOK"), line: undefined, plate: "ÅSA12" } as const;

describe("the record of a payment", () => {
  it.each<readonly [string, Partial<Settlement>, Partial<SaleRecord>]>([
    ["that was sold", {}, {}],
    [
      "that nobody approved",
      { delivery: { kind: "none" }, payment: null, reason: "" },
      {
        outcome: "not-sold",
        reason: "ended",
        ...nothing,
        delivery: { outcome: "none", detail: null, creditsSent: null },
      },
    ],
    [
      "for time",
      {
        purchase: { ...purchase, selection: time },
        delivery: { kind: "delivered", detail: null, untilWallMs: startedWallMs + 3_600_000 },
      },
      {
        plate: "ÅSA12",
        validUntil: "2026-11-26T13:00:00.000Z",
        delivery: { outcome: "delivered", detail: null, creditsSent: null },
      },
    ],
    [
      "for time without a plate",
      { purchase: { ...purchase, selection: { ...time, plate: undefined } } },
      { plate: null },
    ],
    [
      "whose delivery failed",
      {
        delivery: { kind: "not-delivered", reason: "jam" },
        payment: view(reference, "AUTHORIZED", { authorized: 3_200, cancelled: 3_200 }),
      },
      {
        outcome: "not-sold",
        captured: noMinor,
        cancelled: minor(3_200),
        delivery: { outcome: "not-delivered", detail: "jam", creditsSent: null },
      },
    ],
    [
      "of which nobody knows how it was delivered",
      {
        delivery: { kind: "unknown", reason: "no word", creditsSent: 3 },
        needsPerson: true,
        reason: "unknown-delivery",
      },
      {
        outcome: "attention",
        reason: "unknown-delivery",
        delivery: { outcome: "unknown", detail: "no word", creditsSent: 3 },
      },
    ],
    [
      "whose delivery was under way",
      { delivery: { kind: "started", deliveryId: "d1", untilWallMs: null } },
      { delivery: { outcome: "unknown", detail: "started", creditsSent: null } },
    ],
    ["for which nothing was chosen", { purchase: null }, { product: null, price: minor(3_200) }],
    [
      "that was all given back",
      {
        payment: view(reference, "AUTHORIZED", { authorized: 3_200, captured: 2_500, cancelled: 700, refunded: 2_500 }),
      },
      { outcome: "not-sold", refunded: minor(2_500) },
    ],
  ])("%s", (_name, changes, expected) => {
    const record = { ...sold, ...expected };
    expect(reportOf({ ...settlement, ...changes }, "EUR", endedWallMs)).toEqual({
      record,
      history: { sale: record, corrections: [] },
    });
  });

  it("never ends before it began, whatever the clock did", () => {
    expect(reportOf(settlement, "NOK", startedWallMs - 5).record.endedAt).toBe(sold.startedAt);
  });
});

describe("what was ordered later", () => {
  const history = { sale: sold, corrections: [] };
  const order = { commandId: "c1", kind: "refund", amount: minor(1_000), startedWallMs: endedWallMs } as const;
  const refunding: Settlement = {
    ...settlement,
    order,
    history,
    revision: 1,
    reason: "refunded",
    payment: view(reference, "AUTHORIZED", { authorized: 3_200, captured: 2_500, cancelled: 700, refunded: 1_000 }),
  };
  const refund: SaleRecord = {
    ...sold,
    ...nothing,
    revision: 1,
    entry: "refund",
    outcome: "refunded",
    reason: "refunded",
    startedAt: sold.endedAt,
    endedAt: "2026-11-26T12:02:00.000Z",
    refunded: minor(1_000),
    delivery: { outcome: "none", detail: null, creditsSent: null },
  };

  it.each<readonly [string, Partial<Settlement>, Partial<SaleRecord>]>([
    ["a refund", {}, {}],
    ["a release", { order: { ...order, kind: "cancel" } }, { entry: "cancel", outcome: "released" }],
    ["what a person has to look at", { needsPerson: true }, { outcome: "attention" }],
    ["what nobody could see", { payment: null }, nothing],
  ])("%s is an entry of its own", (_name, changes, expected) => {
    const record = { ...refund, ...expected };
    const report = reportOf({ ...refunding, ...changes }, "EUR", endedWallMs + 30_000);
    expect(report).toEqual({ record, history: { sale: sold, corrections: [record] } });
    expect(needsPerson(report.history)).toBe(record.outcome === "attention");
    expect(totalsOf(report.history).refunded).toBe(record.refunded);
  });

  it("never ends before it was ordered, whatever the clock did", () => {
    expect(reportOf(refunding, "NOK", 0).record.endedAt).toBe(refund.startedAt);
  });
});

describe("the record of a delivery without a payment", () => {
  const vend = { id: "c1", line: "A1", orderId: null, startedWallMs };
  const record: SaleRecord = {
    ...sold,
    ...nothing,
    id: "c1",
    outcome: "service",
    reason: "service-vend",
    product: { id: "A1", name: "Water", line: "A1", vatRate: 0 },
    price: noMinor,
    delivery: { outcome: "delivered", detail: null, creditsSent: null },
  };

  it.each<readonly [DeliveryOutcome, Partial<SaleRecord>]>([
    [{ kind: "delivered" }, {}],
    [{ kind: "delivered", detail: "drop" }, { delivery: { outcome: "delivered", detail: "drop", creditsSent: null } }],
    [
      { kind: "not-delivered", reason: "jam" },
      {
        reason: "service-vend-not-delivered",
        delivery: { outcome: "not-delivered", detail: "jam", creditsSent: null },
      },
    ],
    [
      { kind: "unknown", reason: "no word", creditsSent: 2 },
      {
        outcome: "attention",
        reason: "service-vend-unknown",
        delivery: { outcome: "unknown", detail: "no word", creditsSent: 2 },
      },
    ],
    [
      { kind: "unknown", reason: "no word" },
      {
        outcome: "attention",
        reason: "service-vend-unknown",
        delivery: { outcome: "unknown", detail: "no word", creditsSent: null },
      },
    ],
  ])("%o", (outcome, expected) => {
    const whole = { ...record, ...expected };
    expect(reportOfVend(vend, outcome, "Water", "NOK", endedWallMs)).toEqual({
      record: whole,
      history: { sale: whole, corrections: [] },
    });
  });

  it("names the web shop's order where there is one", () => {
    const report = reportOfVend({ ...vend, orderId: "o-1" }, { kind: "delivered" }, "Tea", "NOK", endedWallMs);
    expect(report.record.product).toEqual({ id: "o-1", name: "Tea", line: "A1", vatRate: 0 });
  });
});

describe("a settlement's currency", () => {
  it.each<readonly [string, Partial<Settlement>, string | undefined]>([
    ["is the provider's word", { payment: { ...view(reference, "CREATED", {}), currency: "DKK" } }, "DKK"],
    ["else what was asked for", { payment: null }, "NOK"],
    [
      "also where the provider says one that is none of the wallet's",
      { payment: { ...view(reference, "CREATED", {}), currency: "SEK" } },
      "NOK",
    ],
    ["else the price's", { payment: null, request: null }, "NOK"],
    [
      "else the books'",
      {
        payment: null,
        request: null,
        purchase: null,
        history: { sale: { ...sold, currency: "EUR" }, corrections: [] },
      },
      "EUR",
    ],
    ["or not known", { payment: null, request: null, purchase: null }, undefined],
  ])("%s", (_name, changes, expected) => {
    expect(currencyOf({ ...settlement, ...changes })).toBe(expected);
  });

  it("has sums of nothing before anybody saw it", () => {
    expect(sums(null)).toEqual(nothing);
  });
});
