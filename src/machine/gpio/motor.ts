/**
 * One coil, as a pure step machine: start, leave home, come home again, stop; wait for the drop sensor; jog when nothing fell. Every phase
 * has a time-out. It is one delivery from beginning to end and is never continued after a restart (design, promise 3).
 *
 * The usual coil: one home switch with two edges a turn, 3 to 4 s a turn, a light curtain or vibration sensor whose pulse is 5 to 50 ms.
 */
import type { DeliveryOutcome } from "../port.ts";

export interface MotorSettings {
  readonly output: string;
  /** What counts as delivered: something passed the drop sensor, or the coil came home. */
  readonly confirm: "drop" | "home";
  readonly hasHome: boolean;
  /** Home has to be left within this. */
  readonly leaveMs: number;
  /** And reached again within this; without a home switch, how long one turn runs. */
  readonly turnMs: number;
  /** How long something may still fall after the motor stopped. */
  readonly dropWaitMs: number;
  /** How many more turns when nothing fell. */
  readonly jogs: number;
}

export type MotorEvent =
  /** Levels before anything moves; undefined where there is no such sensor. */
  | { readonly kind: "start"; readonly homeActive: boolean | undefined; readonly dropActive: boolean | undefined }
  | { readonly kind: "home"; readonly active: boolean }
  | { readonly kind: "drop" }
  /** The wait of the phase is over. */
  | { readonly kind: "time-out" }
  /** Stop at once: asked for, the door was opened, or the actuators were lost. */
  | { readonly kind: "halt"; readonly reason: string }
  /** The motor's output did not go on. */
  | { readonly kind: "refused"; readonly reason: string };

export type MotorState =
  | { readonly phase: "idle" }
  /** The motor is on; home is still active. */
  | { readonly phase: "leaving"; readonly turn: number; readonly hasDropped: boolean }
  /** The motor is on and away from home. */
  | { readonly phase: "turning"; readonly turn: number; readonly hasDropped: boolean }
  /** The motor is off; something may still fall. `fault`: why no turn follows. */
  | {
      readonly phase: "settling";
      readonly turn: number;
      readonly fault: string | undefined;
      /** A coil that ran on stands past its home: the next turn has nothing to leave. */
      readonly isHome: boolean;
    }
  | {
      readonly phase: "ended";
      readonly outcome: DeliveryOutcome;
      readonly lineState: "jammed" | "sold-out" | undefined;
    };

export type MotorCommand =
  | { readonly kind: "on"; readonly maxMs: number }
  | { readonly kind: "off" }
  /** Replaces the wait before. */
  | { readonly kind: "wait"; readonly ms: number };

export interface MotorStep {
  readonly state: MotorState;
  readonly commands: readonly MotorCommand[];
}

export const motorIdle: MotorState = { phase: "idle" };

/** The guard's own limit lies this much behind ours, so that ours decides while all is well. */
const limitMarginMs = 250;

const delivered = (detail: string): DeliveryOutcome => ({ kind: "delivered", detail });
const notDelivered = (reason: string): DeliveryOutcome => ({ kind: "not-delivered", reason });
const unknown = (reason: string): DeliveryOutcome => ({ kind: "unknown", reason });

export function stepMotor(settings: MotorSettings, state: MotorState, event: MotorEvent): MotorStep {
  if (state.phase === "ended") return { state, commands: [] };
  switch (event.kind) {
    case "start":
      return state.phase === "idle" ? start(settings, event.homeActive, event.dropActive) : stay(state);
    case "home":
      return event.active ? home(settings, state) : left(settings, state);
    case "drop":
      return drop(settings, state);
    case "time-out":
      return timeOut(settings, state);
    case "halt":
      return halt(state, event.reason);
    case "refused":
      return end(notDelivered(`the motor was not switched on: ${event.reason}`), undefined);
  }
}

function stay(state: MotorState): MotorStep {
  return { state, commands: [] };
}

/** Off comes first, whatever follows. */
function end(outcome: DeliveryOutcome, lineState: "jammed" | "sold-out" | undefined): MotorStep {
  return { state: { phase: "ended", outcome, lineState }, commands: [{ kind: "off" }] };
}

function start(settings: MotorSettings, homeActive: boolean | undefined, dropActive: boolean | undefined): MotorStep {
  if (settings.confirm === "drop" && dropActive === true)
    return end(
      notDelivered("the drop sensor was active before the start: something lies in it, or it is blind"),
      undefined,
    );
  if (settings.confirm === "home" && homeActive === false)
    return end(
      notDelivered("the coil does not stand at home: with confirm home nobody could say what a part of a turn gave"),
      "jammed",
    );
  return turn(settings, 1, homeActive);
}

function turn(settings: MotorSettings, number: number, homeActive: boolean | undefined): MotorStep {
  const isAtHome = settings.hasHome && homeActive !== false;
  const limitMs = (isAtHome ? settings.leaveMs : 0) + settings.turnMs;
  return {
    state: { phase: isAtHome ? "leaving" : "turning", turn: number, hasDropped: false },
    commands: [
      { kind: "on", maxMs: limitMs + limitMarginMs },
      { kind: "wait", ms: isAtHome ? settings.leaveMs : settings.turnMs },
    ],
  };
}

function left(settings: MotorSettings, state: MotorState): MotorStep {
  if (state.phase === "settling") return stay({ ...state, isHome: false });
  if (state.phase !== "leaving") return stay(state);
  return { state: { ...state, phase: "turning" }, commands: [{ kind: "wait", ms: settings.turnMs }] };
}

function home(settings: MotorSettings, state: MotorState): MotorStep {
  if (state.phase === "settling") return stay({ ...state, isHome: true });
  if (state.phase !== "turning" || !settings.hasHome) return stay(state);
  if (settings.confirm === "home") return end(delivered(`home again after turn ${state.turn}`), undefined);
  if (state.hasDropped) return end(delivered(`drop sensor, turn ${state.turn}`), undefined);
  return settle(settings, state.turn, undefined);
}

function settle(settings: MotorSettings, number: number, fault: string | undefined): MotorStep {
  return {
    state: { phase: "settling", turn: number, fault, isHome: true },
    commands: [{ kind: "off" }, { kind: "wait", ms: settings.dropWaitMs }],
  };
}

function drop(settings: MotorSettings, state: MotorState): MotorStep {
  if (settings.confirm !== "drop") return stay(state);
  switch (state.phase) {
    case "leaving":
    case "turning":
      // With a home switch the turn is finished, so that the next one begins where it should.
      return settings.hasHome
        ? { state: { ...state, hasDropped: true }, commands: [] }
        : end(delivered(`drop sensor, turn ${state.turn}`), undefined);
    case "settling":
      return end(delivered(`drop sensor, turn ${state.turn}`), state.fault === undefined ? undefined : "jammed");
    case "idle":
    case "ended":
      return stay(state);
  }
}

function timeOut(settings: MotorSettings, state: MotorState): MotorStep {
  switch (state.phase) {
    case "idle":
    case "ended":
      return stay(state);
    case "leaving":
      return stuck(settings, state, `home was not left within ${settings.leaveMs} ms: the motor or its switch`);
    case "turning":
      if (!settings.hasHome) return settle(settings, state.turn, undefined);
      return stuck(settings, state, `home was not reached within ${settings.turnMs} ms: a jam, or the switch`);
    case "settling":
      if (state.fault !== undefined) return end(notDelivered(`${state.fault}; nothing fell`), "jammed");
      if (state.turn <= settings.jogs) return turn(settings, state.turn + 1, state.isHome);
      return end(notDelivered(`nothing fell in ${state.turn} turns`), "sold-out");
  }
}

/** The coil or its switch failed. The drop sensor still knows; without it, a coil that was away from home may have given something. */
function stuck(
  settings: MotorSettings,
  state: Extract<MotorState, { phase: "leaving" | "turning" }>,
  fault: string,
): MotorStep {
  if (state.hasDropped) return end(delivered(`drop sensor, turn ${state.turn}; ${fault}`), "jammed");
  if (settings.confirm === "drop") return settle(settings, state.turn, fault);
  return end(state.phase === "turning" ? unknown(fault) : notDelivered(fault), "jammed");
}

function halt(state: Exclude<MotorState, { phase: "ended" }>, reason: string): MotorStep {
  if (state.phase === "idle") return end(notDelivered(`nothing moved: ${reason}`), undefined);
  const hasDropped = state.phase !== "settling" && state.hasDropped;
  if (hasDropped) return end(delivered(`drop sensor, turn ${state.turn}; then stopped: ${reason}`), undefined);
  return end(unknown(`stopped in turn ${state.turn}: ${reason}`), undefined);
}
