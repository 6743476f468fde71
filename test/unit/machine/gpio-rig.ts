/** A GPIO machine for tests: inputs that a test moves, actuators that keep a record, and one simulated clock for both. */
import type { Actuators, PulseTrain, TrainEnd } from "../../../src/machine/actuators.ts";
import { createGpioMachine } from "../../../src/machine/gpio/gpio-driver.ts";
import type { Edge, GpioLines, InputSpec } from "../../../src/machine/gpio/lines.ts";
import type { LineSettings, MachineWide } from "../../../src/machine/gpio/settings.ts";
import type { DeliveryOrder, DeliveryOutcome, MachineEvent, Selection } from "../../../src/machine/port.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

interface OpenInput {
  readonly onEdge: (edge: Edge) => void;
  readonly onFailure: (error: Error) => void;
}

/** The header's inputs. Levels outlive what opens them, as wires do. */
export class TestInputs implements GpioLines {
  readonly backEnd = "simulated";
  readonly #clock: SimulatedClock;
  readonly #active = new Map<number, boolean>();
  readonly #open = new Map<number, OpenInput>();
  openings = 0;
  /** The next opening fails. */
  openFault: string | undefined;
  /** What happens while a line is being opened. */
  onOpening: (bcm: number) => void = () => {};

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  openOutput(): never {
    throw new Error("outputs belong to the actuators");
  }

  async openInput(
    spec: InputSpec,
    onEdge: (edge: Edge) => void,
    onFailure: (error: Error) => void,
  ): Promise<{ readonly spec: InputSpec; isActive(): boolean }> {
    if (this.openFault !== undefined) throw new Error(this.openFault);
    if (this.#open.has(spec.bcm)) throw new Error(`BCM ${spec.bcm} is opened twice`);
    this.openings += 1;
    this.onOpening(spec.bcm);
    this.#open.set(spec.bcm, { onEdge, onFailure });
    return { spec, isActive: () => this.#active.get(spec.bcm) ?? false };
  }

  set(bcm: number, active: boolean): void {
    if ((this.#active.get(bcm) ?? false) === active) return;
    this.#active.set(bcm, active);
    this.#open.get(bcm)?.onEdge({ active, monoMs: this.#clock.monotonicMs() });
  }

  /** Changes that the back end kept while the process was busy, each with how long ago it was: told all at once. */
  setLate(bcm: number, changes: readonly (readonly [active: boolean, agoMs: number])[]): void {
    this.#active.set(bcm, changes.at(-1)?.[0] ?? false);
    const nowMs = this.#clock.monotonicMs();
    for (const [active, agoMs] of changes) this.#open.get(bcm)?.onEdge({ active, monoMs: nowMs - agoMs });
  }

  remove(bcm: number): void {
    this.#open.get(bcm)?.onFailure(new Error("no such device"));
  }

  isOpen(bcm: number): boolean {
    return this.#open.has(bcm);
  }

  async close(): Promise<void> {
    this.#open.clear();
  }
}

/** What moves, on the simulated clock. `onMove` lets a test be the machine behind the output. */
export class TestActuators implements Actuators {
  readonly #clock: SimulatedClock;
  readonly #on = new Map<string, AbortController>();
  readonly #listeners: (() => void)[] = [];
  #trouble: string | undefined;
  readonly record: string[] = [];
  /** Times that an output went on, by its name. */
  readonly starts = new Map<string, number>();
  onFault: string | undefined;
  offFault: string | undefined;
  onMove: (output: string) => void = () => {};

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  async start(): Promise<void> {}

  trouble(): string | undefined {
    return this.#trouble;
  }

  onTrouble(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The guard dies, or is back: its outputs are off either way. */
  setTrouble(trouble: string | undefined): void {
    this.#trouble = trouble;
    for (const output of this.#on.keys()) this.#putOff(output, trouble ?? "started again");
    for (const listener of this.#listeners) listener();
  }

  isOn(output: string): boolean {
    return this.#on.has(output);
  }

  get anyOn(): boolean {
    return this.#on.size > 0;
  }

  async pulse(output: string, { onMs, offMs, count }: PulseTrain, signal: AbortSignal): Promise<TrainEnd> {
    if (this.#trouble !== undefined) return { begun: 0, isWhole: false, reason: this.#trouble };
    if (signal.aborted) return { begun: 0, isWhole: false, reason: String(signal.reason) };
    let begun = 0;
    while (begun < count) {
      begun += 1;
      const cut = this.#putOn(output);
      const isWhole = await this.#clock.sleep(onMs, AbortSignal.any([signal, cut.signal])).then(
        () => true,
        () => false,
      );
      this.#putOff(output, "pulse");
      if (!isWhole) return { begun, isWhole: false, reason: this.#trouble ?? String(signal.reason) };
      if (begun === count) break;
      const isSpaced = await this.#clock.sleep(offMs, signal).then(
        () => true,
        () => false,
      );
      if (!isSpaced || this.trouble() !== undefined)
        return { begun, isWhole: false, reason: this.trouble() ?? String(signal.reason) };
    }
    return { begun, isWhole: true };
  }

  async on(output: string, maxMs: number): Promise<void> {
    if (this.#trouble !== undefined) throw new Error(this.#trouble);
    if (this.onFault !== undefined) throw new Error(this.onFault);
    this.record.push(`${output} on ${maxMs}`);
    const cut = this.#putOn(output);
    this.#clock.sleep(maxMs, cut.signal).then(
      () => this.#putOff(output, "limit"),
      () => {},
    );
  }

  async off(output: string): Promise<void> {
    if (this.offFault !== undefined) throw new Error(this.offFault);
    this.#putOff(output, "asked");
  }

  async stop(): Promise<void> {
    for (const output of this.#on.keys()) this.#putOff(output, "stopped");
  }

  #putOn(output: string): AbortController {
    const before = this.#on.get(output);
    const cut = new AbortController();
    this.#on.set(output, cut);
    before?.abort(new Error("replaced"));
    if (before === undefined) {
      this.starts.set(output, (this.starts.get(output) ?? 0) + 1);
      this.onMove(output);
    }
    return cut;
  }

  #putOff(output: string, why: string): void {
    const cut = this.#on.get(output);
    if (cut === undefined) return;
    this.#on.delete(output);
    cut.abort(new Error(why));
    this.record.push(`${output} off: ${why}`);
  }
}

export const input = (name: string, bcm: number): InputSpec => ({ name, bcm, activeLow: true });
export const output = (name: string, bcm: number) => ({ name, bcm, activeLow: false });

const nothingWide: MachineWide = {
  inhibit: undefined,
  inhibitWaitMs: 5_000,
  door: undefined,
  cancelButton: undefined,
  lamp: undefined,
  postDelayMs: 0,
  maxOnMs: 3_600_000,
  stableMs: 25,
};

export function createRig(
  lines: readonly LineSettings[],
  wide: Partial<MachineWide> = {},
  wrap: (inputs: GpioLines) => GpioLines = (inputs) => inputs,
) {
  const clock = new SimulatedClock();
  const inputs = new TestInputs(clock);
  const actuators = new TestActuators(clock);
  const events: MachineEvent[] = [];
  const log = createMemoryLog();
  const machine = createGpioMachine({
    openInputs: async () => wrap(inputs),
    actuators,
    lines,
    wide: { ...nothingWide, ...wide },
    clock,
    log,
  });
  const stop = new AbortController();
  let numbers = 0;
  const order = (selection: Selection, more: Partial<DeliveryOrder> = {}): DeliveryOrder => {
    numbers += 1;
    return { deliveryId: `d${numbers}`, reference: undefined, selection, price: money(1_000, "NOK"), ...more };
  };
  return {
    clock,
    inputs,
    actuators,
    events,
    machine,
    stop,
    log,
    order,
    start: () => machine.start((event) => events.push(event)),
    /** Orders line A1 and remembers how it ended. */
    deliver(more: Partial<DeliveryOrder> = {}, line = "A1") {
      const delivery: { outcome: DeliveryOutcome | undefined } = { outcome: undefined };
      void machine
        .deliver(order({ kind: "line", line }, more), stop.signal)
        .then((outcome) => (delivery.outcome = outcome));
      return delivery;
    },
    lineStates: () => events.flatMap((event) => (event.kind === "line-state" ? [event.state] : [])),
    faults: () =>
      events.flatMap((event) =>
        event.kind === "readiness" ? [event.readiness.ready ? "ready" : event.readiness.fault] : [],
      ),
  };
}
