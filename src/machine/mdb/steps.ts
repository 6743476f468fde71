/** What the steps of the cashless device are made of: small moves that several states share. Pure. */
import { minor, type Money } from "../../sale/money.ts";
import type { Cashless, CashlessAction, CashlessEvent, CashlessState, RestStatus, Step } from "./cashless.ts";
import { type CashlessSettings, fundsMinorMax } from "./configuring.ts";
import { orders } from "./dialogue.ts";

/** Silence at rest after which the adapter is asked whether it is there. */
const probeMs = 15_000;
/** BEGIN SESSION goes out with the machine's next POLL, and the machine answers at once or never. */
const startMs = 10_000;
/** Longer than any time to choose; the sale ends its sessions long before. */
export const sessionMs = 330_000;
/** How long the machine has to complete a session before it is asked to, and asked again. */
export const settleMs = 5_000;

export type StateOf<K extends CashlessState["kind"]> = Extract<CashlessState, { kind: K }>;

export interface Input<K extends CashlessState["kind"]> {
  readonly cashless: Cashless;
  readonly state: StateOf<K>;
  readonly settings: CashlessSettings;
}

export const send = (text: string): CashlessAction => ({ kind: "send", text });
export const note = (text: string): CashlessAction => ({ kind: "note", level: "debug", text });
export const warn = (text: string): CashlessAction => ({ kind: "note", level: "warn", text });
export const sessionEnded: CashlessAction = { kind: "session-ended" };
export const selectionCancelled: CashlessAction = { kind: "selection-cancelled" };

export function to(
  cashless: Cashless,
  state: CashlessState,
  timerMs: number | null | undefined,
  actions: readonly CashlessAction[] = [],
): Step {
  return { cashless: { ...cashless, state }, actions, timerMs };
}

export function stay(cashless: Cashless, actions: readonly CashlessAction[] = []): Step {
  return { cashless, actions, timerMs: undefined };
}

export function before(actions: readonly CashlessAction[], step: Step): Step {
  return { ...step, actions: [...actions, ...step.actions] };
}

/** The sale is being told that what it holds open is taken back; until it answers, nothing new is told. */
export function unheard(cashless: Cashless): Cashless {
  return { ...cashless, isUnheard: true };
}

export function rest(cashless: Cashless, status: RestStatus, actions: readonly CashlessAction[] = []): Step {
  return to(cashless, { kind: status, probe: 0 }, probeMs, actions);
}

export function ending(
  cashless: Cashless,
  changes: Partial<StateOf<"ending">>,
  actions: readonly CashlessAction[] = [],
): Step {
  const state = { kind: "ending", tries: 0, seen: "idle", wanted: null, ...changes } as const;
  return to(cashless, state, settleMs, actions);
}

/** C,STOP is a session's cancel and a vend's denial. */
export function stopAndEnd(cashless: Cashless, seen: "idle" | "vend", actions: readonly CashlessAction[] = []): Step {
  return ending(cashless, { tries: 1, seen }, [send(orders.stop), ...actions]);
}

/** Orders of the sale that find nothing to act on. */
export function nothingOpen(cashless: Cashless, event: CashlessEvent): Step {
  switch (event.kind) {
    case "open-session":
      return stay(unheard(cashless), [sessionEnded, note("no session can begin now")]);
    case "close-session":
      return stay({ ...cashless, isUnheard: false });
    case "approve":
      return notApproved(cashless, event, "no selection waits for an approval: the machine took it back, or was reset");
    case "give-up":
    case "timer":
    case "line-opened":
    case "line-closed":
    case "said":
    case "stop":
      return stay(cashless);
  }
}

export function notApproved(
  cashless: Cashless,
  event: Extract<CashlessEvent, { kind: "approve" }>,
  reason: string,
): Step {
  return stay(cashless, [
    { kind: "end-delivery", deliveryId: event.deliveryId, outcome: { kind: "not-delivered", reason } },
  ]);
}

export function start(cashless: Cashless, settings: CashlessSettings, wanted: Money): Step {
  const funds: Money = { ...wanted, minor: minor(Math.min(wanted.minor, fundsMinorMax(settings))) };
  return to(cashless, { kind: "starting", funds }, startMs, [send(orders.start(funds.minor))]);
}
