/**
 * Goal: the customer is told what happened, and no code or answer of another payment changes whose payment is waited for.
 * Method: the pure sale is driven by hand; the notice, the session, and what is sent and recorded are read.
 */
import { describe, expect, it } from "vitest";
import type { Reference } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
import type { DeliveryOutcome } from "../../../src/sale/selection.ts";
import { catalogue, policy, SaleUnderTest, view } from "./support.ts";

function scan(sale: SaleUnderTest): Reference {
  sale.tell({ about: "session", event: { kind: "code-scanned" } });
  return sale.one("create").reference;
}

/** A code stands on the panel; a personal code was held up, and the provider is asked about it. */
function asking() {
  const sale = new SaleUnderTest();
  const first = sale.selectAndCreate();
  return { sale, first, scanned: scan(sale) };
}

const frontEndOrder = {
  kind: "order",
  orderId: "o-1",
  amount: money(6_900, "NOK"),
  title: "Lunch",
  lines: [],
} as const;

describe("after the delivery the panel says", () => {
  it.each<[string, "release" | "attention" | "capture", DeliveryOutcome, object]>([
    [
      "thanks, with what was bought",
      "release",
      { kind: "delivered" },
      { kind: "thanks", product: "Water", price: money(2_500, "NOK") },
    ],
    [
      "that the money goes back, when nothing came",
      "release",
      { kind: "not-delivered", reason: "jam" },
      { kind: "sorry", reason: "not-delivered", money: "being-released" },
    ],
    [
      "that the money goes back, when nobody knows",
      "release",
      { kind: "unknown", reason: "no sensor" },
      { kind: "sorry", reason: "unknown-delivery", money: "being-released" },
    ],
    [
      "that somebody looks into it, where the policy says so",
      "attention",
      { kind: "unknown", reason: "no sensor" },
      { kind: "sorry", reason: "unknown-delivery", money: "needs-attention" },
    ],
    [
      "thanks, where the policy takes the money",
      "capture",
      { kind: "unknown", reason: "no sensor" },
      { kind: "thanks", product: "Water" },
    ],
    [
      "that the money goes back when nothing came, whatever the policy for not knowing",
      "capture",
      { kind: "not-delivered", reason: "jam" },
      { kind: "sorry", reason: "not-delivered", money: "being-released" },
    ],
  ])("%s (policy %s)", (_name, unknownDelivery, outcome, notice) => {
    const sale = new SaleUnderTest({ unknownDelivery });
    const reference = sale.selectAndCreate();
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    sale.payment(reference, { kind: "delivery-ended", deliveryId: sale.one("deliver").deliveryId, outcome });
    expect(sale.state.notice).toMatchObject(notice);
    expect(sale.state.session.kind).toBe("none");
  });
});

describe("a check-in", () => {
  it.each([
    ["just fresh enough", policy.freshnessMs, "choosing"],
    ["a millisecond too old", policy.freshnessMs + 1, "none"],
  ])("that is %s", (_name, ageMs, session) => {
    const sale = new SaleUnderTest();
    sale.checkIn("e1", ageMs);
    expect(sale.state.session.kind).toBe(session);
  });

  it.each([
    ["while the machine is out of service", { checkIn: true }, false],
    ["while nothing can be sold to it", { checkIn: false }, true],
  ])("opens nothing %s", (_name, codes, inService) => {
    const sale = new SaleUnderTest();
    sale.tell({ about: "readiness", readiness: { callbackQr: true, oneTimeQr: true, ...codes } });
    sale.tell({ about: "operator", inService });
    sale.checkIn();
    expect(sale.state.session.kind).toBe("none");
  });

  it("has its time to choose, and takes the notice for the customer before off the panel", () => {
    const sale = new SaleUnderTest();
    const before = sale.selectAndCreate();
    sale.see(view(before, "ABORTED", {}));
    expect(sale.state.notice).not.toBeNull();
    sale.checkIn();
    expect(sale.state.notice).toBeNull();
    expect(sale.one("start-timer")).toMatchObject({ afterMs: policy.chooseMs });
    expect(sale.state.session).toMatchObject({ deadlineMono: sale.nowMs + policy.chooseMs });
  });

  it("that reserves the dearest price gives the time to choose again once it is reserved", () => {
    const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" });
    const { reference } = (sale.checkIn(), sale.one("create"));
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.nowMs += 30_000;
    sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
    expect(sale.state.session).toMatchObject({
      kind: "choosing-reserved",
      deadlineMono: sale.nowMs + policy.chooseMs,
    });
  });
});

describe("a personal code that is held up beside a code on the panel", () => {
  it("takes the payment over once the provider has created it, and the first is given up with that reason", () => {
    const { sale, first, scanned } = asking();
    expect(sale.state.session).toMatchObject({ reference: first, scanned });
    sale.payment(scanned, { kind: "created" });
    expect(sale.state.session).toMatchObject({ how: "scan", reference: scanned, isCreated: true, scanned: null });
    expect(sale.state.settlements.get(first)?.settlement.reason).toBe("paid-by-personal-code");
  });

  it.each([
    ["5080", true],
    ["4060", false],
  ])("that the provider does not take (%s) leaves the first payment alone", (code, isRefusedForGood) => {
    const { sale, first, scanned } = asking();
    sale.payment(scanned, { kind: "create-refused", status: 400, code });
    expect(sale.state.session).toMatchObject({ how: "qr", reference: first, scanned: null });
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    expect(sale.of("create")).toHaveLength(isRefusedForGood ? 0 : 1);
  });

  it("that comes while another is asked about changes nothing", () => {
    const { sale, first, scanned } = asking();
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    expect(sale.of("create")).toEqual([]);
    expect(sale.state.session).toMatchObject({ reference: first, scanned });
  });

  it("is waited for when the first payment ends meanwhile, from then on for a whole time to pay", () => {
    const { sale, first, scanned } = asking();
    sale.nowMs += 50_000;
    sale.see(view(first, "EXPIRED", {}));
    expect(sale.state.session).toMatchObject({
      how: "scan",
      reference: scanned,
      isCreated: false,
      deadlineMono: sale.nowMs + policy.payMs,
    });
  });

  it.each([
    ["5080", true],
    ["4060", false],
  ])("that fails (%s) after the first payment ended leads to a code on the panel again", (code, isRefusedForGood) => {
    const { sale, first, scanned } = asking();
    sale.see(view(first, "EXPIRED", {}));
    sale.payment(scanned, { kind: "create-refused", status: 400, code });
    expect(sale.one("create").request).toMatchObject({ flow: "qr", amount: { minor: 2_500 } });
    expect(sale.state.session).toMatchObject({ kind: "paying", how: "qr" });
    sale.payment(sale.one("create").reference, { kind: "created" });
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    expect(sale.of("create")).toHaveLength(isRefusedForGood ? 0 : 1);
  });

  it("is given up when the customer pays by the code on the panel after all", () => {
    const { sale, first, scanned } = asking();
    sale.see(view(first, "AUTHORIZED", { authorized: 2_500 }));
    expect(sale.one("deliver").reference).toBe(first);
    expect(sale.state.settlements.get(scanned)?.settlement.reason).toBe("paid-otherwise");
  });

  it("is given up when the first payment turns out not to be enough", () => {
    const { sale, first, scanned } = asking();
    sale.see(view(first, "AUTHORIZED", { authorized: 1_000 }));
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "interrupted", money: "being-released" });
    expect(sale.state.settlements.get(scanned)?.settlement.reason).toBe("paid-otherwise");
  });
});

describe("a customer whom the provider does not let pay", () => {
  it.each([
    ["A3", "age"],
    ["A1", "identity"],
  ])("for %s is told it is about %s (7010)", (line, reason) => {
    const sale = new SaleUnderTest();
    const { reference } = (sale.press(line), sale.one("create"));
    sale.payment(reference, { kind: "create-refused", status: 400, code: "7010" });
    expect(sale.state.notice).toMatchObject({ kind: "refused", reason });
  });

  it("of an order with an age limit of its own is told it is about age", () => {
    const sale = new SaleUnderTest();
    const order = { ...frontEndOrder, minimumAge: 18 };
    sale.tell({ about: "session", event: { kind: "selected", selection: order } });
    const { reference, request } = sale.one("create");
    expect(request.minimumAge).toBe(18);
    sale.payment(reference, { kind: "create-refused", status: 400, code: "7010" });
    expect(sale.state.notice).toMatchObject({ kind: "refused", reason: "age" });
  });
});

describe("another selection", () => {
  it("gives the first payment up with that reason", () => {
    const sale = new SaleUnderTest();
    const first = sale.selectAndCreate("A1");
    sale.press("A2");
    expect(sale.state.settlements.get(first)?.settlement.reason).toBe("selection-changed");
  });

  it("after a check-in does not change what the customer is asked to pay in the app", () => {
    const sale = new SaleUnderTest();
    sale.checkIn();
    const { reference } = (sale.press("A1"), sale.one("create"));
    sale.press("A2");
    expect(sale.of("create")).toEqual([]);
    expect(sale.state.session).toMatchObject({ kind: "paying", reference });
  });

  it("does not replace an order that a front end brought", () => {
    const sale = new SaleUnderTest();
    sale.tell({ about: "session", event: { kind: "selected", selection: frontEndOrder } });
    const { reference } = sale.one("create");
    sale.press("A1");
    expect(sale.of("create")).toEqual([]);
    expect(sale.state.session).toMatchObject({ kind: "paying", reference });
  });

  it("where everything reserved beforehand is too dear or sold out, says so", () => {
    const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" }, { ...catalogue, products: [] });
    sale.checkIn();
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "sold-out", money: "nothing-taken" });
  });
});
