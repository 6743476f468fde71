/**
 * The provider as a small pure table, for the exhaustive check: payments, idempotency keys, the refusals that the tables act on. It is written
 * from the ePayment API's pages and knows nothing of the simulator's code, so that the two do not share a mistake.
 */
import type { Effect } from "../../src/sale/effect.ts";
import { minor, noMinor } from "../../src/sale/money.ts";
import type { PaymentView } from "../../src/sale/payment.ts";

export type ProviderRequest = Extract<Effect, { kind: "create" | "look" | "capture" | "refund" | "cancel" }>;

export type Answer =
  | { readonly kind: "done" }
  | { readonly kind: "view"; readonly payment: PaymentView }
  | { readonly kind: "refused"; readonly status: number; readonly code: string | undefined };

export interface Provider {
  /** By reference. */
  readonly payments: Readonly<Record<string, PaymentView>>;
  /** What a replica that lags still shows: each payment as it was before its last change. */
  readonly before: Readonly<Record<string, PaymentView>>;
  /** By Idempotency-Key: the bytes that were sent with it, and what was answered. */
  readonly keys: Readonly<Record<string, { readonly bytes: string; readonly answer: Answer }>>;
}

export const emptyProvider: Provider = { payments: {}, before: {}, keys: {} };

const refused = (status: number, code?: string): Answer => ({ kind: "refused", status, code });
const done: Answer = { kind: "done" };

/** ePayment API: a payment is changed only through here, so that `before` is always the view that came before it. */
export function change(provider: Provider, payment: PaymentView, changes: Partial<PaymentView>): Provider {
  return {
    ...provider,
    payments: { ...provider.payments, [payment.reference]: { ...payment, ...changes } },
    before: { ...provider.before, [payment.reference]: payment },
  };
}

/** What the unit allows. */
export interface UnitRules {
  /** False: every capture of a part is refused with 6140. */
  readonly partialCapture: boolean;
}

/** One request arrives. The same key gives the same answer; other bytes under it are refused (409). */
export function take(
  provider: Provider,
  request: ProviderRequest,
  rules: UnitRules,
): { readonly provider: Provider; readonly answer: Answer } {
  if (request.kind === "look") {
    const payment = provider.payments[request.reference];
    return { provider, answer: payment === undefined ? refused(404) : { kind: "view", payment } };
  }
  const bytes = JSON.stringify({ ...request, customer: undefined });
  const known = provider.keys[request.id];
  if (known !== undefined) return { provider, answer: known.bytes === bytes ? known.answer : refused(409, "4020") };
  const acted = act(provider, request, rules);
  return {
    provider: { ...acted.provider, keys: { ...acted.provider.keys, [request.id]: { bytes, answer: acted.answer } } },
    answer: acted.answer,
  };
}

function act(
  provider: Provider,
  request: Exclude<ProviderRequest, { kind: "look" }>,
  rules: UnitRules,
): { readonly provider: Provider; readonly answer: Answer } {
  const payment = provider.payments[request.reference];
  const no = (status: number, code?: string) => ({ provider, answer: refused(status, code) });
  if (request.kind === "create") {
    if (payment !== undefined) return no(409, "4150");
    const { minor: amount, currency } = request.request.amount;
    const created: PaymentView = {
      reference: request.reference,
      state: "CREATED",
      currency,
      amount,
      authorized: noMinor,
      captured: noMinor,
      cancelled: noMinor,
      refunded: noMinor,
    };
    return {
      provider: { ...provider, payments: { ...provider.payments, [request.reference]: created } },
      answer: done,
    };
  }
  if (payment === undefined) return no(404);
  const open = payment.authorized - payment.captured - payment.cancelled;
  const yes = (changes: Partial<PaymentView>) => ({ provider: change(provider, payment, changes), answer: done });
  switch (request.kind) {
    case "capture":
      if (payment.state !== "AUTHORIZED" || request.amount.currency !== payment.currency || request.amount.minor > open)
        return no(400, "6010");
      if (!rules.partialCapture && request.amount.minor !== payment.authorized) return no(400, "6140");
      return yes({ captured: minor(payment.captured + request.amount.minor) });
    case "refund":
      if (request.amount.currency !== payment.currency || request.amount.minor > payment.captured - payment.refunded)
        return no(400, "6020");
      return yes({ refunded: minor(payment.refunded + request.amount.minor) });
    case "cancel":
      if (payment.state === "CREATED") return yes({ state: "TERMINATED" });
      if (payment.state !== "AUTHORIZED") return no(409, "6050");
      // `cancelTransactionOnly`: "The payment is authorised".
      if (request.transactionOnly) return no(409, "6060");
      return open > 0 ? yes({ cancelled: minor(payment.cancelled + open) }) : no(400, "6030");
  }
}

/** What the customer's phone can do with a payment that nobody approved yet. */
export function phone(
  provider: Provider,
  reference: string,
  action: "approve" | "decline" | "let-it-expire",
): Provider {
  const payment = provider.payments[reference];
  if (payment === undefined || payment.state !== "CREATED") return provider;
  switch (action) {
    case "approve":
      return change(provider, payment, { state: "AUTHORIZED", authorized: payment.amount });
    case "decline":
      return change(provider, payment, { state: "ABORTED" });
    case "let-it-expire":
      return change(provider, payment, { state: "EXPIRED" });
  }
}

/** What somebody can do in the provider's portal, past this machine. */
export function portal(provider: Provider, reference: string, action: "cancel-all" | "refund-all"): Provider {
  const payment = provider.payments[reference];
  if (payment?.state !== "AUTHORIZED") return provider;
  const open = payment.authorized - payment.captured - payment.cancelled;
  switch (action) {
    case "cancel-all":
      return open > 0 ? change(provider, payment, { cancelled: minor(payment.cancelled + open) }) : provider;
    case "refund-all":
      return payment.captured > payment.refunded ? change(provider, payment, { refunded: payment.captured }) : provider;
  }
}
