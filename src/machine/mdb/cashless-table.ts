/** The table of the cashless device: state × event → state and actions. Pure; the driver sends, tells and waits. */
import type { Cashless, CashlessEvent, CashlessState, RestStatus, Step } from "./cashless.ts";
import { adapterOff, givenUp, whileApproved, whileOverdue } from "./approved-steps.ts";
import { type CashlessSettings, configuration, probeOrder } from "./configuring.ts";
import { type AdapterMessage, orders } from "./dialogue.ts";
import { answerMs, asking, configure, toConfigStep } from "./set-up.ts";
import {
  before,
  ending,
  type Input,
  note,
  nothingOpen,
  rest,
  send,
  sessionEnded,
  sessionMs,
  settleMs,
  start,
  stay,
  stopAndEnd,
  to,
  unheard,
  warn,
} from "./steps.ts";
import { request } from "./vend-request.ts";
import { whileRequested } from "./vend-steps.ts";

const answerTriesMax = 3;
const setbacksMax = 3;
const settleTriesMax = 3;

/** Whether the sale has a selection or session open that it has to be told about. */
function isOpen(state: CashlessState): boolean {
  return state.kind === "starting" || state.kind === "session" || (state.kind === "vend-requested" && state.isTold);
}

function lose(cashless: Cashless): Cashless {
  return isOpen(cashless.state) ? unheard(cashless) : cashless;
}

function lineClosed(cashless: Cashless, reason: string): Step {
  return to(lose(cashless), { kind: "off", reason }, null);
}

/** The adapter has lost its settings, and whatever it was doing. What was approved may have come out or not. */
function adapterRestarted(cashless: Cashless, settings: CashlessSettings, how: string): Step {
  const { state } = cashless;
  const owed = state.kind === "approved" ? [adapterOff(state, how)] : [];
  return before([warn(`the adapter has started again: ${how}`), ...owed], configure(lose(cashless), settings));
}

function reopen(cashless: Cashless, reason: string): Step {
  return before([{ kind: "reopen", reason }], lineClosed(cashless, reason));
}

/** Words that mean, in any state but `configuring`, that the adapter is off. */
function restartedBy(cashless: Cashless, message: AdapterMessage): string | undefined {
  if (message.kind === "status" && message.status === "off") return "it says that it is off";
  if (message.kind === "switched" && !message.isOn) return "it says that it was switched off";
  if (message.kind === "wrong-state" && !message.isOn) return "it says that it is off";
  // In an approved vend that is too weak a sign: there the adapter is asked first.
  if (message.kind === "version" && !cashless.isVersionAsked && cashless.state.kind !== "approved")
    return "it says its version without being asked";
  if (message.kind === "set" && message.isTaken) return "it takes settings, so it is off";
  return undefined;
}

function whileConfiguring({ cashless, state, settings }: Input<"configuring">, event: CashlessEvent): Step {
  const steps = configuration(settings);
  const step = steps[state.step];
  if (step === undefined) return rest(cashless, "inactive");
  const next = { ...state, step: state.step + 1, tries: 0, isOther: false };
  if (event.kind === "timer") {
    if (state.tries < answerTriesMax) return toConfigStep(cashless, settings, state);
    if (step.isOptional) return toConfigStep(cashless, settings, next);
    return reopen(cashless, `the adapter does not answer ${step.order}`);
  }
  if (event.kind !== "said") return nothingOpen(cashless, event);
  switch (step.judge(event.message)) {
    case "other":
      return stay(cashless);
    case "is-on":
      return state.setbacks < setbacksMax
        ? configure(cashless, settings, state.setbacks + 1)
        : reopen(cashless, "the adapter does not switch off");
    case "refused":
      if (step.other !== undefined && !state.isOther)
        return toConfigStep(cashless, settings, { ...state, tries: 0, isOther: true });
      if (!step.isOptional) return reopen(cashless, `the adapter refuses ${step.order}`);
      return before([warn(`the adapter refuses ${step.order}`)], toConfigStep(cashless, settings, next));
    case "done":
      if (next.step < steps.length) return toConfigStep(cashless, settings, next);
      return before([note("the adapter is set up and on")], said(rest(cashless, "inactive"), event.message, settings));
  }
}

/** Goes on with the message that ended the set-up: it may already say that the machine is there. */
function said(first: Step, message: AdapterMessage, settings: CashlessSettings): Step {
  if (message.kind !== "status" && message.kind !== "vend") return first;
  return stepCashless(first.cashless, { kind: "said", message }, settings);
}

function whileAtRest(input: Input<RestStatus>, event: CashlessEvent): Step {
  const { cashless, state, settings } = input;
  switch (event.kind) {
    case "timer":
      return probe(input);
    case "open-session":
      if (state.kind !== "enabled") return nothingOpen(cashless, event);
      return start(cashless, settings, event.funds);
    case "said":
      return heardAtRest(input, event.message);
    case "close-session":
    case "approve":
    case "give-up":
    case "line-opened":
    case "line-closed":
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function probe({ cashless, state, settings }: Input<RestStatus>): Step {
  if (state.probe >= 2) return reopen(cashless, "the adapter does not answer any more");
  const order = state.probe === 0 ? probeOrder(settings) : orders.version;
  return to(asking(cashless, order), { ...state, probe: state.probe + 1 }, answerMs, [send(order)]);
}

function heardAtRest({ cashless, state, settings }: Input<RestStatus>, message: AdapterMessage): Step {
  switch (message.kind) {
    case "status":
      // A session that nobody here began; after a sale the adapter passes through it by itself.
      if (message.status === "idle") return ending(cashless, {});
      return message.status === "off" ? stay(cashless) : rest(cashless, message.status);
    case "vend":
      return request(cashless, settings, message, null);
    case "vend-success":
      return rest(cashless, state.kind, [warn("the machine reports a vend that nobody here waits for")]);
    case "vend-error":
      // VEND CANCEL has to be answered with VEND DENIED (MDB 4.2, section 7), also of a selection that is not known here any more.
      return rest(cashless, state.kind, message.code === 1 ? [send(orders.stop)] : []);
    case "wrong-state":
    case "error":
    case "set":
    case "switched":
    case "version":
    case "polled":
    case "noise":
    case "unknown":
      return rest(cashless, state.kind);
  }
}

function whileInSession(input: Input<"starting" | "session">, event: CashlessEvent): Step {
  const { cashless } = input;
  switch (event.kind) {
    case "timer":
      return stopAndEnd(unheard(cashless), "idle", [sessionEnded, note("the session was left alone for too long")]);
    case "close-session":
      return stopAndEnd({ ...cashless, isUnheard: false }, "idle");
    case "open-session":
      return stopAndEnd(unheard(cashless), "idle", [sessionEnded, warn("a session was to begin while one is on")]);
    case "said":
      return heardInSession(input, event.message);
    case "approve":
    case "give-up":
    case "line-opened":
    case "line-closed":
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function heardInSession({ cashless, state, settings }: Input<"starting" | "session">, message: AdapterMessage): Step {
  const { funds } = state;
  switch (message.kind) {
    case "status":
      if (message.status === "idle") return to(cashless, { kind: "session", funds }, sessionMs);
      // Said before the machine has fetched BEGIN SESSION.
      if (message.status === "enabled" && state.kind === "starting") return stay(cashless);
      if (message.status === "off") return stay(cashless);
      return rest(unheard(cashless), message.status, [sessionEnded]);
    case "vend":
      return request(cashless, settings, message, funds);
    case "error":
      // Other errors may be late answers to what was asked before; a session that does not begin ends by its time.
      if (state.kind === "session" || !/start/i.test(message.text)) return stay(cashless);
      return rest(unheard(cashless), "enabled", [sessionEnded, warn(`the adapter began no session: ${message.text}`)]);
    case "vend-success":
      return stay(cashless, [warn("the machine reports a vend that was not approved")]);
    case "vend-error":
    case "wrong-state":
    case "set":
    case "switched":
    case "version":
    case "polled":
    case "noise":
    case "unknown":
      return stay(cashless);
  }
}

function whileEnding(input: Input<"ending">, event: CashlessEvent): Step {
  const { cashless, state, settings } = input;
  switch (event.kind) {
    case "timer":
      return askToEnd(input);
    case "close-session":
      if (state.tries > 0 || state.seen === "vend")
        return stay({ ...cashless, isUnheard: false, state: { ...state, wanted: null } });
      return stopAndEnd({ ...cashless, isUnheard: false }, state.seen);
    case "open-session":
      return stay({ ...cashless, state: { ...state, wanted: event.funds } });
    case "said":
      return heardWhileEnding(input, event.message, settings);
    case "approve":
    case "give-up":
    case "line-opened":
    case "line-closed":
    case "stop":
      return nothingOpen(cashless, event);
  }
}

function askToEnd({ cashless, state, settings }: Input<"ending">): Step {
  if (state.tries >= settleTriesMax) {
    const given = state.wanted === null ? [] : [sessionEnded];
    return before(
      [warn("the machine does not end the session: setting the adapter up anew"), ...given],
      configure(cashless, settings),
    );
  }
  const order = state.seen === "vend" && state.tries > 0 ? orders.deny : orders.stop;
  return to(cashless, { ...state, tries: state.tries + 1 }, settleMs, [send(order)]);
}

function heardWhileEnding(
  { cashless, state }: Input<"ending">,
  message: AdapterMessage,
  settings: CashlessSettings,
): Step {
  switch (message.kind) {
    case "status":
      if (message.status === "off") return stay(cashless);
      if (message.status === "idle") return stay({ ...cashless, state: { ...state, seen: "idle" } });
      if (message.status === "enabled" && state.wanted !== null) return start(cashless, settings, state.wanted);
      if (state.wanted !== null) return rest(unheard(cashless), message.status, [sessionEnded]);
      return rest(cashless, message.status);
    case "vend":
      return before([note("a selection came while a session ends: denied")], {
        ...stopAndEnd(cashless, "vend"),
        cashless: { ...cashless, state: { ...state, tries: Math.max(1, state.tries), seen: "vend" } },
      });
    case "vend-success":
      return stay(cashless, [warn("the machine reports a vend after its end was known")]);
    case "vend-error":
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

/** One step. Pure: the same input gives the same answer. */
export function stepCashless(cashless: Cashless, event: CashlessEvent, settings: CashlessSettings): Step {
  const { state } = cashless;
  const isVending = state.kind === "approved";
  if (event.kind === "line-opened" && !isVending) return configure(lose(cashless), settings);
  if (event.kind === "line-closed" && !isVending) return lineClosed(cashless, event.reason);
  if (event.kind === "stop") {
    // A machine in the middle of a vend keeps its reader.
    if (isVending) return before([givenUp(state)], lineClosed(cashless, "the driver was stopped"));
    const order = state.kind === "off" || state.kind === "overdue" ? [] : [send(orders.off)];
    return before(order, lineClosed(cashless, "the driver was stopped"));
  }
  if (event.kind === "said" && state.kind !== "configuring" && state.kind !== "off") {
    const how = restartedBy(cashless, event.message);
    if (how !== undefined) return adapterRestarted(cashless, settings, how);
  }
  const isVersion = event.kind === "said" && event.message.kind === "version";
  return stepState(isVersion ? { ...cashless, isVersionAsked: false } : cashless, event, settings);
}

function stepState(cashless: Cashless, event: CashlessEvent, settings: CashlessSettings): Step {
  const { state } = cashless;
  switch (state.kind) {
    case "off":
      return nothingOpen(cashless, event);
    case "configuring":
      return whileConfiguring({ cashless, state, settings }, event);
    case "inactive":
    case "disabled":
    case "enabled":
      return whileAtRest({ cashless, state, settings }, event);
    case "starting":
    case "session":
      return whileInSession({ cashless, state, settings }, event);
    case "vend-requested":
      return whileRequested({ cashless, state, settings }, event);
    case "approved":
      return whileApproved({ cashless, state, settings }, event);
    case "overdue":
      return whileOverdue({ cashless, state, settings }, event);
    case "ending":
      return whileEnding({ cashless, state, settings }, event);
  }
}
