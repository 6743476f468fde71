/**
 * Goal: the two tables talk in order, and neither decides on what the other has moved on.
 * Method: one event that sets off several steps; the order of the effects is the order of the steps.
 */
import { describe, expect, it } from "vitest";
import { merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { SaleUnderTest, view } from "./support.ts";

const kinds = (sale: SaleUnderTest): readonly string[] =>
  sale.effects.map((effect) =>
    "name" in effect ? `${effect.kind} ${effect.name === "session" ? "session" : ""}`.trim() : effect.kind,
  );

describe("one event, decided", () => {
  it("what ended a payment is on record before its session hears of it", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.see(view(reference, "ABORTED", {}));
    expect(kinds(sale)).toEqual([
      "cancel-timer",
      "report",
      "cancel-timer session",
      "close-machine-session",
      "start-timer",
    ]);
  });

  it("an approval goes from settlement to session and back, each on what the one before has left", () => {
    const sale = new SaleUnderTest();
    const reference = sale.selectAndCreate();
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
    expect(kinds(sale)).toEqual(["cancel-timer session", "cancel-timer", "deliver"]);
    expect(sale.state.settlements.get(reference)?.settlement.state.kind).toBe("delivering");
    expect(sale.state.session.kind).toBe("delivering");
  });

  it("a new payment is opened before the one that it takes the place of is given up", () => {
    const sale = new SaleUnderTest();
    const first = sale.selectAndCreate("A1");
    sale.press("A2");
    const order = sale.effects.filter(({ kind }) => kind === "create" || kind === "cancel").map(({ kind }) => kind);
    expect(order).toEqual(["create", "cancel"]);
    expect(sale.one("cancel").reference).toBe(first);
  });

  it("every open payment is asked about when the link is back, however many there are", () => {
    const sale = new SaleUnderTest();
    const references = Array.from({ length: 20 }, () => {
      const reference = sale.selectAndCreate();
      sale.see(view(reference, "CREATED", {}));
      sale.tell({ about: "session", event: { kind: "machine-lost" } });
      sale.payment(reference, {
        kind: "adjust-unknown",
        id: sale.one("cancel").id,
        performed: "maybe",
        retryAfterMs: undefined,
      });
      return reference;
    });
    sale.tell({ about: "hint-all" });
    expect(sale.of("look").map(({ reference }) => reference)).toEqual(references);
  });

  it("news of a payment that is not open changes nothing, and says so", () => {
    const sale = new SaleUnderTest();
    const before = sale.state;
    sale.payment(referenceOf(merchantQrId("kiosk-7"), "01J00000000000000000000000"), { kind: "hint" });
    expect(sale.state).toBe(before);
    expect(sale.one("note").text).toContain("it is not open");
  });
});
