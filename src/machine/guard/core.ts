/**
 * What the guard decides, pure: orders and time in, levels and replies out. Whatever the orders are, an output is on only until its own
 * deadline, which was set when it went on.
 */
import type { Order, Reply } from "./protocol.ts";

type OutputState =
  | { readonly kind: "off" }
  | { readonly kind: "on"; readonly untilMs: number }
  | {
      readonly kind: "train";
      readonly id: number;
      readonly onMs: number;
      readonly offMs: number;
      readonly count: number;
      /** Pulses that were begun, this one included. */
      readonly begun: number;
      readonly isOn: boolean;
      /** When this pulse or gap ends. */
      readonly untilMs: number;
    };

export interface GuardState {
  readonly maxOnMs: number;
  readonly outputs: ReadonlyMap<string, OutputState>;
}

export type GuardAction =
  | { readonly kind: "set"; readonly output: string; readonly on: boolean }
  | { readonly kind: "reply"; readonly reply: Reply };

export interface GuardStep {
  readonly state: GuardState;
  readonly actions: readonly GuardAction[];
}

const off: OutputState = { kind: "off" };

export function initialGuard(outputs: readonly string[], maxOnMs: number): GuardState {
  return { maxOnMs, outputs: new Map(outputs.map((name) => [name, off])) };
}

/** When something has to happen next; undefined while everything is off. */
export function nextDeadlineMs(state: GuardState): number | undefined {
  let next: number | undefined;
  for (const output of state.outputs.values())
    if (output.kind !== "off" && (next === undefined || output.untilMs < next)) next = output.untilMs;
  return next;
}

function reply(message: Reply): GuardAction {
  return { kind: "reply", reply: message };
}

function withOutput(state: GuardState, name: string, output: OutputState): GuardState {
  return { ...state, outputs: new Map(state.outputs).set(name, output) };
}

/** One order, at this time. */
export function takeOrder(state: GuardState, order: Order, nowMs: number): GuardStep {
  if (order.order === "ping") return { state, actions: [reply({ reply: "done", id: order.id })] };
  const current = state.outputs.get(order.output);
  const refuse = (reason: string): GuardStep => ({
    state,
    actions: [reply({ reply: "refused", id: order.id, reason })],
  });
  if (current === undefined) return refuse(`there is no output "${order.output}"`);
  switch (order.order) {
    case "off":
      return switchOff(state, order.output, current, order.id);
    case "on": {
      if (current.kind === "train") return refuse(`"${order.output}" is in the middle of a pulse train`);
      const untilMs = nowMs + Math.min(order.maxMs, state.maxOnMs);
      const next = withOutput(state, order.output, { kind: "on", untilMs });
      return {
        state: next,
        actions: [{ kind: "set", output: order.output, on: true }, reply({ reply: "done", id: order.id })],
      };
    }
    case "pulse": {
      if (current.kind !== "off") return refuse(`"${order.output}" is on already`);
      if (order.onMs > state.maxOnMs)
        return refuse(`a pulse of ${order.onMs} ms is longer than an output may be on (max_on_s): ${state.maxOnMs} ms`);
      const { id, onMs, offMs, count } = order;
      const train = { kind: "train", id, onMs, offMs, count, begun: 1, isOn: true, untilMs: nowMs + onMs } as const;
      return {
        state: withOutput(state, order.output, train),
        actions: [{ kind: "set", output: order.output, on: true }, reply({ reply: "begun", id, pulses: 1 })],
      };
    }
  }
}

/** A train that is cut short ends here, and says so before the order itself is answered. */
function switchOff(state: GuardState, name: string, current: OutputState, id: number): GuardStep {
  const actions: GuardAction[] = [{ kind: "set", output: name, on: false }];
  if (current.kind === "train")
    actions.push(
      reply({ reply: "train", id: current.id, begun: current.begun, isWhole: false, reason: "it was cut short" }),
    );
  actions.push(reply({ reply: "done", id }));
  return { state: withOutput(state, name, off), actions };
}

/** Time has passed: what is due ends or goes on. */
export function passTime(state: GuardState, nowMs: number): GuardStep {
  let next = state;
  const actions: GuardAction[] = [];
  for (const [name, output] of state.outputs) {
    if (output.kind === "off" || output.untilMs > nowMs) continue;
    if (output.kind === "on") {
      next = withOutput(next, name, off);
      actions.push({ kind: "set", output: name, on: false });
      continue;
    }
    const { id, begun, count } = output;
    if (!output.isOn) {
      next = withOutput(next, name, { ...output, isOn: true, begun: begun + 1, untilMs: nowMs + output.onMs });
      actions.push({ kind: "set", output: name, on: true }, reply({ reply: "begun", id, pulses: begun + 1 }));
      continue;
    }
    actions.push({ kind: "set", output: name, on: false });
    if (begun < count) next = withOutput(next, name, { ...output, isOn: false, untilMs: nowMs + output.offMs });
    else {
      next = withOutput(next, name, off);
      actions.push(reply({ reply: "train", id, begun, isWhole: true }));
    }
  }
  return { state: next, actions };
}

/** The daemon is gone, or a line failed: everything off. */
export function endAll(state: GuardState): GuardStep {
  const actions: GuardAction[] = [];
  for (const [name, output] of state.outputs) {
    actions.push({ kind: "set", output: name, on: false });
    if (output.kind === "train")
      actions.push(
        reply({ reply: "train", id: output.id, begun: output.begun, isWhole: false, reason: "everything was put off" }),
      );
  }
  return { state: initialGuard([...state.outputs.keys()], state.maxOnMs), actions };
}
