/**
 * What the guard decides, pure: orders and time in, levels and replies out. Whatever the orders are, an output is on only until its own
 * deadline, and in one piece never for longer than `maxOnMs`, counted from when it went on: no order renews that.
 */
import type { Order, Reply } from "./protocol.ts";

type OutputState =
  | { readonly kind: "off" }
  /** Its time is up: no `on` is taken until somebody has ordered `off`. */
  | { readonly kind: "spent" }
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

/** The piece of time for which an output is on, or was on last. */
interface Piece {
  readonly fromMs: number;
  /** Undefined while it is on. */
  readonly toMs: number | undefined;
}

interface Output {
  readonly state: OutputState;
  readonly piece: Piece | undefined;
}

/** A contact that opens for less has not opened: a relay needs 5 to 10 ms to fall off. Two pieces with less between them are one. */
const gapMsMin = 10;

export interface GuardState {
  readonly maxOnMs: number;
  readonly outputs: ReadonlyMap<string, Output>;
}

export type GuardAction =
  | { readonly kind: "set"; readonly output: string; readonly on: boolean }
  | { readonly kind: "reply"; readonly reply: Reply };

export interface GuardStep {
  readonly state: GuardState;
  readonly actions: readonly GuardAction[];
}

const off: OutputState = { kind: "off" };
const neverOn: Output = { state: off, piece: undefined };

export function initialGuard(outputs: readonly string[], maxOnMs: number): GuardState {
  return { maxOnMs, outputs: new Map(outputs.map((name) => [name, neverOn])) };
}

/** When something has to happen next; undefined while everything is off. */
export function nextDeadlineMs(state: GuardState): number | undefined {
  let next: number | undefined;
  for (const { state: output } of state.outputs.values())
    if ("untilMs" in output && (next === undefined || output.untilMs < next)) next = output.untilMs;
  return next;
}

function reply(message: Reply): GuardAction {
  return { kind: "reply", reply: message };
}

/** When the piece began that an output which is on at this time belongs to. */
function pieceFromMs(piece: Piece | undefined, nowMs: number): number {
  if (piece === undefined) return nowMs;
  const isOne = piece.toMs === undefined || nowMs - piece.toMs < gapMsMin;
  return isOne ? piece.fromMs : nowMs;
}

function withOutput(state: GuardState, name: string, next: OutputState, nowMs: number): GuardState {
  const piece = state.outputs.get(name)?.piece;
  const isOn = next.kind === "on" || (next.kind === "train" && next.isOn);
  const then: Piece | undefined = isOn
    ? { fromMs: pieceFromMs(piece, nowMs), toMs: undefined }
    : piece && { fromMs: piece.fromMs, toMs: piece.toMs ?? nowMs };
  return { ...state, outputs: new Map(state.outputs).set(name, { state: next, piece: then }) };
}

/** The longest piece of a train: gaps that no contact makes are none. */
function longestPieceMs({ onMs, offMs, count }: Extract<Order, { order: "pulse" }>): number {
  return offMs < gapMsMin ? count * onMs + (count - 1) * offMs : onMs;
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
      return switchOff(state, order.output, current.state, { id: order.id, nowMs });
    case "on": {
      if (current.state.kind === "train") return refuse(`"${order.output}" is in the middle of a pulse train`);
      const latestMs = pieceFromMs(current.piece, nowMs) + state.maxOnMs;
      if (current.state.kind === "spent" || latestMs <= nowMs)
        return refuse(`"${order.output}" was on for as long as it may be (max_on_s): ${state.maxOnMs} ms`);
      const on: OutputState = { kind: "on", untilMs: Math.min(nowMs + order.maxMs, latestMs) };
      return {
        state: withOutput(state, order.output, on, nowMs),
        actions: [{ kind: "set", output: order.output, on: true }, reply({ reply: "done", id: order.id })],
      };
    }
    case "pulse": {
      if (current.state.kind === "on" || current.state.kind === "train")
        return refuse(`"${order.output}" is on already`);
      const onForMs = nowMs - pieceFromMs(current.piece, nowMs) + longestPieceMs(order);
      if (onForMs > state.maxOnMs)
        return refuse(`a pulse of ${onForMs} ms is longer than an output may be on (max_on_s): ${state.maxOnMs} ms`);
      const { id, onMs, offMs, count } = order;
      const train = { kind: "train", id, onMs, offMs, count, begun: 1, isOn: true, untilMs: nowMs + onMs } as const;
      return {
        state: withOutput(state, order.output, train, nowMs),
        actions: [{ kind: "set", output: order.output, on: true }, reply({ reply: "begun", id, pulses: 1 })],
      };
    }
  }
}

/** A train that is cut short ends here, and says so before the order itself is answered. */
function switchOff(
  state: GuardState,
  name: string,
  current: OutputState,
  { id, nowMs }: { readonly id: number; readonly nowMs: number },
): GuardStep {
  const actions: GuardAction[] = [{ kind: "set", output: name, on: false }];
  if (current.kind === "train")
    actions.push(
      reply({ reply: "train", id: current.id, begun: current.begun, isWhole: false, reason: "it was cut short" }),
    );
  actions.push(reply({ reply: "done", id }));
  return { state: withOutput(state, name, off, nowMs), actions };
}

/** Time has passed: what is due ends or goes on. */
export function passTime(state: GuardState, nowMs: number): GuardStep {
  let next = state;
  const actions: GuardAction[] = [];
  const become = (name: string, output: OutputState): void => {
    next = withOutput(next, name, output, nowMs);
  };
  for (const [name, { state: output, piece }] of state.outputs) {
    if (!("untilMs" in output) || output.untilMs > nowMs) continue;
    if (output.kind === "on") {
      const isSpent = pieceFromMs(piece, nowMs) + state.maxOnMs <= nowMs;
      become(name, isSpent ? { kind: "spent" } : off);
      actions.push({ kind: "set", output: name, on: false });
      continue;
    }
    const { id, begun, count } = output;
    if (!output.isOn) {
      become(name, { ...output, isOn: true, begun: begun + 1, untilMs: nowMs + output.onMs });
      actions.push({ kind: "set", output: name, on: true }, reply({ reply: "begun", id, pulses: begun + 1 }));
      continue;
    }
    actions.push({ kind: "set", output: name, on: false });
    if (begun < count) become(name, { ...output, isOn: false, untilMs: nowMs + output.offMs });
    else {
      become(name, off);
      actions.push(reply({ reply: "train", id, begun, isWhole: true }));
    }
  }
  return { state: next, actions };
}

/** The daemon is gone, or a line failed: everything off. */
export function endAll(state: GuardState): GuardStep {
  const actions: GuardAction[] = [];
  for (const [name, { state: output }] of state.outputs) {
    actions.push({ kind: "set", output: name, on: false });
    if (output.kind === "train")
      actions.push(
        reply({ reply: "train", id: output.id, begun: output.begun, isWhole: false, reason: "everything was put off" }),
      );
  }
  return { state: initialGuard([...state.outputs.keys()], state.maxOnMs), actions };
}
