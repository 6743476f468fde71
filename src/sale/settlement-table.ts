/**
 * The settlement table: state × event. Every cell is filled; what changes nothing says why.
 *
 * Two rules hold everywhere: a request that moves money has its id in the settlement before it leaves, and it is never *repeated*
 * before a GET said what is true (how long the provider remembers Idempotency-Keys is not documented).
 */
import { backOffCeilingMs } from "../kit/back-off.ts";
import type { Effect } from "./effect.ts";
import type { SettlementEvent, SettlementEventKind, SettlementMessage, Stamp } from "./event.ts";
import { type Minor, noMinor } from "./money.ts";
import { isOver, isPayable, type PaymentView } from "./payment.ts";
import { appearanceMs, askAgain, inFlightMs, refusalsMax, type SalePolicy, settleAttemptsMax } from "./policy.ts";
import {
  difference,
  type Live,
  nextEffectId,
  type Settlement,
  type SettlementState,
  type Step,
  targetOfOrder,
} from "./settlement.ts";

export interface SettlementInput {
  readonly settlement: Settlement;
  readonly live: Live;
  readonly at: Stamp;
  readonly policy: SalePolicy;
}

type WithoutReference<M> = M extends unknown ? Omit<M, "reference"> : never;

export interface SettlementOutcome {
  readonly settlement: Settlement;
  readonly live: Live;
  readonly effects: readonly Effect[];
  /** For the session, if it is the one that waits for this payment. */
  readonly messages: readonly SettlementMessage[];
  readonly isEnded: boolean;
  readonly ignoredBecause: string | undefined;
}

type Of<E extends SettlementEventKind> = Extract<SettlementEvent, { kind: E }>;
type Cell<E extends SettlementEventKind> = (input: SettlementInput, event: Of<E>) => SettlementOutcome;
type Row = { readonly [E in SettlementEventKind]: Cell<E> };

/** While somebody waits at the machine, no pause between two looks is longer than this. */
const attendedWaitMsMax = 5_000;
/** A doubtful payment is looked for at least this often. */
const doubtfulWaitMsMax = 60_000;
/**
 * Between two looks at a payment that waits for approval. Polling guidelines: every 2 s, about once a second for a one-time QR
 * in a physical setting, at most 120 a minute.
 */
const pollMs = { qr: 1_000, other: 2_000 } as const;

function outcome(
  input: SettlementInput,
  changes: Partial<Settlement>,
  live: Partial<Live>,
  effects: readonly Effect[],
  messages: readonly WithoutReference<SettlementMessage>[] = [],
): SettlementOutcome {
  const settlement = { ...input.settlement, ...changes };
  return {
    settlement,
    live: { ...input.live, ...live },
    effects,
    messages: messages.map((message) => ({ ...message, reference: settlement.reference })),
    isEnded: false,
    ignoredBecause: undefined,
  };
}

function ignored(because: string) {
  return (input: SettlementInput): SettlementOutcome => ({ ...outcome(input, {}, {}, []), ignoredBecause: because });
}

function ended(result: SettlementOutcome): SettlementOutcome {
  const timer: Effect = { kind: "cancel-timer", name: result.settlement.reference };
  return { ...result, effects: [...result.effects, timer], isEnded: true };
}

/** Continues with `next` on top of what `first` changed; effects and messages of both count. */
function then(
  first: SettlementOutcome,
  input: SettlementInput,
  next: (input: SettlementInput) => SettlementOutcome,
): SettlementOutcome {
  const second = next({ ...input, settlement: first.settlement, live: first.live });
  return {
    ...second,
    effects: [...first.effects, ...second.effects],
    messages: [...first.messages, ...second.messages],
  };
}

function lookFor(input: SettlementInput, waiting: "view" | "proof"): SettlementOutcome {
  const number = input.live.look + 1;
  return outcome(input, {}, { look: number, waiting }, [
    { kind: "look", reference: input.settlement.reference, look: number },
  ]);
}

function look(input: SettlementInput): SettlementOutcome {
  return lookFor(input, "view");
}

function wait(input: SettlementInput, waitMs: number): SettlementOutcome {
  return outcome(input, {}, { waiting: "timer", attempts: input.live.attempts + 1 }, [
    { kind: "start-timer", name: input.settlement.reference, afterMs: waitMs, jitter: true },
  ]);
}

function later(
  input: SettlementInput,
  retryAfterMs: number | undefined,
  waitMsMax = Number.POSITIVE_INFINITY,
): SettlementOutcome {
  const ownWaitMs = Math.min(waitMsMax, backOffCeilingMs(askAgain, input.live.attempts));
  return wait(input, Math.max(ownWaitMs, Math.min(retryAfterMs ?? 0, 3_600_000)));
}

/** An answer to a GET counts only when it is the newest one and something waits for it. */
function isStale(input: SettlementInput, event: { readonly look: number }): boolean {
  return event.look !== input.live.look || (input.live.waiting !== "view" && input.live.waiting !== "proof");
}

const stale = ignored("the answer to an older GET: a newer one is on its way, or nothing waits for it");

function end(input: SettlementInput, changes: Partial<Settlement> = {}): SettlementOutcome {
  return ended(outcome(input, changes, {}, []));
}

function endForPerson(input: SettlementInput, reason: string): SettlementOutcome {
  return end(input, { needsPerson: true, reason });
}

/** From now on only the sums count: `target` is kept, everything else goes back. */
function settle(input: SettlementInput, target: Minor | null, reason: string): SettlementOutcome {
  return outcome(
    input,
    { state: { kind: "settling", step: null, refusals: 0 }, target, reason },
    { attempts: 0, chosen: null },
    [],
  );
}

function settleAndLook(input: SettlementInput, target: Minor | null, reason: string): SettlementOutcome {
  return then(settle(input, target, reason), input, look);
}

function stepEffect(input: SettlementInput, step: Step): Effect {
  const { reference } = input.settlement;
  const currency = input.policy.currency;
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

/** Sends `kind`; the same id as before when that very step was sent already and not refused. */
function send(input: SettlementInput, kind: Step["kind"], amount: Minor): SettlementOutcome {
  const { settlement } = input;
  const state = settlement.state;
  if (state.kind !== "settling") return endForPerson(input, "fault-in-settlement");
  const again = state.step !== null && state.step.kind === kind && state.step.amount === amount;
  const step: Step = again && state.step !== null ? state.step : { kind, amount, id: nextEffectId(settlement, kind) };
  return outcome(
    input,
    { state: { ...state, step }, effects: again ? settlement.effects : settlement.effects + 1 },
    { waiting: "adjust" },
    [stepEffect(input, step)],
  );
}

/** Acts on the difference between what is true and what should be. */
function act(input: SettlementInput, payment: PaymentView): SettlementOutcome {
  const { settlement } = input;
  const target = settlement.target ?? (settlement.order === null ? noMinor : targetOfOrder(settlement.order, payment));
  const known = outcome(input, { payment, target }, {}, []);
  return then(known, input, (next) => {
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

/** Whether a request of this kind was sent whose answer nobody has. */
function mayStillLand({ settlement }: SettlementInput, kind: Step["kind"]): boolean {
  return settlement.state.kind === "settling" && settlement.state.step?.kind === kind;
}

/** After an adjustment was answered: end, go on, or wait when the provider does not show it yet. */
function prove(input: SettlementInput, payment: PaymentView): SettlementOutcome {
  const state = input.settlement.state;
  const step = state.kind === "settling" ? state.step : null;
  const todo = difference(payment, input.settlement.target ?? noMinor);
  const amount = todo.kind === "capture" || todo.kind === "refund" ? todo.amount : noMinor;
  const isSameStep = step !== null && todo.kind === step.kind && amount === step.amount;
  if (isSameStep) return then(outcome(input, { payment }, {}, []), input, (next) => later(next, undefined));
  return act({ ...input, live: { ...input.live, attempts: 0 } }, payment);
}

function afterDelivery(input: SettlementInput, event: Of<"delivery-ended">): SettlementOutcome {
  const { delivery, purchase } = input.settlement;
  if (delivery.kind !== "started" || delivery.deliveryId !== event.deliveryId)
    return ignored("another delivery's end")(input);
  const price = purchase?.price.minor ?? noMinor;
  const known = { kind: "delivery-known", outcome: event.outcome } as const;
  switch (event.outcome.kind) {
    case "delivered": {
      const result = {
        kind: "delivered",
        detail: event.outcome.detail ?? null,
        untilWallMs: delivery.untilWallMs,
      } as const;
      return then(outcome(input, { delivery: result }, {}, [], [{ ...known, policy: "capture" }]), input, (next) =>
        then(settle(next, price, "delivered"), next, actOnKnown),
      );
    }
    case "not-delivered": {
      const result = { kind: "not-delivered", reason: event.outcome.reason } as const;
      return then(outcome(input, { delivery: result }, {}, [], [{ ...known, policy: "release" }]), input, (next) =>
        then(settle(next, noMinor, "not-delivered"), next, actOnKnown),
      );
    }
    case "unknown": {
      const result = {
        kind: "unknown",
        reason: event.outcome.reason,
        creditsSent: event.outcome.creditsSent ?? null,
      } as const;
      const policy = input.policy.unknownDelivery;
      return then(outcome(input, { delivery: result }, {}, [], [{ ...known, policy }]), input, (next) =>
        afterUnknownDelivery(next, actOnKnown),
      );
    }
  }
}

/** The configured policy for a delivery of which nobody knows how it ended. */
function afterUnknownDelivery(
  input: SettlementInput,
  go: (input: SettlementInput) => SettlementOutcome,
): SettlementOutcome {
  const reason = "unknown-delivery";
  switch (input.policy.unknownDelivery) {
    case "release":
      return then(settle(input, noMinor, reason), input, go);
    case "capture":
      return then(settle(input, input.settlement.purchase?.price.minor ?? noMinor, reason), input, go);
    case "attention":
      return endForPerson(input, reason);
  }
}

/** The first step needs no new GET: the delivery started on one. */
function actOnKnown(input: SettlementInput): SettlementOutcome {
  return input.settlement.payment === null ? look(input) : act(input, input.settlement.payment);
}

function startDelivery(input: SettlementInput, event: Of<"deliver">): SettlementOutcome {
  const { settlement } = input;
  const { purchase, untilWallMs } = event;
  if (settlement.payment === null || !isPayable(settlement.payment, settlement.reference, purchase.price))
    return ignored("no GET has said that this price can be taken")(input);
  const deliveryId = nextEffectId(settlement, "delivery");
  return outcome(
    input,
    {
      state: { kind: "delivering" },
      purchase,
      delivery: { kind: "started", deliveryId, untilWallMs },
      effects: settlement.effects + 1,
    },
    { waiting: "delivery", attempts: 0, chosen: null },
    [
      { kind: "cancel-timer", name: settlement.reference },
      {
        kind: "deliver",
        reference: settlement.reference,
        deliveryId,
        selection: purchase.selection,
        price: purchase.price,
        untilWallMs,
      },
    ],
  );
}

function poll(input: SettlementInput): SettlementOutcome {
  const pauseMs = input.settlement.request?.flow === "qr" ? pollMs.qr : pollMs.other;
  const timer: Effect = { kind: "start-timer", name: input.settlement.reference, afterMs: pauseMs, jitter: false };
  return outcome(input, {}, { waiting: "timer", attempts: 0 }, [timer]);
}

/** Record words for payments that ended before anybody approved them. */
const endedWords: Readonly<Record<PaymentView["state"], string>> = {
  CREATED: "not-approved",
  AUTHORIZED: "not-payable",
  ABORTED: "declined",
  EXPIRED: "timed-out",
  TERMINATED: "terminated",
};

function whileAwaiting(input: SettlementInput, event: Of<"viewed">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  const { payment } = event;
  const { settlement } = input;
  const price = settlement.request?.amount;
  const known = (messages: readonly WithoutReference<SettlementMessage>[], changes: Partial<Settlement> = {}) =>
    outcome(input, { payment, ...changes }, { waiting: "session" }, [], messages);
  if (isOver(payment))
    return then(known([{ kind: "over", state: payment.state }]), input, (next) =>
      end(next, { reason: endedWords[payment.state] }),
    );
  if (payment.state === "CREATED") return then(known([]), input, poll);
  if (price === undefined || !isPayable(payment, settlement.reference, price))
    return then(known([{ kind: "not-payable" }]), input, (next) =>
      then(settle(next, noMinor, "not-payable"), next, actOnKnown),
    );
  return known([{ kind: "payable" }], settlement.reserveDearest ? { state: { kind: "reserved" } } : {});
}

function whileReserved(input: SettlementInput, event: Of<"viewed">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  const { payment } = event;
  const chosen = input.live.chosen;
  const price = chosen?.price ?? input.settlement.request?.amount;
  const isGood = price !== undefined && isPayable(payment, input.settlement.reference, price);
  const known = outcome(
    input,
    { payment },
    { waiting: "session", attempts: 0 },
    [],
    isGood && chosen === null ? [] : [{ kind: isGood ? ("payable" as const) : ("not-payable" as const) }],
  );
  if (isGood) return known;
  return then(known, input, (next) => then(settle(next, noMinor, "not-payable"), next, actOnKnown));
}

/** Given up before anybody approved, as far as is known: withdraw, or cancel what a GET has seen approved. */
function giveUpAwaited(input: SettlementInput, reason: string): SettlementOutcome {
  return then(settle(input, noMinor, reason), input, (next) =>
    next.settlement.payment === null ? send(next, "withdraw", noMinor) : act(next, next.settlement.payment),
  );
}

function afterRefusal(input: SettlementInput, event: Of<"adjust-refused">): SettlementOutcome {
  const state = input.settlement.state;
  if (state.kind !== "settling" || state.step?.id !== event.id || input.live.waiting !== "adjust")
    return ignored("an answer to an older request")(input);
  const dropped = (refusals: number, changes: Partial<Settlement> = {}) =>
    outcome(input, { state: { kind: "settling", step: null, refusals }, ...changes }, {}, []);
  // 6060: it was approved in the same moment. 404: what is true is asked for. Neither is a fault of the request.
  if (state.step.kind === "withdraw")
    return then(dropped(state.refusals + 1), input, (next) => lookOrPerson(next, event));
  if (event.code === "6140" && state.step.kind === "capture")
    return then(dropped(0, { target: noMinor, needsPerson: true, reason: "partial-capture-refused" }), input, look);
  return then(dropped(state.refusals + 1), input, (next) => lookOrPerson(next, event));
}

function lookOrPerson(input: SettlementInput, event: Of<"adjust-refused">): SettlementOutcome {
  const state = input.settlement.state;
  const refusals = state.kind === "settling" ? state.refusals : 0;
  if (refusals > refusalsMax) return endForPerson(input, `refused-${event.code ?? event.status}`);
  return refusals <= 1 ? look(input) : later(input, undefined);
}

function afterUnknownAdjustment(input: SettlementInput, event: Of<"adjust-unknown">): SettlementOutcome {
  const state = input.settlement.state;
  if (state.kind !== "settling" || state.step?.id !== event.id || input.live.waiting !== "adjust")
    return ignored("an answer to an older request")(input);
  if (input.live.attempts >= settleAttemptsMax) return endForPerson(input, "provider-never-answered");
  // A 4xx stays a 4xx for its key, so what was certainly not done is asked for under a new id.
  const step = event.performed === "no" ? null : state.step;
  const repeatFromMono = step === null ? 0 : input.at.monoMs + inFlightMs;
  return then(outcome(input, { state: { ...state, step } }, { repeatFromMono }, []), input, (next) =>
    later(next, event.retryAfterMs),
  );
}

function becomeDoubtful(input: SettlementInput, reason: string): SettlementOutcome {
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

const neverAgain = ignored("its session gave it up: it never delivers");
const noSessionHere = ignored("it has no session any more");
const notDelivering = ignored("no delivery is under way");
const noAdjustment = ignored("no adjustment is under way");
const machineMoves = ignored("the machine is moving: only its outcome counts");
const alreadyCreated = ignored("it is known to be created");
const takeOrder: Cell<"ordered"> = (input, event) =>
  input.settlement.order === null
    ? outcome(input, { order: event.order }, {}, [])
    : ignored("it carries out another order")(input);
const refuseOrder: Cell<"ordered"> = (input, event) =>
  outcome(input, {}, {}, [
    {
      kind: "reply",
      commandId: event.order.commandId,
      outcome: "refused",
      detail: "a sale is under way with this payment; try again when it ended",
    },
  ]);

/** A pause between two tries ends early or late; while an answer is out, nothing is asked again. */
function whenPausing(go: (input: SettlementInput) => SettlementOutcome) {
  return (input: SettlementInput): SettlementOutcome =>
    input.live.waiting === "timer" ? go(input) : ignored("a request is on its way")(input);
}

const creating: Row = {
  created: (input) => then(outcome(input, { state: { kind: "awaiting" } }, {}, [], [{ kind: "created" }]), input, poll),
  "create-refused": (input, event) => {
    const state = input.settlement.state;
    const isUncertain = state.kind === "creating" && state.uncertain;
    const told = outcome(input, {}, {}, [], [{ kind: "create-failed", code: event.code }]);
    const reason = `create-refused-${event.code ?? event.status}`;
    // An earlier copy may have worked (4020 and 4150 say just that when the key was forgotten).
    if (isUncertain || event.status === 409)
      return then(told, input, (next) => then(becomeDoubtful(next, reason), next, look));
    return then(told, input, (next) => end(next, { reason }));
  },
  "create-unknown": (input, event) =>
    then(outcome(input, { state: { kind: "creating", uncertain: true } }, {}, []), input, (next) =>
      later(next, event.retryAfterMs, attendedWaitMsMax),
    ),
  viewed: ignored("no GET is sent before it is created"),
  "view-missing": ignored("no GET is sent before it is created"),
  "view-unknown": ignored("no GET is sent before it is created"),
  adjusted: noAdjustment,
  "adjust-refused": noAdjustment,
  "adjust-unknown": noAdjustment,
  "delivery-ended": notDelivering,
  timer: whenPausing(createAgain),
  hint: whenPausing(createAgain),
  restarted: (input) => then(becomeDoubtful(input, "interrupted"), input, look),
  "given-up": (input, event) => {
    const doubtful = becomeDoubtful(input, event.reason);
    return input.live.waiting === "create" ? doubtful : then(doubtful, input, look);
  },
  confirm: ignored("nothing is reserved yet"),
  deliver: ignored("no GET has said that it can be paid"),
  ordered: refuseOrder,
};

function createAgain(input: SettlementInput): SettlementOutcome {
  const { reference, createId, request } = input.settlement;
  if (request === null) return endForPerson(input, "fault-in-settlement");
  return outcome(input, {}, { waiting: "create" }, [
    { kind: "create", reference, id: createId, request, customer: null },
  ]);
}

const awaiting: Row = {
  created: alreadyCreated,
  "create-refused": alreadyCreated,
  "create-unknown": alreadyCreated,
  viewed: whileAwaiting,
  "view-missing": (input, event) => (isStale(input, event) ? stale(input) : later(input, undefined, attendedWaitMsMax)),
  "view-unknown": (input, event) =>
    isStale(input, event) ? stale(input) : later(input, event.retryAfterMs, attendedWaitMsMax),
  adjusted: noAdjustment,
  "adjust-refused": noAdjustment,
  "adjust-unknown": noAdjustment,
  "delivery-ended": notDelivering,
  timer: whenPausing(look),
  hint: whenPausing(look),
  restarted: (input) => settleAndLook(input, noMinor, "interrupted"),
  "given-up": (input, event) => giveUpAwaited(input, event.reason),
  confirm: ignored("nothing is reserved yet"),
  deliver: startDelivery,
  ordered: refuseOrder,
};

const reserved: Row = {
  created: alreadyCreated,
  "create-refused": alreadyCreated,
  "create-unknown": alreadyCreated,
  viewed: whileReserved,
  "view-missing": (input, event) => (isStale(input, event) ? stale(input) : later(input, undefined, attendedWaitMsMax)),
  "view-unknown": (input, event) =>
    isStale(input, event) ? stale(input) : later(input, event.retryAfterMs, attendedWaitMsMax),
  adjusted: noAdjustment,
  "adjust-refused": noAdjustment,
  "adjust-unknown": noAdjustment,
  "delivery-ended": notDelivering,
  timer: whenPausing(look),
  hint: (input) => (input.live.waiting === "view" ? ignored("a GET is on its way")(input) : look(input)),
  restarted: (input) => settleAndLook(input, noMinor, "interrupted"),
  "given-up": (input, event) => then(settle(input, noMinor, event.reason), input, actOnKnown),
  confirm: (input, event) => then(outcome(input, {}, { chosen: event.purchase }, []), input, look),
  deliver: startDelivery,
  ordered: refuseOrder,
};

const delivering: Row = {
  created: alreadyCreated,
  "create-refused": alreadyCreated,
  "create-unknown": alreadyCreated,
  viewed: machineMoves,
  "view-missing": machineMoves,
  "view-unknown": machineMoves,
  adjusted: noAdjustment,
  "adjust-refused": noAdjustment,
  "adjust-unknown": noAdjustment,
  "delivery-ended": afterDelivery,
  timer: machineMoves,
  hint: machineMoves,
  restarted: (input) => {
    const result = { kind: "unknown", reason: "restarted", creditsSent: null } as const;
    return then(outcome(input, { delivery: result }, {}, []), input, (next) => afterUnknownDelivery(next, look));
  },
  "given-up": machineMoves,
  confirm: machineMoves,
  deliver: ignored("one payment starts at most one delivery"),
  ordered: refuseOrder,
};

const settling: Row = {
  created: alreadyCreated,
  "create-refused": alreadyCreated,
  "create-unknown": alreadyCreated,
  viewed: (input, event) => {
    if (isStale(input, event)) return stale(input);
    return input.live.waiting === "proof" ? prove(input, event.payment) : act(input, event.payment);
  },
  "view-missing": (input, event) => {
    if (isStale(input, event)) return stale(input);
    if (input.live.attempts >= settleAttemptsMax) return endForPerson(input, "provider-knows-nothing");
    return later(input, undefined);
  },
  "view-unknown": (input, event) => {
    if (isStale(input, event)) return stale(input);
    if (input.live.attempts >= settleAttemptsMax) return endForPerson(input, "provider-never-answered");
    return later(input, event.retryAfterMs);
  },
  adjusted: (input, event) => {
    const state = input.settlement.state;
    if (state.kind !== "settling" || state.step?.id !== event.id || input.live.waiting !== "adjust")
      return ignored("an answer to an older request")(input);
    return then(outcome(input, { state: { ...state, refusals: 0 } }, {}, []), input, (next) => lookFor(next, "proof"));
  },
  "adjust-refused": afterRefusal,
  "adjust-unknown": afterUnknownAdjustment,
  "delivery-ended": ignored("its outcome was decided already: the first one stands"),
  timer: whenPausing(look),
  hint: whenPausing(look),
  // What was sent a moment before the power went may land yet.
  restarted: (input) => then(outcome(input, {}, { repeatFromMono: input.at.monoMs + inFlightMs }, []), input, look),
  "given-up": neverAgain,
  confirm: neverAgain,
  deliver: neverAgain,
  ordered: takeOrder,
};

const doubtful: Row = {
  created: (input) =>
    then(settle(input, noMinor, input.settlement.reason), input, (next) => send(next, "withdraw", noMinor)),
  "create-refused": (input, event) => {
    const state = input.settlement.state;
    const isUncertain = state.kind !== "doubtful" || state.uncertain || event.status === 409;
    return isUncertain ? look(input) : end(input);
  },
  "create-unknown": (input) => look(input),
  viewed: (input, event) => {
    if (isStale(input, event)) return stale(input);
    return then(settle(input, noMinor, input.settlement.reason), input, (next) => act(next, event.payment));
  },
  "view-missing": (input, event) => {
    if (isStale(input, event)) return stale(input);
    if (input.at.monoMs >= input.live.appearsUntilMono) return end(input);
    return later(input, undefined, doubtfulWaitMsMax);
  },
  "view-unknown": (input, event) =>
    isStale(input, event) ? stale(input) : later(input, event.retryAfterMs, doubtfulWaitMsMax),
  adjusted: noAdjustment,
  "adjust-refused": noAdjustment,
  "adjust-unknown": noAdjustment,
  "delivery-ended": notDelivering,
  timer: whenPausing(look),
  hint: whenPausing(look),
  restarted: (input) => then(becomeDoubtful(input, input.settlement.reason), input, look),
  "given-up": noSessionHere,
  confirm: neverAgain,
  deliver: neverAgain,
  ordered: takeOrder,
};

const rows: { readonly [S in SettlementState["kind"]]: Row } = {
  creating,
  awaiting,
  reserved,
  delivering,
  settling,
  doubtful,
};

/** One step of one settlement. Pure: the same input gives the same answer. */
export function stepSettlement(input: SettlementInput, event: SettlementEvent): SettlementOutcome {
  const row = rows[input.settlement.state.kind];
  switch (event.kind) {
    case "created":
      return row.created(input, event);
    case "create-refused":
      return row["create-refused"](input, event);
    case "create-unknown":
      return row["create-unknown"](input, event);
    case "viewed":
      return row.viewed(input, event);
    case "view-missing":
      return row["view-missing"](input, event);
    case "view-unknown":
      return row["view-unknown"](input, event);
    case "adjusted":
      return row.adjusted(input, event);
    case "adjust-refused":
      return row["adjust-refused"](input, event);
    case "adjust-unknown":
      return row["adjust-unknown"](input, event);
    case "delivery-ended":
      return row["delivery-ended"](input, event);
    case "timer":
      return row.timer(input, event);
    case "hint":
      return row.hint(input, event);
    case "restarted":
      return row.restarted(input, event);
    case "given-up":
      return row["given-up"](input, event);
    case "confirm":
      return row.confirm(input, event);
    case "deliver":
      return row.deliver(input, event);
    case "ordered":
      return row.ordered(input, event);
  }
}

/** The first step of a settlement: the intent, before anything left. */
export function openSettlement(settlement: Settlement, customer: "check-in" | "scan" | null): SettlementOutcome {
  const live: Live = { waiting: "create", attempts: 0, look: 0, appearsUntilMono: 0, repeatFromMono: 0, chosen: null };
  const create: readonly Effect[] =
    settlement.request === null
      ? []
      : [
          {
            kind: "create",
            reference: settlement.reference,
            id: settlement.createId,
            request: settlement.request,
            customer,
          },
        ];
  return { settlement, live, effects: create, messages: [], isEnded: false, ignoredBecause: undefined };
}
