/**
 * A selection, from VEND REQUEST to VEND APPROVED or DENIED. Money hangs on two rules, each with its test: VEND APPROVED is ordered only
 * while the request that was paid waits for it; what was taken back is never approved. Pure.
 */
import type { Cashless, CashlessAction, CashlessEvent, Step } from "./cashless.ts";
import { approveVend } from "./approved-steps.ts";
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
  type StateOf,
  stay,
  stopAndEnd,
  unheard,
  warn,
} from "./steps.ts";
import { request, tell } from "./vend-request.ts";

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
  return approveVend(cashless, event.deliveryId, asked, orders.approve(price.minor));
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
      return statusWhileRequested({ cashless, state, settings }, message.status);
    case "vend-success":
      return stay(cashless, [warn("the machine reports a vend that was not approved")]);
    case "wrong-state":
    case "error":
    case "set":
    case "switched":
    case "version":
    case "polled":
    case "noise":
    case "unknown":
      return stay(cashless);
  }
}

function statusWhileRequested(
  { cashless, state }: Input<"vend-requested">,
  status: Extract<AdapterMessage, { kind: "status" }>["status"],
): Step {
  const [after, told] = takenBack(cashless, state);
  switch (status) {
    case "off":
      return stay(cashless);
    case "disabled":
      // READER DISABLE leaves a transaction in progress alone (MDB 4.2, section 7), and so does the READER ENABLE that ends it.
      return stay({ ...cashless, state: { ...state, isDisabled: true } });
    case "enabled":
      if (state.isDisabled) return stay({ ...cashless, state: { ...state, isDisabled: false } });
      // The machine has left the selection, or repeats READER ENABLE: the denial makes it the same.
      return rest(after, status, [send(orders.stop), ...told]);
    case "idle":
      return ending(after, {}, told);
    case "inactive":
      return rest(after, status, told);
  }
}
