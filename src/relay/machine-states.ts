/** The machines' states, from their retained topics: a view of what the broker holds, rebuilt on every connection. */
import { parseJson } from "../kit/json.ts";
import { stateReadSchema } from "../link/messages.ts";
import type { MachineState } from "../link/port.ts";
import { parseTopic } from "../link/topics.ts";
import type { Clock } from "../service/port.ts";

interface Known {
  readonly state: MachineState;
  readonly session: number;
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
  heard(topic: string, payload: Uint8Array): void {
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
    this.#machines.set(id, { state, session });
    for (const [wake, awaited] of this.#waiting) if (awaited === id) wake();
  }

  stateOf(merchantQrId: string): MachineState | undefined {
    return this.#machines.get(merchantQrId)?.state;
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
    for (const { state } of this.#machines.values()) counts[state] += 1;
    return counts;
  }

  /** The connection is gone: nothing is known any more. */
  forget(): void {
    this.#machines.clear();
  }
}
