/** Small builders for the sale's tests: a policy, a catalogue, payments as the provider tells them, and a driver of `decide`. */
import { expect } from "vitest";
import type { Catalogue } from "../../../src/sale/catalogue.ts";
import type { Effect } from "../../../src/sale/effect.ts";
import type { SaleEvent, SettlementEvent } from "../../../src/sale/event.ts";
import { merchantQrId, type Reference, referenceOf } from "../../../src/sale/ids.ts";
import { minor, money } from "../../../src/sale/money.ts";
import type { PaymentState, PaymentView } from "../../../src/sale/payment.ts";
import type { SalePolicy } from "../../../src/sale/policy.ts";
import { decide } from "../../../src/sale/sale.ts";
import { initialState, type SaleState } from "../../../src/sale/state.ts";

export const policy: SalePolicy = {
  currency: "NOK",
  checkInStyle: "choose-then-pay",
  selectFirst: true,
  showCode: true,
  checkInFlow: "web-redirect",
  unknownDelivery: "release",
  chooseMs: 40_000,
  payMs: 120_000,
  showMs: 8_000,
  freshnessMs: 20_000,
  merchantName: "Test kiosk",
  timeSales: undefined,
  plateWanted: false,
  timeLine: undefined,
  defaultVatRate: 2_500,
};

export const catalogue: Catalogue = {
  currency: "NOK",
  version: "1",
  products: [
    { id: "water", name: "Water", price: money(2_500, "NOK"), vatRate: 1_500, line: "A1" },
    { id: "cola", name: "Cola", price: money(3_200, "NOK"), vatRate: 1_500, line: "A2", stock: 2 },
    { id: "beer", name: "Beer", price: money(6_900, "NOK"), vatRate: 2_500, line: "A3", minimumAge: 18 },
    { id: "nuts", name: "Nuts", price: money(2_900, "NOK"), vatRate: 1_500, line: "A4", soldOut: true },
  ],
};

export function view(
  reference: Reference,
  state: PaymentState,
  amounts: Partial<Record<"amount" | "authorized" | "captured" | "cancelled" | "refunded", number>>,
): PaymentView {
  return {
    reference,
    state,
    currency: "NOK",
    amount: minor(amounts.amount ?? 2_500),
    authorized: minor(amounts.authorized ?? 0),
    captured: minor(amounts.captured ?? 0),
    cancelled: minor(amounts.cancelled ?? 0),
    refunded: minor(amounts.refunded ?? 0),
  };
}

/** A text that matches. A bare pattern in toMatchObject is taken for an object without fields, and every text matches that. */
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** Effects whose kind may be K: one shape may stand for two kinds (capture and refund). */
type OfKind<K, E = Effect> = E extends { readonly kind: infer X } ? (K extends X ? E : never) : never;

function isOfKind<K extends Effect["kind"]>(effect: Effect, kind: K): effect is OfKind<K> & Effect {
  return effect.kind === kind;
}

type Unstamped<E> = E extends unknown ? Omit<E, "at"> : never;

/** Drives the pure sale by hand: time moves when the test moves it, references come from a counter. */
export class SaleUnderTest {
  state: SaleState;
  readonly policy: SalePolicy;
  nowMs = 1_000;
  /** How far the wall clock is off since the start: a jump that the monotonic clock does not make. */
  wallJumpMs = 0;
  isWallBelieved = true;
  effects: readonly Effect[] = [];
  readonly all: Effect[] = [];
  #count = 0;

  constructor(changes: Partial<SalePolicy> = {}, products: Catalogue = catalogue) {
    this.policy = { ...policy, ...changes };
    this.state = initialState(products, new Map());
    this.tell({ about: "readiness", readiness: { checkIn: true, callbackQr: true, oneTimeQr: true } });
  }

  tell(event: Unstamped<SaleEvent>): readonly Effect[] {
    this.#count += 1;
    const ulid = `01J0000000${String(this.#count).padStart(16, "0")}`;
    const at = {
      monoMs: this.nowMs,
      wallMs: 1_790_000_000_000 + this.nowMs + this.wallJumpMs,
      isWallBelieved: this.isWallBelieved,
      freshReference: referenceOf(merchantQrId("kiosk-7"), ulid),
    };
    const decision = decide(this.state, { ...event, at }, this.policy);
    this.state = decision.state;
    this.effects = decision.effects;
    this.all.push(...decision.effects);
    return decision.effects;
  }

  checkIn(eventId = "e1", ageMs = 500): readonly Effect[] {
    return this.tell({ about: "session", event: { kind: "checked-in", eventId, ageMs } });
  }

  press(line: string): readonly Effect[] {
    return this.tell({ about: "session", event: { kind: "selected", selection: { kind: "line", line } } });
  }

  payment(reference: Reference, event: SettlementEvent): readonly Effect[] {
    return this.tell({ about: "settlement", reference, event });
  }

  of<K extends Effect["kind"]>(kind: K): readonly OfKind<K>[] {
    return this.effects.filter((effect) => isOfKind(effect, kind));
  }

  everyEffect<K extends Effect["kind"]>(kind: K): readonly OfKind<K>[] {
    return this.all.filter((effect) => isOfKind(effect, kind));
  }

  one<K extends Effect["kind"]>(kind: K): OfKind<K> {
    const [first, ...rest] = this.of(kind);
    if (first === undefined || rest.length > 0)
      throw new Error(`expected one ${kind}, got: ${JSON.stringify(this.effects)}`);
    return first;
  }

  /** The GET that is out gets this answer. */
  see(payment: PaymentView): readonly Effect[] {
    const look = this.everyEffect("look").findLast((effect) => effect.reference === payment.reference);
    if (look === undefined) throw new Error("nothing asked for this payment");
    return this.payment(look.reference, { kind: "viewed", look: look.look, payment });
  }

  /** From a button to a payment that waits for approval, with a GET out. */
  selectAndCreate(line = "A1"): Reference {
    const { reference } = (this.press(line), this.one("create"));
    this.payment(reference, { kind: "created" });
    this.payment(reference, { kind: "timer" });
    return reference;
  }
}
