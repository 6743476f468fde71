/**
 * The moves of a settlement for which nobody waits any more. Two rules hold everywhere: a request that moves money has its id in the settlement
 * before it leaves, and it is never *repeated* before a GET said what is true (how long the provider remembers Idempotency-Keys is not documented).
 */
import { type Plan, planOf, waitingOrdersMax } from "./back-office.ts";
import type { Effect } from "./effect.ts";
import { type Currency, isCurrency, type Minor, noMinor } from "./money.ts";
import type { PaymentView } from "./payment.ts";
import { appearanceMs, inFlightMs, refusalsMax, settleAttemptsMax } from "./policy.ts";
import { needsPerson, totalsOf } from "./record.ts";
import { currencyOf, difference, nextEffectId, type Settlement, type Step, sums } from "./settlement.ts";
import {
  type Cell,
  end,
  endForPerson,
  ignored,
  isStale,
  later,
  look,
  lookFor,
  type Of,
  outcome,
  settle,
  type SettlementInput,
  type SettlementOutcome,
  stale,
  andThen,
  wait,
} from "./settlement-outcome.ts";

/** A doubtful payment is looked for at least this often. */
const doubtfulWaitMsMax = 60_000;

const older = ignored("an answer to an older request");

/** Acts on the difference between what is true and what should be. */
export function act(input: SettlementInput, payment: PaymentView): SettlementOutcome {
  const { settlement } = input;
  const plan = planNow(settlement, payment);
  if (plan.kind === "refused") return { ...end(input, { payment }), orderRefusal: plan.because };
  const { target } = plan;
  const known = outcome(input, { payment, target }, {}, []);
  return andThen(known, input, (next) => {
    const todo = difference(payment, target);
    switch (todo.kind) {
      case "none":
        return end(next);
      case "short":
        return endForPerson(next, settlement.needsPerson ? settlement.reason : "money-missing");
      case "capture":
      case "refund": {
        const waitMs = mayStillLand(next, todo.kind) ? next.live.repeatFromMono - next.at.monoMs : 0;
        return waitMs > 0 ? wait(next, waitMs) : send(next, todo.kind, todo.amount);
      }
      case "cancel":
      case "withdraw":
        return send(next, todo.kind, noMinor);
    }
  });
}

/** The first step needs no new GET: the delivery started on one. */
export function actOnKnown(input: SettlementInput): SettlementOutcome {
  return input.settlement.payment === null ? look(input) : act(input, input.settlement.payment);
}

/** After an adjustment was answered: end, go on, or wait when the provider does not show it yet. */
function prove(input: SettlementInput, payment: PaymentView): SettlementOutcome {
  const state = input.settlement.state;
  const step = state.kind === "settling" ? state.step : null;
  const todo = difference(payment, input.settlement.target ?? noMinor);
  const amount = todo.kind === "capture" || todo.kind === "refund" ? todo.amount : noMinor;
  const isSameStep = step !== null && todo.kind === step.kind && amount === step.amount;
  if (isSameStep) return andThen(outcome(input, { payment }, {}, []), input, (next) => later(next, undefined));
  return act({ ...input, live: { ...input.live, attempts: 0 } }, payment);
}

export function whileSettling(input: SettlementInput, event: Of<"viewed">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  return input.live.waiting === "proof" ? prove(input, event.payment) : act(input, event.payment);
}

export function settledMissing(input: SettlementInput, event: Of<"view-missing">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  if (isOrderOfNothing(input))
    return {
      ...end(input),
      orderRefusal: "the provider knows no payment with this reference, so nothing is reserved and nothing captured",
    };
  if (input.live.attempts >= settleAttemptsMax) return endForPerson(input, "provider-knows-nothing");
  return later(input, undefined);
}

/**
 * Whether the 404 to a GET says for certain that an order has no payment to be carried out on. Where the books never saw a reservation, the sale
 * has ended because the payment could not appear any more; else a replica may lag, for as long as a payment can take to appear.
 */
function isOrderOfNothing({ settlement, live, at }: SettlementInput): boolean {
  const { state, order, history } = settlement;
  if (order === null || history === null || state.kind !== "settling" || state.step !== null) return false;
  const wasNeverThere = !needsPerson(history) && totalsOf(history).authorized === 0;
  return wasNeverThere || at.monoMs >= live.appearsUntilMono;
}

export function settledUnknown(input: SettlementInput, event: Of<"view-unknown">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  if (input.live.attempts >= settleAttemptsMax) return endForPerson(input, "provider-never-answered");
  return later(input, event.retryAfterMs);
}

export function adjusted(input: SettlementInput, event: Of<"adjusted">): SettlementOutcome {
  const { state } = input.settlement;
  if (state.kind !== "settling" || state.step?.id !== event.id || input.live.waiting !== "adjust") return older(input);
  return andThen(outcome(input, { state: { ...state, refusals: 0 } }, {}, []), input, (next) => lookFor(next, "proof"));
}

export function afterRefusal(input: SettlementInput, event: Of<"adjust-refused">): SettlementOutcome {
  const state = input.settlement.state;
  if (state.kind !== "settling" || state.step?.id !== event.id || input.live.waiting !== "adjust") return older(input);
  const dropped = (refusals: number, changes: Partial<Settlement> = {}) =>
    outcome(input, { state: { kind: "settling", step: null, refusals }, ...changes }, {}, []);
  // 6060: it was approved in the same moment. 404: what is true is asked for. Neither is a fault of the request.
  if (state.step.kind === "withdraw")
    return andThen(dropped(state.refusals + 1), input, (next) => lookOrPerson(next, event));
  if (event.code === "6140" && state.step.kind === "capture")
    return andThen(dropped(0, { target: noMinor, needsPerson: true, reason: "partial-capture-refused" }), input, look);
  return andThen(dropped(state.refusals + 1), input, (next) => lookOrPerson(next, event));
}

function lookOrPerson(input: SettlementInput, event: Of<"adjust-refused">): SettlementOutcome {
  const state = input.settlement.state;
  const refusals = state.kind === "settling" ? state.refusals : 0;
  if (refusals > refusalsMax) return endForPerson(input, `refused-${event.code ?? event.status}`);
  return refusals <= 1 ? look(input) : later(input, undefined);
}

export function afterUnknownAdjustment(input: SettlementInput, event: Of<"adjust-unknown">): SettlementOutcome {
  const state = input.settlement.state;
  if (state.kind !== "settling" || state.step?.id !== event.id || input.live.waiting !== "adjust") return older(input);
  if (input.live.attempts >= settleAttemptsMax) return endForPerson(input, "provider-never-answered");
  // A 4xx stays a 4xx for its key, so what was certainly not done is asked for under a new id.
  const step = event.performed === "no" ? null : state.step;
  const repeatFromMono = step === null ? 0 : input.at.monoMs + inFlightMs;
  return andThen(outcome(input, { state: { ...state, step } }, { repeatFromMono }, []), input, (next) =>
    later(next, event.retryAfterMs),
  );
}

/** What was sent a moment before the power went may land yet. */
export function restartedWhileSettling(input: SettlementInput): SettlementOutcome {
  const { monoMs } = input.at;
  const appearsUntilMono = input.settlement.order === null ? 0 : monoMs + appearanceMs;
  return andThen(outcome(input, {}, { repeatFromMono: monoMs + inFlightMs, appearsUntilMono }, []), input, look);
}

/** Sends `kind`; the same id as before when that very step was sent already and not refused. */
export function send(input: SettlementInput, kind: Step["kind"], amount: Minor): SettlementOutcome {
  const { settlement } = input;
  const state = settlement.state;
  const currency = currencyOf(settlement);
  if (state.kind !== "settling") return endForPerson(input, "fault-in-settlement");
  if (currency === undefined) return endForPerson(input, "foreign-currency");
  const again = state.step !== null && state.step.kind === kind && state.step.amount === amount;
  const step: Step = again && state.step !== null ? state.step : { kind, amount, id: nextEffectId(settlement, kind) };
  return outcome(
    input,
    { state: { ...state, step }, effects: again ? settlement.effects : settlement.effects + 1 },
    { waiting: "adjust" },
    [stepEffect(settlement, step, currency)],
  );
}

function stepEffect({ reference }: Settlement, step: Step, currency: Currency): Effect {
  switch (step.kind) {
    case "capture":
    case "refund":
      return { kind: step.kind, reference, id: step.id, amount: { minor: step.amount, currency } };
    case "cancel":
      return { kind: "cancel", reference, id: step.id, transactionOnly: false };
    case "withdraw":
      return { kind: "cancel", reference, id: step.id, transactionOnly: true };
  }
}

/** What is to be kept: decided already, or now, from the first truth that is seen after an order. */
function planNow({ target, order }: Settlement, payment: PaymentView): Plan {
  if (target !== null) return { kind: "keep", target };
  if (order === null) return { kind: "keep", target: noMinor };
  if (isCurrency(payment.currency)) return planOf(order, sums(payment), payment.currency);
  return { kind: "refused", because: `the provider says that this payment is in ${payment.currency}` };
}

/** Whether a request of this kind was sent whose answer nobody has. */
function mayStillLand({ settlement }: SettlementInput, kind: Step["kind"]): boolean {
  return settlement.state.kind === "settling" && settlement.state.step?.kind === kind;
}

export function becomeDoubtful(input: SettlementInput, reason: string): SettlementOutcome {
  const state = input.settlement.state;
  return outcome(
    input,
    {
      state: { kind: "doubtful", uncertain: state.kind === "creating" ? state.uncertain : true },
      target: noMinor,
      reason,
    },
    { attempts: 0, appearsUntilMono: input.at.monoMs + appearanceMs },
    [],
  );
}

export function doubtfulCreated(input: SettlementInput): SettlementOutcome {
  return andThen(settle(input, noMinor, input.settlement.reason), input, (next) => send(next, "withdraw", noMinor));
}

export function doubtfulRefused(input: SettlementInput, event: Of<"create-refused">): SettlementOutcome {
  const { state } = input.settlement;
  const isUncertain = state.kind !== "doubtful" || state.uncertain || event.status === 409;
  return isUncertain ? look(input) : end(input);
}

export function doubtfulViewed(input: SettlementInput, event: Of<"viewed">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  return andThen(settle(input, noMinor, input.settlement.reason), input, (next) => act(next, event.payment));
}

export function doubtfulMissing(input: SettlementInput, event: Of<"view-missing">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  return input.at.monoMs >= input.live.appearsUntilMono ? end(input) : later(input, undefined, doubtfulWaitMsMax);
}

export const doubtfulUnknown: Cell<"view-unknown"> = (input, event) =>
  isStale(input, event) ? stale(input) : later(input, event.retryAfterMs, doubtfulWaitMsMax);

/** Orders wait for the end of what is under way, so that each is told from a ledger that stands still. */
export function takeOrder(input: SettlementInput, { order }: Of<"ordered">): SettlementOutcome {
  const { waitingOrders } = input.settlement;
  if (waitingOrders.length < waitingOrdersMax)
    return outcome(input, { waitingOrders: [...waitingOrders, order] }, {}, []);
  const detail = `${waitingOrdersMax} orders about this payment wait already: try again when they are answered`;
  return outcome(input, {}, {}, [{ kind: "reply", commandId: order.commandId, outcome: "refused", detail }]);
}

export const neverAgain = ignored("its session gave it up: it never delivers");

export const noSessionHere = ignored("it has no session any more");
