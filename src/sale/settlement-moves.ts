/**
 * The moves of a settlement that its session still waits for: created, approved, delivered. What a delivery's end leads to is in
 * after-delivery.ts, what comes then in settling-moves.ts.
 */
import type { SettlementMessage } from "./event.ts";
import { noMinor } from "./money.ts";
import { isOver, isPayable, type PaymentView } from "./payment.ts";
import { poll } from "./polling.ts";
import { nextEffectId, type Settlement } from "./settlement.ts";
import {
  type Cell,
  end,
  endForPerson,
  ignored,
  isStale,
  later,
  look,
  type Of,
  outcome,
  settle,
  type SettlementInput,
  type SettlementOutcome,
  stale,
  andThen,
  type WithoutReference,
} from "./settlement-outcome.ts";
import { act, actOnKnown, send, becomeDoubtful } from "./settling-moves.ts";

/** While somebody waits at the machine, no pause between two looks is longer than this. */
const attendedWaitMsMax = 5_000;

export function createAgain(input: SettlementInput): SettlementOutcome {
  const { reference, createId, request } = input.settlement;
  if (request === null) return endForPerson(input, "fault-in-settlement");
  return outcome(input, {}, { waiting: "create" }, [
    { kind: "create", reference, id: createId, request, customer: null },
  ]);
}

/** Answers that say "it may exist" where an earlier copy of the request may have worked (4020 and 4150 say just that when the key was forgotten). */
export function createRefused(input: SettlementInput, event: Of<"create-refused">): SettlementOutcome {
  const state = input.settlement.state;
  const isUncertain = (state.kind === "creating" && state.uncertain) || event.status === 409;
  const reason = `create-refused-${event.code ?? event.status}`;
  const told = outcome(input, {}, {}, [], [{ kind: "create-failed", code: event.code }]);
  return andThen(told, input, (next) =>
    isUncertain ? andThen(becomeDoubtful(next, reason), next, look) : end(next, { reason }),
  );
}

export function createUnknown(input: SettlementInput, event: Of<"create-unknown">): SettlementOutcome {
  const doubted = outcome(input, { state: { kind: "creating", uncertain: true } }, {}, []);
  return andThen(doubted, input, (next) => later(next, event.retryAfterMs, attendedWaitMsMax));
}

export function giveUpCreating(input: SettlementInput, event: Of<"given-up">): SettlementOutcome {
  const doubted = becomeDoubtful(input, event.reason);
  return input.live.waiting === "create" ? doubted : andThen(doubted, input, look);
}

/** Record words for payments that ended before anybody approved them. */
const endedWords: Readonly<Record<PaymentView["state"], string>> = {
  CREATED: "not-approved",
  AUTHORIZED: "not-payable",
  ABORTED: "declined",
  EXPIRED: "timed-out",
  TERMINATED: "terminated",
};

export function whileAwaiting(input: SettlementInput, event: Of<"viewed">): SettlementOutcome {
  if (isStale(input, event)) return stale(input);
  const { payment } = event;
  const { settlement } = input;
  const price = settlement.request?.amount;
  const known = (messages: readonly WithoutReference<SettlementMessage>[], changes: Partial<Settlement> = {}) =>
    outcome(input, { payment, ...changes }, { waiting: "session" }, [], messages);
  if (isOver(payment))
    return andThen(known([{ kind: "over", state: payment.state }]), input, (next) =>
      end(next, { reason: endedWords[payment.state] }),
    );
  if (payment.state === "CREATED") return andThen(known([]), input, poll);
  if (price === undefined || !isPayable(payment, settlement.reference, price))
    return andThen(known([{ kind: "not-payable" }]), input, (next) =>
      andThen(settle(next, noMinor, "not-payable"), next, actOnKnown),
    );
  return known([{ kind: "payable" }], settlement.reserveDearest ? { state: { kind: "reserved" } } : {});
}

export const awaitedMissing: Cell<"view-missing"> = (input, event) =>
  isStale(input, event) ? stale(input) : later(input, undefined, attendedWaitMsMax);

export const awaitedUnknown: Cell<"view-unknown"> = (input, event) =>
  isStale(input, event) ? stale(input) : later(input, event.retryAfterMs, attendedWaitMsMax);

/** Given up before anybody approved, as far as is known: withdraw, or cancel what a GET has seen approved. */
export function giveUpAwaited(input: SettlementInput, { reason }: Of<"given-up">): SettlementOutcome {
  return andThen(settle(input, noMinor, reason), input, (next) =>
    next.settlement.payment === null ? send(next, "withdraw", noMinor) : act(next, next.settlement.payment),
  );
}

export function whileReserved(input: SettlementInput, event: Of<"viewed">): SettlementOutcome {
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
  return andThen(known, input, (next) => andThen(settle(next, noMinor, "not-payable"), next, actOnKnown));
}

export function startDelivery(input: SettlementInput, event: Of<"deliver">): SettlementOutcome {
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

export const refuseOrder: Cell<"ordered"> = (input, event) =>
  outcome(input, {}, {}, [
    {
      kind: "reply",
      commandId: event.order.commandId,
      outcome: "refused",
      detail: "a sale is under way with this payment; try again when it ended",
    },
  ]);

export const notDelivering = ignored("no delivery is under way");

export const noAdjustment = ignored("no adjustment is under way");

export const machineMoves = ignored("the machine is moving: only its outcome counts");

export const alreadyCreated = ignored("it is known to be created");
