/**
 * Goal: the flows of the design, and what customers do to them. Method: the pure sale is driven by hand; nothing is mocked.
 */
import { describe, expect, it } from "vitest";
import { catalogueNow } from "../../../src/sale/state.ts";
import type { Reference } from "../../../src/sale/ids.ts";
import { minor, money } from "../../../src/sale/money.ts";
import type { SalePolicy } from "../../../src/sale/policy.ts";
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

describe("pay at once", () => {
  const water = { ...catalogue, products: catalogue.products.slice(0, 1) };
  const beer = { ...catalogue, products: catalogue.products.slice(2, 3) };
  const nuts = { ...catalogue, products: catalogue.products.slice(3, 4) };

  it("asks for the exact price with the customer's token, delivers when it is payable, and captures what it asked for", () => {
    const sale = new SaleUnderTest({ checkInStyle: "pay-at-once" }, water);
    sale.checkIn();
    const { reference, request, customer } = sale.one("create");
    expect(customer).toBe("check-in");
    expect(request.amount).toEqual(money(2_500, "NOK"));
    expect(request.lines).toMatchObject([{ name: "Water", quantity: 1, total: 2_500 }]);
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "AUTHORIZED", { amount: 2_500, authorized: 2_500 }));
    expect(sale.one("deliver")).toMatchObject({ reference, selection: { kind: "line", line: "A1" } });
  });

  it("asks for the age that the product needs", () => {
    const sale = new SaleUnderTest({ checkInStyle: "pay-at-once" }, beer);
    sale.checkIn();
    expect(sale.one("create").request.minimumAge).toBe(18);
  });

  it.each([
    ["sold out", nuts],
    ["nothing", { ...catalogue, products: [] }],
  ])("takes nothing when the product is %s", (_name, products) => {
    const sale = new SaleUnderTest({ checkInStyle: "pay-at-once" }, products);
    sale.checkIn();
    expect(sale.of("create")).toEqual([]);
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "sold-out", money: "nothing-taken" });
  });

  it("takes a second scan for busy, and a refused customer's session ends", () => {
    const sale = new SaleUnderTest({ checkInStyle: "pay-at-once" }, water);
    sale.checkIn("e1");
    const { reference } = sale.one("create");
    sale.checkIn("e2");
    expect(sale.of("create")).toEqual([]);
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "ABORTED", { amount: 2_500 }));
    expect(sale.state.session.kind).toBe("none");
    expect(sale.everyEffect("deliver")).toEqual([]);
  });

  it("lets the customer choose where a later catalogue has more than one", () => {
    const sale = new SaleUnderTest({ checkInStyle: "pay-at-once" });
    sale.checkIn();
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
    sale.tell({ about: "readiness", readiness: { checkIn: false, callbackQr: false, oneTimeQr: false } });
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
  const scan = { about: "session", event: { kind: "code-scanned" } } as const;

  /** A payment waits for approval, and a code is held to the scanner. */
  function scanned() {
    const sale = new SaleUnderTest();
    const first = sale.selectAndCreate();
    sale.tell(scan);
    const second = sale.one("create");
    return { sale, first, second };
  }
  const approve = (sale: SaleUnderTest, reference: Reference) =>
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));

  it("pays with the personal code instead of the QR, which is given up once the new payment exists", () => {
    const { sale, first, second } = scanned();
    expect(second).toMatchObject({ customer: "scan", request: { flow: "push" } });
    expect(sale.of("cancel")).toEqual([]);
    expect(sale.state.session).toMatchObject({ kind: "paying", how: "qr", reference: first });
    sale.payment(second.reference, { kind: "created" });
    expect(sale.one("cancel")).toMatchObject({ reference: first, transactionOnly: true });
    expect(sale.state.session).toMatchObject({
      kind: "paying",
      how: "scan",
      reference: second.reference,
      scanned: null,
    });
    expect(sale.of("start-timer")).toContainEqual(expect.objectContaining({ name: "session" }));
    sale.payment(second.reference, { kind: "timer" });
    approve(sale, second.reference);
    expect(sale.one("deliver").reference).toBe(second.reference);
  });

  it.each(["4060", "5080", "7010", undefined])("a code that the provider refuses (%s) takes nothing away", (code) => {
    const { sale, first, second } = scanned();
    sale.payment(second.reference, { kind: "create-refused", status: 400, code });
    expect(sale.everyEffect("cancel")).toEqual([]);
    expect(sale.state.session).toMatchObject({ kind: "paying", how: "qr", reference: first, scanned: null });
    approve(sale, first);
    expect(sale.one("deliver").reference).toBe(first);
  });

  it("the first payment, approved meanwhile, is delivered, and the second is given up", () => {
    const { sale, first, second } = scanned();
    approve(sale, first);
    expect(sale.one("deliver").reference).toBe(first);
    sale.payment(second.reference, { kind: "created" });
    expect(sale.one("cancel").reference).toBe(second.reference);
    expect(sale.everyEffect("deliver")).toHaveLength(1);
  });

  it("the first payment, over meanwhile, leaves the second", () => {
    const { sale, first, second } = scanned();
    sale.see(view(first, "ABORTED", {}));
    expect(sale.state.session).toMatchObject({ kind: "paying", how: "scan", reference: second.reference });
    sale.payment(second.reference, { kind: "created" });
    sale.payment(second.reference, { kind: "timer" });
    approve(sale, second.reference);
    expect(sale.one("deliver").reference).toBe(second.reference);
  });

  it.each([
    ["the time is over", { kind: "session-timer" }],
    ["the customer cancels", { kind: "selection-cancelled" }],
    ["the machine is lost", { kind: "machine-lost" }],
    ["the code cannot be shown", { kind: "panel-failed" }],
  ] as const)("when %s both are given up, and neither delivers", (_name, event) => {
    const { sale, first, second } = scanned();
    sale.tell({ about: "session", event });
    expect(sale.one("cancel").reference).toBe(first);
    expect(sale.state.session.kind).toBe("none");
    sale.payment(second.reference, { kind: "created" });
    expect(sale.one("cancel").reference).toBe(second.reference);
    expect(sale.everyEffect("deliver")).toEqual([]);
  });

  it("another product gives both up", () => {
    const { sale, first, second } = scanned();
    sale.press("A2");
    expect(sale.one("cancel").reference).toBe(first);
    sale.payment(second.reference, { kind: "created" });
    expect(sale.one("cancel").reference).toBe(second.reference);
    expect(sale.state.session).toMatchObject({ kind: "paying", how: "qr", amount: { minor: 3_200 }, scanned: null });
  });

  it("a second code waits for the word about the first", () => {
    const { sale } = scanned();
    sale.tell(scan);
    expect(sale.of("create")).toEqual([]);
  });

  it("does not try again once push was not approved (5080)", () => {
    const { sale, second } = scanned();
    sale.payment(second.reference, { kind: "create-refused", status: 400, code: "5080" });
    expect(sale.state.pushRefused).toBe(true);
    sale.tell(scan);
    expect(sale.of("create")).toEqual([]);
  });

  it("falls back to a new one-time QR when the first payment is over and the code is refused", () => {
    const { sale, first, second } = scanned();
    sale.see(view(first, "EXPIRED", {}));
    sale.payment(second.reference, { kind: "create-refused", status: 400, code: "4060" });
    expect(sale.one("create")).toMatchObject({ customer: null, request: { flow: "qr" } });
  });
});

describe("parking", () => {
  const hourMs = 3_600_000;
  const timeSales = {
    minutesMin: 30,
    minutesMax: 240,
    minutesStep: 30,
    quote: (from: number, minutes: number) => ({ price: minor(minutes * 50), untilWallMs: from + minutes * 60_000 }),
  };
  const keys = (sale: SaleUnderTest, ...names: readonly string[]) => {
    for (const key of names) sale.tell({ about: "session", event: { kind: "key", key } });
  };
  const startWallMs = 1_790_000_000_000;

  /** An hour is bought at second 1, and its payment waits. */
  function buying(changes: Partial<SalePolicy> = {}) {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true, ...changes });
    keys(sale, "E", "K", "1", "2", "plus", "ok");
    const { reference, request } = sale.one("create");
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    return { sale, reference, request };
  }
  const approve = (sale: SaleUnderTest, reference: Reference) =>
    sale.see(view(reference, "AUTHORIZED", { amount: 3_000, authorized: 3_000 }));

  it("takes plate and time, asks for the tariff's price, and shows until when it is valid: counted from the quote", () => {
    const { sale, reference, request } = buying();
    expect(request).toMatchObject({ amount: { minor: 3_000 }, metadata: { plate: "EK12" } });
    sale.nowMs += 10_000;
    approve(sale, reference);
    const { deliveryId, untilWallMs } = sale.one("deliver");
    expect(untilWallMs).toBe(startWallMs + 1_000 + hourMs);
    sale.payment(reference, { kind: "delivery-ended", deliveryId, outcome: { kind: "delivered" } });
    expect(sale.state.notice).toMatchObject({ kind: "valid-until", plate: "EK12", untilWallMs });
  });

  it.each([hourMs, -hourMs, 5 * 86_400_000])(
    "a wall clock that is set right by %d ms meanwhile does not change what was bought",
    (jumpMs) => {
      const { sale, reference } = buying();
      sale.nowMs += 10_000;
      sale.wallJumpMs = jumpMs;
      approve(sale, reference);
      const leftMs = (sale.one("deliver").untilWallMs ?? 0) - (startWallMs + sale.nowMs + jumpMs);
      expect(leftMs).toBe(hourMs - 10_000);
    },
  );

  it("an approval under a clock that is not believed is released: no time is written", () => {
    const { sale, reference } = buying();
    sale.isWallBelieved = false;
    approve(sale, reference);
    expect(sale.everyEffect("deliver")).toEqual([]);
    expect(sale.one("cancel").transactionOnly).toBe(false);
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "interrupted", money: "being-released" });
  });

  it("nothing is quoted under a clock that is not believed", () => {
    const sale = new SaleUnderTest({ timeSales });
    keys(sale, "plus");
    sale.isWallBelieved = false;
    keys(sale, "ok");
    expect(sale.everyEffect("create")).toEqual([]);
    expect(sale.state.notice).toMatchObject({ kind: "sorry", money: "nothing-taken" });
  });

  it("what is sold as an output's time lasts whole from its delivery on", () => {
    const { sale, reference } = buying({ timeLine: "shower" });
    sale.nowMs += 10_000;
    approve(sale, reference);
    expect(sale.one("deliver").untilWallMs).toBe(startWallMs + sale.nowMs + hourMs);
  });

  it("wants a plate first, and never goes over the longest time", () => {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true });
    keys(sale, "plus", "plus", "plus", "plus", "plus", "plus", "plus", "plus", "plus", "plus", "ok");
    expect(sale.everyEffect("create")).toEqual([]);
    expect(sale.state.session).toMatchObject({ kind: "choosing-time", minutes: 240 });
  });

  it.each([
    [["Å", "S", "A", "1", "2"], "ÅSA12"],
    [["Æ", "B", "L", "E", "1"], "ÆBLE1"],
    [["Ø", "L"], "ØL"],
    [["Ä", "Ö", "9"], "ÄÖ9"],
  ])("%j is the plate %s", (names, plate) => {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true });
    keys(sale, ...names, "plus", "ok");
    expect(sale.one("create").request.metadata).toMatchObject({ plate });
  });

  it("a letter that no plate here has stands in the plate as ?, and is not paid for until it is removed", () => {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true });
    keys(sale, "other", "S", "A", "1", "2", "ok");
    expect(sale.state.session).toMatchObject({ kind: "choosing-time", plate: "?SA12" });
    expect(sale.everyEffect("create")).toEqual([]);
    keys(sale, "backspace", "backspace", "backspace", "backspace", "backspace", "S", "A", "1", "2", "ok");
    expect(sale.one("create").request.metadata).toMatchObject({ plate: "SA12" });
  });

  it("a plate that is too long is refused in the same way, and not cut", () => {
    const sale = new SaleUnderTest({ timeSales, plateWanted: true });
    keys(sale, ...Array.from("ABCDEFGHIJKL"), "ok");
    expect(sale.state.session).toMatchObject({ kind: "choosing-time", plate: "ABCDEFGHIJ?" });
    keys(sale, "backspace", "ok");
    expect(sale.one("create").request.metadata).toMatchObject({ plate: "ABCDEFGHIJ" });
  });

  it("where no plate is wanted, letters mean nothing", () => {
    const sale = new SaleUnderTest({ timeSales });
    keys(sale, "plus", "A", "other", "ok");
    expect(sale.one("create").request.metadata).toEqual({});
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
