/** The header's twin: levels in memory, edges made by a test, lines that are taken or vanish. */
import type { Clock } from "../../service/port.ts";
import { GpioError } from "./header.ts";
import type { Edge, GpioLines, InputLine, InputSpec, OutputLine, OutputSpec } from "./lines.ts";

interface OpenInput {
  readonly spec: InputSpec;
  readonly onEdge: ((edge: Edge) => void) | undefined;
  readonly onFailure: (error: Error) => void;
}

/** One process's way to the twin of the header. */
export interface SimulatedLines extends GpioLines {
  /** @param isWanted asked when the line is there: false when the process that opens it is dead by then, and nothing happens. */
  openOutput(spec: OutputSpec, isWanted?: () => boolean): Promise<OutputLine>;
  /** The process exists no more: its lines are free, and stand where they stood. */
  abandon(): void;
}

/** Of one piece of hardware: it outlives the processes that open it. */
export class SimulatedHeader {
  readonly #clock: Clock;
  /** Physical levels, high or low, by BCM number. */
  readonly #levels = new Map<number, boolean>();
  readonly #inputs = new Map<number, OpenInput>();
  readonly #taken = new Map<number, string>();
  readonly #removed = new Set<number>();
  /** Outputs, and who opened them. */
  readonly #holders = new Map<number, Set<SimulatedLines>>();
  /** How long it takes to open an output (udev is late). */
  openMs = 0;
  /** What no two processes may do to each other, in words. */
  readonly offences: string[] = [];
  /** What is behind the outputs: told of every change of one. */
  onOutput: (bcm: number, high: boolean) => void = () => {};
  /** Every change of an output, oldest first. */
  readonly history: { readonly bcm: number; readonly high: boolean; readonly monoMs: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isHigh(bcm: number): boolean {
    return this.#levels.get(bcm) ?? false;
  }

  /** The world moves an input: an edge, unless the level was there already. */
  drive(bcm: number, high: boolean): void {
    if (this.isHigh(bcm) === high && this.#levels.has(bcm)) return;
    this.#levels.set(bcm, high);
    const input = this.#inputs.get(bcm);
    input?.onEdge?.({ active: high !== input.spec.activeLow, monoMs: this.#clock.monotonicMs() });
  }

  /** Somebody else has the line: opening it fails with EBUSY. */
  take(bcm: number, holder: string): void {
    this.#taken.set(bcm, holder);
  }

  free(bcm: number): void {
    this.#taken.delete(bcm);
  }

  /** The chip goes away, as a USB expander does. */
  remove(bcm: number): void {
    this.#removed.add(bcm);
    this.#inputs.get(bcm)?.onFailure(new GpioError("line", `GPIO ${bcm} is gone`));
    this.#inputs.delete(bcm);
  }

  restore(bcm: number): void {
    this.#removed.delete(bcm);
  }

  #hold(bcm: number, lines: SimulatedLines): void {
    const holders = this.#holders.get(bcm) ?? new Set();
    this.#holders.set(bcm, holders.add(lines));
    if (holders.size > 1) this.offences.push(`BCM ${bcm} is opened, and put off, while another process holds it`);
  }

  #letGo(lines: SimulatedLines): void {
    for (const holders of this.#holders.values()) holders.delete(lines);
  }

  /** One process's way to the header. */
  open(): SimulatedLines {
    const held: OutputSpec[] = [];
    const watched: number[] = [];
    const set = (spec: OutputSpec, on: boolean): void => {
      if (this.#removed.has(spec.bcm)) throw new GpioError("line", `${spec.name} (BCM ${spec.bcm}) is gone`);
      const high = on !== spec.activeLow;
      const isChange = this.#levels.get(spec.bcm) !== high;
      this.#levels.set(spec.bcm, high);
      if (!isChange) return;
      this.history.push({ bcm: spec.bcm, high, monoMs: this.#clock.monotonicMs() });
      this.onOutput(spec.bcm, high);
    };
    const check = (spec: { readonly name: string; readonly bcm: number }): void => {
      const holder = this.#taken.get(spec.bcm);
      if (holder !== undefined)
        throw new GpioError("line-in-use", `${spec.name} (BCM ${spec.bcm}) belongs to ${holder}`);
      if (this.#removed.has(spec.bcm)) throw new GpioError("line", `${spec.name} (BCM ${spec.bcm}) is not there`);
    };
    const lines: SimulatedLines = {
      backEnd: "simulated",
      openOutput: async (spec, isWanted = () => true): Promise<OutputLine> => {
        if (this.openMs > 0) await this.#clock.sleep(this.openMs);
        const line = {
          spec,
          set: (on: boolean) => set(spec, on),
          isOn: () => this.isHigh(spec.bcm) !== spec.activeLow,
        };
        if (!isWanted()) return line;
        check(spec);
        this.#hold(spec.bcm, lines);
        held.push(spec);
        set(spec, false);
        return line;
      },
      openInput: async (spec, onEdge, onFailure): Promise<InputLine> => {
        check(spec);
        if (!this.#levels.has(spec.bcm)) this.#levels.set(spec.bcm, spec.activeLow);
        this.#inputs.set(spec.bcm, { spec, onEdge, onFailure });
        watched.push(spec.bcm);
        return { spec, isActive: () => this.isHigh(spec.bcm) !== spec.activeLow };
      },
      close: async () => {
        for (const spec of held.splice(0)) if (!this.#removed.has(spec.bcm)) set(spec, false);
        for (const bcm of watched.splice(0)) this.#inputs.delete(bcm);
        this.#letGo(lines);
      },
      abandon: () => {
        held.length = 0;
        for (const bcm of watched.splice(0)) this.#inputs.delete(bcm);
        this.#letGo(lines);
      },
    };
    return lines;
  }
}
