/**
 * Goal: while a customer waits, each answer about the payment leads to the one right step, and the record says why it ended as it did.
 * Method: the pure sale is driven by hand; what is waited for, what is sent and what is recorded are read.
 */
import { describe, expect, it } from "vitest";
import type { Reference } from "../../../src/sale/ids.ts";
import type { PaymentState } from "../../../src/sale/payment.ts";
import { SaleUnderTest, view } from "./support.ts";

function openOf(sale: SaleUnderTest, reference: Reference) {
  const open = sale.state.settlements.get(reference);
  if (open === undefined) throw new Error("the settlement has ended");
  return open;
}

/** The customer has pressed, and the request to create is out. */
function creating() {
  const sale = new SaleUnderTest();
  const { reference, id } = (sale.press("A1"), sale.one("create"));
  return { sale, reference, id };
}

/** A code is on the panel and a GET is out. */
function awaiting() {
  const sale = new SaleUnderTest();
  return { sale, reference: sale.selectAndCreate() };
}

/** The dearest price (32.00) is reserved and the customer chooses. */
function reserved() {
  const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" });
  const { reference } = (sale.checkIn(), sale.one("create"));
  sale.payment(reference, { kind: "created" });
  sale.payment(reference, { kind: "timer" });
  sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
  expect(openOf(sale, reference).settlement.state.kind).toBe("reserved");
  return { sale, reference };
}

describe("a request to create", () => {
  it.each([
    [{ status: 400, code: "5080" }, "create-refused-5080"],
    [{ status: 403, code: undefined }, "create-refused-403"],
  ])("that is refused at once ends the sale, and the record says by what: %o", (refusal, reason) => {
    const { sale, reference } = creating();
    sale.payment(reference, { kind: "create-refused", ...refusal });
    expect(sale.one("report").record).toMatchObject({ outcome: "not-sold", reason });
    expect(sale.of("look")).toEqual([]);
  });

  it("that is refused as a conflict (409) may have worked: it is looked for", () => {
    const { sale, reference } = creating();
    sale.payment(reference, { kind: "create-refused", status: 409, code: "4150" });
    expect(sale.of("look")).toHaveLength(1);
    expect(openOf(sale, reference).settlement).toMatchObject({
      state: { kind: "doubtful" },
      reason: "create-refused-4150",
    });
  });

  it("that is refused after an answer was lost may have worked the first time: it is looked for", () => {
    const { sale, reference } = creating();
    sale.payment(reference, { kind: "create-unknown", retryAfterMs: undefined });
    sale.payment(reference, { kind: "timer" });
    sale.payment(reference, { kind: "create-refused", status: 400, code: "4020" });
    expect(sale.of("look")).toHaveLength(1);
    expect(openOf(sale, reference).settlement.state).toEqual({ kind: "doubtful", uncertain: true });
  });

  it("that is sent again waits for its own answer: no second copy beside it, no GET when it is given up meanwhile", () => {
    const { sale, reference } = creating();
    sale.payment(reference, { kind: "create-unknown", retryAfterMs: undefined });
    expect(openOf(sale, reference).settlement.state).toEqual({ kind: "creating", uncertain: true });
    sale.payment(reference, { kind: "timer" });
    expect(sale.of("create")).toHaveLength(1);
    expect(openOf(sale, reference).live.waiting).toBe("create");
    sale.payment(reference, { kind: "hint" });
    expect(sale.of("create")).toEqual([]);
    sale.tell({ about: "session", event: { kind: "session-timer" } });
    expect(sale.of("look")).toEqual([]);
  });

  it("whose answer is lost, given up in the pause before the next try, is looked for at once", () => {
    const { sale, reference } = creating();
    sale.payment(reference, { kind: "create-unknown", retryAfterMs: undefined });
    sale.tell({ about: "session", event: { kind: "session-timer" } });
    expect(sale.of("look")).toHaveLength(1);
    expect(openOf(sale, reference).settlement.state.kind).toBe("doubtful");
  });
});

describe("a payment that waits for approval", () => {
  it.each<[PaymentState, string]>([
    ["ABORTED", "declined"],
    ["EXPIRED", "timed-out"],
    ["TERMINATED", "terminated"],
  ])("and is %s ends as not sold, recorded as %s", (state, reason) => {
    const { sale, reference } = awaiting();
    sale.see(view(reference, state, {}));
    expect(sale.one("report").record).toMatchObject({ outcome: "not-sold", reason });
    expect(sale.state.settlements.size).toBe(0);
  });

  it("and is not approved yet is asked for again after a pause", () => {
    const { sale, reference } = awaiting();
    const payment = view(reference, "CREATED", {});
    sale.see(payment);
    expect(openOf(sale, reference)).toMatchObject({ settlement: { payment }, live: { waiting: "timer" } });
    expect(sale.of("start-timer")).toHaveLength(1);
  });

  it.each([
    ["approved for less than the price", { authorized: 2_000 }],
    ["approved and partly released in the portal", { authorized: 2_500, cancelled: 500 }],
  ])("and is %s is given back and never delivered", (_name, sums) => {
    const { sale, reference } = awaiting();
    sale.see(view(reference, "AUTHORIZED", sums));
    expect(sale.one("cancel")).toMatchObject({ transactionOnly: false });
    expect(openOf(sale, reference).settlement).toMatchObject({ target: 0, reason: "not-payable" });
    expect(sale.state.session.kind).not.toBe("paying");
    expect(sale.everyEffect("deliver")).toEqual([]);
  });

  it("and is approved starts one delivery under an id that the journal can tell apart, with nothing left to wait for but the machine", () => {
    const { sale, reference } = awaiting();
    const effectsBefore = openOf(sale, reference).settlement.effects;
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    const { deliveryId } = sale.one("deliver");
    expect(deliveryId).toMatch(/-delivery-\d+$/);
    const { settlement, live } = openOf(sale, reference);
    expect(settlement).toMatchObject({ delivery: { kind: "started", deliveryId }, effects: effectsBefore + 1 });
    expect(live).toMatchObject({ waiting: "delivery", attempts: 0, chosen: null });
    sale.payment(reference, { kind: "hint" });
    expect(sale.effects.map(({ kind }) => kind)).toEqual(["note"]);
  });
});

describe("a reservation of the dearest price", () => {
  it("that was partly released while the customer chooses is given back: nothing can be chosen any more", () => {
    const { sale, reference } = reserved();
    sale.payment(reference, { kind: "hint" });
    const payment = view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200, cancelled: 200 });
    sale.see(payment);
    expect(sale.one("cancel")).toMatchObject({ transactionOnly: false });
    expect(openOf(sale, reference).settlement).toMatchObject({ payment, target: 0, reason: "not-payable" });
    expect(sale.state.session.kind).not.toBe("choosing-reserved");
    expect(sale.everyEffect("deliver")).toEqual([]);
  });

  it("that still holds when it is looked at goes on waiting for the choice", () => {
    const { sale, reference } = reserved();
    sale.payment(reference, { kind: "hint" });
    const payment = view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 });
    sale.see(payment);
    expect(openOf(sale, reference)).toMatchObject({
      settlement: { payment },
      live: { waiting: "session", attempts: 0 },
    });
    expect(sale.state.session.kind).toBe("choosing-reserved");
    expect(sale.of("cancel")).toEqual([]);
  });

  it("is judged by the price that was chosen: enough for the cheaper one is enough", () => {
    const { sale, reference } = reserved();
    sale.press("A1");
    sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200, cancelled: 700 }));
    expect(sale.one("deliver")).toMatchObject({ price: { minor: 2_500 } });
    expect(openOf(sale, reference).live).toMatchObject({ waiting: "delivery", chosen: null });
  });
});
