/** A delivery without a payment: the back office, or a paid web-shop order, asked for it. Once per id; never while a customer session is on. */
import { isForSale, type Product, productOnLine } from "./catalogue.ts";
import type { Effect } from "./effect.ts";
import type { ServiceVend, Stamp } from "./event.ts";
import { type Currency, type Money, noMinor } from "./money.ts";
import { reportOfVend } from "./report.ts";
import type { DeliveryOutcome, Selection } from "./selection.ts";
import type { Notice } from "./session.ts";
import { catalogueNow, countSold, type SaleState } from "./state.ts";

export interface VendDecision {
  readonly state: SaleState;
  readonly effects: readonly Effect[];
  /** Undefined leaves the notice that is there; null takes it off. */
  readonly notice: Notice | null | undefined;
}

export function startServiceVend(state: SaleState, vend: ServiceVend): VendDecision {
  const { catalogue, session } = state;
  const product = productOnLine(catalogueNow(state), vend.line);
  const refusal = session.kind === "none" ? refusalOfVend(vend, product) : "a customer session is on";
  if (refusal !== undefined) {
    const reply: Effect = { kind: "reply", commandId: vend.id, outcome: "refused", detail: refusal };
    return { state, effects: [reply], notice: undefined };
  }
  const { name, price, selection } = contentOfVend(vend, product, catalogue.currency);
  const serviceVends = new Map([...state.serviceVends, [vend.id, vend]]);
  const deliver: Effect = {
    kind: "deliver",
    reference: undefined,
    deliveryId: vend.id,
    selection,
    price,
    untilWallMs: null,
  };
  return {
    state: { ...state, serviceVends, session: { kind: "service-vend", id: vend.id, name } },
    effects: [deliver],
    notice: null,
  };
}

export function endServiceVend(
  state: SaleState,
  vend: ServiceVend,
  outcome: DeliveryOutcome,
  currency: Currency,
  at: Stamp,
): VendDecision {
  const { id, line } = vend;
  const serviceVends = new Map(state.serviceVends);
  serviceVends.delete(id);
  const isOn = state.session.kind === "service-vend" && state.session.id === id;
  const isDone = outcome.kind === "delivered";
  const product = productOnLine(state.catalogue, line);
  const { name, price } = contentOfVend(vend, product, currency);
  const detail = isDone ? "delivered" : `${outcome.kind}: ${outcome.reason}`;
  const after: SaleState = { ...state, serviceVends, session: isOn ? { kind: "none" } : state.session };
  const notice: Notice = isDone
    ? { kind: "thanks", product: name, price }
    : { kind: "sorry", reason: "not-delivered", money: "nothing-taken", reference: undefined };
  return {
    state: isDone && product !== undefined ? countSold(after, line) : after,
    effects: [
      { kind: "report", ...reportOfVend(vend, outcome, name, currency, at.wallMs) },
      { kind: "reply", commandId: id, outcome: isDone ? "done" : "refused", detail },
    ],
    notice: isOn ? notice : undefined,
  };
}

function refusalOfVend(vend: ServiceVend, product: Product | undefined): string | undefined {
  if (product !== undefined) return isForSale(product) ? undefined : `line ${vend.line} is sold out or jammed`;
  return vend.title === undefined ? `there is no product on line ${vend.line}` : undefined;
}

/** What a delivery without a payment is called and worth, and what the machine is asked for. */
function contentOfVend(
  vend: ServiceVend,
  product: Product | undefined,
  currency: Currency,
): { readonly name: string; readonly price: Money; readonly selection: Selection } {
  const line: Selection = { kind: "line", line: vend.line };
  if (product !== undefined) return { name: product.name, price: product.price, selection: line };
  const price = { minor: noMinor, currency };
  if (vend.title === undefined) return { name: vend.line, price, selection: line };
  const { title } = vend;
  const selection: Selection = { kind: "order", orderId: vend.orderId ?? vend.id, amount: price, title, lines: [] };
  return { name: title, price, selection };
}
