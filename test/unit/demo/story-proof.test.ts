/** Goal: the story's figures are counted, and a loss cannot hide in them. Method: planted ledgers. */
import { describe, expect, it } from "vitest";
import { proofOf } from "../../../src/demo/story-proof.ts";

const sold = {
  reference: "demo-1-01JD0000000000000000000001",
  state: "AUTHORIZED",
  currency: "NOK",
  amount: 2_500,
  authorized: 2_500,
  captured: 2_500,
  cancelled: 0,
  refunded: 0,
} as const;
const released = { ...sold, reference: "demo-1-01JD0000000000000000000002", captured: 0, cancelled: 2_500 } as const;
const refunded = { ...sold, reference: "demo-1-01JD0000000000000000000003", refunded: 2_500 } as const;
const drop = { deliveryId: "d1", what: "Water", reference: sold.reference, priceMinor: 2_500 };
const journal = new Map([
  [sold.reference, { captured: 2_500, refunded: 0 }],
  [released.reference, { captured: 0, refunded: 0 }],
  [refunded.reference, { captured: 2_500, refunded: 2_500 }],
]);

describe("the proof", () => {
  it("counts what was sold and what was given back", () => {
    expect(proofOf([sold, released, refunded], [drop], journal, [])).toEqual({
      currency: "NOK",
      soldMinor: 2_500,
      givenBackMinor: 5_000,
      lostMinor: 0,
      payments: 3,
      open: 0,
      journalSales: 3,
      journalKeptMinor: 2_500,
      things: ["Water"],
      faults: [],
    });
  });

  it.each([
    ["somebody paid for nothing", [sold], [], 2_500],
    ["somebody got something for nothing", [released], [{ ...drop, reference: released.reference }], 2_500],
    ["something fell for nobody's payment", [sold], [drop, { ...drop, deliveryId: "d2", reference: undefined }], 2_500],
    ["it fell twice", [sold], [drop, { ...drop, deliveryId: "d2" }], 2_500],
    ["two losses do not cancel each other out", [sold, released], [{ ...drop, reference: released.reference }], 5_000],
  ])("%s: that is a loss", (_name, ledger, drops, lost) => {
    expect(proofOf(ledger, drops, journal, []).lostMinor).toBe(lost);
  });

  it("does not count as given back what nobody had approved", () => {
    expect(proofOf([{ ...released, state: "TERMINATED", authorized: 0 }], [], journal, []).givenBackMinor).toBe(0);
  });

  it("counts what is still open", () => {
    expect(proofOf([{ ...released, cancelled: 0 }], [], journal, []).open).toBe(1);
  });
});
