/**
 * An approved vend, from VEND APPROVED to its end, and the wait after one of which nobody knows how it ended. What decides is
 * approved-table.ts; here are the moves. No order goes to the machine until its vend has ended. Pure.
 */
import type { DeliveryOutcome } from "../../sale/selection.ts";
import { type ApprovedHeard, approvedTable, type Decision } from "./approved-table.ts";
import type { Cashless, CashlessAction, CashlessEvent, Step, VendRequest } from "./cashless.ts";
import { probeOrder } from "./configuring.ts";
import { type AdapterMessage, orders } from "./dialogue.ts";
import { configure } from "./set-up.ts";
import {
  before,
  ending,
  type Input,
  note,
  nothingOpen,
  notApproved,
  rest,
  send,
  sessionEnded,
  type StateOf,
  stay,
  to,
  unheard,
  warn,
} from "./steps.ts";
import { request } from "./vend-request.ts";

/** The adapter's lines about one event may come in either order; a strong word may follow within this time. */
const verdictMs = 1_500;
/** A controller polls several times a second (MDB 4.2, section 2): after this long it has fetched what waited for it. */
const fetchMs = 1_000;
/** `r,ACK` may be about a RESET that is said right after it: it counts when nothing comes for so long. */
const acknowledgeMs = 100;
/** How long a machine that never said how its vend ended is left alone before the adapter is set up anew. */
const overdueMs = 600_000;

/** VEND APPROVED is ordered. */
export function approveVend(cashless: Cashless, deliveryId: string, vend: VendRequest, order: string): Step {
  const state: StateOf<"approved"> = {
    kind: "approved",
    deliveryId,
    request: vend,
    approval: "crossing",
    wait: "fetch",
    verdict: null,
    seen: "vend",
    isLineUp: true,
  };
  return to(cashless, state, fetchMs, [send(order)]);
}

export function whileApproved(input: Input<"approved">, event: CashlessEvent): Step {
  const { cashless, state, settings } = input;
  switch (event.kind) {
    case "timer":
      return state.verdict === null ? passTime(input) : endDelivery(input, state.verdict);
    case "give-up":
      if (event.deliveryId !== state.deliveryId) return stay(cashless);
      return decide(input, "given-up");
    case "said":
      return decide(input, heardAs(state, event.message), event.message);
    case "open-session":
      return stay(unheard(cashless), [sessionEnded, warn("a session was to begin while a vend is under way")]);
    case "close-session":
      return stay(cashless, [note("a vend is under way: only how it ends counts")]);
    case "approve":
      return notApproved(cashless, event, "another vend is under way");
    case "line-closed":
      return decide({ ...input, state: { ...state, isLineUp: false } }, "line-gone");
    case "line-opened":
      // Setting it up would take it from the machine: it is asked whether it is still on.
      return stay({ ...cashless, state: { ...state, isLineUp: true } }, [send(probeOrder(settings))]);
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function passTime(input: Input<"approved">): Step {
  const { cashless, state, settings } = input;
  const approval = state.approval === "crossing" ? "fetched" : state.approval;
  switch (state.wait) {
    case "acknowledge":
      return to(cashless, { ...state, approval, wait: "crossing" }, fetchMs - acknowledgeMs);
    case "fetch":
    case "crossing":
      return to(cashless, { ...state, approval, wait: "vend" }, settings.vendMs - fetchMs);
    case "vend":
      return decide(input, "silence");
  }
}

/** What a message is for an approved vend. That the adapter is off is found out before (`restartedBy`). */
function heardAs(state: StateOf<"approved">, message: AdapterMessage): ApprovedHeard {
  switch (message.kind) {
    case "vend-success":
      return "success";
    case "vend-error":
      if (message.code === 3) return "failure";
      return message.code === 1 ? "cancel" : "other";
    case "error":
      return /vend/i.test(message.text) ? "refusal" : "other";
    case "status":
      if (message.status === "inactive") return "reset";
      return message.status === "disabled" ? "disabled" : "left";
    case "vend":
      return state.seen === "idle" || state.seen === "enabled" ? "new-request" : "same-request";
    case "polled":
      return "polled";
    case "version":
      return "version";
    case "wrong-state":
    case "set":
    case "switched":
    case "noise":
    case "unknown":
      return "other";
  }
}

function decide(input: Input<"approved">, heard: ApprovedHeard, message?: AdapterMessage): Step {
  const { state } = input;
  const row = approvedTable[heard];
  // A cancel and an approval cross within a moment, whatever `r,ACK` was about.
  const approval =
    heard === "cancel" && state.wait !== "vend" && state.approval === "fetched" ? "crossing" : state.approval;
  const seen = message?.kind === "status" && message.status !== "off" ? message.status : state.seen;
  const next: Input<"approved"> = { ...input, state: { ...state, seen } };
  const step = carryOut(next, row[approval], row.detail, heard, message);
  const text = message === undefined ? heard : textOf(message);
  return heard === "polled" ? step : before([note(`heard in an approved vend (${approval}): ${text}`)], step);
}

function textOf(message: AdapterMessage): string {
  return JSON.stringify(message);
}

function carryOut(
  input: Input<"approved">,
  decision: Decision,
  detail: string,
  heard: ApprovedHeard,
  message: AdapterMessage | undefined,
): Step {
  const { cashless, state, settings } = input;
  const kept: Cashless = { ...cashless, state };
  switch (decision) {
    case "delivered":
    case "not delivered":
    case "unknown": {
      // A strong word overrules what was presumed, "unknown" does not.
      const outcome = (decision === "unknown" ? state.verdict : null) ?? outcomeOf(decision, detail);
      if (heard === "new-request" && message?.kind === "vend") return askedAgain(input, outcome, message);
      return endDelivery(input, outcome, heard);
    }
    case "soon delivered":
      return presume(input, outcomeOf("delivered", `${detail}: VEND SUCCESS by the MDB rule`));
    case "soon not delivered":
      return presume(input, outcomeOf("not delivered", detail));
    case "soon unknown":
      return presume(input, outcomeOf("unknown", `${detail}, which it may never have fetched`));
    case "wait":
      return stay(kept);
    case "fetched, wait":
      // Not while a verdict waits: its time runs.
      if (state.wait !== "fetch" || state.verdict !== null) return stay(kept);
      return to(cashless, { ...state, wait: "acknowledge" }, acknowledgeMs);
    case "withdrawn, wait":
      return withdraw(input, detail, []);
    case "withdrawn, deny, wait":
      return withdraw(input, detail, [send(orders.stop)]);
    case "ask, wait":
      return stay(kept, [send(probeOrder(settings))]);
  }
}

function outcomeOf(kind: "delivered" | "not delivered" | "unknown", text: string): DeliveryOutcome {
  switch (kind) {
    case "delivered":
      return { kind: "delivered", detail: text };
    case "not delivered":
      return { kind: "not-delivered", reason: text };
    case "unknown":
      return { kind: "unknown", reason: text };
  }
}

/** The first one counts, unless VEND SUCCESS or VEND FAILURE is said within a moment. */
function presume({ cashless, state }: Input<"approved">, verdict: DeliveryOutcome): Step {
  const isFirst = state.verdict === null;
  return to(cashless, { ...state, verdict: state.verdict ?? verdict }, isFirst ? verdictMs : undefined);
}

/** The status that belongs to it may have been said first. */
function withdraw(input: Input<"approved">, detail: string, denial: readonly CashlessAction[]): Step {
  const state: StateOf<"approved"> = { ...input.state, approval: "withdrawn" };
  const actions = [...denial, warn(detail)];
  const hasLeft = state.seen === "idle" || state.seen === "enabled";
  if (!hasLeft) return stay({ ...input.cashless, state }, actions);
  return before(actions, presume({ ...input, state }, outcomeOf("not delivered", detail)));
}

function ended(state: StateOf<"approved">, outcome: DeliveryOutcome): CashlessAction {
  return { kind: "end-delivery", deliveryId: state.deliveryId, outcome };
}

/** Where the machine is then: at rest, back in its session, or still at it. */
function endDelivery(
  { cashless, state, settings }: Input<"approved">,
  outcome: DeliveryOutcome,
  heard?: ApprovedHeard,
): Step {
  const actions = [ended(state, outcome)];
  if (!state.isLineUp) return to(cashless, { kind: "off", reason: "the line to the adapter is broken" }, null, actions);
  if (heard === "success" || heard === "failure") {
    // The word came before the status that belongs to it.
    const { seen } = state;
    return seen === "vend" || seen === "idle" || seen === "disabled"
      ? ending(cashless, { seen: "idle" }, actions)
      : rest(cashless, seen, actions);
  }
  const { seen } = state;
  if (seen === "enabled" || seen === "inactive") return rest(cashless, seen, actions);
  if (outcome.kind === "unknown")
    // An adapter that lost its power without a word would keep the machine from selling for as long.
    return to(cashless, { kind: "overdue" }, overdueMs, [...actions, send(probeOrder(settings))]);
  return seen === "disabled" ? rest(cashless, seen, actions) : ending(cashless, { seen }, actions);
}

/** The machine asks for another vend, so that this one is over. Inside a session the funds are spoken for: that one is denied. */
function askedAgain(
  { cashless, state, settings }: Input<"approved">,
  outcome: DeliveryOutcome,
  message: Extract<AdapterMessage, { kind: "vend" }>,
): Step {
  const actions = [ended(state, outcome)];
  if (state.seen === "idle") return ending(cashless, { tries: 1, seen: "vend" }, [...actions, send(orders.stop)]);
  // The sale has to take in how the last one ended before it hears of the next.
  return before(actions, request(unheard(cashless), settings, message, null));
}

/** What is owed to the sale when the adapter says that it is off. */
export function adapterOff(state: StateOf<"approved">, how: string): CashlessAction {
  return ended(state, state.verdict ?? outcomeOf("unknown", `${approvedTable["adapter-off"].detail} (${how})`));
}

/** What is owed to the sale when nobody listens any more. */
export function givenUp(state: StateOf<"approved">): CashlessAction {
  return ended(state, state.verdict ?? outcomeOf("unknown", approvedTable["given-up"].detail));
}

/** Nobody knows how the last vend ended, and it may still turn: nothing is ordered and nothing offered until the machine leaves it. */
export function whileOverdue(input: Input<"overdue">, event: CashlessEvent): Step {
  const { cashless, settings } = input;
  switch (event.kind) {
    case "timer":
      return before(
        [warn("the machine never said how its vend ended: setting the adapter up anew")],
        configure(cashless, settings),
      );
    case "said":
      return heardWhileOverdue(input, event.message);
    case "close-session":
    case "open-session":
    case "approve":
    case "give-up":
    case "line-opened":
    case "line-closed":
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function heardWhileOverdue({ cashless, settings }: Input<"overdue">, message: AdapterMessage): Step {
  switch (message.kind) {
    case "vend-success":
    case "vend-error":
      if (message.kind === "vend-error" && message.code !== 3) return stay(cashless);
      return ending(cashless, {}, [warn(`the machine says how its vend ended, too late: ${textOf(message)}`)]);
    case "status": {
      const { status } = message;
      if (status === "idle") return ending(cashless, {});
      return status === "enabled" || status === "inactive" ? rest(cashless, status) : stay(cashless);
    }
    case "vend":
      return request(cashless, settings, message, null);
    case "polled":
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
