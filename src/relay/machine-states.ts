/**
 * The machines' states, from their retained topics: a view of what the broker holds, rebuilt on every connection. A machine that does not
 * repeat its state in time is lost, whatever its topic says.
 */
import { parseJson } from "../kit/json.ts";
import { ageMs, leftMs, type Repeated } from "../link/freshness.ts";
import type { Incoming } from "../link/incoming.ts";
import { stateReadSchema } from "../link/messages.ts";
import type { MachineState, StationState } from "../link/port.ts";
import { parseTopic } from "../link/topics.ts";
import { machineOf, type MerchantQrId, stationOf } from "../sale/ids.ts";
import type { Clock, MonotonicMs } from "../service/port.ts";
import { Stickers } from "./stickers.ts";

/** What is known of a scanned code. */
export type CodeState = MachineState | StationState | "no such station" | "claimed twice";

/** Where a scanned code is, and how it is there. */
export interface Place {
  /** The machine or outlet; the code itself where nobody is known for it. */
  readonly merchantQrId: MerchantQrId;
  /** Undefined: no machine is known for it. */
  readonly state: CodeState | undefined;
}

interface Known {
  readonly state: MachineState;
  readonly session: number;
  /** Its outlets; undefined where it is one itself. */
  readonly stations: ReadonlyMap<string, StationState> | undefined;
  /** From then on it is lost. */
  readonly untilMs: MonotonicMs;
}

/** More machines than one sales unit has; a limit in case a broker sends nonsense. */
const machinesMax = 100_000;
const waitersMax = 1_000;

export class MachineStates {
  readonly #clock: Clock;
  readonly #machines = new Map<string, Known>();
  readonly #stickers = new Stickers();
  /** Each with what it waits for. */
  readonly #waiting = new Map<() => void, () => boolean>();
  #firstHeardMs: MonotonicMs | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A message on `…/{merchantQrId}/state`. An unreadable one is ignored; an empty one removes the machine. */
  heard({ topic, payload, retained }: Incoming): void {
    const meaning = parseTopic(topic);
    if (meaning?.kind !== "machine" || meaning.leaf !== "state") return;
    const id = meaning.merchantQrId;
    if (payload.byteLength === 0) {
      this.#machines.delete(id);
      this.#stickers.claim(id, {});
    }
    const parsed = stateReadSchema.safeParse(parseJson(payload));
    if (!parsed.success) return;
    const { state, session, stations, qr_ids: qrIds = {} } = parsed.data;
    const known = this.#machines.get(id);
    // A will carries the session it was made for, so that of an older boot cannot mark a newer one as dead.
    if (state === "lost" && known !== undefined && session < known.session) return;
    if (known === undefined && this.#machines.size >= machinesMax) return;
    this.#machines.set(id, {
      state,
      session,
      stations: stations && new Map(Object.entries(stations).map(([name, station]) => [name, station.state])),
      untilMs: this.#clock.monotonicMs() + this.#leftMs(parsed.data, retained),
    });
    this.#stickers.claim(id, qrIds);
    this.#firstHeardMs ??= this.#clock.monotonicMs();
    for (const [wake, isKnown] of this.#waiting) if (isKnown()) wake();
  }

  stateOf(merchantQrId: string): MachineState | undefined {
    const known = this.#machines.get(merchantQrId);
    return known === undefined ? undefined : this.#now(known);
  }

  /**
   * The place of a code. A machine's own id is always its own, whoever claims to have a sticker of that name: so after a connection, when the
   * broker still sends the states, claims wait until all have been heard.
   */
  async placeSoon(code: MerchantQrId, timeoutMs: number): Promise<Place> {
    const machine = machineOf(code);
    const haveAllBeenHeard = this.#clock.monotonicMs() - (this.#firstHeardMs ?? Infinity) >= timeoutMs;
    const isKnown = (): boolean =>
      this.#machines.has(machine) || (haveAllBeenHeard && this.#stickers.claimantsOf(code).length > 0);
    if (!isKnown() && this.#waiting.size < waitersMax)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          timer.cancel();
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = this.#clock.startTimer("machine state", timeoutMs, wake);
        this.#waiting.set(wake, isKnown);
      });
    return this.#placeOf(code);
  }

  #placeOf(code: MerchantQrId): Place {
    if (this.#machines.has(machineOf(code))) return { merchantQrId: code, state: this.#stateAt(code) };
    const [outlet, another] = this.#stickers.claimantsOf(code);
    if (outlet === undefined) return { merchantQrId: code, state: undefined };
    return another === undefined
      ? { merchantQrId: outlet, state: this.#stateAt(outlet) }
      : { merchantQrId: code, state: "claimed twice" };
  }

  /** What the machine says of itself holds for all of its outlets, unless it is about selling. One with outlets sells nothing itself. */
  #stateAt(id: MerchantQrId): CodeState | undefined {
    const machine = machineOf(id);
    const state = this.stateOf(machine);
    if (state !== "ready" && state !== "selling") return state;
    const station = stationOf(id);
    const stations = this.#machines.get(machine)?.stations;
    if (stations === undefined) return station === undefined ? state : "no such station";
    return (station === undefined ? undefined : stations.get(station)) ?? "no such station";
  }

  /** How many machines are in each state. */
  counts(): Readonly<Record<MachineState, number>> {
    const counts = { init: 0, ready: 0, selling: 0, "out-of-service": 0, lost: 0 };
    for (const known of this.#machines.values()) counts[this.#now(known)] += 1;
    return counts;
  }

  #now({ state, untilMs }: Known): MachineState {
    return untilMs > this.#clock.monotonicMs() ? state : "lost";
  }

  /**
   * What comes live is new, whatever the machine's clock says: one that is wrong must not make a good machine lost for ever. What was retained
   * is as old as its `at`, so that one of a machine that is gone does not begin a new life with each of our connections. A wrong clock costs at
   * most one period there: until the next repetition.
   */
  #leftMs(message: Repeated, retained: boolean): number {
    return leftMs(message, retained ? ageMs(message, this.#clock) : 0);
  }

  /** The connection is gone: nothing is known any more. */
  forget(): void {
    this.#machines.clear();
    this.#stickers.forget();
    this.#firstHeardMs = undefined;
  }
}
