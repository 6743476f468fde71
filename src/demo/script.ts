/** The demo's scripts: one step a line (docs/demo.md), and the checks that follow every one of them. */
import { openNodeDisk } from "../journal/node-disk.ts";
import { readJournal } from "../journal/journal.ts";
import type { JsonValue } from "../journal/port.ts";
import { readSaleHistory } from "../kiosk/stored.ts";
import { totalsOf } from "../sale/record.ts";
import { isPayableCode, kindOfPayableCode } from "./clients.ts";
import { isMachineKind } from "./machines/machines.ts";
import type { Drop, MachineKind, SwitchName } from "./machines/port.ts";
import type { DemoWorld } from "./world.ts";
import { isEnded, switchTexts } from "./world-state.ts";

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
      const found = switchTexts.find(({ name }) => name === second);
      return found === undefined ? undefined : { kind: "switch", name: found.name, broken: first === "break" };
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

async function until(isTrue: () => boolean, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!isTrue()) {
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

/** What promises 1, 2, 3 and 5 say of a ledger and the things that fell. Pure. */
export function checkMoney(ledger: DemoWorld["ledger"], drops: readonly Drop[]): readonly string[] {
  const failures: string[] = [];
  for (const row of ledger) {
    const name = `payment …${row.reference.slice(-6)}`;
    if (!isEnded(row)) failures.push(`${name} has not ended: ${JSON.stringify(row)}`);
    const kept = row.captured - row.refunded;
    const fallen = drops.filter(({ reference }) => reference === row.reference);
    if (fallen.length > 1) failures.push(`${name} was delivered ${fallen.length} times`);
    const value = fallen.reduce((sum, { priceMinor }) => sum + priceMinor, 0);
    if (kept > value) failures.push(`${name}: ${kept} was kept and ${value} was delivered: somebody paid for nothing`);
  }
  for (const drop of drops) {
    const row = ledger.find(({ reference }) => reference === drop.reference);
    if (row === undefined || row.authorized < drop.priceMinor)
      failures.push(`${drop.what} fell for a payment that was never authorised: somebody got something for nothing`);
  }
  return failures;
}

async function checkJournal(world: DemoWorld): Promise<readonly string[]> {
  const failures: string[] = [];
  const sales = new Map<string, JsonValue>();
  for (const folder of world.journalFolders) {
    const journal = await readJournal(await openNodeDisk(folder));
    if (journal.settlements.size > 0) failures.push(`${folder} has ${journal.settlements.size} settlements open`);
    for (const [reference, stored] of journal.sales) sales.set(reference, stored);
  }
  for (const row of world.ledger) {
    const stored = sales.get(row.reference);
    const record = stored === undefined ? undefined : totalsOf(readSaleHistory(stored));
    if (record === undefined) failures.push(`payment …${row.reference.slice(-6)} is not in the journal`);
    else if (record.captured !== row.captured || record.refunded !== row.refunded)
      failures.push(
        `the journal says ${record.captured} captured of …${row.reference.slice(-6)}, the ledger ${row.captured}`,
      );
  }
  return failures;
}

/** What the kiosk says of its scene is ahead of the glass by a drawing: looks until the glass has a code, or none. */
async function untilCode(world: DemoWorld, there: boolean): Promise<string | undefined> {
  const end = Date.now() + waitMsDefault;
  for (;;) {
    const text = await world.code();
    if ((text !== undefined) === there || Date.now() > end) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Looks until the glass has the code of the scene: the one before it may still stand there. */
async function untilScannable(world: DemoWorld): Promise<void> {
  const end = Date.now() + waitMsDefault;
  while (Date.now() < end) {
    const wanted = world.scenes.at(-1) === "pay" ? "one-time" : "callback";
    const text = await world.code();
    const isWanted = text !== undefined && (await kindOfPayableCode(world.providerUrl, text)) === wanted;
    if (isWanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Money, journal and glass, as they stand now: what is wrong with them. */
export async function checkWorld(world: DemoWorld): Promise<readonly string[]> {
  const text = await world.code();
  const isPayable = text === undefined || (await isPayableCode(world.providerUrl, text));
  const glass = isPayable ? [] : [`the panel shows a code that cannot be paid: ${text}`];
  return [...checkMoney(world.ledger, world.drops), ...(await checkJournal(world)), ...glass];
}

/**
 * Where in the list of scenes a wait begins to look: at the one that stood when somebody last did something. A scene that was over before the
 * script looked has been shown all the same.
 */
interface Progress {
  scene: number;
}

/** Steps in which somebody does something, as opposed to those that look. */
function isDeed({ kind }: Step): boolean {
  return kind !== "pause" && !kind.startsWith("wait") && !kind.startsWith("expect");
}

async function perform(world: DemoWorld, step: Step, progress: Progress): Promise<string | undefined> {
  switch (step.kind) {
    case "machine":
      await world.changeMachine(step.machine);
      return undefined;
    case "press":
      // A front end offers some of its buttons only once it has heard of a payment.
      await until(() => world.state().machine.controls.some(({ id }) => id === step.id), waitMsDefault);
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
      await untilScannable(world);
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
      const isThere = await until(hasBeen, step.withinMs);
      return isThere ? undefined : `${step.what} is "${now()}"`;
    }
    case "wait-ended": {
      const isDone = await until(() => world.ledger.length > 0 && world.ledger.every(isEnded), step.withinMs);
      return isDone ? undefined : `still open: ${JSON.stringify(world.ledger.filter((row) => !isEnded(row)))}`;
    }
    case "expect-tray": {
      const isRight = await until(() => world.drops.length === step.count, waitMsDefault);
      return isRight ? undefined : `${world.drops.length} things have fallen`;
    }
    case "expect-captured": {
      const sum = (): number => world.ledger.reduce((total, row) => total + row.captured - row.refunded, 0);
      return (await until(() => sum() === step.minor, waitMsDefault)) ? undefined : `${sum()} is kept`;
    }
    case "expect-code": {
      const text = await untilCode(world, step.there);
      return (text !== undefined) === step.there
        ? undefined
        : text === undefined
          ? "there is none"
          : `there is one: ${text}`;
    }
    case "pause":
      await new Promise((resolve) => setTimeout(resolve, step.ms));
      return undefined;
  }
}

/** What was sent a moment before a power cut is waited for two minutes before it is sent again. */
const settleMs = 180_000;

/** Plays the steps, mends everything, waits until all is settled, and checks money, journal and panel. */
export async function playScript(
  world: DemoWorld,
  steps: readonly NumberedStep[],
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ScriptResult> {
  const codes = watchCodes(world);
  const failures: string[] = [];
  const progress: Progress = { scene: 0 };
  let checks = 0;
  for (const { line, text, step } of steps) {
    if (signal.aborted) throw new ScriptError("stopped");
    tell(`${String(line).padStart(3)}  ${text}`);
    if (isDeed(step)) progress.scene = Math.max(0, world.scenes.length - 1);
    const failure = await perform(world, step, progress);
    checks += 1;
    if (failure !== undefined) {
      failures.push(`line ${line}, "${text}": ${failure}`);
      break;
    }
  }
  for (const { name } of switchTexts) await world.turn(name, false);
  const settled = await until(
    () => world.state().machine.state === "ready" && world.ledger.every(isEnded) && world.kiosk?.openSettlements === 0,
    settleMs,
  );
  if (!settled)
    failures.push(`the machine did not settle everything within ${settleMs / 1_000} s after all was mended`);
  failures.push(...(await codes.stop()), ...(await checkWorld(world)));
  checks += 3 + world.ledger.length;
  if (failures.length > 0) for (const entry of world.state().log.slice(-60)) tell(`     ${entry.who}: ${entry.text}`);
  return { checks, failures };
}
