/** Setting the adapter up, step by step (configuring.ts says which); each is sent again until it is answered. Pure. */
import type { Cashless, Step } from "./cashless.ts";
import { type CashlessSettings, configuration } from "./configuring.ts";
import { orders } from "./dialogue.ts";
import { rest, send, type StateOf, to } from "./steps.ts";

/** How long the adapter has to answer an order that only concerns itself. */
export const answerMs = 2_000;

/** Remembers that the adapter owes us its version. */
export function asking(cashless: Cashless, order: string): Cashless {
  return order === orders.version ? { ...cashless, isVersionAsked: true } : cashless;
}

export function configure(cashless: Cashless, settings: CashlessSettings, setbacks = 0): Step {
  return toConfigStep(cashless, settings, { kind: "configuring", step: 0, tries: 0, isOther: false, setbacks });
}

export function toConfigStep(cashless: Cashless, settings: CashlessSettings, state: StateOf<"configuring">): Step {
  const step = configuration(settings)[state.step];
  if (step === undefined) return rest(cashless, "inactive");
  const order = state.isOther ? (step.other ?? step.order) : step.order;
  return to(asking(cashless, order), { ...state, tries: state.tries + 1 }, answerMs, [send(order)]);
}
