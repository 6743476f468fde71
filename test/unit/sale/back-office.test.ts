/**
 * Goal: what the back office orders happens, or is refused with why; the answer is what the provider's ledger says, and there is exactly one.
 * A sale stays what it was: what came after it is an entry of its own, and the entries add up to the ledger.
 * Method: a provider of one payment answers every request of the pure sale, until nothing is asked any more.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effect } from "../../../src/sale/effect.ts";
import type { Reference } from "../../../src/sale/ids.ts";
import { type Currency, money } from "../../../src/sale/money.ts";
import type { PaymentView } from "../../../src/sale/payment.ts";
import { entriesOf, type SaleHistory, totalsOf } from "../../../src/sale/record.ts";
import { waitingOrdersMax } from "../../../src/sale/back-office.ts";
import { catalogue, matching, SaleUnderTest, view } from "./support.ts";

/** The provider's aggregate of the payment, which moves. */
type Ledger = Record<"authorized" | "captured" | "cancelled" | "refunded", number>;

/** A sale of 25.00 whose delivery has ended, with the capture on its way. */
class SoldSale {
  sale: SaleUnderTest;
  readonly reference: Reference;
  readonly ledger: Ledger = { authorized: 2_500, captured: 0, cancelled: 0, refunded: 0 };
  history: SaleHistory | undefined;
  readonly replies: Extract<Effect, { kind: "reply" }>[] = [];
  #seen: number;
  #commands = 0;

  constructor(outcome: "delivered" | "not-delivered" | "unknown" = "delivered") {
    this.sale = new SaleUnderTest({ unknownDelivery: "attention" });
    this.reference = this.sale.selectAndCreate();
    this.sale.see(this.view());
    const { deliveryId } = this.sale.one("deliver");
    this.#seen = this.sale.all.length;
    this.sale.payment(this.reference, {
      kind: "delivery-ended",
      deliveryId,
      outcome: outcome === "delivered" ? { kind: outcome } : { kind: outcome, reason: "jam" },
    });
    this.#notice();
  }

  view(): PaymentView {
    return view(this.reference, "AUTHORIZED", this.ledger);
  }

  order(order: "refund" | "cancel", minorUnits?: number, currency: Currency = "NOK"): string {
    this.#commands += 1;
    const commandId = `c${this.#commands}`;
    const amount = minorUnits === undefined ? undefined : money(minorUnits, currency);
    const { reference, history } = this;
    this.sale.tell({ about: "back-office", commandId, order, reference, amount, history });
    this.#notice();
    return commandId;
  }

  /** What the kiosk would write down. */
  #notice(): readonly Effect[] {
    const fresh = this.sale.all.slice(this.#seen);
    this.#seen = this.sale.all.length;
    for (const effect of fresh) {
      if (effect.kind === "report") this.history = effect.history;
      if (effect.kind === "reply") this.replies.push(effect);
    }
    return fresh;
  }

  /** The provider answers everything that is asked, in order, until nothing is. */
  settle(refuse: (effect: Effect) => boolean = () => false): void {
    const asked: Effect[] = this.sale.all
      .filter((effect) => "reference" in effect && effect.kind !== "deliver")
      .slice(-1);
    for (let step = 0; asked.length > 0; step += 1) {
      if (step > 100) throw new Error("it never ends");
      const effect = asked.shift();
      if (effect === undefined) return;
      this.#answer(effect, refuse(effect));
      asked.push(...this.#notice());
    }
  }

  #answer(effect: Effect, isRefused: boolean): void {
    const { sale, reference, ledger } = this;
    switch (effect.kind) {
      case "look":
        sale.payment(reference, { kind: "viewed", look: effect.look, payment: this.view() });
        return;
      case "capture":
      case "refund":
      case "cancel":
        if (isRefused) {
          sale.payment(reference, { kind: "adjust-refused", id: effect.id, status: 400, code: "6100" });
          return;
        }
        if (effect.kind === "capture") ledger.captured += effect.amount.minor;
        else if (effect.kind === "refund") ledger.refunded += effect.amount.minor;
        else ledger.cancelled = ledger.authorized - ledger.captured;
        sale.payment(reference, { kind: "adjusted", id: effect.id });
        return;
      case "start-timer":
        if (effect.name !== reference) return;
        sale.nowMs += effect.afterMs;
        sale.payment(reference, { kind: "timer" });
        return;
      default:
        return;
    }
  }

  /** The power goes and comes back: only what the journal keeps is left. */
  cut(): void {
    const settlements = [...this.sale.state.settlements.values()].map(({ settlement }) => settlement);
    const { nowMs, policy } = this.sale;
    this.sale = new SaleUnderTest(policy);
    this.sale.nowMs = nowMs + 60_000;
    this.#seen = 0;
    this.sale.tell({ about: "boot", settlements, serviceVends: [] });
    this.#notice();
  }

  entries() {
    return this.history === undefined ? [] : entriesOf(this.history);
  }
}

const sold = (): SoldSale => {
  const one = new SoldSale();
  one.settle();
  return one;
};

describe("an order about a sale that has ended", () => {
  it("a refund is an entry of its own, and the sale stays what it was", () => {
    const one = sold();
    const [before] = one.entries();
    one.sale.nowMs += 30 * 86_400_000;
    one.order("refund", 1_000);
    one.settle();
    const [sale, refund, ...rest] = one.entries();
    expect(sale).toBe(before);
    expect(sale).toMatchObject({ entry: "sale", revision: 0, outcome: "sold", captured: 2_500, refunded: 0 });
    expect(refund).toMatchObject({
      id: one.reference,
      entry: "refund",
      revision: 1,
      outcome: "refunded",
      reason: "refunded",
      currency: "NOK",
      captured: 0,
      refunded: 1_000,
      delivery: { outcome: "none" },
    });
    expect(Date.parse(refund?.startedAt ?? "") - Date.parse(sale?.endedAt ?? "")).toBe(30 * 86_400_000);
    expect(rest).toEqual([]);
    expect(one.replies).toMatchObject([{ commandId: "c1", outcome: "done", detail: matching(/refunded 1000/) }]);
  });

  it("without an amount all that is left is refunded", () => {
    const one = sold();
    one.order("refund", 400);
    one.settle();
    one.order("refund");
    one.settle();
    expect(one.entries().map(({ revision, refunded }) => [revision, refunded])).toEqual([
      [0, 0],
      [1, 400],
      [2, 2_100],
    ]);
    expect(one.replies.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
  });

  it.each([
    ["a refund of 0", "refund", 0, "NOK", /gives nothing back/],
    [
      "a refund of more than is left",
      "refund",
      2_501,
      "NOK",
      /only 25\.00 NOK is left to refund, and 25\.01 NOK was ordered/,
    ],
    [
      "a refund in another currency",
      "refund",
      100,
      "EUR",
      /the payment is in NOK, and a refund of 1\.00 EUR was ordered/,
    ],
    ["a cancel of what is captured", "cancel", undefined, "NOK", /25\.00 NOK was captured.*order a refund/],
  ] as const)("%s is refused, says why, and asks nothing", (_name, order, amount, currency, why) => {
    const one = sold();
    one.order(order, amount, currency);
    expect(one.sale.of("look")).toEqual([]);
    expect(one.replies).toMatchObject([{ outcome: "refused", detail: matching(why) }]);
    expect(one.entries()).toHaveLength(1);
  });

  it("a refund of what is refunded already is refused", () => {
    const one = sold();
    one.order("refund");
    one.settle();
    one.order("refund");
    expect(one.replies.at(-1)).toMatchObject({
      outcome: "refused",
      detail: matching(/\(25\.00 NOK\) is refunded already/),
    });
  });

  it("what the portal refunded meanwhile is seen, told, and in the books", () => {
    const one = sold();
    one.ledger.refunded = 2_000;
    one.order("refund", 1_000);
    one.settle();
    expect(one.replies).toMatchObject([{ outcome: "refused", detail: matching(/only 5\.00 NOK is left/) }]);
    expect(one.entries().at(-1)).toMatchObject({ entry: "refund", refunded: 2_000 });
    expect(one.sale.everyEffect("refund")).toEqual([]);
  });

  it("a sale that nobody knows, and a service vend, are refused", () => {
    const one = new SoldSale();
    one.settle();
    one.history = undefined;
    one.order("refund");
    expect(one.replies.at(-1)?.detail).toContain("knows no sale");
    const sale = new SaleUnderTest();
    sale.tell({ about: "service-vend", vend: { id: "v1", line: "A1", orderId: null, startedWallMs: 1 } });
    sale.tell({ about: "service-vend-ended", id: "v1", outcome: { kind: "delivered" } });
    const { history } = sale.one("report");
    sale.tell({
      about: "back-office",
      commandId: "c1",
      order: "refund",
      reference: one.reference,
      amount: undefined,
      history,
    });
    expect(sale.one("reply")).toMatchObject({ outcome: "refused", detail: "a service vend has no payment" });
  });

  it("is answered refused when the provider refuses it, with what the ledger says, and needs a person", () => {
    const one = sold();
    one.order("refund", 1_000);
    one.settle((effect) => effect.kind === "refund");
    expect(one.replies).toMatchObject([{ outcome: "refused", detail: matching(/refunded 0.*refused-6100/) }]);
    expect(one.entries().at(-1)).toMatchObject({ entry: "refund", outcome: "attention", refunded: 0 });
  });

  it("cancels what an unknown delivery left reserved, and so ends what needed a person", () => {
    const one = new SoldSale("unknown");
    expect(one.entries().at(-1)?.outcome).toBe("attention");
    one.order("cancel");
    one.settle();
    expect(one.entries().map(({ outcome, cancelled }) => [outcome, cancelled])).toEqual([
      ["attention", 0],
      ["released", 2_500],
    ]);
    expect(one.replies).toMatchObject([{ outcome: "done" }]);
  });

  it("asks the provider where the books needed a person: they may know less than it", () => {
    const one = new SoldSale("unknown");
    one.ledger.captured = 2_500;
    one.order("refund");
    one.settle();
    expect(one.replies).toMatchObject([{ outcome: "done" }]);
    expect(one.ledger.refunded).toBe(2_500);
  });
});

describe("an order while the sale is still being settled", () => {
  it("a refund waits for the capture, is carried out after it, and is answered by the ledger", () => {
    const one = new SoldSale();
    one.order("refund");
    expect(one.replies).toEqual([]);
    one.settle();
    expect(one.ledger).toEqual({ authorized: 2_500, captured: 2_500, cancelled: 0, refunded: 2_500 });
    expect(one.replies).toMatchObject([
      { commandId: "c1", outcome: "done", detail: matching(/captured 2500, refunded 2500/) },
    ]);
    expect(one.entries().map(({ entry, outcome }) => [entry, outcome])).toEqual([
      ["sale", "sold"],
      ["refund", "refunded"],
    ]);
  });

  it("a cancel is refused when the capture has come first, saying so", () => {
    const one = new SoldSale();
    one.order("cancel");
    one.settle();
    expect(one.ledger.refunded).toBe(0);
    expect(one.replies).toMatchObject([{ outcome: "refused", detail: matching(/was captured.*order a refund/) }]);
    expect(one.entries()).toMatchObject([{ outcome: "sold", reason: "delivered" }]);
  });

  it("a cancel of what is being released is done, and adds no entry", () => {
    const one = new SoldSale("not-delivered");
    one.order("cancel");
    one.settle();
    expect(one.replies).toMatchObject([
      { outcome: "done", detail: matching(/captured 0, refunded 0, cancelled 2500/) },
    ]);
    expect(one.entries()).toMatchObject([{ entry: "sale", outcome: "not-sold" }]);
  });

  it("a second refund waits for the first, and each gets its own true answer", () => {
    const one = new SoldSale();
    one.order("refund", 1_000);
    one.order("refund", 1_000);
    one.order("refund", 1_000);
    one.settle();
    expect(one.replies.map(({ commandId, outcome }) => [commandId, outcome])).toEqual([
      ["c1", "done"],
      ["c2", "done"],
      ["c3", "refused"],
    ]);
    expect(one.replies.at(-1)?.detail).toContain("only 5.00 NOK is left");
    expect(one.ledger.refunded).toBe(2_000);
    expect(one.entries().map(({ revision }) => revision)).toEqual([0, 1, 2]);
  });

  it("more orders than anybody gives are refused at once", () => {
    const one = new SoldSale();
    for (let count = 0; count <= waitingOrdersMax; count += 1) one.order("refund", 100);
    expect(one.replies).toMatchObject([
      { commandId: `c${waitingOrdersMax + 1}`, outcome: "refused", detail: matching(/wait already/) },
    ]);
    one.settle();
    expect(one.replies).toHaveLength(waitingOrdersMax + 1);
  });

  it("an order outlives a power cut while it waits, and another while it is carried out", () => {
    const one = new SoldSale();
    one.order("refund", 1_000);
    one.cut();
    one.settle();
    one.order("refund", 200);
    one.cut();
    one.settle();
    expect(one.ledger).toMatchObject({ captured: 2_500, refunded: 1_200 });
    expect(one.replies.map(({ commandId, outcome }) => [commandId, outcome])).toEqual([
      ["c1", "done"],
      ["c2", "done"],
    ]);
    expect(one.entries().map(({ refunded }) => refunded)).toEqual([0, 1_000, 200]);
  });

  it("is refused while the customer's sale is under way, and the sale goes on", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    sale.tell({
      about: "back-office",
      commandId: "c1",
      order: "cancel",
      reference,
      amount: undefined,
      history: undefined,
    });
    expect(sale.one("reply")).toMatchObject({ outcome: "refused", detail: matching(/under way/) });
    expect(sale.state.session.kind).toBe("delivering");
  });

  it("a cancel of what the customer has not approved ends the session, and is done when nothing is reserved", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.tell({
      about: "back-office",
      commandId: "c1",
      order: "cancel",
      reference,
      amount: undefined,
      history: undefined,
    });
    expect(sale.state.session.kind).toBe("none");
    const withdraw = sale.one("cancel");
    expect(sale.of("reply")).toEqual([]);
    sale.payment(reference, { kind: "adjusted", id: withdraw.id });
    sale.see(view(reference, "TERMINATED", {}));
    sale.see(view(reference, "TERMINATED", {}));
    expect(sale.everyEffect("reply")).toMatchObject([{ commandId: "c1", outcome: "done" }]);
  });
});

describe("any orders, at any moment", () => {
  const anyOrder = fc.record({
    order: fc.constantFrom("refund" as const, "cancel" as const),
    amount: fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined }),
    isSettledBefore: fc.boolean(),
    isRefused: fc.boolean(),
    isCut: fc.boolean(),
  });

  it("get one answer each, the entries add up to the ledger, and done means done", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("delivered" as const, "not-delivered" as const, "unknown" as const),
        fc.array(anyOrder, { maxLength: 5 }),
        (outcome, orders) => {
          const one = new SoldSale(outcome);
          const asked = orders.map(({ order, amount, isSettledBefore, isRefused, isCut }) => {
            if (isSettledBefore) one.settle((effect) => isRefused && effect.kind === "refund");
            const id = one.order(order, amount);
            if (isCut) one.cut();
            return { id, order, amount };
          });
          one.settle();
          expect(one.replies.map(({ commandId }) => commandId).toSorted()).toEqual(
            asked.map(({ id }) => id).toSorted(),
          );
          if (one.history === undefined) throw new Error("nothing is in the books");
          expect(totalsOf(one.history)).toEqual(one.ledger);
          const refunds = asked.filter(({ id, order }) => {
            const reply = one.replies.find(({ commandId }) => commandId === id);
            return order === "refund" && reply?.outcome === "done";
          });
          const least = refunds.reduce((sum, { amount }) => sum + (amount ?? 0), 0);
          expect(one.ledger.refunded).toBeGreaterThanOrEqual(least);
          if (refunds.some(({ amount }) => amount === undefined)) expect(one.ledger.refunded).toBe(one.ledger.captured);
          if (refunds.length === 0) expect(one.ledger.refunded).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a payment's own currency", () => {
  it("is captured in, and recorded, whatever the configuration says by then", () => {
    const one = new SoldSale();
    const settlements = [...one.sale.state.settlements.values()].map(({ settlement }) => settlement);
    const after = new SaleUnderTest({ currency: "DKK" }, { ...catalogue, currency: "DKK", products: [] });
    after.tell({ about: "boot", settlements, serviceVends: [] });
    after.see(one.view());
    after.nowMs += 200_000;
    after.payment(one.reference, { kind: "timer" });
    after.see(one.view());
    const capture = after.one("capture");
    expect(capture.amount).toEqual({ minor: 2_500, currency: "NOK" });
    after.payment(one.reference, { kind: "adjusted", id: capture.id });
    one.ledger.captured = 2_500;
    after.see(one.view());
    expect(after.one("report").record).toMatchObject({ currency: "NOK", captured: 2_500, outcome: "sold" });
  });

  it("a payment that the provider has in another currency than was asked for is never delivered for", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.see({ ...view(reference, "AUTHORIZED", { authorized: 2_500 }), currency: "DKK" });
    expect(sale.everyEffect("deliver")).toEqual([]);
    expect(sale.one("cancel").transactionOnly).toBe(false);
  });

  it("the dearest price is reserved among what this sales unit can be paid for", () => {
    const foreign = { id: "x", name: "X", price: money(9_900, "DKK"), vatRate: 0, line: "X1" };
    const sale = new SaleUnderTest(
      { checkInStyle: "reserve-dearest" },
      { ...catalogue, products: [...catalogue.products, foreign] },
    );
    sale.checkIn();
    expect(sale.one("create").request.amount).toEqual(money(3_200, "NOK"));
  });
});
