/**
 * Counts what happens, and logs a sample of it. Whoever can reach the relay can make it write: a line for every forged request, or for
 * every event of a busy fleet, would fill a disk and bury what matters. So the first of each kind in a minute is logged in full, the rest
 * are counted, and a line at the end of the minute says how many there were.
 */
import type { Clock, Log, LogFields, Timer } from "../service/port.ts";

/** What can happen to a request; a closed list, so that nobody can make the table grow. */
const outcomes = {
  /** The broker has the event. */
  forwarded: "events were forwarded",
  /** The provider was told no, and so was the customer: the machine cannot sell now. */
  refused: "check-ins were refused",
  /** A check-in for a machine, or a sales unit, that nobody here serves. */
  unserved: "check-ins for nobody here were refused",
  /** Answered with 200 and not forwarded: a copy, or a token that is dead. */
  settled: "check-ins were answered without forwarding them",
  /** Answered with 200 and forgotten: a payment that is not ours, or something that cannot be read. */
  dropped: "events were dropped",
  /** The broker did not take the event. */
  undelivered: "events could not be forwarded",
  /** No signature of a registration that is known here, or not for this kind of event. */
  forged: "requests were not signed by a registration that is known here",
} as const;
export type Outcome = keyof typeof outcomes;

export type Counts = Readonly<Record<Outcome, number>>;

const intervalMs = 60_000;

const noCounts = (): Record<Outcome, number> => ({
  forwarded: 0,
  refused: 0,
  unserved: 0,
  settled: 0,
  dropped: 0,
  undelivered: 0,
  forged: 0,
});

export class Tally {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #total = noCounts();
  readonly #refusals = new Map<string, number>();
  #recent = noCounts();
  #interval: Timer | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Counts one; the first of its kind in a minute is logged with its fields, at `level`. */
  count(outcome: Outcome, level: "info" | "warn", fields: LogFields): void {
    this.#total[outcome] += 1;
    this.#recent[outcome] += 1;
    if (this.#recent[outcome] === 1) this.#log[level]({ outcome, ...fields }, outcomes[outcome]);
    this.#interval ??= this.#clock.startTimer("relay tally", intervalMs, () => this.#sum());
  }

  /** A check-in that was refused, by a reason of admission.ts: a closed list. */
  countRefusal(reason: string): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** Refused check-ins since the start, by reason. */
  refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }

  /** Since the start. */
  counts(): Counts {
    return { ...this.#total };
  }

  /** Logs what is still uncounted. */
  stop(): void {
    this.#interval?.cancel();
    this.#sum();
  }

  /** One line, and only when the samples did not say everything. */
  #sum(): void {
    const recent = this.#recent;
    this.#recent = noCounts();
    this.#interval = undefined;
    const several = Object.entries(recent).filter(([, count]) => count > 1);
    if (several.length > 0) this.#log.info(Object.fromEntries(several), "in the last minute, samples included");
  }
}
