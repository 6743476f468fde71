/**
 * One machine for all outlets: what is pressed goes to the outlet that it belongs to, deliveries of different outlets run side by side, and those
 * that share an output, a bus or a supply wait for each other. An outlet that runs is in use, and free again at the latest when its time is over.
 */
import type { DeliveryOrder, DeliveryOutcome, Machine, MachineEvent, MachineReadiness } from "../machine/port.ts";
import type { StationId } from "../sale/ids.ts";
import type { Clock, Log, Timer } from "../service/port.ts";

/** How an outlet hangs on the machine. */
export interface OutletOnMachine {
  readonly station: StationId;
  /** Belong to this outlet alone. */
  readonly lines: readonly string[];
  /** Outlets of one name wait for each other. */
  readonly waitsFor: string;
  /** How long it is in use after a delivery, where the driver does not say so itself. */
  readonly runsMs: number | undefined;
  /** For how long it is said after its time that somebody has to empty it. */
  readonly emptyMs: number | undefined;
  /** Time can be bought while it runs; it is then added. */
  readonly canExtend: boolean;
  /** A right, not a thing: as many as want it have it at once. */
  readonly isParallel: boolean;
}

export interface MachineShareParts {
  readonly machine: Machine;
  readonly outlets: readonly OutletOnMachine[];
  readonly clock: Clock;
  readonly log: Log;
  /** Somebody presses something of this outlet; false where that counts for nothing. */
  readonly touch: (station: StationId) => boolean;
  /** Whom keys, scanner and cancel button are about. */
  readonly focus: () => StationId | undefined;
  readonly onUseChanged: () => void;
}

interface Use {
  readonly endMs: number;
  readonly untilWallMs: number;
  readonly timer: Timer;
}

/** How often it is looked whether a clock that could not be believed says by now that the time is over. */
const lookMs = 10_000;

export class MachineShare {
  readonly #parts: MachineShareParts;
  readonly #listeners = new Map<StationId, (event: MachineEvent) => void>();
  readonly #uses = new Map<StationId, Use>();
  /** Those whose time is over, and that nobody has emptied as far as is known. */
  readonly #finished = new Map<StationId, Timer>();
  /** The end of the delivery that is on, and of those that wait behind it. */
  readonly #turns = new Map<string, Promise<void>>();
  #started: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: MachineShareParts) {
    this.#parts = parts;
  }

  /** When the outlet will be free, by the wall clock; undefined while it is. */
  inUseUntil(station: StationId): number | undefined {
    return this.#useOf(station)?.untilWallMs;
  }

  /** Its time is over, and somebody may have to empty it. Of this start: a restart does not know it. */
  isFinished(station: StationId): boolean {
    return this.#finished.has(station);
  }

  /** The machine as the kiosk of this outlet has it. */
  of(outlet: OutletOnMachine): Machine {
    const { machine } = this.#parts;
    return {
      start: async (onEvent) => {
        this.#started ??= machine.start((event) => this.#route(event));
        await this.#started;
        this.#listeners.set(outlet.station, onEvent);
      },
      readiness: () => this.#readinessOf(outlet),
      deliver: (order, signal) => this.#deliver(outlet, order, signal),
      resume: (order) => this.#resume(outlet, order),
      openSession: (funds) => machine.openSession(funds),
      closeSession: () => machine.closeSession(),
      identify: () => machine.identify(),
      inputs: () => machine.inputs?.() ?? [],
      stop: () => Promise.resolve(),
    };
  }

  /** For a kiosk that moves nothing and hears nothing of customers. */
  ofNobody(): Machine {
    const { machine } = this.#parts;
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      start: nothing,
      readiness: () => machine.readiness(),
      deliver: () => Promise.resolve({ kind: "not-delivered", reason: "there is no outlet with this line" }),
      resume: nothing,
      openSession: nothing,
      closeSession: nothing,
      identify: () => machine.identify(),
      stop: nothing,
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#uses.values()) timer.cancel();
    for (const timer of this.#finished.values()) timer.cancel();
    this.#uses.clear();
    this.#finished.clear();
    await this.#parts.machine.stop();
  }

  // ── what comes from the machine ──────────────────────────────────────────────────────────────────────────────────────

  #route(event: MachineEvent): void {
    switch (event.kind) {
      case "readiness":
        for (const outlet of this.#parts.outlets) this.#tellReadiness(outlet);
        return;
      case "line-state":
        this.#tell(this.#ownerOf(event.line), event);
        return;
      case "selected": {
        const { selection } = event;
        const line =
          selection.kind === "priced" ? selection.item : selection.kind === "order" ? undefined : selection.line;
        const station = line === undefined ? this.#parts.focus() : this.#ownerOf(line);
        if (station !== undefined && this.#parts.touch(station)) this.#tell(station, event);
        else this.#parts.log.info({ line, station }, "a press counts for nothing: the glass is another customer's");
        return;
      }
      case "selection-cancelled":
      case "session-ended":
      case "code-scanned":
      case "key":
        this.#tell(this.#parts.focus(), event);
        return;
    }
  }

  #ownerOf(line: string): StationId | undefined {
    return this.#parts.outlets.find(({ lines }) => lines.includes(line))?.station;
  }

  #tell(station: StationId | undefined, event: MachineEvent): void {
    if (station !== undefined && !this.#isStopped) this.#listeners.get(station)?.(event);
  }

  #tellReadiness(outlet: OutletOnMachine): void {
    this.#tell(outlet.station, { kind: "readiness", readiness: this.#readinessOf(outlet) });
  }

  /** What is the whole machine's stops all. An outlet that time can be added to takes money while it runs. */
  #readinessOf({ station, canExtend }: OutletOnMachine): MachineReadiness {
    const whole = this.#parts.machine.readiness();
    if (!whole.ready || canExtend || this.#useOf(station) === undefined) return whole;
    return { ready: false, fault: "in-use", detail: `${station} is in use` };
  }

  // ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #deliver(outlet: OutletOnMachine, order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const before = this.#turns.get(outlet.waitsFor);
    const turn = Promise.withResolvers<void>();
    const after = (before ?? Promise.resolve()).then(() => turn.promise);
    this.#turns.set(outlet.waitsFor, after);
    try {
      if (before !== undefined && !(await isOverBefore(before, signal)))
        return { kind: "not-delivered", reason: `${outlet.waitsFor} was busy with another outlet for too long` };
      return this.#delivered(outlet, await this.#parts.machine.deliver(order, signal));
    } finally {
      turn.resolve();
      if (this.#turns.get(outlet.waitsFor) === after) this.#turns.delete(outlet.waitsFor);
    }
  }

  /** For how long it runs goes into the journal with the end of the delivery, as a timed output does: so a restart knows it. */
  #delivered(outlet: OutletOnMachine, outcome: DeliveryOutcome): DeliveryOutcome {
    if (outcome.kind !== "delivered" || outlet.isParallel) return outcome;
    // A driver that says how long counts what was left already.
    const onForMs = outcome.onForMs ?? this.#timeWith(outlet);
    if (onForMs === undefined) return outcome;
    const { clock } = this.#parts;
    this.#use(outlet, clock.monotonicMs() + onForMs, clock.wallMs() + onForMs);
    return { ...outcome, onForMs };
  }

  #timeWith({ station, runsMs, canExtend }: OutletOnMachine): number | undefined {
    if (runsMs === undefined) return undefined;
    const left = canExtend ? (this.#useOf(station)?.endMs ?? 0) - this.#parts.clock.monotonicMs() : 0;
    return runsMs + Math.max(0, left);
  }

  async #resume(outlet: OutletOnMachine, order: DeliveryOrder): Promise<void> {
    const { clock, machine } = this.#parts;
    const { untilWallMs, onForMs } = order;
    if (!outlet.isParallel && untilWallMs !== undefined && onForMs !== undefined) {
      // Bought before we started: by then it is over, whatever a clock says that cannot be believed.
      const leftMs = clock.isPlausible() ? Math.min(onForMs, untilWallMs - clock.wallMs()) : onForMs;
      if (leftMs > 0) this.#use(outlet, clock.monotonicMs() + leftMs, untilWallMs);
    }
    // Where the outlet's own time is counted, no output of the driver is on.
    if (outlet.runsMs === undefined) await machine.resume(order);
  }

  // ── in use ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #useOf(station: StationId): Use | undefined {
    const { clock } = this.#parts;
    const use = this.#uses.get(station);
    if (use === undefined || clock.monotonicMs() >= use.endMs) return undefined;
    return clock.isPlausible() && clock.wallMs() >= use.untilWallMs ? undefined : use;
  }

  #use(outlet: OutletOnMachine, endMs: number, untilWallMs: number): void {
    const { station } = outlet;
    const before = this.#uses.get(station);
    before?.timer.cancel();
    this.#emptied(station);
    const wasShorter = before === undefined || before.endMs < endMs;
    const use = wasShorter ? { endMs, untilWallMs } : before;
    this.#uses.set(station, { ...use, timer: this.#lookLater(outlet, use.endMs) });
    this.#tellReadiness(outlet);
    this.#parts.onUseChanged();
  }

  #lookLater(outlet: OutletOnMachine, endMs: number): Timer {
    const { clock } = this.#parts;
    const leftMs = Math.max(0, endMs - clock.monotonicMs());
    return clock.startTimer(`in use ${outlet.station}`, Math.min(leftMs, lookMs), () => this.#look(outlet));
  }

  #look(outlet: OutletOnMachine): void {
    const { station } = outlet;
    const use = this.#uses.get(station);
    if (use === undefined) return;
    if (this.#useOf(station) !== undefined) {
      this.#uses.set(station, { ...use, timer: this.#lookLater(outlet, use.endMs) });
      return;
    }
    this.#uses.delete(station);
    this.#finish(outlet);
    this.#tellReadiness(outlet);
    this.#parts.onUseChanged();
  }

  #finish({ station, emptyMs }: OutletOnMachine): void {
    if (emptyMs === undefined) return;
    const { clock, onUseChanged } = this.#parts;
    const timer = clock.startTimer(`finished ${station}`, emptyMs, () => {
      this.#emptied(station);
      onUseChanged();
    });
    this.#finished.set(station, timer);
  }

  #emptied(station: StationId): void {
    this.#finished.get(station)?.cancel();
    this.#finished.delete(station);
  }
}

/** False when the signal came first. */
async function isOverBefore(turn: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const aborted = Promise.withResolvers<false>();
  const stop = (): void => aborted.resolve(false);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([turn.then(() => true), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
