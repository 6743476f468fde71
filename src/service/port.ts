/** What every room may ask of the service around it: time, randomness, a log, a place to listen. Types only. */
import type { Server } from "node:net";

/** Milliseconds of a clock that never jumps; its zero means nothing. For waiting. */
export type MonotonicMs = number;
/** Milliseconds since 1970-01-01 UTC; may jump. For messages, and for what outlives a boot. */
export type WallMs = number;

export interface Timer {
  /** Idempotent. After it, the callback never runs. */
  cancel(): void;
}

/**
 * Time in two kinds. Rooms never call `Date.now`, `performance.now` or `setTimeout` themselves, so that a simulation can own time.
 */
export interface Clock {
  monotonicMs(): MonotonicMs;
  wallMs(): WallMs;
  /** Whether wall time can be believed now (synchronised, or checked against a server's date). */
  isPlausible(): boolean;
  /** Runs `callback` once after `delayMs` of monotonic time. `name` is for diagnostics. */
  startTimer(name: string, delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with `signal.reason` when aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Entropy {
  /** Cryptographically strong in production, seeded in simulation. */
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: fields first, then one sentence. Secrets and customer data never go in. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/** What the log said lately, for somebody far away. */
export interface LogExcerpt {
  /** ISO 8601 UTC: how far back it reaches. An hour, unless the process is younger or said too much. */
  readonly since: string;
  /** As they were written, each an object, the oldest first. */
  readonly lines: readonly unknown[];
}

/** Whether somebody who may do it has taken an order. */
export type HostAnswer = { readonly kind: "taken" } | { readonly kind: "refused"; readonly reason: string };

/** The computer and the service manager around this process: what it has to ask others to do. */
export interface Host {
  /** Another one after each start of the computer. */
  bootId(): string;
  /** Why nobody would start this process again if it ended; undefined when somebody would. */
  restartFault(): string | undefined;
  /** Ends this process in good order. Returns at once. */
  restart(): void;
  /** Asks for a new start of the computer, which ends this process in good order soon after. */
  reboot(): Promise<HostAnswer>;
}

/** What became of an order for another release of kvitt. */
export type UpdateOutcome =
  | { readonly kind: "done"; readonly detail: string }
  | { readonly kind: "refused"; readonly reason: string };

/** root's updater: this process can ask for a release, and is ended for it. So what became of it is often known only to a later life. */
export interface Updates {
  /**
   * Orders a release under the name `id`, which no order had before.
   * @param version the newest where it is undefined
   * @returns taken as soon as the order survives a power cut
   */
  ask(id: string, version: string | undefined): Promise<HostAnswer>;
  /** Resolves when it is known, also of an order of an earlier life, and in any case within some hours. Rejects when `signal` aborts. */
  outcome(id: string, signal: AbortSignal): Promise<UpdateOutcome>;
}

export interface SocketFile {
  /** Removes the file, unless somebody else has put another one there. Idempotent. */
  remove(): Promise<void>;
}

/** Where a room listens for others on this computer. Both reject with an error that says what to mend. */
export interface Listening {
  /** On a Unix socket, mode 0660. */
  onSocket(server: Server, path: string): Promise<SocketFile>;
  /** Resolves to the port that is listened on; port 0 takes any free one. */
  onPort(server: Server, address: { readonly host: string; readonly port: number }): Promise<number>;
}
