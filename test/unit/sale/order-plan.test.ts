/**
 * Goal: each order means one thing for each ledger, each refusal says what to do instead, and "done" is the ledger's word.
 * Method: tables of orders and ledgers; the histories of ended sales, reopened.
 */
import { describe, expect, it } from "vitest";
import {
  answerOf,
  hasMoved,
  planOf,
  refusalByTheBooks,
  refusalOfAmount,
  reopened,
} from "../../../src/sale/back-office.ts";
import { minor, money, noMinor } from "../../../src/sale/money.ts";
import type { SaleHistory, SaleRecord } from "../../../src/sale/record.ts";
import type { Settlement } from "../../../src/sale/settlement.ts";
import { history as sold, reference, record } from "../kiosk/records.ts";
import { matching, view } from "./support.ts";

const sums = (authorized: number, captured: number, cancelled: number, refunded: number) => ({
  authorized: minor(authorized),
  captured: minor(captured),
  cancelled: minor(cancelled),
  refunded: minor(refunded),
});
const refund = (amount: number | null) =>
  ({ commandId: "c1", kind: "refund", amount: amount === null ? null : minor(amount), startedWallMs: 5 }) as const;
const cancel = { commandId: "c1", kind: "cancel", amount: null, startedWallMs: 5 } as const;

/** Reopened for the order, and settled as far as `changes` say. */
function settlementFor(
  order: ReturnType<typeof refund> | typeof cancel,
  history: SaleHistory,
  changes: Partial<Settlement> = {},
): Settlement {
  const settlement = reopened(history, order, []);
  if (settlement === undefined) throw new Error("no payment");
  return { ...settlement, ...changes };
}

describe("an order and a ledger", () => {
  it.each([
    ["refund all", refund(null), sums(2_500, 2_500, 0, 0), 0],
    ["refund some", refund(1_000), sums(2_500, 2_500, 0, 0), 1_500],
    ["refund all that is left", refund(1_500), sums(2_500, 2_500, 0, 1_000), 0],
    ["refund what is left, unnamed", refund(null), sums(2_500, 2_500, 0, 1_000), 0],
    ["refund while more is reserved", refund(500), sums(3_200, 2_500, 0, 0), 2_000],
    ["cancel what is reserved", cancel, sums(2_500, 0, 0, 0), 0],
    ["cancel what is cancelled", cancel, sums(2_500, 0, 2_500, 0), 0],
    ["cancel the rest of what is captured in part", cancel, sums(3_200, 2_500, 0, 0), 2_500],
  ] as const)("%s keeps the rest", (_name, order, ledger, target) => {
    expect(planOf(order, ledger, "NOK")).toEqual({ kind: "keep", target });
  });

  it.each([
    ["refund nothing captured", refund(null), sums(2_500, 0, 0, 0), /nothing was captured.*a cancel releases/],
    ["refund it twice", refund(null), sums(2_500, 2_500, 0, 2_500), /all that was captured \(25\.00 NOK\) is refunded/],
    ["refund too much", refund(1_501), sums(2_500, 2_500, 0, 1_000), /only 15\.00 NOK is left.*15\.01 NOK was ordered/],
    ["cancel what is refunded whole", cancel, sums(2_500, 2_500, 0, 2_500), /nothing is reserved.*is refunded already/],
    ["cancel what is captured", cancel, sums(2_500, 2_500, 0, 0), /25\.00 NOK was captured.*order a refund/],
    ["cancel what is captured, the rest cancelled", cancel, sums(3_200, 2_500, 700, 0), /25\.00 NOK was captured/],
  ] as const)("%s is refused", (_name, order, ledger, because) => {
    expect(planOf(order, ledger, "NOK")).toEqual({ kind: "refused", because: matching(because) });
  });

  it.each([
    [undefined, "NOK", undefined],
    [money(1, "NOK"), "NOK", undefined],
    [money(1, "EUR"), undefined, undefined],
    [money(0, "NOK"), "NOK", /a refund of 0 gives nothing back/],
    [money(100, "EUR"), "NOK", /the payment is in NOK, and a refund of 1\.00 EUR was ordered: name the amount in NOK/],
  ] as const)("an amount of %o of a payment in %s: %s", (amount, currency, refusal) => {
    const said = refusalOfAmount(amount, currency);
    if (refusal === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(refusal);
  });

  it("is judged by the books only where they need no person", () => {
    expect(refusalByTheBooks(refund(9_999), sold)).toMatch(/only 25\.00 NOK/);
    expect(refusalByTheBooks(refund(2_500), sold)).toBeUndefined();
    const doubtful = { ...sold, sale: { ...record, outcome: "attention" as const } };
    expect(refusalByTheBooks(refund(9_999), doubtful)).toBeUndefined();
    expect(refusalByTheBooks(cancel, { ...sold, sale: { ...record, id: "c7" } })).toBe("a service vend has no payment");
  });
});

describe("the answer", () => {
  const kept = minor(1_500);
  const payment = view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500, refunded: 1_000 });
  it.each<readonly [string, Partial<Settlement>, string]>([
    ["the ledger is as ordered", {}, "done"],
    ["a person has to look, and the ledger is as ordered", { needsPerson: true }, "done"],
    ["less was refunded", { payment: { ...payment, refunded: minor(999) } }, "refused"],
    ["something is still reserved", { payment: { ...payment, authorized: minor(2_600) } }, "refused"],
    ["nobody saw the payment", { payment: null }, "refused"],
    ["nothing was decided", { target: null }, "refused"],
    [
      "it is over, and more is kept than was ordered",
      { payment: { ...payment, state: "EXPIRED", refunded: noMinor } },
      "refused",
    ],
  ])("%s: %s", (_name, changes, outcome) => {
    const settlement = settlementFor(refund(1_000), sold, { payment, target: kept, reason: "refunded", ...changes });
    expect(answerOf(settlement, undefined).outcome).toBe(outcome);
  });

  it("says the sums and why", () => {
    const settlement = settlementFor(refund(1_000), sold, { payment, target: kept });
    expect(answerOf(settlement, undefined).detail).toBe("captured 2500, refunded 1000, cancelled 0 (refunded)");
    expect(answerOf(settlement, "only 1.00 is left")).toEqual({ outcome: "refused", detail: "only 1.00 is left" });
  });
});

describe("an order's entry", () => {
  const same = view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500 });
  it.each<readonly [string, Partial<Settlement>, boolean]>([
    ["nothing moved", { payment: same }, false],
    ["nobody saw the payment", { payment: null }, false],
    ["a person has to look", { payment: same, needsPerson: true }, true],
    ["it is no order's", { payment: same, history: null }, true],
    ["more is authorized", { payment: { ...same, authorized: minor(2_501) } }, true],
    ["more is captured", { payment: { ...same, captured: minor(2_501) } }, true],
    ["more is cancelled", { payment: { ...same, cancelled: minor(1) } }, true],
    ["more is refunded", { payment: { ...same, refunded: minor(1) } }, true],
  ])("where %s: %s", (_name, changes, isMade) => {
    expect(hasMoved(settlementFor(cancel, sold, changes))).toBe(isMade);
  });
});

describe("a sale that is reopened", () => {
  const time: SaleRecord = { ...record, plate: "AB1", validUntil: "2026-11-26T13:00:00.000Z" };
  it.each<readonly [string, Partial<SaleRecord>, Partial<Settlement>]>([
    [
      "of a product",
      {},
      {
        purchase: {
          selection: { kind: "line", line: "A1" },
          productId: "water",
          name: "Water",
          line: "A1",
          vatRate: 1_500,
          price: money(2_500, "NOK"),
        },
        delivery: { kind: "delivered", detail: "drop sensor", untilWallMs: null },
      },
    ],
    ["of nothing chosen", { product: null }, { purchase: null }],
    [
      "never delivered",
      { delivery: { outcome: "none", detail: null, creditsSent: null } },
      { delivery: { kind: "none" } },
    ],
    [
      "that jammed",
      { delivery: { outcome: "not-delivered", detail: "jam", creditsSent: null } },
      { delivery: { kind: "not-delivered", reason: "jam" } },
    ],
    [
      "of unknown delivery",
      { delivery: { outcome: "unknown", detail: null, creditsSent: 3 } },
      { delivery: { kind: "unknown", reason: "", creditsSent: 3 } },
    ],
    [
      "of unknown delivery, with a word",
      { delivery: { outcome: "unknown", detail: "no word", creditsSent: null } },
      { delivery: { kind: "unknown", reason: "no word", creditsSent: null } },
    ],
  ])("%s is as it was", (_name, changes, expected) => {
    const history = { sale: { ...record, ...changes }, corrections: [] };
    expect(reopened(history, refund(null), [cancel])).toMatchObject({
      reference,
      state: { kind: "settling", step: null, refusals: 0 },
      startedWallMs: Date.parse(record.startedAt),
      request: null,
      reserveDearest: false,
      target: null,
      payment: null,
      reason: "refunded",
      needsPerson: false,
      order: refund(null),
      waitingOrders: [cancel],
      history,
      revision: 1,
      ...expected,
    });
  });

  it("of time knows its plate and its end", () => {
    const settlement = reopened({ sale: time, corrections: [] }, cancel, []);
    expect(settlement?.purchase?.selection).toEqual({
      kind: "time",
      minutes: 0,
      price: money(2_500, "NOK"),
      line: undefined,
      plate: "AB1",
    });
    expect(settlement?.delivery).toMatchObject({
      kind: "delivered",
      untilWallMs: Date.parse("2026-11-26T13:00:00.000Z"),
    });
    expect(settlement?.reason).toBe("cancelled-by-back-office");
  });

  it("has ids of its own, after those of every life before", () => {
    const lives = [
      sold,
      { ...sold, corrections: [{ ...record, revision: 1 }] },
      {
        ...sold,
        corrections: [
          { ...record, revision: 1 },
          { ...record, revision: 2 },
        ],
      },
    ];
    const ids = lives.map((history) => reopened(history, cancel, [])?.effects ?? 0);
    expect(ids).toEqual([100_000, 200_000, 300_000]);
  });

  it("is nothing where there was no payment", () => {
    expect(reopened({ ...sold, sale: { ...record, id: "c7" } }, cancel, [])).toBeUndefined();
  });
});
