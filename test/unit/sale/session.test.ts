/**
 * Goal: the flows of the design, and what customers do to them. Method: the pure sale is driven by hand; nothing is mocked.
 */
import { describe, expect, it } from "vitest";
import { catalogueNow } from "../../../src/sale/state.ts";
import { minor, money } from "../../../src/sale/money.ts";
import { SaleUnderTest, catalogue, view } from "./support.ts";

describe("scan first, then choose and pay", () => {
  it("holds the check-in, asks for exactly the price of the choice, and delivers when a GET says payable", () => {
    const sale = new SaleUnderTest();
    sale.checkIn();
    expect(sale.state.session).toMatchObject({ kind: "choosing" });
    sale.press("A2");
    const { request, customer, reference } = sale.one("create");
    expect(request).toMatchObject({ amount: { minor: 3_200 }, flow: "web-redirect" });
    expect(customer).toBe("check-in");
    sale.payment(reference, { kind: "created" });
    expect(sale.of("deliver")).toEqual([]);
    sale.payment(reference, { kind: "hint" });
    sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
    expect(sale.one("deliver")).toMatchObject({ reference, selection: { kind: "line", line: "A2" } });
  });

  it("a payment event alone delivers nothing", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.payment(reference, { kind: "hint" });
    expect(sale.everyEffect("deliver")).toEqual([]);
  });

  it.each([
    ["too old", () => new SaleUnderTest(), 20_001],
    ["not asked for", () => new SaleUnderTest({ checkInStyle: "off" }), 500],
  ])("a check-in that is %s opens nothing", (_name, make, ageMs) => {
    const sale = make();
    sale.checkIn("e1", ageMs);
    expect(sale.state.session.kind).toBe("none");
    expect(sale.of("create")).toEqual([]);
  });

  it("drops the token when nobody chooses in time", () => {
    const sale = new SaleUnderTest();
    sale.checkIn();
    sale.tell({ about: "session", event: { kind: "session-timer" } });
    expect(sale.state.session.kind).toBe("none");
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "timed-out", money: "nothing-taken" });
    sale.press("A1");
    expect(sale.one("create").customer).toBeNull();
  });

  it("a second check-in is busy and never starts anything later", () => {
    const sale = new SaleUnderTest();
    sale.checkIn("e1");
    sale.checkIn("e2");
    expect(sale.state.notice).toMatchObject({ kind: "busy" });
    expect(sale.state.session).toMatchObject({ kind: "choosing", eventId: "e1" });
    sale.tell({ about: "session", event: { kind: "session-timer" } });
    expect(sale.state.session.kind).toBe("none");
  });

  it("no price changes under a customer", () => {
    const sale = new SaleUnderTest();
    sale.checkIn();
    const products = catalogue.products.map((product) => ({ ...product, price: money(9_900, "NOK") }));
    sale.tell({ about: "catalogue", catalogue: { ...catalogue, version: "2", products } });
    sale.press("A1");
    expect(sale.one("create").request.amount.minor).toBe(2_500);
  });

  it.each(["A4", "Z9"])("cannot choose %s, which is not for sale, and goes on choosing", (line) => {
    const sale = new SaleUnderTest();
    sale.checkIn();
    sale.press(line);
    expect(sale.of("create")).toEqual([]);
    expect(sale.state.session.kind).toBe("choosing");
  });
});

describe("reserve the dearest", () => {
  it("reserves the dearest price without an age limit, and refuses what costs more or is limited", () => {
    const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" });
    sale.checkIn();
    const { reference, request } = sale.one("create");
    expect(request.amount.minor).toBe(3_200);
    // A receipt goes with the payment's creation or not at all: it says what is reserved.
    expect(request.lines).toMatchObject([{ id: "reservation", quantity: 1, total: 3_200 }]);
    expect(request.lines[0]?.name).not.toBe("");
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
    expect(sale.one("open-machine-session").funds.minor).toBe(3_200);
    sale.press("A3");
    expect(sale.state.session.kind).toBe("choosing-reserved");
  });

  it("cancels all when the customer chooses nothing", () => {
    const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" });
    sale.checkIn();
    const { reference } = sale.one("create");
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
    sale.tell({ about: "session", event: { kind: "session-timer" } });
    expect(sale.one("cancel").transactionOnly).toBe(false);
    expect(sale.state.notice).toMatchObject({ kind: "sorry", money: "being-released" });
  });
});

describe("select first", () => {
  it("shows a one-time QR for exactly the price", () => {
    const sale = new SaleUnderTest();
    sale.press("A1");
    expect(sale.one("create").request).toMatchObject({ flow: "qr", amount: { minor: 2_500 } });
  });

  it("another button before the approval changes the product and gives the first payment up", () => {
    const sale = new SaleUnderTest();
    const first = sale.selectAndCreate("A1");
    sale.press("A2");
    expect(sale.one("cancel")).toMatchObject({ reference: first, transactionOnly: true });
    expect(sale.one("create").request.amount.minor).toBe(3_200);
  });

  it("passes the age limit to the provider, and tells a refused customer why", () => {
    const sale = new SaleUnderTest();
    const { reference, request } = (sale.press("A3"), sale.one("create"));
    expect(request.minimumAge).toBe(18);
    sale.payment(reference, { kind: "create-refused", status: 400, code: "7010" });
    expect(sale.state.notice).toMatchObject({ kind: "refused", reason: "age" });
  });

  it.each([
    ["ABORTED", "declined"],
    ["EXPIRED", "timed-out"],
    ["TERMINATED", "cancelled"],
  ] as const)("a payment that ended as %s says %s, and that nothing was taken", (state, reason) => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.see(view(reference, state, {}));
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason, money: "nothing-taken" });
    expect(sale.state.settlements.size).toBe(0);
  });

  it("sells nothing while no code can be shown", () => {
    const sale = new SaleUnderTest();
    sale.tell({ about: "readiness", readiness: { callbackQr: false, oneTimeQr: false } });
    sale.press("A1");
    expect(sale.of("create")).toEqual([]);
    expect(sale.of("close-machine-session")).toHaveLength(1);
  });

  it("sells nothing while the operator has taken it out of service", () => {
    const sale = new SaleUnderTest();
    sale.tell({ about: "operator", inService: false });
    sale.press("A1");
    sale.checkIn();
    expect(sale.everyEffect("create")).toEqual([]);
  });

  it("an inhibit in mid-sale ends the session; after an approval the money is released", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.tell({ about: "session", event: { kind: "machine-lost" } });
    const { id } = sale.one("cancel");
    sale.payment(reference, { kind: "adjust-refused", id, status: 400, code: "6060" });
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    expect(sale.one("cancel").transactionOnly).toBe(false);
  });

  it("counts stock down and stops selling at none", () => {
    const sale = new SaleUnderTest();
    for (let sold = 0; sold < 2; sold += 1) {
      const reference = sale.selectAndCreate("A2");
      sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
      const { deliveryId } = sale.one("deliver");
      sale.payment(reference, { kind: "delivery-ended", deliveryId, outcome: { kind: "delivered" } });
    }
    expect(catalogueNow(sale.state).products.find(({ line }) => line === "A2")?.stock).toBe(0);
    sale.press("A2");
    expect(sale.of("create")).toEqual([]);
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "sold-out" });
  });
});

describe("show code", () => {
  it("pays with the personal code instead of the QR, which is given up", () => {
    const sale = new SaleUnderTest();
    const first = sale.selectAndCreate();
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    expect(sale.one("create")).toMatchObject({ customer: "scan", request: { flow: "push" } });
    expect(sale.one("cancel")).toMatchObject({ reference: first, transactionOnly: true });
  });

  it("falls back to the one-time QR when push is not approved (5080), and does not try again", () => {
    const sale = new SaleUnderTest();
    sale.selectAndCreate();
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    const { reference } = sale.one("create");
    sale.payment(reference, { kind: "create-refused", status: 400, code: "5080" });
    expect(sale.one("create")).toMatchObject({ customer: null, request: { flow: "qr" } });
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    expect(sale.of("create")).toEqual([]);
  });
});

describe("parking", () => {
  const timeSales = {
    minutesMin: 30,
    minutesMax: 240,
    minutesStep: 30,
    quote: (from: number, minutes: number) => ({ price: minor(minutes * 50), untilWallMs: from + minutes * 60_000 }),
  };
  const keys = (sale: SaleUnderTest, ...names: readonly string[]) => {
    for (const key of names) sale.tell({ about: "session", event: { kind: "key", key } });
  };

  it("takes plate and time, asks for the tariff's price, and shows until when it is valid", () => {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true });
    keys(sale, "E", "K", "1", "2", "plus", "ok");
    const { reference, request } = sale.one("create");
    expect(request).toMatchObject({ amount: { minor: 3_000 }, metadata: { plate: "EK12" } });
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.nowMs += 10_000;
    sale.see(view(reference, "AUTHORIZED", { amount: 3_000, authorized: 3_000 }));
    const { deliveryId, untilWallMs } = sale.one("deliver");
    expect(untilWallMs).toBe(1_790_000_000_000 + 11_000 + 3_600_000);
    sale.payment(reference, { kind: "delivery-ended", deliveryId, outcome: { kind: "delivered" } });
    expect(sale.state.notice).toMatchObject({ kind: "valid-until", plate: "EK12", untilWallMs });
  });

  it("wants a plate first, and never goes over the longest time", () => {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true });
    keys(sale, "plus", "plus", "plus", "plus", "plus", "plus", "plus", "plus", "plus", "plus", "ok");
    expect(sale.everyEffect("create")).toEqual([]);
    expect(sale.state.session).toMatchObject({ kind: "choosing-time", minutes: 240 });
  });
});

describe("the back office", () => {
  it("a service vend happens once, without a payment, and not while a session is on", () => {
    const sale = new SaleUnderTest();
    const vend = { id: "c1", line: "A1", orderId: null, startedWallMs: 1 };
    sale.tell({ about: "service-vend", vend });
    expect(sale.one("deliver")).toMatchObject({ reference: undefined, deliveryId: "c1" });
    sale.tell({ about: "service-vend", vend: { ...vend, id: "c2" } });
    expect(sale.one("reply")).toMatchObject({ commandId: "c2", outcome: "refused" });
    sale.tell({ about: "service-vend-ended", id: "c1", outcome: { kind: "delivered" } });
    expect(sale.one("report").record).toMatchObject({ outcome: "service", captured: 0 });
    expect(sale.state.session.kind).toBe("none");
  });
});

describe("a line that jammed", () => {
  const jammed = (): SaleUnderTest => {
    const sale = new SaleUnderTest();
    sale.tell({ about: "line", line: "A1", state: "jammed" });
    return sale;
  };
  const sells = (sale: SaleUnderTest): boolean => {
    sale.press("A1");
    return sale.of("create").length > 0;
  };

  it("is not sold", () => {
    expect(sells(jammed())).toBe(false);
  });

  it.each([
    ["the door was shut again", { about: "serviced", line: undefined } as const],
    ["the back office puts it into service", { about: "operator", inService: true } as const],
  ])("is tried again when %s", (_name, event) => {
    const sale = jammed();
    sale.tell(event);
    expect(sells(sale)).toBe(true);
  });

  it("does not get its stock back by that", () => {
    const sale = new SaleUnderTest();
    const before = catalogueNow(sale.state);
    sale.tell({ about: "serviced", line: undefined });
    expect(catalogueNow(sale.state)).toEqual(before);
  });
});
