/**
 * The session table: state × event. Every cell is filled; what changes nothing says why.
 * A session never touches money itself: it opens settlements and gives them orders.
 */
import { type Catalogue, dearestPrice } from "./catalogue.ts";
import type { CustomerSource, Effect } from "./effect.ts";
import type { Readiness, SessionEvent, SessionEventKind, SettlementEvent, Stamp } from "./event.ts";
import { effectId, type Reference } from "./ids.ts";
import { isPayableAmount, minor, type Money } from "./money.ts";
import type { SalePolicy } from "./policy.ts";
import { requestFor, type Resolved, resolveSelection } from "./purchase.ts";
import type { MoneyFate, Selection, SorryReason } from "./selection.ts";
import { type NoticeContent, referenceOfSession, type Session } from "./session.ts";
import type { Purchase, Settlement } from "./settlement.ts";

export interface SessionInput {
  readonly session: Session;
  readonly at: Stamp;
  readonly policy: SalePolicy;
  /** As it is now, sold-out lines marked. */
  readonly catalogue: Catalogue;
  readonly readiness: Readiness;
  readonly inService: boolean;
  readonly pushRefused: boolean;
  readonly partialRefused: boolean;
}

export interface SessionOutcome {
  readonly session: Session;
  /** Undefined leaves the notice that is there; null takes it off. */
  readonly notice: NoticeContent | null | undefined;
  readonly effects: readonly Effect[];
  readonly opens: { readonly settlement: Settlement; readonly customer: CustomerSource | null } | undefined;
  readonly orders: readonly { readonly reference: Reference; readonly event: SettlementEvent }[];
  readonly pushRefused: boolean;
  readonly ignoredBecause: string | undefined;
}

type Of<E extends SessionEventKind> = Extract<SessionEvent, { kind: E }>;
type StateOf<S extends Session["kind"]> = Extract<Session, { kind: S }>;
type Cell<S, E extends SessionEventKind> = (input: SessionInput, session: S, event: Of<E>) => SessionOutcome;
type Row<S> = { readonly [E in SessionEventKind]: Cell<S, E> };

/** How long "busy" is shown to somebody whose check-in was refused. */
export const busyNoticeMs = 4_000;
const plateLengthMax = 10;

function outcome(session: Session, changes: Partial<SessionOutcome> = {}): SessionOutcome {
  return {
    session,
    notice: undefined,
    effects: [],
    opens: undefined,
    orders: [],
    pushRefused: false,
    ignoredBecause: undefined,
    ...changes,
  };
}

function ignored(because: string) {
  return (input: SessionInput): SessionOutcome => outcome(input.session, { ignoredBecause: because });
}

function sessionTimer(afterMs: number): Effect {
  return { kind: "start-timer", name: "session", afterMs, jitter: false };
}

const noTimer: Effect = { kind: "cancel-timer", name: "session" };
const closeMachine: Effect = { kind: "close-machine-session" };

/** Nobody waits any more; the machine is told that no delivery will follow. */
function over(notice: NoticeContent, changes: Partial<SessionOutcome> = {}): SessionOutcome {
  return outcome({ kind: "none" }, { notice, effects: [noTimer, closeMachine], ...changes });
}

function sorry(
  input: SessionInput,
  reason: SorryReason,
  money: MoneyFate,
  changes: Partial<SessionOutcome> = {},
): SessionOutcome {
  const reference = money === "nothing-taken" ? undefined : referenceOfSession(input.session);
  return over({ kind: "sorry", reason, money, reference }, changes);
}

function giveUp(reference: Reference, reason: string): SessionOutcome["orders"] {
  return [{ reference, event: { kind: "given-up", reason } }];
}

interface PaymentPlan {
  readonly how: "qr" | "check-in" | "scan";
  readonly purchase: Purchase | null;
  readonly amount: Money;
  readonly minimumAge: number | undefined;
  readonly catalogue: Catalogue;
}

function startPayment(input: SessionInput, plan: PaymentPlan, orders: SessionOutcome["orders"] = []): SessionOutcome {
  const { at, policy } = input;
  const reference = at.freshReference;
  const flow = plan.how === "qr" ? "qr" : plan.how === "scan" ? "push" : policy.checkInFlow;
  const settlement: Settlement = {
    reference,
    state: { kind: "creating", uncertain: false },
    startedWallMs: at.wallMs,
    request: requestFor(policy, reference, flow, plan.amount, plan.purchase, plan.minimumAge),
    createId: effectId(`${reference.slice(reference.lastIndexOf("-") + 1)}-create`),
    reserveDearest: plan.purchase === null,
    purchase: plan.purchase,
    delivery: { kind: "none" },
    target: null,
    payment: null,
    effects: 0,
    reason: "",
    needsPerson: false,
    order: null,
    revision: 0,
  };
  const session: Session = {
    kind: "paying",
    how: plan.how,
    reference,
    purchase: plan.purchase,
    amount: plan.amount,
    isCreated: false,
    catalogue: plan.catalogue,
    deadlineMono: at.monoMs + policy.payMs,
  };
  const customer: CustomerSource | null = plan.how === "qr" ? null : plan.how === "scan" ? "scan" : "check-in";
  return outcome(session, {
    notice: null,
    effects: [sessionTimer(policy.payMs)],
    opens: { settlement, customer },
    orders,
  });
}

function resolve(input: SessionInput, selection: Selection, snapshot: Catalogue): Resolved {
  return resolveSelection(selection, snapshot, input.catalogue, input.policy);
}

function checkIn(input: SessionInput, _session: StateOf<"none">, event: Of<"checked-in">): SessionOutcome {
  const { policy, at, catalogue } = input;
  if (policy.checkInStyle === "off") return ignored("check-ins are switched off")(input);
  if (event.ageMs > policy.freshnessMs)
    return ignored("the check-in is stale: the customer was told no long ago")(input);
  if (!input.inService || !input.readiness.callbackQr)
    return ignored("no code that asks for check-ins is shown")(input);
  const deadlineMono = at.monoMs + policy.chooseMs;
  const effects = [sessionTimer(policy.chooseMs)];
  if (policy.timeSales !== undefined) {
    const minutes = policy.timeSales.minutesMin;
    const session: Session = {
      kind: "choosing-time",
      eventId: event.eventId,
      catalogue,
      plate: "",
      minutes,
      deadlineMono,
    };
    return outcome(session, { notice: null, effects });
  }
  if (policy.checkInStyle === "reserve-dearest" && !input.partialRefused) return reserveDearest(input);
  return outcome({ kind: "choosing", eventId: event.eventId, catalogue, deadlineMono }, { notice: null, effects });
}

/** The part of the catalogue that a reservation made before the selection can pay for: nothing with an age limit. */
function withoutAgeLimits(catalogue: Catalogue): Catalogue {
  return { ...catalogue, products: catalogue.products.filter((product) => product.minimumAge === undefined) };
}

function reserveDearest(input: SessionInput): SessionOutcome {
  const catalogue = withoutAgeLimits(input.catalogue);
  const dearest = dearestPrice(catalogue);
  if (dearest === undefined) return sorry(input, "sold-out", "nothing-taken");
  const amount: Money = { minor: dearest, currency: input.policy.currency };
  return startPayment(input, { how: "check-in", purchase: null, amount, minimumAge: undefined, catalogue });
}

function selectFirst(input: SessionInput, _session: StateOf<"none">, event: Of<"selected">): SessionOutcome {
  const refused = (because: string): SessionOutcome =>
    outcome(input.session, { effects: [closeMachine], ignoredBecause: because });
  if (!input.inService || !input.readiness.oneTimeQr) return refused("no code can be shown");
  if (event.selection.kind === "line" && !input.policy.selectFirst) return refused("scan first, then choose");
  const resolved = resolve(input, event.selection, input.catalogue);
  switch (resolved.kind) {
    case "purchase":
      return startPayment(input, {
        how: "qr",
        purchase: resolved.purchase,
        amount: resolved.purchase.price,
        minimumAge: resolved.minimumAge,
        catalogue: input.catalogue,
      });
    case "sold-out":
      return sorry(input, "sold-out", "nothing-taken");
    case "no-such-line":
      return refused("there is no product on this line");
    case "not-payable":
      return sorry(input, "not-allowed", "nothing-taken");
  }
}

/** The next values of plate and minutes after a key; the same when the key means nothing here. */
function typed(session: StateOf<"choosing-time">, key: string, policy: SalePolicy): StateOf<"choosing-time"> {
  const time = policy.timeSales;
  if (time === undefined) return session;
  const clamp = (minutes: number) => Math.min(time.minutesMax, Math.max(time.minutesMin, minutes));
  if (key === "plus") return { ...session, minutes: clamp(session.minutes + time.minutesStep) };
  if (key === "minus") return { ...session, minutes: clamp(session.minutes - time.minutesStep) };
  if (key === "backspace") return { ...session, plate: session.plate.slice(0, -1) };
  if (/^[0-9A-Z]$/.test(key) && policy.plateWanted && session.plate.length < plateLengthMax)
    return { ...session, plate: session.plate + key };
  return session;
}

function firstKey(input: SessionInput, _session: StateOf<"none">, event: Of<"key">): SessionOutcome {
  const { policy, at } = input;
  const time = policy.timeSales;
  if (time === undefined) return ignored("keys choose nothing here")(input);
  if (!input.inService || !input.readiness.oneTimeQr) return ignored("no code can be shown")(input);
  if (event.key === "cancel" || event.key === "backspace") return ignored("nothing to take back")(input);
  const session: StateOf<"choosing-time"> = {
    kind: "choosing-time",
    eventId: null,
    catalogue: input.catalogue,
    plate: "",
    minutes: time.minutesMin,
    deadlineMono: at.monoMs + policy.chooseMs,
  };
  const isFirstStep = event.key === "plus" || event.key === "minus" || event.key === "ok";
  return outcome(isFirstStep ? session : typed(session, event.key, policy), {
    notice: null,
    effects: [sessionTimer(policy.chooseMs)],
  });
}

function keyWhileChoosingTime(
  input: SessionInput,
  session: StateOf<"choosing-time">,
  event: Of<"key">,
): SessionOutcome {
  if (event.key === "cancel") return sorry(input, "cancelled", "nothing-taken");
  if (event.key === "ok") return payForTime(input, session);
  const next = typed(session, event.key, input.policy);
  // A held customer token is short-lived, so only a session that holds none may take its time.
  if (session.eventId !== null) return outcome(next);
  return outcome(
    { ...next, deadlineMono: input.at.monoMs + input.policy.chooseMs },
    { effects: [sessionTimer(input.policy.chooseMs)] },
  );
}

function payForTime(input: SessionInput, session: StateOf<"choosing-time">): SessionOutcome {
  const { policy, at } = input;
  if (policy.timeSales === undefined) return sorry(input, "not-allowed", "nothing-taken");
  if (policy.plateWanted && session.plate.length < 2) return ignored("a plate is wanted first")(input);
  const quote = policy.timeSales.quote(at.wallMs, session.minutes);
  const selection: Selection = {
    kind: "time",
    minutes: session.minutes,
    price: { minor: quote.price, currency: policy.currency },
    line: policy.timeLine,
    plate: session.plate === "" ? undefined : session.plate,
  };
  const resolved = resolve(input, selection, session.catalogue);
  if (resolved.kind !== "purchase") return ignored("this time costs too little to be paid: add more")(input);
  return startPayment(input, {
    how: session.eventId === null ? "qr" : "check-in",
    purchase: resolved.purchase,
    amount: resolved.purchase.price,
    minimumAge: undefined,
    catalogue: session.catalogue,
  });
}

function chooseThenPay(input: SessionInput, session: StateOf<"choosing">, event: Of<"selected">): SessionOutcome {
  const resolved = resolve(input, event.selection, session.catalogue);
  if (resolved.kind !== "purchase") return ignored(`cannot be sold: ${resolved.kind}`)(input);
  return startPayment(input, {
    how: "check-in",
    purchase: resolved.purchase,
    amount: resolved.purchase.price,
    minimumAge: resolved.minimumAge,
    catalogue: session.catalogue,
  });
}

const busy = (input: SessionInput): SessionOutcome =>
  outcome(input.session, { notice: { kind: "busy" }, ignoredBecause: "busy: another session is on" });
/** A code stands on the panel that somebody is about to scan: it is not covered. */
const busyBehindCode = ignored("busy: another session is on, and its code stays on the panel");

function deliverNow(input: SessionInput, reference: Reference, purchase: Purchase): SessionOutcome {
  const { selection } = purchase;
  const untilWallMs =
    selection.kind === "time" && input.policy.timeSales !== undefined
      ? input.policy.timeSales.quote(input.at.wallMs, selection.minutes).untilWallMs
      : null;
  return outcome(
    { kind: "delivering", reference, purchase, untilWallMs },
    { effects: [noTimer], orders: [{ reference, event: { kind: "deliver", purchase, untilWallMs } }] },
  );
}

function approved(input: SessionInput, session: StateOf<"paying">): SessionOutcome {
  if (session.purchase !== null) return deliverNow(input, session.reference, session.purchase);
  const { reference, amount, catalogue } = session;
  const deadlineMono = input.at.monoMs + input.policy.chooseMs;
  return outcome(
    { kind: "choosing-reserved", reference, funds: amount, catalogue, deadlineMono },
    { effects: [sessionTimer(input.policy.chooseMs), { kind: "open-machine-session", funds: amount }] },
  );
}

function createFailed(input: SessionInput, session: StateOf<"paying">, event: Of<"create-failed">): SessionOutcome {
  const { purchase } = session;
  // 5080: PUSH_MESSAGE needs approval per sales unit. 4060: not a personal code that is valid now. The one-time QR still works.
  if (session.how === "scan" && purchase !== null && (event.code === "5080" || event.code === "4060")) {
    const plan: PaymentPlan = {
      how: "qr",
      purchase,
      amount: session.amount,
      minimumAge: ageLimitOf(session.catalogue, purchase),
      catalogue: session.catalogue,
    };
    return { ...startPayment(input, plan), pushRefused: event.code === "5080" };
  }
  // 7010: customer not found; also the answer for customers who are too young or may not pay here.
  if (event.code === "7010") {
    const hasAgeLimit = purchase !== null && ageLimitOf(session.catalogue, purchase) !== undefined;
    return over({ kind: "refused", reason: hasAgeLimit ? "age" : "identity" });
  }
  if (event.code === "4050") return sorry(input, "timed-out", "nothing-taken");
  return sorry(input, event.code === "5080" ? "not-allowed" : "no-contact", "nothing-taken");
}

function ageLimitOf(catalogue: Catalogue, purchase: Purchase): number | undefined {
  if (purchase.selection.kind === "order") return purchase.selection.minimumAge;
  return catalogue.products.find((product) => product.id === purchase.productId)?.minimumAge;
}

function paymentOver(input: SessionInput, _session: StateOf<"paying">, event: Of<"over">): SessionOutcome {
  switch (event.state) {
    case "ABORTED":
      return sorry(input, "declined", "nothing-taken");
    case "EXPIRED":
      return sorry(input, "timed-out", "nothing-taken");
    case "TERMINATED":
    case "CREATED":
    case "AUTHORIZED":
      return sorry(input, "cancelled", "nothing-taken");
  }
}

function selectAnother(input: SessionInput, session: StateOf<"paying">, event: Of<"selected">): SessionOutcome {
  if (session.how !== "qr" || event.selection.kind !== "line" || session.purchase?.selection.kind !== "line")
    return ignored("a payment for another selection is under way")(input);
  if (session.purchase.line === event.selection.line) return ignored("chosen already")(input);
  const resolved = resolve(input, event.selection, session.catalogue);
  if (resolved.kind !== "purchase") return ignored(`cannot be sold: ${resolved.kind}`)(input);
  const plan: PaymentPlan = {
    how: "qr",
    purchase: resolved.purchase,
    amount: resolved.purchase.price,
    minimumAge: resolved.minimumAge,
    catalogue: session.catalogue,
  };
  return startPayment(input, plan, giveUp(session.reference, "selection-changed"));
}

function personalCode(input: SessionInput, session: StateOf<"paying">): SessionOutcome {
  if (!input.policy.showCode) return ignored("personal codes are switched off")(input);
  if (input.pushRefused) return ignored("this sales unit may not send push messages (5080)")(input);
  if (session.how !== "qr" || session.purchase === null) return ignored("the customer is known already")(input);
  const plan: PaymentPlan = {
    how: "scan",
    purchase: session.purchase,
    amount: session.amount,
    minimumAge: ageLimitOf(session.catalogue, session.purchase),
    catalogue: session.catalogue,
  };
  return startPayment(input, plan, giveUp(session.reference, "paid-by-personal-code"));
}

/** Ends a session that waits for an approval. Should it be approved after all, its settlement cancels it. */
function leavePaying(reason: SorryReason, input: SessionInput, session: StateOf<"paying">): SessionOutcome {
  return sorry(input, reason, "nothing-taken", { orders: giveUp(session.reference, reason) });
}

function leaveReserved(
  reason: SorryReason,
  input: SessionInput,
  session: StateOf<"choosing-reserved"> | StateOf<"confirming">,
): SessionOutcome {
  return sorry(input, reason, "being-released", { orders: giveUp(session.reference, reason) });
}

function chooseReserved(
  input: SessionInput,
  session: StateOf<"choosing-reserved">,
  event: Of<"selected">,
): SessionOutcome {
  const resolved = resolve(input, event.selection, session.catalogue);
  if (resolved.kind !== "purchase") return ignored(`cannot be sold: ${resolved.kind}`)(input);
  const { purchase } = resolved;
  if (purchase.price.minor > session.funds.minor) return ignored("dearer than what is reserved")(input);
  if (!isPayableAmount(purchase.price)) return ignored("under the provider's floor for a capture")(input);
  const { reference, deadlineMono } = session;
  return outcome(
    { kind: "confirming", reference, purchase, deadlineMono },
    { orders: [{ reference, event: { kind: "confirm", purchase } }] },
  );
}

function delivered(input: SessionInput, session: StateOf<"delivering">, event: Of<"delivery-known">): SessionOutcome {
  const { purchase } = session;
  const isSold = event.outcome.kind === "delivered" || event.policy === "capture";
  if (isSold) {
    const notice: NoticeContent =
      session.untilWallMs === null
        ? { kind: "thanks", product: purchase.name, price: purchase.price }
        : {
            kind: "valid-until",
            plate: purchase.selection.kind === "time" ? purchase.selection.plate : undefined,
            untilWallMs: session.untilWallMs,
            price: purchase.price,
          };
    return over(notice, { effects: [noTimer] });
  }
  if (event.outcome.kind === "not-delivered") return sorry(input, "not-delivered", "being-released");
  return sorry(input, "unknown-delivery", event.policy === "attention" ? "needs-attention" : "being-released");
}

const noPayment = ignored("no payment is waited for");
const noDelivery = ignored("no delivery is under way");
const noCode = ignored("no code is on the panel");
const noTimerHere = ignored("an old timer");
const machineMoves = ignored("the machine is moving: only its outcome counts");
const isServiceVend = ignored("a service vend is under way");
/** A payment that no session waits for is given up at once: it never delivers. */
const giveUpStray = (
  input: SessionInput,
  _session: unknown,
  event: { readonly reference: Reference },
): SessionOutcome => outcome(input.session, { orders: giveUp(event.reference, "no-session") });

const none: Row<StateOf<"none">> = {
  "checked-in": checkIn,
  selected: selectFirst,
  "selection-cancelled": ignored("nothing is chosen"),
  "code-scanned": ignored("choose first, then hold the code to the scanner"),
  key: firstKey,
  "session-timer": noTimerHere,
  "machine-lost": ignored("no session is on"),
  "panel-failed": ignored("no session is on"),
  created: noPayment,
  "create-failed": noPayment,
  payable: giveUpStray,
  "not-payable": noPayment,
  over: noPayment,
  "delivery-known": noDelivery,
};

const choosing: Row<StateOf<"choosing">> = {
  "checked-in": busy,
  selected: chooseThenPay,
  "selection-cancelled": (input) => sorry(input, "cancelled", "nothing-taken"),
  "code-scanned": ignored("the customer has checked in already"),
  key: (input, _session, event) =>
    event.key === "cancel" ? sorry(input, "cancelled", "nothing-taken") : ignored("keys choose nothing here")(input),
  "session-timer": (input) => sorry(input, "timed-out", "nothing-taken"),
  "machine-lost": (input) => sorry(input, "interrupted", "nothing-taken"),
  "panel-failed": noCode,
  created: noPayment,
  "create-failed": noPayment,
  payable: giveUpStray,
  "not-payable": noPayment,
  over: noPayment,
  "delivery-known": noDelivery,
};

const choosingTime: Row<StateOf<"choosing-time">> = {
  "checked-in": busy,
  selected: ignored("the keys choose the time here"),
  "selection-cancelled": (input) => sorry(input, "cancelled", "nothing-taken"),
  "code-scanned": ignored("choose first, then hold the code to the scanner"),
  key: keyWhileChoosingTime,
  "session-timer": (input) => sorry(input, "timed-out", "nothing-taken"),
  "machine-lost": (input) => sorry(input, "interrupted", "nothing-taken"),
  "panel-failed": noCode,
  created: noPayment,
  "create-failed": noPayment,
  payable: giveUpStray,
  "not-payable": noPayment,
  over: noPayment,
  "delivery-known": noDelivery,
};

const paying: Row<StateOf<"paying">> = {
  "checked-in": busyBehindCode,
  selected: selectAnother,
  "selection-cancelled": (input, session) => leavePaying("cancelled", input, session),
  "code-scanned": personalCode,
  key: (input, session, event) =>
    event.key === "cancel" ? leavePaying("cancelled", input, session) : ignored("a payment is under way")(input),
  "session-timer": (input, session) => leavePaying("timed-out", input, session),
  "machine-lost": (input, session) => leavePaying("interrupted", input, session),
  "panel-failed": (input, session) =>
    session.how === "qr" ? leavePaying("no-contact", input, session) : noCode(input),
  created: (_input, session) => outcome({ ...session, isCreated: true }),
  "create-failed": createFailed,
  payable: approved,
  "not-payable": (input) => sorry(input, "interrupted", "being-released"),
  over: paymentOver,
  "delivery-known": noDelivery,
};

const choosingReserved: Row<StateOf<"choosing-reserved">> = {
  "checked-in": busy,
  selected: chooseReserved,
  "selection-cancelled": (input, session) => leaveReserved("cancelled", input, session),
  "code-scanned": ignored("the customer has checked in already"),
  key: (input, session, event) =>
    event.key === "cancel" ? leaveReserved("cancelled", input, session) : ignored("keys choose nothing here")(input),
  "session-timer": (input, session) => leaveReserved("timed-out", input, session),
  "machine-lost": (input, session) => leaveReserved("interrupted", input, session),
  "panel-failed": noCode,
  created: noPayment,
  "create-failed": noPayment,
  payable: ignored("it is reserved already"),
  "not-payable": (input) => sorry(input, "interrupted", "being-released"),
  over: (input) => sorry(input, "cancelled", "nothing-taken"),
  "delivery-known": noDelivery,
};

const confirming: Row<StateOf<"confirming">> = {
  "checked-in": busy,
  selected: ignored("a selection is being confirmed"),
  "selection-cancelled": (input, session) => leaveReserved("cancelled", input, session),
  "code-scanned": ignored("the customer has checked in already"),
  key: (input, session, event) =>
    event.key === "cancel"
      ? leaveReserved("cancelled", input, session)
      : ignored("a selection is being confirmed")(input),
  "session-timer": (input, session) => leaveReserved("timed-out", input, session),
  "machine-lost": (input, session) => leaveReserved("interrupted", input, session),
  "panel-failed": noCode,
  created: noPayment,
  "create-failed": noPayment,
  payable: (input, session) => deliverNow(input, session.reference, session.purchase),
  "not-payable": (input) => sorry(input, "interrupted", "being-released"),
  over: (input) => sorry(input, "cancelled", "nothing-taken"),
  "delivery-known": noDelivery,
};

const delivering: Row<StateOf<"delivering">> = {
  "checked-in": busy,
  selected: machineMoves,
  "selection-cancelled": machineMoves,
  "code-scanned": machineMoves,
  key: machineMoves,
  "session-timer": noTimerHere,
  "machine-lost": machineMoves,
  "panel-failed": noCode,
  created: noPayment,
  "create-failed": noPayment,
  payable: machineMoves,
  "not-payable": machineMoves,
  over: machineMoves,
  "delivery-known": delivered,
};

const serviceVend: Row<StateOf<"service-vend">> = {
  "checked-in": busy,
  selected: isServiceVend,
  "selection-cancelled": isServiceVend,
  "code-scanned": isServiceVend,
  key: isServiceVend,
  "session-timer": noTimerHere,
  "machine-lost": isServiceVend,
  "panel-failed": noCode,
  created: noPayment,
  "create-failed": noPayment,
  payable: giveUpStray,
  "not-payable": noPayment,
  over: noPayment,
  "delivery-known": noDelivery,
};

function apply<S>(row: Row<S>, input: SessionInput, session: S, event: SessionEvent): SessionOutcome {
  switch (event.kind) {
    case "checked-in":
      return row["checked-in"](input, session, event);
    case "selected":
      return row.selected(input, session, event);
    case "selection-cancelled":
      return row["selection-cancelled"](input, session, event);
    case "code-scanned":
      return row["code-scanned"](input, session, event);
    case "key":
      return row.key(input, session, event);
    case "session-timer":
      return row["session-timer"](input, session, event);
    case "machine-lost":
      return row["machine-lost"](input, session, event);
    case "panel-failed":
      return row["panel-failed"](input, session, event);
    case "created":
      return row.created(input, session, event);
    case "create-failed":
      return row["create-failed"](input, session, event);
    case "payable":
      return row.payable(input, session, event);
    case "not-payable":
      return row["not-payable"](input, session, event);
    case "over":
      return row.over(input, session, event);
    case "delivery-known":
      return row["delivery-known"](input, session, event);
  }
}

/** One step of the session. Pure: the same input gives the same answer. */
export function stepSession(input: SessionInput, event: SessionEvent): SessionOutcome {
  const { session } = input;
  switch (session.kind) {
    case "none":
      return apply(none, input, session, event);
    case "choosing":
      return apply(choosing, input, session, event);
    case "choosing-time":
      return apply(choosingTime, input, session, event);
    case "paying":
      return apply(paying, input, session, event);
    case "choosing-reserved":
      return apply(choosingReserved, input, session, event);
    case "confirming":
      return apply(confirming, input, session, event);
    case "delivering":
      return apply(delivering, input, session, event);
    case "service-vend":
      return apply(serviceVend, input, session, event);
  }
}

/** The price that a time costs now, for the choose-time scene. */
export function quoteOf(session: StateOf<"choosing-time">, policy: SalePolicy, nowWallMs: number) {
  return policy.timeSales?.quote(nowWallMs, session.minutes) ?? { price: minor(0), untilWallMs: nowWallMs };
}
