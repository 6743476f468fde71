/**
 * A selection, from VEND REQUEST to its end. Money hangs on three rules, each with its test: VEND APPROVED is sent only while the request
 * that was paid waits for it; what was approved ends as delivered, not delivered or unknown by what the machine says (MDB 4.2, section 7);
 * what was taken back is never approved. Pure.
 */
import { isPayableAmount, type Money } from "../../sale/money.ts";
import type { DeliveryOutcome } from "../../sale/selection.ts";
import type { Cashless, CashlessAction, CashlessEvent, Step, VendRequest } from "./cashless.ts";
import type { CashlessSettings } from "./configuring.ts";
import { type AdapterMessage, orders } from "./dialogue.ts";
import {
  before,
  ending,
  type Input,
  note,
  nothingOpen,
  notApproved,
  rest,
  selectionCancelled,
  send,
  sessionEnded,
  sessionMs,
  type StateOf,
  stay,
  stopAndEnd,
  to,
  unheard,
  warn,
} from "./steps.ts";

/** The adapter's lines about one event may come in either order; the stronger word may follow the weaker one within this time. */
const verdictMs = 1_500;
/** How long a selection waits for the answer to the one that was taken back before it. */
const unheardMs = 2_000;
/** The adapter and the machine need a moment of the response time themselves. */
const responseMarginMs = 1_000;

/** VEND REQUEST. What cannot be paid is denied here, so that the machine lets the customer choose again. */
export function request(
  cashless: Cashless,
  settings: CashlessSettings,
  message: Extract<AdapterMessage, { kind: "vend" }>,
  funds: Money | null,
): Step {
  const { currency } = settings;
  const price: Money | undefined = message.price === undefined ? undefined : { minor: message.price, currency };
  const refusal =
    price === undefined
      ? "its price is no amount"
      : !isPayableAmount(price)
        ? "its price cannot be paid"
        : funds !== null && price.minor > funds.minor
          ? "it is dearer than what is reserved"
          : undefined;
  if (refusal !== undefined || price === undefined) {
    const denied = [warn(`denied the selection ${message.text}: ${refusal ?? ""}`)];
    if (funds === null) return stopAndEnd(cashless, "vend", denied);
    return to(cashless, { kind: "session", funds }, sessionMs, [send(orders.stop), ...denied]);
  }
  const number = cashless.requests + 1;
  const vend: VendRequest = { number, price, item: message.item };
  const waiting = { ...cashless, requests: number };
  const state = { kind: "vend-requested", request: vend, funds } as const;
  if (cashless.isUnheard) return to(waiting, { ...state, isTold: false }, unheardMs);
  return tell(waiting, settings, { ...state, isTold: true });
}

function tell(cashless: Cashless, settings: CashlessSettings, state: StateOf<"vend-requested">): Step {
  const heard = { ...cashless, isUnheard: false };
  const responseMs = settings.maxResponseMs - responseMarginMs;
  return to(heard, { ...state, isTold: true }, responseMs, [{ kind: "selected", request: state.request }]);
}

/** The selection is gone; the sale hears of it if it knew. */
function takenBack(
  cashless: Cashless,
  state: StateOf<"vend-requested">,
): readonly [Cashless, readonly CashlessAction[]] {
  return state.isTold ? [unheard(cashless), [selectionCancelled]] : [cashless, []];
}

export function whileRequested(input: Input<"vend-requested">, event: CashlessEvent): Step {
  const { cashless, state, settings } = input;
  switch (event.kind) {
    case "timer": {
      if (!state.isTold) return tell(cashless, settings, state);
      const [after, told] = takenBack(cashless, state);
      return stopAndEnd(after, "vend", [...told, note("no payment within the machine's response time: denied")]);
    }
    case "close-session":
      // The answer to what was taken back before: now this selection can be told.
      if (!state.isTold) return tell(cashless, settings, state);
      return stopAndEnd({ ...cashless, isUnheard: false }, "vend");
    case "open-session":
      return stay(unheard(cashless), [sessionEnded, warn("a session was to begin while a selection waits")]);
    case "approve":
      return approve(input, event);
    case "said":
      return heardWhileRequested(input, event.message);
    case "give-up":
    case "line-opened":
    case "line-closed":
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function approve(input: Input<"vend-requested">, event: Extract<CashlessEvent, { kind: "approve" }>): Step {
  const { cashless, state } = input;
  const { request: asked } = state;
  const { price } = event;
  if (!state.isTold || event.request !== asked.number)
    return notApproved(cashless, event, "the machine took this selection back; another one waits");
  // VEND APPROVED may name another amount than was asked for (MDB 4.2, section 7): less is a discount, more is never approved.
  if (price.currency !== asked.price.currency || price.minor > asked.price.minor)
    return notApproved(cashless, event, "the order names a higher price than the machine asked for");
  const { deliveryId } = event;
  return to(cashless, { kind: "approved", deliveryId, verdict: null, seen: "vend" }, null, [
    send(orders.approve(price.minor)),
  ]);
}

function heardWhileRequested({ cashless, state, settings }: Input<"vend-requested">, message: AdapterMessage): Step {
  const [after, told] = takenBack(cashless, state);
  switch (message.kind) {
    case "vend": {
      const { price, item } = state.request;
      if (message.price === price.minor && message.item === item) return stay(cashless);
      return before(told, request(after, settings, message, state.funds));
    }
    case "vend-error":
      // VEND CANCEL has to be answered with VEND DENIED (MDB 4.2, section 7).
      return stopAndEnd(after, "vend", told);
    case "status":
      if (message.status === "off") return stay(cashless);
      if (message.status === "idle") return ending(after, {}, told);
      return rest(after, message.status, told);
    case "vend-success":
      return stay(cashless, [warn("the machine reports a vend that was not approved")]);
    case "wrong-state":
    case "error":
    case "set":
    case "switched":
    case "version":
    case "noise":
    case "unknown":
      return stay(cashless);
  }
}

export function whileApproved(input: Input<"approved">, event: CashlessEvent): Step {
  const { cashless, state } = input;
  switch (event.kind) {
    case "timer":
      return endDelivery(input, state.verdict ?? { kind: "unknown", reason: "the machine did not say how it ended" });
    case "give-up":
      if (event.deliveryId !== state.deliveryId) return stay(cashless);
      return endDelivery(input, state.verdict ?? { kind: "unknown", reason: event.reason });
    case "said":
      return heardWhileApproved(input, event.message);
    case "open-session":
      return stay(unheard(cashless), [sessionEnded, warn("a session was to begin while a vend is under way")]);
    case "close-session":
      return stay(cashless, [note("a vend is under way: only how it ends counts")]);
    case "approve":
      return notApproved(cashless, event, "another vend is under way");
    case "line-opened":
    case "line-closed":
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function endDelivery({ cashless, state }: Input<"approved">, outcome: DeliveryOutcome): Step {
  const action: CashlessAction = { kind: "end-delivery", deliveryId: state.deliveryId, outcome };
  const { seen } = state;
  if (seen === "idle" || seen === "vend") return ending(cashless, { seen }, [action]);
  return rest(cashless, seen, [action]);
}

/** The first weak word counts, unless success or failure is said within a moment. */
function presume({ cashless, state }: Input<"approved">, verdict: DeliveryOutcome, seen = state.seen): Step {
  const isFirst = state.verdict === null;
  return to(cashless, { ...state, seen, verdict: state.verdict ?? verdict }, isFirst ? verdictMs : undefined);
}

function heardWhileApproved(input: Input<"approved">, message: AdapterMessage): Step {
  const { cashless, state } = input;
  const over: Input<"approved"> = state.seen === "vend" ? { ...input, state: { ...state, seen: "idle" } } : input;
  switch (message.kind) {
    case "vend-success":
      return endDelivery(over, { kind: "delivered", detail: "VEND SUCCESS" });
    case "vend-error":
      if (message.code === 3) return endDelivery(over, { kind: "not-delivered", reason: "VEND FAILURE" });
      if (message.code !== 1) return stay(cashless, [warn(`the adapter reports vend error ${message.code}`)]);
      // The cancel was sent before our approval came: it is answered like any other.
      return before(
        [send(orders.stop)],
        presume(over, { kind: "not-delivered", reason: "VEND CANCEL crossed the approval" }),
      );
    case "status":
      return leftVend(input, message.status);
    case "vend":
      return stay(cashless);
    case "error":
      return stay(cashless, [warn(`the adapter answers the approval with an error: ${message.text}`)]);
    case "wrong-state":
    case "set":
    case "switched":
    case "version":
    case "noise":
    case "unknown":
      return stay(cashless);
  }
}

function leftVend(input: Input<"approved">, status: Extract<AdapterMessage, { kind: "status" }>["status"]): Step {
  switch (status) {
    case "inactive":
    case "disabled":
      // MDB 4.2, section 7: RESET between VEND APPROVED and VEND SUCCESS is to be taken as VEND SUCCESS.
      return presume(
        input,
        { kind: "delivered", detail: `reset after VEND APPROVED (${status}): VEND SUCCESS by the MDB rule` },
        status,
      );
    case "enabled":
    case "idle":
      return presume(
        input,
        { kind: "unknown", reason: "the machine left the vend without saying how it ended" },
        status,
      );
    case "off":
      return stay(input.cashless);
  }
}
