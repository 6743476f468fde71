/** Goal: the disk has what a restart needs, and who pays only while a request to create may need it. Method: decisions, and what they write. */
import { describe, expect, it } from "vitest";
import { foundAgain, journalChanges, timedOutputChange, timedOutputOf } from "../../../src/kiosk/changes.ts";
import { readTimedOutput, toJson } from "../../../src/kiosk/stored.ts";
import type { SettlementEvent } from "../../../src/sale/event.ts";
import { money } from "../../../src/sale/money.ts";
import type { Customer } from "../../../src/sale/payment.ts";
import { SaleUnderTest, view } from "../sale/support.ts";

const customer: Customer = { kind: "customer-token", token: "a token" };

function creating() {
  const sale = new SaleUnderTest();
  sale.checkIn();
  const before = sale.state;
  const effects = sale.press("A1");
  const { reference } = sale.one("create");
  const changes = journalChanges(before, sale.state, effects, { "check-in": customer });
  return { sale, reference, changes };
}

function changesOf(sale: SaleUnderTest, tell: () => void) {
  const before = sale.state;
  tell();
  return journalChanges(before, sale.state, sale.effects, {});
}

describe("the customer of a payment", () => {
  it("is kept as a secret with the intent, before the request", () => {
    const { reference, changes } = creating();
    expect(changes).toContainEqual({ kind: "put-secret", key: reference, value: customer });
  });

  it.each<[string, SettlementEvent]>([
    ["it is created", { kind: "created" }],
    ["it was given up while nobody knows whether it was created", { kind: "given-up", reason: "cancelled" }],
    ["the provider refused it", { kind: "create-refused", status: 400, code: "4010" }],
  ])("is dropped as soon as %s", (_, event) => {
    const { sale, reference } = creating();
    expect(changesOf(sale, () => sale.payment(reference, event))).toContainEqual({
      kind: "drop-secret",
      key: reference,
    });
  });

  it("is kept while the request will be made again", () => {
    const { sale, reference } = creating();
    const changes = changesOf(sale, () => sale.payment(reference, { kind: "create-unknown", retryAfterMs: undefined }));
    expect(changes.filter(({ kind }) => kind === "drop-secret")).toEqual([]);
  });

  it("is dropped at the boot after a power cut: such a payment is never created again", () => {
    const { sale, reference } = creating();
    const settlements = [...sale.state.settlements.values()].map(({ settlement }) => settlement);
    const after = new SaleUnderTest();
    const changes = changesOf(after, () => after.tell({ about: "boot", settlements, serviceVends: [] }));
    expect(changes).toContainEqual({ kind: "drop-secret", key: reference });
  });
});

describe("what may be written later", () => {
  /** A payment that is being created, in a journal that knows it. */
  function asked(secret: Customer | undefined) {
    const sale = new SaleUnderTest();
    sale.press("A1");
    const { reference } = sale.one("create");
    const before = toJson(sale.state.settlements.get(reference)?.settlement);
    const journal = { get: () => before, secret: () => (secret === undefined ? undefined : toJson(secret)) };
    return { sale, reference, journal };
  }

  it("is that the provider has the payment", () => {
    const { sale, reference, journal } = asked(undefined);
    const changes = changesOf(sale, () => sale.payment(reference, { kind: "created" }));
    expect(foundAgain(journal, changes, sale.effects)).toEqual([
      expect.objectContaining({ kind: "put", table: "settlement", key: reference }),
    ]);
  });

  it("is not that, while the customer's token is to be dropped with it", () => {
    const { sale, reference, journal } = asked(customer);
    const changes = changesOf(sale, () => sale.payment(reference, { kind: "created" }));
    expect(foundAgain(journal, changes, sale.effects)).toBeUndefined();
  });

  it.each<[string, SettlementEvent]>([
    ["that it was refused", { kind: "create-refused", status: 400, code: "4010" }],
    ["that it was given up", { kind: "given-up", reason: "cancelled" }],
  ])("is not %s", (_, event) => {
    const { sale, reference, journal } = asked(undefined);
    const changes = changesOf(sale, () => sale.payment(reference, event));
    expect(changes).not.toEqual([]);
    expect(foundAgain(journal, changes, sale.effects)).toBeUndefined();
  });

  it("is not that it can be delivered", () => {
    const { sale, reference, journal } = asked(undefined);
    sale.payment(reference, { kind: "created" });
    sale.payment(reference, { kind: "timer" });
    const changes = changesOf(sale, () => sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 })));
    expect(changes).not.toEqual([]);
    expect(foundAgain(journal, changes, sale.effects)).toBeUndefined();
  });
});

describe("an output that a delivery left on", () => {
  const sold = {
    kind: "deliver",
    reference: undefined,
    deliveryId: "vend-1-delivery-1",
    selection: { kind: "line", line: "shower" },
    price: money(1_200, "NOK"),
    untilWallMs: null,
  } as const;

  it.each([
    ["a product, a service vend", sold],
    [
      "time",
      {
        ...sold,
        selection: { kind: "time", minutes: 5, price: sold.price, line: "shower", plate: undefined } as const,
      },
    ],
  ])("is known to the next start, whoever bought it: %s", (_, effect) => {
    const output = timedOutputOf(effect, 300_000, 1_000_000);
    const change = output === undefined ? undefined : timedOutputChange(output);
    if (change?.kind !== "put") throw new Error("nothing was written");
    expect(change.key).toBe("timed-output.vend-1-delivery-1-timed");
    expect(readTimedOutput(change.value)).toMatchObject({ line: "shower", untilWallMs: 1_300_000, onForMs: 300_000 });
  });
});
