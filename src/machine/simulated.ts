/**
 * The machine's twin: buttons, coils, a tray, a lamp, a door, and everything that goes wrong with them. It runs on the clock and the
 * entropy that it is given, so the simulation, the demo and the tests drive the same machine.
 */
import type { Clock, Entropy, Timer } from "../service/port.ts";
import type {
  DeliveryOrder,
  DeliveryOutcome,
  Key,
  Machine,
  MachineEvent,
  MachineReadiness,
  Selection,
} from "./port.ts";

/** What happens to the next deliveries. */
export type SimulatedFault =
  | "none"
  /** Nothing falls, and the machine sees it. */
  | "jam"
  /** It falls or not, and the machine cannot tell. */
  | "no-sensor"
  /** It takes longer than anybody waits. */
  | "slow";

export interface DroppedThing {
  readonly deliveryId: string;
  readonly what: string;
  readonly reference: string | undefined;
  readonly priceMinor: number;
}

export interface SimulatedMachineSettings {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** How long a coil turns. */
  readonly deliveryMs: number;
  /** Lives longer than the machine: what has fallen stays fallen through a power cut. The newest `dropsMax` are kept. */
  readonly drops: DroppedThing[];
  /** Deliveries that were ever started, by id: starting one twice is what must never happen. */
  readonly starts?: Map<string, number>;
  /** Told before a coil turns, and when something fell: a tray that outlives this process. */
  readonly onMove?: (move: { readonly kind: "starts" | "falls"; readonly thing: DroppedThing }) => void;
}

export interface SimulatedMachine extends Machine {
  press(line: string): void;
  select(selection: Selection): void;
  cancel(): void;
  scan(text: string): void;
  key(key: Key): void;
  setFault(fault: SimulatedFault): void;
  setInhibited(inhibited: boolean): void;
  setDoorOpen(open: boolean): void;
  /** Nothing that was under way goes on; whether something still falls is a matter of luck. */
  cutPower(): void;
  readonly isMoving: boolean;
  readonly isIdentifying: boolean;
  readonly sessionFunds: number | undefined;
}

const slowFactor = 1_000;

/** A machine for training runs for months; a day's sales are looked at, and nobody sells so much in a day. */
export const dropsMax = 10_000;

/** Adds what has fallen, and forgets the oldest. */
export function keepDrop<T>(drops: T[], drop: T): void {
  drops.push(drop);
  if (drops.length > dropsMax) drops.splice(0, drops.length - dropsMax);
}

export function createSimulatedMachine(settings: SimulatedMachineSettings): SimulatedMachine {
  return new TwinMachine(settings);
}

function whatOf(selection: Selection): string {
  switch (selection.kind) {
    case "line":
      return selection.line;
    case "priced":
      return selection.item ?? "unknown item";
    case "order":
      return selection.title;
    case "time":
      return `${selection.minutes} min`;
  }
}

function thingOf({ deliveryId, selection, reference, price }: DeliveryOrder): DroppedThing {
  return { deliveryId, what: whatOf(selection), reference, priceMinor: price.minor };
}

interface Movement {
  readonly timer: Timer;
  readonly order: DeliveryOrder;
  readonly interrupt: () => void;
}

class TwinMachine implements SimulatedMachine {
  readonly #settings: SimulatedMachineSettings;
  #onEvent: ((event: MachineEvent) => void) | undefined;
  #fault: SimulatedFault = "none";
  #isInhibited = false;
  #isDoorOpen = false;
  #isOff = false;
  /** By what moves: different coils turn side by side. */
  readonly #moving = new Map<string, Movement>();
  #identifying = false;
  #funds: number | undefined;

  constructor(settings: SimulatedMachineSettings) {
    this.#settings = settings;
  }

  async start(onEvent: (event: MachineEvent) => void): Promise<void> {
    this.#onEvent = onEvent;
  }

  readiness(): MachineReadiness {
    if (this.#isDoorOpen) return { ready: false, fault: "door-open", detail: "the door is open" };
    if (this.#isInhibited) return { ready: false, fault: "inhibited", detail: "the machine takes no credit now" };
    return { ready: true };
  }

  deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { clock, starts } = this.#settings;
    starts?.set(order.deliveryId, (starts.get(order.deliveryId) ?? 0) + 1);
    if (this.#isOff) return new Promise(() => {});
    const what = whatOf(order.selection);
    if (this.#moving.has(what)) return Promise.resolve({ kind: "not-delivered", reason: "busy with another delivery" });
    this.#settings.onMove?.({ kind: "starts", thing: thingOf(order) });
    const fault = this.#fault;
    const { deliveryMs } = this.#settings;
    return new Promise((resolve) => {
      const end = (outcome: DeliveryOutcome): void => {
        this.#moving.delete(what);
        signal.removeEventListener("abort", stop);
        resolve(outcome);
      };
      const stop = (): void => {
        timer.cancel();
        end({ kind: "unknown", reason: "stopped before it ended" });
      };
      const timer = clock.startTimer("coil", deliveryMs * (fault === "slow" ? slowFactor : 1), () =>
        end(this.#finish(order, fault)),
      );
      this.#moving.set(what, { timer, order, interrupt: stop });
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #finish(order: DeliveryOrder, fault: SimulatedFault): DeliveryOutcome {
    switch (fault) {
      case "none":
      case "slow":
        this.#drop(order);
        return { kind: "delivered", detail: "drop sensor" };
      case "jam":
        if (order.selection.kind === "line")
          this.#emit({ kind: "line-state", line: order.selection.line, state: "jammed" });
        return { kind: "not-delivered", reason: "jam: nothing passed the drop sensor" };
      case "no-sensor":
        if (this.#settings.entropy.fraction() < 0.5) this.#drop(order);
        return { kind: "unknown", reason: "the drop sensor does not answer" };
    }
  }

  #drop(order: DeliveryOrder): void {
    const thing = thingOf(order);
    keepDrop(this.#settings.drops, thing);
    this.#settings.onMove?.({ kind: "falls", thing });
  }

  async resume(_order: DeliveryOrder): Promise<void> {}

  async openSession(funds: { readonly minor: number }): Promise<void> {
    this.#funds = funds.minor;
  }

  async closeSession(): Promise<void> {
    this.#funds = undefined;
  }

  async identify(): Promise<void> {
    this.#identifying = true;
    this.#settings.clock.startTimer("identify", 5_000, () => {
      this.#identifying = false;
    });
  }

  async stop(): Promise<void> {
    this.#onEvent = undefined;
    for (const { interrupt } of this.#moving.values()) interrupt();
  }

  #emit(event: MachineEvent): void {
    if (!this.#isOff) this.#onEvent?.(event);
  }

  press(line: string): void {
    this.select({ kind: "line", line });
  }

  select(selection: Selection): void {
    this.#emit({ kind: "selected", selection });
  }

  cancel(): void {
    this.#emit({ kind: "selection-cancelled" });
  }

  scan(text: string): void {
    this.#emit({ kind: "code-scanned", text });
  }

  key(key: Key): void {
    this.#emit({ kind: "key", key });
  }

  setFault(fault: SimulatedFault): void {
    const wasJammed = this.#fault === "jam";
    this.#fault = fault;
    if (wasJammed && fault === "none") this.#emit({ kind: "readiness", readiness: this.readiness() });
  }

  setInhibited(inhibited: boolean): void {
    this.#isInhibited = inhibited;
    this.#emit({ kind: "readiness", readiness: this.readiness() });
  }

  setDoorOpen(open: boolean): void {
    this.#isDoorOpen = open;
    this.#emit({ kind: "readiness", readiness: this.readiness() });
  }

  cutPower(): void {
    this.#isOff = true;
    for (const { timer, order } of this.#moving.values()) {
      timer.cancel();
      if (this.#settings.entropy.fraction() < 0.5) this.#drop(order);
    }
    this.#moving.clear();
  }

  get isMoving(): boolean {
    return this.#moving.size > 0;
  }

  get isIdentifying(): boolean {
    return this.#identifying;
  }

  get sessionFunds(): number | undefined {
    return this.#funds;
  }
}
