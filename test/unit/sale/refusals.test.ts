/**
 * Goal: what the sale does not do, it does not do for a reason that stands in the log, and the customer is told what is true.
 * Method: the odd selections, check-ins, keys and answers, one by one.
 */
import { describe, expect, it } from "vitest";
import { minor, money } from "../../../src/sale/money.ts";
import { settleAttemptsMax } from "../../../src/sale/policy.ts";
import { difference } from "../../../src/sale/settlement.ts";
import { quoteOf } from "../../../src/sale/time-moves.ts";
import type { SettlementEvent } from "../../../src/sale/event.ts";
import { merchantQrId, type Reference, referenceOf } from "../../../src/sale/ids.ts";
import type { Selection } from "../../../src/sale/selection.ts";
import { catalogue, policy, SaleUnderTest, view } from "./support.ts";

const select = (sale: SaleUnderTest, selection: Selection) =>
  sale.tell({ about: "session", event: { kind: "selected", selection } });
const key = (sale: SaleUnderTest, name: string) => sale.tell({ about: "session", event: { kind: "key", key: name } });
const quote = (from: number, minutes: number) => ({
  price: minor(minutes * 50),
  untilWallMs: from + minutes * 60_000,
});
const timeSales = { minutesMin: 30, minutesMax: 120, minutesStep: 30, quote };

describe("a selection", () => {
  it("of a line without a product is refused, and the machine hears that nothing follows", () => {
    const sale = new SaleUnderTest();
    sale.press("Z9");
    expect(sale.one("close-machine-session")).toBeDefined();
    expect(sale.one("note").text).toContain("there is no product on this line");
    expect(sale.state).toMatchObject({ session: { kind: "none" }, notice: null });
  });

  it("that the provider takes no payment for is told to the customer", () => {
    const sale = new SaleUnderTest();
    select(sale, { kind: "priced", price: money(99, "NOK"), item: undefined });
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "not-allowed", money: "nothing-taken" });
  });

  it("by button is refused where one has to scan first, and no other is", () => {
    const sale = new SaleUnderTest({ selectFirst: false });
    sale.press("A1");
    expect(sale.one("note").text).toContain("scan first, then choose");
    select(sale, { kind: "priced", price: money(2_500, "NOK"), item: "7" });
    expect(sale.of("create")).toHaveLength(1);
  });

  it.each([
    ["chosen already", (sale: SaleUnderTest) => sale.press("A1")],
    ["cannot be sold: sold-out", (sale: SaleUnderTest) => sale.press("A4")],
    [
      "a payment for another selection is under way",
      (sale: SaleUnderTest) => select(sale, { kind: "priced", price: money(2_500, "NOK"), item: "7" }),
    ],
  ])("while another is being paid: %s", (because, run) => {
    const sale = new SaleUnderTest();
    sale.selectAndCreate("A1");
    run(sale);
    expect(sale.one("note").text).toContain(because);
    expect(sale.state.session).toMatchObject({ kind: "paying", purchase: { line: "A1" } });
  });

  it.each([
    [false, "personal codes are switched off"],
    [true, "the customer is known already"],
  ])("by a personal code (taken here: %s): %s", (showCode, because) => {
    const sale = new SaleUnderTest({ showCode });
    if (showCode) sale.checkIn();
    sale.press("A1");
    sale.tell({ about: "session", event: { kind: "code-scanned" } });
    expect(sale.one("note").text).toContain(because);
    expect(sale.of("create")).toEqual([]);
  });

  it.each([
    ["A3", "cannot be sold: no-such-line"],
    ["A9", "dearer than what is reserved"],
    ["A8", "cannot be sold: not-payable"],
  ])("from a reservation, %s: %s", (line, because) => {
    const more = [
      { id: "x", name: "X", price: money(3_201, "NOK"), vatRate: 0, line: "A9", soldOut: true },
      { id: "y", name: "Y", price: money(99, "NOK"), vatRate: 0, line: "A8" },
    ];
    const products = { ...catalogue, products: [...catalogue.products, ...more] };
    const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" }, products);
    sale.checkIn();
    const { reference } = sale.one("create");
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    sale.see(view(reference, "AUTHORIZED", { amount: 3_200, authorized: 3_200 }));
    sale.tell({
      about: "catalogue",
      catalogue: { ...products, products: products.products.map((one) => ({ ...one, soldOut: false })) },
    });
    sale.press(line);
    expect(sale.one("note").text).toContain(because);
    expect(sale.state.session.kind).toBe("choosing-reserved");
  });
});

describe("a check-in", () => {
  it("finds nothing to reserve where all is sold out", () => {
    const sale = new SaleUnderTest({ checkInStyle: "reserve-dearest" }, { ...catalogue, products: [] });
    sale.checkIn();
    expect(sale.state.notice).toMatchObject({ kind: "sorry", reason: "sold-out", money: "nothing-taken" });
  });

  it("chooses time where time is sold, pays as the customer that it is, and does not get more time by keys", () => {
    const sale = new SaleUnderTest({ timeSales });
    sale.checkIn();
    expect(sale.state).toMatchObject({
      session: { kind: "choosing-time", eventId: "e1", plate: "", minutes: 30 },
      notice: null,
    });
    sale.nowMs += 5_000;
    key(sale, "plus");
    expect(sale.effects).toEqual([]);
    key(sale, "ok");
    expect(sale.one("create")).toMatchObject({ customer: "check-in", request: { amount: { minor: 3_000 } } });
  });

  it.each([
    ["4050", { kind: "sorry", reason: "timed-out", money: "nothing-taken" }],
    ["5080", { kind: "sorry", reason: "not-allowed", money: "nothing-taken" }],
    ["7010", { kind: "refused", reason: "identity" }],
    [undefined, { kind: "sorry", reason: "no-contact", money: "nothing-taken" }],
  ])("whose payment the provider refuses with %s says so", (code, notice) => {
    const sale = new SaleUnderTest();
    sale.checkIn();
    sale.press("A1");
    const { reference } = sale.one("create");
    sale.payment(reference, { kind: "create-refused", status: 400, code });
    expect(sale.state.notice).toMatchObject(notice);
    expect(sale.state.settlements.size).toBe(0);
  });
});

describe("a key", () => {
  it("less is less, down to the shortest time", () => {
    const sale = new SaleUnderTest({ timeSales });
    for (const name of ["plus", "plus", "plus", "minus"]) key(sale, name);
    expect(sale.state.session).toMatchObject({ minutes: 60 });
    for (const name of ["minus", "minus", "minus", "minus"]) key(sale, name);
    expect(sale.state.session).toMatchObject({ minutes: 30 });
  });

  it("gives more time to choose, where no customer waits with a token", () => {
    const sale = new SaleUnderTest({ timeSales });
    key(sale, "plus");
    sale.nowMs += 5_000;
    key(sale, "plus");
    expect(sale.one("start-timer")).toMatchObject({ name: "session", afterMs: policy.chooseMs });
    expect(sale.state.session).toMatchObject({ deadlineMono: sale.nowMs + policy.chooseMs });
  });

  it.each([
    [{}, "plus", true, "keys choose nothing here"],
    [{ timeSales }, "cancel", true, "nothing to take back"],
    [{ timeSales }, "backspace", true, "nothing to take back"],
    [{ timeSales }, "plus", false, "no code can be shown"],
  ])("with %o, %s is ignored (in service: %s): %s", (changes, name, inService, because) => {
    const sale = new SaleUnderTest(changes);
    sale.tell({ about: "operator", inService });
    key(sale, name);
    expect(sale.one("note").text).toContain(because);
    expect(sale.state.session.kind).toBe("none");
  });

  it("pays no time that costs too little", () => {
    const cheap = { ...timeSales, quote: (from: number) => ({ price: minor(99), untilWallMs: from + 60_000 }) };
    const sale = new SaleUnderTest({ timeSales: cheap });
    key(sale, "plus");
    key(sale, "ok");
    expect(sale.one("note").text).toContain("this time costs too little to be paid: add more");
  });

  it("shows what the time costs now, and nothing where no time is sold", () => {
    const session = {
      kind: "choosing-time",
      eventId: null,
      catalogue,
      plate: "",
      minutes: 60,
      deadlineMono: 0,
    } as const;
    expect(quoteOf(session, { ...policy, timeSales }, 1_000)).toEqual({ price: 3_000, untilWallMs: 3_601_000 });
    expect(quoteOf(session, policy, 1_000)).toEqual({ price: 0, untilWallMs: 1_000 });
  });
});

const reference = referenceOf(merchantQrId("kiosk-7"), "01J00000000000000000000001");

describe("what is still to be done", () => {
  it.each([
    ["EXPIRED", {}, 0, { kind: "none" }],
    ["EXPIRED", { captured: 1_000 }, 1_000, { kind: "none" }],
    ["EXPIRED", { captured: 1_000 }, 2_500, { kind: "short", amount: 1_500 }],
    ["CREATED", {}, 0, { kind: "withdraw" }],
    ["CREATED", {}, 2_500, { kind: "short", amount: 2_500 }],
    ["AUTHORIZED", { authorized: 2_000 }, 2_500, { kind: "short", amount: 500 }],
    ["AUTHORIZED", { authorized: 2_500 }, 2_500, { kind: "capture", amount: 2_500 }],
    ["AUTHORIZED", { authorized: 3_200, captured: 2_500 }, 2_500, { kind: "cancel" }],
    ["AUTHORIZED", { authorized: 2_500, captured: 2_500 }, 1_000, { kind: "refund", amount: 1_500 }],
    ["AUTHORIZED", { authorized: 2_500, captured: 2_500, refunded: 1_500 }, 1_000, { kind: "none" }],
  ] as const)("%s %o, of which %d is to be kept", (state, amounts, target, expected) => {
    expect(difference(view(reference, state, amounts), minor(target))).toEqual(expected);
  });
});

describe("what no machine can end", () => {
  /** A delivered sale, whose capture the provider did not answer for. */
  function settling() {
    const sale = new SaleUnderTest();
    const paid = sale.selectAndCreate();
    sale.see(view(paid, "AUTHORIZED", { authorized: 2_500 }));
    const { deliveryId } = sale.one("deliver");
    sale.payment(paid, { kind: "delivery-ended", deliveryId, outcome: { kind: "delivered" } });
    return { sale, paid, id: sale.one("capture").id };
  }
  const reasonOf = (sale: SaleUnderTest) => sale.one("report").record.reason;

  it("is money that is not there any more", () => {
    const { sale, paid, id } = settling();
    sale.payment(paid, { kind: "adjusted", id });
    sale.see(view(paid, "AUTHORIZED", { authorized: 2_500, cancelled: 2_500 }));
    expect(sale.one("report").record).toMatchObject({ outcome: "attention", reason: "money-missing", captured: 0 });
  });

  it.each<readonly [string, (look: number) => SettlementEvent]>([
    ["provider-knows-nothing", (look) => ({ kind: "view-missing", look })],
    ["provider-never-answered", (look) => ({ kind: "view-unknown", look, retryAfterMs: undefined })],
  ])("is what the provider does not say for half a year: %s", (reason, answer) => {
    const { sale, paid, id } = settling();
    sale.payment(paid, { kind: "adjusted", id });
    exhaust(sale, paid);
    sale.payment(paid, answer(sale.everyEffect("look").at(-1)?.look ?? 0));
    expect(reasonOf(sale)).toBe(reason);
  });

  it("is a capture that nobody answers for half a year", () => {
    const { sale, paid, id } = settling();
    exhaust(sale, paid);
    sale.payment(paid, { kind: "adjust-unknown", id, performed: "maybe", retryAfterMs: undefined });
    expect(reasonOf(sale)).toBe("provider-never-answered");
  });

  /** As if it had been tried for half a year. */
  function exhaust(sale: SaleUnderTest, paid: Reference): void {
    const open = sale.state.settlements.get(paid);
    if (open === undefined) throw new Error("it is not open");
    const live = { ...open.live, attempts: settleAttemptsMax };
    sale.state = { ...sale.state, settlements: new Map([[paid, { ...open, live }]]) };
  }
});
