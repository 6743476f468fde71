/** From an effect to a call of the provider, and from the provider's answer to the next event. Nothing here decides about money. */
import type { Effect } from "../sale/effect.ts";
import type { SettlementEvent } from "../sale/event.ts";
import type { EffectId, Reference } from "../sale/ids.ts";
import type { Customer, PaymentRequest } from "../sale/payment.ts";
import type { Log } from "../service/port.ts";
import type { CallOptions, CallOutcome, Payments, QrPicture } from "../vipps/port.ts";
import { saleLog } from "./sale-log.ts";

type OfKind<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;
export type ProviderEffect = Extract<Effect, { kind: "create" | "look" | "capture" | "refund" | "cancel" }>;

/** Whether the provider can be reached, as one call shows it. */
export type Reached = "reached" | "not-reached";

export interface Answer {
  readonly event: SettlementEvent;
  readonly reached: Reached;
  /** Of a payment that was created for a code on the panel. */
  readonly qr: QrPicture | undefined;
}

export interface ProviderCallParts {
  readonly payments: Payments;
  /** Who pays, from the journal; undefined for a payment by code. */
  readonly customerOf: (reference: Reference) => Customer | undefined;
  readonly log: Log;
}

/** One call takes at most this long; the tables repeat it. */
const callDeadlineMs = 20_000;

/** Provider's error codes that say "not now, and nothing was done" (ePayment errors, 2026): the next try is a new effect. */
const notPerformedCodes: ReadonlySet<string> = new Set(["6160", "6250", "6280"]);
const locked = 423;
const tooManyRequests = 429;

/** Makes the one call that the effect asks for. Never throws for what the provider or the network does. */
export async function callProvider(effect: ProviderEffect, parts: ProviderCallParts): Promise<Answer> {
  switch (effect.kind) {
    case "create":
      return create(effect, parts);
    case "look":
      return look(effect, parts);
    case "capture":
    case "refund":
    case "cancel":
      return adjust(effect, parts);
  }
}

/** One try a call: what to do after an answer that was lost is the tables' decision. */
function optionsOf(): CallOptions {
  return { deadlineMs: callDeadlineMs, retry: "never" };
}

async function create(effect: OfKind<"create">, { payments, customerOf, log }: ProviderCallParts): Promise<Answer> {
  const customer = customerOf(effect.reference);
  const request: PaymentRequest = customer === undefined ? effect.request : { ...effect.request, customer };
  const outcome = await payments.create(request, effect.id, optionsOf());
  if (outcome.kind === "ok") return answer(outcome, { kind: "created" }, outcome.value.qr);
  if (outcome.kind === "unknown")
    return answer(outcome, { kind: "create-unknown", retryAfterMs: outcome.retryAfterMs });
  const { status, code, detail } = outcome;
  saleLog(log, effect.reference).warn({ status, code, detail }, "the provider refused to create a payment");
  return answer(outcome, { kind: "create-refused", status, code });
}

async function look({ reference, look: number }: OfKind<"look">, { payments }: ProviderCallParts): Promise<Answer> {
  const outcome = await payments.get(reference, optionsOf());
  if (outcome.kind === "ok") return answer(outcome, { kind: "viewed", look: number, payment: outcome.value });
  if (outcome.kind === "refused" && outcome.status === 404)
    return answer(outcome, { kind: "view-missing", look: number });
  const retryAfterMs = outcome.kind === "unknown" ? outcome.retryAfterMs : undefined;
  return answer(outcome, { kind: "view-unknown", look: number, retryAfterMs });
}

type Adjusting = Extract<Effect, { kind: "capture" | "refund" | "cancel" }>;

async function adjust(effect: Adjusting, { payments, log }: ProviderCallParts): Promise<Answer> {
  const { id, kind } = effect;
  saleLog(log, effect.reference).info({ effect: kind, id }, "moving money");
  const outcome = await callAdjustment(payments, effect);
  if (outcome.kind === "ok") return answer(outcome, { kind: "adjusted", id });
  const retryAfterMs = outcome.kind === "unknown" ? outcome.retryAfterMs : undefined;
  if (isNotPerformed(outcome.status, outcome.code))
    return answer(outcome, { kind: "adjust-unknown", id, performed: "no", retryAfterMs });
  if (outcome.kind === "unknown")
    return answer(outcome, { kind: "adjust-unknown", id, performed: "maybe", retryAfterMs });
  return answer(outcome, refused(id, outcome));
}

function refused(id: EffectId, { status, code }: Extract<CallOutcome<unknown>, { kind: "refused" }>): SettlementEvent {
  return { kind: "adjust-refused", id, status, code };
}

function callAdjustment(payments: Payments, effect: Adjusting): Promise<CallOutcome<unknown>> {
  const { reference, id } = effect;
  switch (effect.kind) {
    case "capture":
      return payments.capture(reference, effect.amount, id, optionsOf());
    case "refund":
      return payments.refund(reference, effect.amount, id, optionsOf());
    case "cancel":
      return payments.cancel(reference, effect.transactionOnly, id, optionsOf());
  }
}

function isNotPerformed(status: number | undefined, code: string | undefined): boolean {
  return status === locked || status === tooManyRequests || (code !== undefined && notPerformedCodes.has(code));
}

function answer(outcome: CallOutcome<unknown>, event: SettlementEvent, qr?: QrPicture): Answer {
  return { event, reached: reachedBy(outcome), qr };
}

/** A refusal is an answer too; a server that fails, or nobody who answers, is not. */
function reachedBy(outcome: CallOutcome<unknown>): Reached {
  if (outcome.kind !== "unknown") return "reached";
  return outcome.status !== undefined && outcome.status < 500 ? "reached" : "not-reached";
}
