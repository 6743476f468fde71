/** A controller's work as data: a list of steps. One runner performs them, with a time-out on every wait. */
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import type { EpaperBus } from "./bus.ts";

export type Step =
  | { readonly kind: "reset"; readonly lowMs: number; readonly settleMs: number }
  | { readonly kind: "command"; readonly code: number; readonly data: Uint8Array }
  | { readonly kind: "delay"; readonly ms: number }
  | {
      readonly kind: "idle";
      /** What the controller is doing, for the message. */
      readonly during: string;
      readonly timeoutMs: number;
      /** The work cannot be over sooner after the last command; 0 where it can. */
      readonly atLeastMs: number;
    };

export type EpaperFaultKind = "busy-never-released" | "busy-released-at-once" | "transport";

export interface EpaperFault {
  readonly kind: EpaperFaultKind;
  /** What happened, where, and what to check. */
  readonly message: string;
}

export type StepsOutcome = { readonly kind: "done" } | { readonly kind: "fault"; readonly fault: EpaperFault };

/** Both end up here: a panel of another revision answers with the other polarity. */
const advice =
  "wrong panel revision (the sticker on the glass decides), wrong BUSY polarity, or a loose BUSY or RST wire";

export function command(code: number, ...data: readonly number[]): Step {
  return { kind: "command", code, data: Uint8Array.from(data) };
}

export function image(code: number, data: Uint8Array): Step {
  return { kind: "command", code, data };
}

export function idle(during: string, timeoutMs: number, atLeastMs = 0): Step {
  return { kind: "idle", during, timeoutMs, atLeastMs };
}

export function delay(ms: number): Step {
  return { kind: "delay", ms };
}

export function reset(lowMs: number, settleMs: number): Step {
  return { kind: "reset", lowMs, settleMs };
}

/** Performs the steps in order; stops at the first fault. Never hangs: each wait has its own time-out. */
export async function runSteps(bus: EpaperBus, clock: Clock, steps: readonly Step[]): Promise<StepsOutcome> {
  let commandAtMs = clock.monotonicMs();
  for (const step of steps) {
    if (step.kind === "command") commandAtMs = clock.monotonicMs();
    let fault: EpaperFault | undefined;
    try {
      fault = await perform(bus, clock, step, commandAtMs);
    } catch (error) {
      fault = {
        kind: "transport",
        message: `${describe(step)}: ${errorText(error)}`,
      };
    }
    if (fault !== undefined) return { kind: "fault", fault };
  }
  return { kind: "done" };
}

async function perform(
  bus: EpaperBus,
  clock: Clock,
  step: Step,
  commandAtMs: number,
): Promise<EpaperFault | undefined> {
  switch (step.kind) {
    case "reset":
      await bus.setReset(1);
      await clock.sleep(step.settleMs);
      await bus.setReset(0);
      await clock.sleep(step.lowMs);
      await bus.setReset(1);
      await clock.sleep(step.settleMs);
      return undefined;
    case "command":
      await bus.command(step.code, step.data);
      return undefined;
    case "delay":
      await clock.sleep(step.ms);
      return undefined;
    case "idle":
      return waitIdle(bus, clock, step, commandAtMs);
  }
}

async function waitIdle(
  bus: EpaperBus,
  clock: Clock,
  step: Extract<Step, { kind: "idle" }>,
  commandAtMs: number,
): Promise<EpaperFault | undefined> {
  if (!(await bus.waitIdle(step.timeoutMs)))
    return {
      kind: "busy-never-released",
      message: `BUSY never released during ${step.during} (waited ${step.timeoutMs} ms): ${advice}`,
    };
  const tookMs = clock.monotonicMs() - commandAtMs;
  if (tookMs < step.atLeastMs)
    return {
      kind: "busy-released-at-once",
      message: `BUSY released at once during ${step.during} (after ${Math.round(tookMs)} ms; the glass needs at least ${step.atLeastMs} ms): ${advice}`,
    };
  return undefined;
}

function describe(step: Step): string {
  return step.kind === "command" ? `command 0x${step.code.toString(16).padStart(2, "0")}` : step.kind;
}
