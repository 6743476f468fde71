/**
 * The session table: state × event. Every cell is filled; what changes nothing says why. The moves are in session-moves.ts, those of
 * sales of time in time-moves.ts. A session never touches money itself: it opens settlements and gives them orders.
 */
import type { SessionEvent, SessionEventKind } from "./event.ts";
import type { Session } from "./session.ts";
import {
  checkIn,
  selectFirst,
  chooseThenPay,
  busy,
  busyBehindCode,
  deliverNow,
  approved,
  createFailed,
  notPayable,
  paymentCreated,
  paymentOver,
  selectAnother,
  personalCode,
  leavePaying,
  leaveReserved,
  chooseReserved,
  delivered,
  noPayment,
  noDelivery,
  noCode,
  noTimerHere,
  machineMoves,
  isServiceVend,
  giveUpStray,
} from "./session-moves.ts";
import {
  type Cell,
  ignored,
  type Of,
  type SessionInput,
  type SessionOutcome,
  sorry,
  type StateOf,
} from "./session-outcome.ts";
import { firstKey, keyWhileChoosingTime } from "./time-moves.ts";

type Row<S extends Session["kind"]> = { readonly [E in SessionEventKind]: Cell<S, E> };
type Rows = { readonly [S in Session["kind"]]: Row<S> };

const rows: Rows = {
  none: {
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
  },
  choosing: {
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
  },
  "choosing-time": {
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
  },
  paying: {
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
    created: paymentCreated,
    "create-failed": createFailed,
    payable: approved,
    "not-payable": notPayable,
    over: paymentOver,
    "delivery-known": noDelivery,
  },
  "choosing-reserved": {
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
  },
  confirming: {
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
    payable: (_input, session) => deliverNow(session.reference, session.purchase, []),
    "not-payable": (input) => sorry(input, "interrupted", "being-released"),
    over: (input) => sorry(input, "cancelled", "nothing-taken"),
    "delivery-known": noDelivery,
  },
  delivering: {
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
  },
  "service-vend": {
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
  },
};

/** One step of the session. Pure: the same input gives the same answer. */
export function stepSession(input: SessionInput, event: SessionEvent): SessionOutcome {
  return step(input, input.session, event);
}

function step<S extends Session["kind"], E extends SessionEventKind>(
  input: SessionInput,
  session: StateOf<S>,
  event: Of<E>,
): SessionOutcome {
  const row: Row<S> = rows[session.kind];
  return row[event.kind](input, session, event);
}
