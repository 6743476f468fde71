/** What the gateway did, counted; and which machine it refuses again and again: a fault of its configuration, or somebody else with its key. */
import type { Clock, Log } from "../../service/port.ts";
import type { OperationName } from "./operations.ts";

export type Outcome = "passed" | "refused" | "busy" | "no-answer" | "no-keys";
/** `none`: nothing that the table has. */
export type CountedOperation = OperationName | "identity" | "none";

/** So many within the window are no accident. */
const manyRefusals = 10;
const windowMs = 10 * 60_000;
const namedMax = 20;
const watchedMax = 10_000;

interface Watched {
  readonly sinceMs: number;
  count: number;
  isReported: boolean;
}

export class Refusals {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts = new Map<string, number>();
  readonly #watched = new Map<string, Watched>();
  readonly #nobodies = new Map<string, number>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  count(operation: CountedOperation, outcome: Outcome): void {
    const name = `${operation}|${outcome}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Somebody without an identity. Not watched by name: anybody can claim one. */
  nobody(why: string): void {
    this.#nobodies.set(why, (this.#nobodies.get(why) ?? 0) + 1);
  }

  /** A machine whose signature was right asked for what it may not. */
  refused(machine: string, operation: CountedOperation, reason: string): void {
    this.count(operation, "refused");
    const now = this.#clock.monotonicMs();
    const known = this.#watched.get(machine);
    const watched =
      known !== undefined && now - known.sinceMs < windowMs ? known : { sinceMs: now, count: 0, isReported: false };
    watched.count += 1;
    if (watched.count === 1) this.#log.info({ machine, operation, reason }, "a machine was refused");
    if (watched.count >= manyRefusals && !watched.isReported) {
      watched.isReported = true;
      const fields = { machine, operation, reason, count: watched.count };
      this.#log.warn(
        fields,
        "a machine is refused again and again: its configuration is wrong, or somebody else has its key",
      );
    }
    this.#watched.delete(machine);
    this.#watched.set(machine, watched);
    const oldest = this.#watched.keys().next();
    if (this.#watched.size > watchedMax && oldest.done !== true) this.#watched.delete(oldest.value);
  }

  /** By operation and outcome, since the start. */
  counts(): readonly { readonly operation: string; readonly outcome: string; readonly count: number }[] {
    return [...this.#counts].map(([name, count]) => {
      const [operation = "", outcome = ""] = name.split("|");
      return { operation, outcome, count };
    });
  }

  /** Requests of nobody, by why. */
  nobodies(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#nobodies);
  }

  /** Machines that were refused many times lately. */
  suspects(): readonly string[] {
    const now = this.#clock.monotonicMs();
    return [...this.#watched]
      .filter(([, { count, sinceMs }]) => count >= manyRefusals && now - sinceMs < windowMs)
      .slice(0, namedMax)
      .map(([machine]) => machine);
  }
}
