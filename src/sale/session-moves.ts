/** What the cells of the session table do: from check-in or selection to thanks or sorry. Time and plates are in time-moves.ts. */
import { type Catalogue, dearestPrice, type Product } from "./catalogue.ts";
import { type Currency, isPayableAmount, type Money } from "./money.ts";
import type { Reference } from "./ids.ts";
import type { SorryReason } from "./selection.ts";
import type { Notice, Session } from "./session.ts";
import type { Purchase } from "./settlement.ts";
import {
  closeMachine,
  giveUp,
  ignored,
  newPayment,
  noTimer,
  type Of,
  outcome,
  over,
  type PaymentPlan,
  resolve,
  type SessionInput,
  type SessionOutcome,
  sessionTimer,
  sorry,
  startPayment,
  type StateOf,
} from "./session-outcome.ts";
import { deliverTime } from "./time-moves.ts";

export function checkIn(input: SessionInput, _session: StateOf<"none">, event: Of<"checked-in">): SessionOutcome {
  const { policy, at, catalogue } = input;
  if (policy.checkInStyle === "off") return ignored("check-ins are switched off")(input);
  if (event.ageMs > policy.freshnessMs)
    return ignored("the check-in is stale: the customer was told no long ago")(input);
  if (!input.inService || !input.readiness.checkIn) return ignored("nothing can be sold to a check-in now")(input);
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
  // A catalogue of several that came all the same: the customer says which.
  const [only, ...others] = catalogue.products;
  if (policy.checkInStyle === "pay-at-once" && others.length === 0) return payAtOnce(input, only);
  return outcome({ kind: "choosing", eventId: event.eventId, catalogue, deadlineMono }, { notice: null, effects });
}

/** There is one thing that the scan can mean: its exact price is asked for with the customer's token, and nothing is chosen. */
function payAtOnce(input: SessionInput, only: Product | undefined): SessionOutcome {
  if (only === undefined) return sorry(input, "sold-out", "nothing-taken");
  const resolved = resolve(input, { kind: "line", line: only.line }, input.catalogue);
  switch (resolved.kind) {
    case "purchase":
      return startPayment(input, {
        how: "check-in",
        purchase: resolved.purchase,
        amount: resolved.purchase.price,
        minimumAge: resolved.minimumAge,
        catalogue: input.catalogue,
      });
    case "sold-out":
    case "no-such-line":
      return sorry(input, "sold-out", "nothing-taken");
    case "not-payable":
      return sorry(input, "not-allowed", "nothing-taken");
  }
}

/** The part of the catalogue that a reservation made before the selection can pay for: nothing with an age limit, nothing in another currency. */
function payableBeforehand(catalogue: Catalogue, currency: Currency): Catalogue {
  const isPayable = ({ minimumAge, price }: Product) => minimumAge === undefined && price.currency === currency;
  return { ...catalogue, products: catalogue.products.filter(isPayable) };
}

function reserveDearest(input: SessionInput): SessionOutcome {
  const catalogue = payableBeforehand(input.catalogue, input.policy.currency);
  const dearest = dearestPrice(catalogue);
  if (dearest === undefined) return sorry(input, "sold-out", "nothing-taken");
  const amount: Money = { minor: dearest, currency: input.policy.currency };
  return startPayment(input, { how: "check-in", purchase: null, amount, minimumAge: undefined, catalogue });
}

export function selectFirst(input: SessionInput, _session: StateOf<"none">, event: Of<"selected">): SessionOutcome {
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

export function chooseThenPay(
  input: SessionInput,
  session: StateOf<"choosing">,
  event: Of<"selected">,
): SessionOutcome {
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

export const busy = (input: SessionInput): SessionOutcome =>
  outcome(input.session, { notice: { kind: "busy" }, ignoredBecause: "busy: another session is on" });
/** A code stands on the panel that somebody is about to scan: it is not covered. */
export const busyBehindCode = ignored("busy: another session is on, and its code stays on the panel");

export function deliverNow(reference: Reference, purchase: Purchase, given: SessionOutcome["orders"]): SessionOutcome {
  return outcome(
    { kind: "delivering", reference, purchase, untilWallMs: null },
    { effects: [noTimer], orders: [{ reference, event: { kind: "deliver", purchase, untilWallMs: null } }, ...given] },
  );
}

/** A GET said that the payment can be taken. */
export function approved(input: SessionInput, session: StateOf<"paying">, event: Of<"payable">): SessionOutcome {
  if (event.reference === session.scanned) return ignored("it was not known to be created")(input);
  const { reference, amount, catalogue, purchase, quote } = session;
  const given = giveUpScanned(session);
  if (purchase !== null && quote !== null) return deliverTime(input, session, purchase, quote, given);
  if (purchase !== null) return deliverNow(reference, purchase, given);
  const deadlineMono = input.at.monoMs + input.policy.chooseMs;
  return outcome(
    { kind: "choosing-reserved", reference, funds: amount, catalogue, deadlineMono },
    { effects: [sessionTimer(input.policy.chooseMs), { kind: "open-machine-session", funds: amount }] },
  );
}

function giveUpScanned({ scanned }: StateOf<"paying">): SessionOutcome["orders"] {
  return scanned === null ? [] : giveUp(scanned, "paid-otherwise");
}

export function paymentCreated(input: SessionInput, session: StateOf<"paying">, event: Of<"created">): SessionOutcome {
  if (event.reference !== session.scanned) return outcome({ ...session, isCreated: true });
  // Only now there is another payment to be had in its place.
  const paying = payScanned(input, session, session.scanned, true);
  return { ...paying, orders: giveUp(session.reference, "paid-by-personal-code") };
}

/** The session waits for the payment of the scanned code instead of the one that it waited for until now. */
function payScanned(
  { at, policy }: SessionInput,
  session: StateOf<"paying">,
  reference: Reference,
  isCreated: boolean,
): SessionOutcome {
  const deadlineMono = at.monoMs + policy.payMs;
  return outcome(
    { ...session, how: "scan", reference, isCreated, scanned: null, deadlineMono },
    { effects: [sessionTimer(policy.payMs)] },
  );
}

export function createFailed(
  input: SessionInput,
  session: StateOf<"paying">,
  event: Of<"create-failed">,
): SessionOutcome {
  const { purchase, scanned } = session;
  if (event.reference === scanned)
    return outcome(
      { ...session, scanned: null },
      {
        pushRefused: event.code === "5080",
        ignoredBecause: `the provider did not take the scanned code (${event.code})`,
      },
    );
  if (scanned !== null) return payScanned(input, session, scanned, false);
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

export function paymentOver(input: SessionInput, session: StateOf<"paying">, event: Of<"over">): SessionOutcome {
  if (event.reference === session.scanned) return outcome({ ...session, scanned: null });
  if (session.scanned !== null) return payScanned(input, session, session.scanned, false);
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

export function selectAnother(input: SessionInput, session: StateOf<"paying">, event: Of<"selected">): SessionOutcome {
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
  return startPayment(input, plan, [...giveUp(session.reference, "selection-changed"), ...giveUpScanned(session)]);
}

/**
 * Any code that is held to the scanner may be a customer's, or the bar code of a bottle: only the provider can tell. So what is there stays,
 * and is given up when the new payment exists.
 */
export function personalCode(input: SessionInput, session: StateOf<"paying">): SessionOutcome {
  if (!input.policy.showCode) return ignored("personal codes are switched off")(input);
  if (input.pushRefused) return ignored("this sales unit may not send push messages (5080)")(input);
  if (session.how !== "qr" || session.purchase === null) return ignored("the customer is known already")(input);
  if (session.scanned !== null) return ignored("the provider is asked about another code")(input);
  const plan: PaymentPlan = {
    how: "scan",
    purchase: session.purchase,
    amount: session.amount,
    minimumAge: ageLimitOf(session.catalogue, session.purchase),
    catalogue: session.catalogue,
  };
  const opens = newPayment(input, plan);
  return outcome({ ...session, scanned: opens.settlement.reference }, { opens });
}

/** Ends a session that waits for an approval. Should it be approved after all, its settlement cancels it. */
export function leavePaying(reason: SorryReason, input: SessionInput, session: StateOf<"paying">): SessionOutcome {
  const orders = [...giveUp(session.reference, reason), ...giveUpScanned(session)];
  return sorry(input, reason, "nothing-taken", { orders });
}

export function notPayable(input: SessionInput, session: StateOf<"paying">, event: Of<"not-payable">): SessionOutcome {
  if (event.reference === session.scanned) return outcome({ ...session, scanned: null });
  return sorry(input, "interrupted", "being-released", { orders: giveUpScanned(session) });
}

export function leaveReserved(
  reason: SorryReason,
  input: SessionInput,
  session: StateOf<"choosing-reserved"> | StateOf<"confirming">,
): SessionOutcome {
  return sorry(input, reason, "being-released", { orders: giveUp(session.reference, reason) });
}

export function chooseReserved(
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

export function delivered(
  input: SessionInput,
  session: StateOf<"delivering">,
  event: Of<"delivery-known">,
): SessionOutcome {
  const { purchase } = session;
  const isSold = event.outcome.kind === "delivered" || event.policy === "capture";
  if (isSold) {
    const notice: Notice =
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

export const noPayment = ignored("no payment is waited for");
export const noDelivery = ignored("no delivery is under way");
export const noCode = ignored("no code is on the panel");
export const noTimerHere = ignored("an old timer");
export const machineMoves = ignored("the machine is moving: only its outcome counts");
export const isServiceVend = ignored("a service vend is under way");
/** A payment that no session waits for is given up at once: it never delivers. */
export const giveUpStray = (
  input: SessionInput,
  _session: unknown,
  event: { readonly reference: Reference },
): SessionOutcome => outcome(input.session, { orders: giveUp(event.reference, "no-session") });
