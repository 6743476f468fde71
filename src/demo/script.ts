/** The demo's scripts: one step a line (docs/demo.md). */
import { setTimeout as sleep } from "node:timers/promises";
import { checkWorld } from "./checks.ts";
import { isPayableCode, kindOfPayableCode } from "./clients.ts";
import { isMachineKind } from "./machines/machines.ts";
import type { MachineKind, SwitchName } from "./machines/port.ts";
import type { DemoWorld } from "./world.ts";
import { en } from "./page/texts/en.ts";
import { happeningText } from "./page/view.ts";
import { isEnded, switchNames } from "./world-state.ts";

export type Step =
  | { readonly kind: "machine"; readonly machine: MachineKind }
  | { readonly kind: "press"; readonly id: string }
  | { readonly kind: "type"; readonly text: string }
  | { readonly kind: "cancel" | "take" | "scan" | "hold-up" }
  | { readonly kind: "phone"; readonly action: "approve" | "decline" | "home" | "expire" }
  | { readonly kind: "switch"; readonly name: SwitchName; readonly broken: boolean }
  | {
      readonly kind: "wait";
      readonly what: "panel" | "phone" | "state";
      readonly value: string;
      readonly withinMs: number;
    }
  | { readonly kind: "wait-ended"; readonly withinMs: number }
  | { readonly kind: "expect-tray"; readonly count: number }
  | { readonly kind: "expect-code"; readonly there: boolean }
  | { readonly kind: "expect-captured"; readonly minor: number }
  | { readonly kind: "pause"; readonly ms: number };

export interface NumberedStep {
  readonly line: number;
  readonly text: string;
  readonly step: Step;
}

export class ScriptError extends Error {
  readonly code = "script";
}

/** Scripts wait for states: the bound is there so that they end. A computer that is busy takes its time. */
const waitMsDefault = 120_000;

function parseStep(words: readonly string[]): Step | undefined {
  const [first, second, third, fourth, fifth] = words;
  const within = (word: string | undefined, value: string | undefined): number | undefined => {
    if (word === undefined) return waitMsDefault;
    const seconds = Number(value);
    return word === "within" && seconds > 0 ? seconds * 1_000 : undefined;
  };
  switch (first) {
    case "machine":
      return second !== undefined && isMachineKind(second) ? { kind: "machine", machine: second } : undefined;
    case "press":
      return second === undefined ? undefined : { kind: "press", id: second };
    case "type":
      return second === undefined ? undefined : { kind: "type", text: second };
    case "cancel":
    case "take":
    case "scan":
    case "hold-up":
      return { kind: first };
    case "approve":
    case "decline":
    case "home":
    case "expire":
      return { kind: "phone", action: first };
    case "break":
    case "mend": {
      const found = switchNames.find((name) => name === second);
      return found === undefined ? undefined : { kind: "switch", name: found, broken: first === "break" };
    }
    case "wait": {
      if (second === "ended") {
        const withinMs = within(third, fourth);
        return withinMs === undefined ? undefined : { kind: "wait-ended", withinMs };
      }
      const withinMs = within(fourth, fifth);
      const isKnown = second === "panel" || second === "phone" || second === "state";
      return isKnown && third !== undefined && withinMs !== undefined
        ? { kind: "wait", what: second, value: third, withinMs }
        : undefined;
    }
    case "expect":
      if (second === "tray") return { kind: "expect-tray", count: Number(third) };
      if (second === "captured") return { kind: "expect-captured", minor: Number(third) };
      if (second === "code") return { kind: "expect-code", there: true };
      return second === "no" && third === "code" ? { kind: "expect-code", there: false } : undefined;
    case "pause":
      return Number(second) > 0 ? { kind: "pause", ms: Number(second) * 1_000 } : undefined;
    case undefined:
    default:
      return undefined;
  }
}

/** @throws ScriptError naming the line that cannot be read. */
export function parseScript(text: string): readonly NumberedStep[] {
  const steps: NumberedStep[] = [];
  text.split("\n").forEach((raw, index) => {
    const line = raw.replace(/#.*$/, "").trim();
    if (line === "") return;
    const step = parseStep(line.split(/\s+/));
    if (step === undefined) throw new ScriptError(`line ${index + 1}: "${line}" is no step; docs/demo.md lists them`);
    steps.push({ line: index + 1, text: line, step });
  });
  return steps;
}

export interface ScriptResult {
  readonly checks: number;
  readonly failures: readonly string[];
}

async function until(isTrue: () => boolean, withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!isTrue()) {
    if (signal?.aborted === true) throw new ScriptError("stopped");
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

/**
 * A code may outlive what makes it payable for as long as the machine needs to hear of it: a poll, a probe and a redraw. Counted in looks at the
 * glass, each with an answer of the machine before it, at least 0.3 s apart: where everything is slow, so are they.
 */
const staleLooksMax = 20;

/** Watches every picture on the glass: a code that cannot be paid must not stay. */
function watchCodes(world: DemoWorld): { stop(): Promise<readonly string[]> } {
  const failures: string[] = [];
  const stop = new AbortController();
  async function watch(): Promise<void> {
    let badLooks = 0;
    while (!stop.signal.aborted) {
      const text = await world.code();
      const isGood = text === undefined || (await isPayableCode(world.providerUrl, text).catch(() => true));
      badLooks = isGood ? 0 : badLooks + 1;
      if (badLooks > staleLooksMax) {
        failures.push(`the panel shows a code that cannot be paid: ${text ?? ""}`);
        badLooks = 0;
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      await world.look();
    }
  }
  const watching = watch();
  return {
    async stop() {
      stop.abort();
      await watching;
      return failures;
    },
  };
}

/** What the kiosk says of its scene is ahead of the glass by a drawing: looks until the glass has a code, or none. */
async function untilCode(world: DemoWorld, there: boolean, signal: AbortSignal): Promise<string | undefined> {
  const end = Date.now() + waitMsDefault;
  for (;;) {
    const text = await world.code();
    if (signal.aborted) throw new ScriptError("stopped");
    if ((text !== undefined) === there || Date.now() > end) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Looks until the glass has the code of the scene: the one before it may still stand there. */
async function untilScannable(world: DemoWorld, signal: AbortSignal): Promise<void> {
  const end = Date.now() + waitMsDefault;
  while (Date.now() < end) {
    if (signal.aborted) throw new ScriptError("stopped");
    const wanted = world.scenes.at(-1) === "pay" ? "one-time" : "callback";
    const text = await world.code();
    const isWanted = text !== undefined && (await kindOfPayableCode(world.providerUrl, text)) === wanted;
    if (isWanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Where in the list of scenes a wait begins to look: at the one that stood when somebody last did something. A scene that was over before the
 * script looked has been shown all the same.
 */
interface Progress {
  scene: number;
  readonly signal: AbortSignal;
}

/** Steps in which somebody does something, as opposed to those that look. */
function isDeed({ kind }: Step): boolean {
  return kind !== "pause" && !kind.startsWith("wait") && !kind.startsWith("expect");
}

async function perform(world: DemoWorld, step: Step, progress: Progress): Promise<string | undefined> {
  const { signal } = progress;
  switch (step.kind) {
    case "machine":
      await world.changeMachine(step.machine);
      return undefined;
    case "press":
      // A front end offers some of its buttons only once it has heard of a payment.
      await until(() => world.state().machine.controls.some(({ id }) => id === step.id), waitMsDefault, signal);
      await world.use(step.id);
      return undefined;
    case "type":
      for (const key of step.text) await world.use(key);
      return undefined;
    case "cancel":
      await world.use("cancel");
      return undefined;
    case "take":
      world.take();
      return undefined;
    case "scan":
      await untilScannable(world, signal);
      return (await world.scan()) === undefined ? "the camera sees no code" : undefined;
    case "hold-up":
      await world.holdUp();
      return undefined;
    case "phone":
      await world.phone(step.action);
      return undefined;
    case "switch":
      await world.turn(step.name, step.broken);
      return undefined;
    case "wait": {
      const now = (): string => {
        const { panel, phone, machine } = world.state();
        return { panel: panel.scene, phone: phone.screen, state: machine.state }[step.what];
      };
      const hasBeen = (): boolean => {
        if (step.what !== "panel") return now() === step.value;
        const found = world.scenes.indexOf(step.value, progress.scene);
        if (found !== -1) progress.scene = found;
        return found !== -1;
      };
      const isThere = await until(hasBeen, step.withinMs, signal);
      return isThere ? undefined : `${step.what} is "${now()}"`;
    }
    case "wait-ended": {
      const isDone = await until(() => world.ledger.length > 0 && world.ledger.every(isEnded), step.withinMs, signal);
      return isDone ? undefined : `still open: ${JSON.stringify(world.ledger.filter((row) => !isEnded(row)))}`;
    }
    case "expect-tray": {
      const isRight = await until(() => world.drops.length === step.count, waitMsDefault, signal);
      return isRight ? undefined : `${world.drops.length} things have fallen`;
    }
    case "expect-captured": {
      const sum = (): number => world.ledger.reduce((total, row) => total + row.captured - row.refunded, 0);
      return (await until(() => sum() === step.minor, waitMsDefault, signal)) ? undefined : `${sum()} is kept`;
    }
    case "expect-code": {
      const text = await untilCode(world, step.there, signal);
      return (text !== undefined) === step.there
        ? undefined
        : text === undefined
          ? "there is none"
          : `there is one: ${text}`;
    }
    case "pause":
      await sleep(step.ms, undefined, { signal });
      return undefined;
  }
}

/** What was sent a moment before a power cut is waited for two minutes before it is sent again. */
const settleMs = 180_000;

/** Plays the steps to the end, or to the first that did not go as it says: what was wrong with it. @throws ScriptError when it is stopped */
export async function playSteps(
  world: DemoWorld,
  steps: readonly NumberedStep[],
  signal: AbortSignal,
  tell: (line: string) => void = () => {},
): Promise<string | undefined> {
  const progress: Progress = { scene: 0, signal };
  for (const { line, text, step } of steps) {
    if (signal.aborted) throw new ScriptError("stopped");
    tell(`${String(line).padStart(3)}  ${text}`);
    if (isDeed(step)) progress.scene = Math.max(0, world.scenes.length - 1);
    const failure = await perform(world, step, progress);
    if (failure !== undefined) return `line ${line}, "${text}": ${failure}`;
  }
  return undefined;
}

/** Plays the steps, mends everything, waits until all is settled, and checks money, journal and panel. */
export async function playScript(
  world: DemoWorld,
  steps: readonly NumberedStep[],
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ScriptResult> {
  const codes = watchCodes(world);
  const failures: string[] = [];
  const failure = await playSteps(world, steps, signal, tell).catch(async (error: unknown) => {
    await codes.stop();
    throw error;
  });
  const checks = steps.length + 3;
  if (failure !== undefined) failures.push(failure);
  await world.mendAll();
  const settled = await until(
    () => world.state().machine.state === "ready" && world.ledger.every(isEnded) && world.kiosk?.openSettlements === 0,
    settleMs,
  );
  if (!settled)
    failures.push(`the machine did not settle everything within ${settleMs / 1_000} s after all was mended`);
  failures.push(...(await codes.stop()), ...(await checkWorld(world)));
  if (failures.length > 0)
    for (const { who, what } of world.state().log.entries.slice(-60)) tell(`     ${who}: ${happeningText(what, en)}`);
  return { checks: checks + world.ledger.length, failures };
}
