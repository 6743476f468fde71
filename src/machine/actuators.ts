/**
 * The door to what moves. Every order names its own end, so nothing stays on because somebody hangs. In the daemon it is the guard: a
 * process of its own that holds the outputs and puts them off when the daemon dies, hangs or says nothing. Types only.
 */

export interface PulseTrain {
  /** How long each pulse is on, and how long it is off between two, in ms. */
  readonly onMs: number;
  readonly offMs: number;
  /** How many, at least 1. */
  readonly count: number;
}

export interface TrainEnd {
  /** Pulses that were begun: a pulse that was cut short counts, the machine may have seen it. */
  readonly begun: number;
  /** Whether each was on and off for its whole time. */
  readonly isWhole: boolean;
  /** Why not, for the record. */
  readonly reason?: string;
}

export interface Actuators {
  /**
   * Puts every output off and begins to take orders. Resolves when the first try is over, whichever way it went: `trouble` says how.
   * Whoever implements this tries again by itself until `stop`; nobody else does. Idempotent; does nothing after `stop`.
   */
  start(): Promise<void>;
  /** Undefined while orders are taken; else why not ("the guard is starting again"). */
  trouble(): string | undefined;
  /** Called when `trouble` changed. */
  onTrouble(listener: () => void): void;
  /** One relay closure is a train of one. Never rejects: an order that did nothing at all says `begun: 0`. Aborting puts the output off at once. */
  pulse(output: string, train: PulseTrain, signal: AbortSignal): Promise<TrainEnd>;
  /** On until `off`, at most `maxMs`. @throws when it did not go on. */
  on(output: string, maxMs: number): Promise<void>;
  /** Idempotent. @throws when nobody can say that it is off. */
  off(output: string): Promise<void>;
  /** Everything off, everything freed, within 15 s. For good: nothing starts after it. Idempotent. */
  stop(): Promise<void>;
}
