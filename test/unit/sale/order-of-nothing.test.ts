/**
 * Goal: an order about a payment that the provider does not know is answered once that is certain, and not asked about for weeks.
 * Method: the payment's creation is lost or refused, and every GET is answered with 404 while the clock goes on.
 */
import { describe, expect, it } from "vitest";
import type { Effect } from "../../../src/sale/effect.ts";
import type { Reference } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
import { appearanceMs } from "../../../src/sale/policy.ts";
import type { SaleHistory } from "../../../src/sale/record.ts";
import { matching, SaleUnderTest, view } from "./support.ts";

/** A payment of which the provider says 404, and an office that wants it cancelled. */
class NothingThere {
  sale = new SaleUnderTest();
  readonly reference: Reference;
  history: SaleHistory | undefined;
  readonly replies: Extract<Effect, { kind: "reply" }>[] = [];
  readonly reports: Extract<Effect, { kind: "report" }>[] = [];
  looks = 0;

  constructor() {
    this.sale.press("A1");
    this.reference = this.sale.one("create").reference;
  }

  take(effects: readonly Effect[]): void {
    const { sale, reference } = this;
    for (const effect of effects) {
      if (effect.kind === "report") {
        this.history = effect.history;
        this.reports.push(effect);
      }
      if (effect.kind === "reply") this.replies.push(effect);
      if (effect.kind === "look") {
        this.looks += 1;
        if (this.looks > 500) throw new Error("it asks for ever");
        this.take(sale.payment(reference, { kind: "view-missing", look: effect.look }));
      }
      if (effect.kind === "start-timer" && effect.name === reference) {
        sale.nowMs += effect.afterMs;
        this.take(sale.payment(reference, { kind: "timer" }));
      }
    }
  }

  order(order: "refund" | "cancel"): readonly Effect[] {
    const { reference, history } = this;
    return this.sale.tell({ about: "back-office", commandId: "c1", order, reference, amount: undefined, history });
  }

  cut(): void {
    const settlements = [...this.sale.state.settlements.values()].map(({ settlement }) => settlement);
    const { nowMs } = this.sale;
    this.sale = new SaleUnderTest();
    this.sale.nowMs = nowMs;
    this.take(this.sale.tell({ about: "boot", settlements, serviceVends: [] }));
  }
}

const nothingReserved = {
  commandId: "c1",
  outcome: "refused",
  detail: matching(/knows no payment.*nothing is reserved/),
};

describe("an order about a payment that was never created", () => {
  it("a cancel that came while nobody knew is refused when it can no longer appear, not before", () => {
    const one = new NothingThere();
    one.sale.payment(one.reference, { kind: "create-unknown", retryAfterMs: undefined });
    const orderedMs = one.sale.nowMs;
    one.take(one.order("cancel"));
    expect(one.replies).toMatchObject([nothingReserved]);
    expect(one.sale.nowMs - orderedMs).toBeGreaterThanOrEqual(appearanceMs);
    expect(one.sale.nowMs - orderedMs).toBeLessThan(appearanceMs + 3 * 60_000);
    expect(one.sale.state.settlements.size).toBe(0);
    expect(one.reports).toHaveLength(1);
  });

  it("a cancel of a payment that the provider refused to create is refused with one GET", () => {
    const one = new NothingThere();
    one.take(one.sale.payment(one.reference, { kind: "create-refused", status: 400, code: "1000" }));
    one.take(one.order("cancel"));
    expect(one.replies).toMatchObject([nothingReserved]);
    expect(one.looks).toBe(1);
    expect(one.reports).toHaveLength(1);
  });

  it("is answered the same after a power cut while it waits, and while it is carried out", () => {
    const waiting = new NothingThere();
    waiting.sale.payment(waiting.reference, { kind: "create-unknown", retryAfterMs: undefined });
    waiting.order("cancel");
    waiting.cut();
    expect(waiting.replies).toMatchObject([nothingReserved]);
    const underWay = new NothingThere();
    underWay.take(underWay.sale.payment(underWay.reference, { kind: "create-refused", status: 400, code: "1000" }));
    underWay.order("cancel");
    underWay.cut();
    expect(underWay.replies).toMatchObject([nothingReserved]);
  });

  it("a refund is refused: nothing was captured", () => {
    const one = new NothingThere();
    one.sale.payment(one.reference, { kind: "create-unknown", retryAfterMs: undefined });
    one.take(one.order("refund"));
    // While it is being created the sale is under way; afterwards the books know.
    expect(one.replies).toMatchObject([{ outcome: "refused", detail: matching(/under way/) }]);
    one.take(one.sale.tell({ about: "session", event: { kind: "selection-cancelled" } }));
    one.take(one.order("refund"));
    expect(one.replies.at(-1)).toMatchObject({ outcome: "refused", detail: matching(/nothing was captured/) });
  });
});

describe("an order about a payment that the provider does not know any more", () => {
  function sold(): NothingThere {
    const one = new NothingThere();
    const { sale, reference } = one;
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    const { deliveryId } = sale.one("deliver");
    sale.payment(reference, { kind: "delivery-ended", deliveryId, outcome: { kind: "delivered" } });
    sale.payment(reference, { kind: "adjusted", id: sale.one("capture").id });
    one.take(sale.see(view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500 })));
    return one;
  }

  it("is refused only when it has been missing for as long as a payment can take to appear; the books stand", () => {
    const one = sold();
    const orderedMs = one.sale.nowMs;
    one.take(one.order("refund"));
    expect(one.replies).toMatchObject([{ outcome: "refused", detail: matching(/knows no payment/) }]);
    expect(one.sale.nowMs - orderedMs).toBeGreaterThanOrEqual(appearanceMs);
    expect(one.sale.nowMs - orderedMs).toBeLessThan(2 * appearanceMs);
    expect(one.reports).toHaveLength(1);
    expect(one.history?.sale).toMatchObject({ outcome: "sold", captured: money(2_500, "NOK").minor });
  });

  it("is carried out when the payment is seen again before that", () => {
    const one = sold();
    const { sale, reference } = one;
    const look = one.order("refund").find((effect) => effect.kind === "look");
    if (look === undefined) throw new Error("the provider is not asked");
    sale.payment(reference, { kind: "view-missing", look: look.look });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500 }));
    expect(sale.one("refund").amount).toEqual(money(2_500, "NOK"));
  });
});
