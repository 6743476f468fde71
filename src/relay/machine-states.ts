/**
 * The machines' states, from their retained topics: a view of what the broker holds, rebuilt on every connection. A machine that does not
 * repeat its state in time is lost, whatever its topic says.
 */
import { parseJson } from "../kit/json.ts";
import { ageMs, leftMs, type Repeated } from "../link/freshness.ts";
import type { Incoming } from "../link/incoming.ts";
import { stateReadSchema } from "../link/messages.ts";
import type { MachineState } from "../link/port.ts";
import { parseTopic } from "../link/topics.ts";
import type { Clock, MonotonicMs } from "../service/port.ts";

interface Known {
  readonly state: MachineState;
  readonly session: number;
  /** From then on it is lost. */
  readonly untilMs: MonotonicMs;
}

/** More machines than one sales unit has; a limit in case a broker sends nonsense. */
const machinesMax = 100_000;
const waitersMax = 1_000;

export class MachineStates {
  readonly #clock: Clock;
  readonly #machines = new Map<string, Known>();
  readonly #waiting = new Map<() => void, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A message on `…/{merchantQrId}/state`. An unreadable one is ignored; an empty one removes the machine. */
  heard({ topic, payload, retained }: Incoming): void {
    const meaning = parseTopic(topic);
    if (meaning?.kind !== "machine" || meaning.leaf !== "state") return;
    const id = meaning.merchantQrId;
    if (payload.byteLength === 0) this.#machines.delete(id);
    const parsed = stateReadSchema.safeParse(parseJson(payload));
    if (!parsed.success) return;
    const { state, session } = parsed.data;
    const known = this.#machines.get(id);
    // A will carries the session it was made for, so that of an older boot cannot mark a newer one as dead.
    if (state === "lost" && known !== undefined && session < known.session) return;
    if (known === undefined && this.#machines.size >= machinesMax) return;
    this.#machines.set(id, {
      state,
      session,
      untilMs: this.#clock.monotonicMs() + this.#leftMs(parsed.data, retained),
    });
    for (const [wake, awaited] of this.#waiting) if (awaited === id) wake();
  }

  stateOf(merchantQrId: string): MachineState | undefined {
    const known = this.#machines.get(merchantQrId);
    return known === undefined ? undefined : this.#now(known);
  }

  /** The state, waiting briefly if it is not known yet: after a reconnect the broker needs a moment to send them all. */
  async stateSoon(merchantQrId: string, timeoutMs: number): Promise<MachineState | undefined> {
    if (!this.#machines.has(merchantQrId) && this.#waiting.size < waitersMax)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          timer.cancel();
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = this.#clock.startTimer("machine state", timeoutMs, wake);
        this.#waiting.set(wake, merchantQrId);
      });
    return this.stateOf(merchantQrId);
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
  }
}
