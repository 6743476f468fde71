/**
 * The machine on the GPIO header: buttons choose, outputs deliver, and what the machine says of itself (inhibit, door, sensors, a lost
 * guard) decides whether it may sell. One delivery at a time, each at most once; how a line delivers is its form's affair.
 */
import type { Money } from "../../sale/money.ts";
import type { Clock, Log, Timer } from "../../service/port.ts";
import type { Actuators } from "../actuators.ts";
import type {
  DeliveryOrder,
  DeliveryOutcome,
  InputStatus,
  Machine,
  MachineEvent,
  MachineReadiness,
  Selection,
} from "../port.ts";
import { errorText } from "../../kit/error-text.ts";
import { type Form, type FormParts, type FormResult } from "./form.ts";
import type { GpioLines, InputSpec } from "./lines.ts";
import { type OpenedMachine, openMachine, timedFormsOf } from "./open-machine.ts";
import type { LineSettings, MachineWide } from "./settings.ts";
import { isSameReadiness, readinessOf, type Standing, standingAtStart } from "./standing.ts";
import { StuckOutputs } from "./stuck-outputs.ts";
import { TimedForm } from "./timed.ts";

export interface GpioMachineSettings {
  /** Opens the header anew: asked again, with growing pauses, when it could not be had or an input went away. */
  readonly openInputs: () => Promise<GpioLines>;
  readonly actuators: Actuators;
  readonly lines: readonly LineSettings[];
  readonly wide: MachineWide;
  readonly clock: Clock;
  readonly log: Log;
}

const reopenMsMin = 2_000;
const reopenMsMax = 60_000;
/** How often a delivery that waits for the machine looks again. */
const lookMs = 50;
const rememberedMax = 1_000;
/** How long stopping waits for a delivery that was told to stop, and for inputs that are just being opened. */
const stopGraceMs = 2_000;
/** Lamp or buzzer: ten seconds that nobody overlooks. */
const identifyTrain = { onMs: 500, offMs: 500, count: 10 } as const;

export function createGpioMachine(settings: GpioMachineSettings): Machine {
  return new GpioMachine(settings);
}

/** The line that a selection is for. A price that somebody typed names its line as the item. */
function lineOf(selection: Selection): string | undefined {
  switch (selection.kind) {
    case "line":
    case "time":
      return selection.line;
    case "priced":
      return selection.item;
    case "order":
      return undefined;
  }
}

class GpioMachine implements Machine {
  readonly #settings: GpioMachineSettings;
  readonly #parts: FormParts;
  readonly #timed: ReadonlyMap<string, TimedForm>;
  readonly #stuck: StuckOutputs;
  readonly #halts = new Set<(reason: string) => void>();
  readonly #outcomes = new Map<string, Promise<DeliveryOutcome>>();
  readonly #spoilt = new Set<string>();
  readonly #stopping = new AbortController();
  #opened: OpenedMachine | undefined;
  #opening: Promise<void> = Promise.resolve();
  #standing: Standing = standingAtStart;
  #readiness: MachineReadiness = readinessOf(standingAtStart);
  #onEvent: ((event: MachineEvent) => void) | undefined;
  #moving: { readonly line: string; readonly ended: Promise<unknown> } | undefined;
  #postDelay: Timer | undefined;
  #reopen: Timer | undefined;
  #reopenMs = reopenMsMin;
  #isIdentifying = false;

  constructor(settings: GpioMachineSettings) {
    this.#settings = settings;
    const { actuators, clock, log, wide } = settings;
    this.#stuck = new StuckOutputs(actuators, clock, log, (stuckOutput) => this.#update({ stuckOutput }));
    const inhibit = (): OpenedMachine["inhibit"] => this.#opened?.inhibit;
    this.#parts = {
      actuators,
      clock,
      log,
      get inhibit() {
        return inhibit();
      },
      onHalt: (listener) => {
        this.#halts.add(listener);
        return () => this.#halts.delete(listener);
      },
      onStuckOutput: (output, error, reference) => this.#stuck.add(output, error, reference),
    };
    this.#timed = timedFormsOf(settings.lines, (line) => {
      const { onMs, creditValue, output } = line;
      return new TimedForm({ output: output.name, onMs, creditValue, maxOnMs: wide.maxOnMs }, this.#parts);
    });
    actuators.onTrouble(() => this.#troubleChanged());
  }

  async start(onEvent: (event: MachineEvent) => void): Promise<void> {
    this.#opening = this.#open();
    await this.#opening;
    this.#onEvent = onEvent;
  }

  /** Outputs before inputs: nothing may move, whatever the buttons say. The actuators try again by themselves; here are only the inputs. */
  async #open(): Promise<void> {
    const { actuators, openInputs, lines, wide, clock, log } = this.#settings;
    let opened: OpenedMachine | undefined;
    let lost: Error | undefined;
    try {
      await actuators.start();
      opened = await openMachine(
        await openInputs(),
        { lines, wide, clock, parts: this.#parts },
        {
          onPress: (line) => this.#emit({ kind: "selected", selection: { kind: "line", line } }),
          onCancel: () => this.#emit({ kind: "selection-cancelled" }),
          onInhibit: () => this.#look(),
          onDoor: () => this.#doorChanged(),
          onBlocked: () => this.#look(),
          // Said again: whoever hears it looks at `inputs`, too.
          onButtonStatus: () => this.#emit({ kind: "readiness", readiness: this.#readiness }),
          onFailure: (spec, error) => {
            // While the others are still being opened, and not when what failed is closed already.
            if (opened === undefined) lost ??= new Error(goneText(spec, error), { cause: error });
            else if (opened === this.#opened) this.#inputFailed(spec, error);
          },
        },
      );
      if (this.#stopping.signal.aborted || lost !== undefined) {
        await opened.close();
        if (lost === undefined) return;
        throw lost;
      }
      this.#opened = opened;
      this.#reopenMs = reopenMsMin;
      this.#update({ opened: "open", failedInput: undefined, trouble: actuators.trouble() });
      this.#look();
    } catch (error) {
      log.error({ error }, "the GPIO lines could not be opened: the machine cannot sell; trying again");
      this.#update({ opened: { failed: errorText(error) } });
      this.#openLater();
    }
  }

  #openLater(): void {
    if (this.#stopping.signal.aborted) return;
    this.#reopen?.cancel();
    this.#reopen = this.#settings.clock.startTimer("GPIO lines again", this.#reopenMs, () => {
      this.#opening = this.#open();
    });
    this.#reopenMs = Math.min(2 * this.#reopenMs, reopenMsMax);
  }

  #inputFailed(spec: InputSpec, error: Error): void {
    const { log } = this.#settings;
    log.error({ error, input: spec.name, bcm: spec.bcm }, "an input went away: the machine cannot sell");
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    this.#halt(`the input ${spec.name} went away`);
    this.#update({ failedInput: goneText(spec, error) });
    opened.close().catch((fault: unknown) => log.warn({ error: fault }, "the GPIO lines could not be freed"));
    this.#openLater();
  }

  #troubleChanged(): void {
    const trouble = this.#settings.actuators.trouble();
    if (trouble !== undefined) this.#halt(trouble);
    this.#update({ trouble });
    for (const form of this.#timed.values()) form.actuatorsChanged();
  }

  #doorChanged(): void {
    this.#look();
    if (this.#standing.isDoorOpen) this.#halt("the door was opened");
    else this.#forgetSpoilt();
  }

  /** Whoever opened the door has filled the coils and freed what was jammed. */
  #forgetSpoilt(): void {
    for (const line of this.#spoilt) this.#emit({ kind: "line-state", line, state: "for-sale" });
    this.#spoilt.clear();
  }

  #halt(reason: string): void {
    for (const listener of this.#halts) listener(reason);
  }

  #look(): void {
    const { inhibit, door } = this.#opened ?? { inhibit: undefined, door: undefined };
    this.#update({
      isInhibited: inhibit?.isActive ?? false,
      isDoorOpen: door?.isActive ?? false,
      blockedSensor: this.#opened?.blockedSensor(),
    });
  }

  #update(change: Partial<Standing>): void {
    this.#standing = { ...this.#standing, ...change };
    const readiness = readinessOf(this.#standing);
    if (isSameReadiness(readiness, this.#readiness)) return;
    this.#readiness = readiness;
    this.#emit({ kind: "readiness", readiness });
  }

  #emit(event: MachineEvent): void {
    if (!this.#stopping.signal.aborted) this.#onEvent?.(event);
  }

  readiness(): MachineReadiness {
    return this.#readiness;
  }

  /** The same delivery is never begun again: asking twice gives the same answer. */
  deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const known = this.#outcomes.get(order.deliveryId);
    if (known !== undefined) return known;
    const outcome = this.#deliver(order, signal);
    this.#outcomes.set(order.deliveryId, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > rememberedMax && oldest !== undefined) this.#outcomes.delete(oldest);
    return outcome;
  }

  async #deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { selection } = order;
    if (selection.kind === "time" && selection.line === undefined)
      return { kind: "delivered", detail: "validity issued; nothing moves" };
    const line = lineOf(selection);
    if (line === undefined)
      return { kind: "not-delivered", reason: `a GPIO machine has no line for ${selection.kind}` };
    if (this.#moving !== undefined)
      return { kind: "not-delivered", reason: `line ${this.#moving.line} is still moving` };
    const running = this.#run(line, order, AbortSignal.any([signal, this.#stopping.signal]));
    const moving = { line, ended: running };
    this.#moving = moving;
    try {
      const { outcome, lineState } = await running;
      if (lineState !== undefined) {
        this.#spoilt.add(line);
        this.#emit({ kind: "line-state", line, state: lineState });
      }
      if (outcome.kind !== "not-delivered") this.#beginPostDelay();
      return outcome;
    } finally {
      this.#moving = undefined;
    }
  }

  async #run(line: string, order: DeliveryOrder, signal: AbortSignal): Promise<FormResult> {
    const refused = this.#formOf(line)?.refusal(order);
    if (refused !== undefined) return notBegun(refused);
    const obstacle = await this.#waitUntilFree(signal);
    if (obstacle !== undefined) return notBegun(obstacle);
    const form = this.#formOf(line);
    if (form === undefined) return notBegun(`there is no line ${line}`);
    try {
      return await form.run(order, signal);
    } catch (error) {
      const { reference, deliveryId } = order;
      this.#settings.log.error({ error, reference, line, deliveryId }, "a delivery failed: a fault in kvitt");
      return { outcome: { kind: "unknown", reason: `the driver failed: ${errorText(error)}` } };
    }
  }

  #formOf(line: string): Form | undefined {
    return this.#timed.get(line) ?? this.#opened?.forms.get(line);
  }

  /** What passes by itself is waited for, within its bound: the customer has paid. Anything else is an obstacle, and nothing moves. */
  async #waitUntilFree(signal: AbortSignal): Promise<string | undefined> {
    const { clock, wide } = this.#settings;
    const latestMs = clock.monotonicMs() + wide.inhibitWaitMs;
    for (;;) {
      if (signal.aborted) return errorText(signal.reason);
      const readiness = readinessOf({ ...this.#standing, isInhibited: false, isPostDelay: false });
      if (!readiness.ready) return readiness.detail;
      const isInhibited = this.#opened?.inhibit?.isActiveNow === true;
      if (isInhibited && clock.monotonicMs() >= latestMs)
        return `the machine took no credit for ${wide.inhibitWaitMs / 1_000} s`;
      if (!isInhibited && !this.#standing.isPostDelay) return undefined;
      await clock.sleep(lookMs, signal).catch(() => {});
    }
  }

  #beginPostDelay(): void {
    const { clock, wide } = this.#settings;
    if (wide.postDelayMs === 0) return;
    this.#postDelay?.cancel();
    this.#update({ isPostDelay: true });
    this.#postDelay = clock.startTimer("post delay", wide.postDelayMs, () => this.#update({ isPostDelay: false }));
  }

  async resume(order: DeliveryOrder): Promise<void> {
    const line = lineOf(order.selection);
    if (line !== undefined) this.#timed.get(line)?.resume(order);
  }

  inputs(): readonly InputStatus[] {
    return this.#opened?.buttons() ?? [];
  }

  async openSession(_funds: Money): Promise<void> {}

  async closeSession(): Promise<void> {}

  async identify(): Promise<void> {
    const { actuators, wide, log } = this.#settings;
    if (wide.lamp === undefined || this.#isIdentifying) return;
    this.#isIdentifying = true;
    const blinking = actuators.pulse(wide.lamp.name, identifyTrain, this.#stopping.signal);
    blinking
      .catch((error: unknown) => log.warn({ error }, "the lamp did not blink"))
      .finally(() => (this.#isIdentifying = false));
  }

  async stop(): Promise<void> {
    const { actuators, clock } = this.#settings;
    this.#stopping.abort(new Error("the machine is being stopped"));
    this.#reopen?.cancel();
    this.#postDelay?.cancel();
    this.#stuck.close();
    for (const form of this.#timed.values()) form.stop();
    const inTime = async (work: Promise<unknown>): Promise<void> => {
      const over = new AbortController();
      await Promise.race([work, clock.sleep(stopGraceMs, over.signal).catch(() => {})]);
      over.abort();
    };
    if (this.#moving !== undefined) await inTime(this.#moving.ended);
    await actuators.stop();
    await inTime(this.#opening);
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.close();
  }
}

function goneText(spec: InputSpec, error: Error): string {
  return `the input ${spec.name} (BCM ${spec.bcm}) went away: ${error.message}`;
}

function notBegun(reason: string): FormResult {
  return { outcome: { kind: "not-delivered", reason } };
}
