/**
 * The loop around the pure sale: inbox → decide → journal → perform; what was performed answers with the next event. One item at a time, and
 * nothing is performed before what was decided is on the disk.
 */
import type { Journal, JournalChange } from "../journal/port.ts";
import { backOffCeilingMs } from "../kit/back-off.ts";
import { CodedError } from "../kit/coded-error.ts";
import { errorFrom, errorText } from "../kit/error-text.ts";
import type { Effect } from "../sale/effect.ts";
import type { SaleEvent, Stamp, Unstamped } from "../sale/event.ts";
import type { Reference } from "../sale/ids.ts";
import type { SalePolicy } from "../sale/policy.ts";
import { decide } from "../sale/sale.ts";
import type { SaleState } from "../sale/state.ts";
import type { Clock, Log } from "../service/port.ts";
import { foundAgain, journalChanges } from "./changes.ts";
import { CustomerInHand, type Customers } from "./customer-in-hand.ts";
import { createInbox } from "./inbox.ts";
import { journalProbeKey } from "./journal-keys.ts";
import { readSaleHistory } from "./stored.ts";

export interface InboxItem {
  /** Undefined where only the disk has to change. */
  readonly event: Unstamped<SaleEvent> | undefined;
  /** Written together with what the event changes. */
  readonly changes: readonly JournalChange[];
  /** Who pays, where this event brings the customer along. */
  readonly customers: Customers;
  /** Asked when the item's turn comes; "no" drops it. */
  readonly isStillWanted: (() => boolean) | undefined;
  /** Called once: without an error when it is on the disk, with one when the disk does not take it. Without it the loop tries again itself. */
  readonly onJournalled: ((error: Error | undefined) => void) | undefined;
  /** An answer to our own effects, a timer: never refused, never dropped. */
  readonly isOwn: boolean;
}

export interface LoopParts {
  readonly initial: SaleState;
  readonly policy: SalePolicy;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** A reference that nobody used, for a payment that the next event may start. */
  readonly freshReference: () => Reference;
  /** Called when a decision is on the disk, with what it asks for. */
  readonly onDecided: (effects: readonly Effect[]) => void;
  /** Called when a write failed, and with what to do when the journal takes writes again. */
  readonly onJournalFault: () => void;
}

export interface Loop {
  state(): SaleState;
  /** At boot, before anything is decided: what the journal knows. */
  restore(state: SaleState): void;
  /** For what our own effects and timers say: always taken. */
  put(event: Unstamped<SaleEvent> | undefined, more?: Partial<InboxItem>): void;
  /** For what the world sends without end: dropped, with a line in the log, when the inbox is full. */
  putFromWorld(event: Unstamped<SaleEvent>, more?: Partial<InboxItem>): void;
  /**
   * As from the world; resolves when it is on the disk. In all other cases nothing was decided.
   * @throws NotTakenError when the inbox is full or the disk does not take it: it may come again
   * @throws what deciding it threw: it fails by its own content, and would do so again
   */
  putDurably(event: Unstamped<SaleEvent> | undefined, more?: Partial<InboxItem>): Promise<void>;
  isJournalWorking(): boolean;
  /** Items that wait. */
  waiting(): number;
  /** Counts decisions: a watchdog feeds on it. */
  progress(): number;
  /** Nothing is decided, written or tried again from now on; what waits is in the journal, or comes again. */
  stop(): void;
}

/** Nothing is wrong with what was put, but it could not be taken now. */
export class NotTakenError extends CodedError<"inbox-full" | "journal" | "stopped"> {}

/** Bounds what the world can send; answers to our own effects come on top. */
const inboxLengthMax = 256;
/** A journal that failed is tried again after so long; the machine is out of service until then. */
const journalRetry = { firstMs: 1_000, maxMs: 15_000 };
const nobody: Customers = {};
const lostSession: Unstamped<SaleEvent> = { about: "session", event: { kind: "machine-lost" } };
/** Something to write that leaves nothing behind: when nobody sells because the journal failed, nothing else is written that could succeed. */
const journalProbe: readonly JournalChange[] = [
  { kind: "put", table: "fact", key: journalProbeKey, value: true },
  { kind: "delete", table: "fact", key: journalProbeKey },
];

export function createLoop(parts: LoopParts): Loop {
  return new SaleLoop(parts);
}

class SaleLoop implements Loop {
  readonly #parts: LoopParts;
  readonly #inbox = createInbox<InboxItem>(inboxLengthMax);
  readonly #customer = new CustomerInHand();
  #state: SaleState;
  readonly #stopping = new AbortController();
  #isDraining = false;
  /** Since the last write that worked. */
  #journalFailures = 0;
  #progress = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#state = parts.initial;
  }

  state(): SaleState {
    return this.#state;
  }

  restore(state: SaleState): void {
    this.#state = state;
  }

  isJournalWorking(): boolean {
    return this.#journalFailures === 0;
  }

  waiting(): number {
    return this.#inbox.length;
  }

  progress(): number {
    return this.#progress;
  }

  put(event: Unstamped<SaleEvent> | undefined, more: Partial<InboxItem> = {}): void {
    this.#take(itemOf(event, more), true);
  }

  putFromWorld(event: Unstamped<SaleEvent>, more: Partial<InboxItem> = {}): void {
    this.#take(itemOf(event, more), false);
  }

  putDurably(event: Unstamped<SaleEvent> | undefined, more: Partial<InboxItem> = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const onJournalled = (error: Error | undefined): void => (error === undefined ? resolve() : reject(error));
      if (this.#take(itemOf(event, { ...more, onJournalled }), false)) return;
      reject(new NotTakenError("inbox-full", "the kiosk's inbox is full, or the kiosk has stopped"));
    });
  }

  stop(): void {
    this.#stopping.abort();
  }

  #take(item: InboxItem, isOwn: boolean): boolean {
    if (this.#stopping.signal.aborted) return false;
    const isTaken = this.#inbox.put({ ...item, isOwn }, isOwn);
    if (isTaken) void this.#drain();
    else this.#parts.log.warn({ about: item.event?.about }, "the inbox is full: what came is refused");
    return isTaken;
  }

  async #drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let item = this.#inbox.take(); item !== undefined; item = this.#inbox.take())
        if (this.#stopping.signal.aborted) item.onJournalled?.(new NotTakenError("stopped", "the kiosk has stopped"));
        else await this.#handle(item);
    } finally {
      this.#isDraining = false;
    }
  }

  async #handle(item: InboxItem): Promise<void> {
    const decision = this.#decideSafely(item);
    if (decision === undefined) return;
    const { state, effects, changes } = decision;
    if (changes.length > 0 && !(await this.#write(decision, item))) return;
    this.#state = state;
    this.#progress += 1;
    this.#customer.follow(item, state.session);
    item.onJournalled?.(undefined);
    this.#parts.onDecided(effects);
  }

  /** Undefined for what the world sent and what fails by its own content. The same of our own is a fault in kvitt, and ends the process. */
  #decideSafely(item: InboxItem): LoopDecision | undefined {
    try {
      return this.#decide(item);
    } catch (error) {
      if (item.isOwn) throw error;
      this.#parts.log.error({ error, about: item.event?.about }, "what came cannot be decided: it is dropped");
      item.onJournalled?.(errorFrom(error));
      return undefined;
    }
  }

  #decide({ event, isStillWanted, customers, changes }: InboxItem): LoopDecision {
    const { clock, freshReference, policy } = this.#parts;
    const before = this.#state;
    if (isStillWanted?.() === false) return { state: before, effects: [], changes: [] };
    if (event === undefined) return { state: before, effects: [], changes };
    const at: Stamp = {
      monoMs: clock.monotonicMs(),
      wallMs: clock.wallMs(),
      isWallBelieved: clock.isPlausible(),
      freshReference: freshReference(),
    };
    const { state, effects } = decide(before, this.#stamped(event, at), policy);
    const known = { ...this.#customer.inHand(), ...customers };
    return { state, effects, changes: [...changes, ...journalChanges(before, state, effects, known)] };
  }

  /** Adds what is only known when the event's turn comes: a sale that an order is about may have ended while the order waited. */
  #stamped(event: Unstamped<SaleEvent>, at: Stamp): SaleEvent {
    if (event.about !== "back-office") return { ...event, at };
    const stored = this.#parts.journal.get("sale", event.reference);
    return { ...event, at, history: stored === undefined ? undefined : readSaleHistory(stored) };
  }

  /** False when the disk did not take it: then nothing was decided. */
  async #write({ changes, effects }: LoopDecision, item: InboxItem): Promise<boolean> {
    const { journal, log } = this.#parts;
    // A journal that failed is written to: only that shows whether it works again.
    const isFree = item.onJournalled === undefined && this.#journalFailures === 0;
    const carried = isFree ? foundAgain(journal, changes, effects) : undefined;
    try {
      await (carried === undefined ? journal.commit(changes) : journal.carry(carried));
      if (this.#journalFailures > 0) log.info({}, "the journal takes writes again");
      this.#journalFailures = 0;
      return true;
    } catch (error) {
      await this.#commitFailed(error, item);
      return false;
    }
  }

  /**
   * The session is ended, whose customer would wait too long, and the disk is tried until it works. Messages go back to the broker; answers to
   * our own effects are decided again then.
   */
  async #commitFailed(cause: unknown, item: InboxItem): Promise<void> {
    const { log, clock, onJournalFault } = this.#parts;
    this.#journalFailures += 1;
    const failures = this.#journalFailures;
    // A disk can be full for days: said at once, and then ever more rarely.
    if (Number.isInteger(Math.log2(failures)))
      log.error({ error: cause, failures }, "the journal does not take writes: out of service until it does");
    onJournalFault();
    if (failures === 1) {
      this.#inbox.put(itemOf(lostSession, {}), true);
      this.#inbox.put(itemOf(undefined, { changes: journalProbe }), true);
    }
    if (item.onJournalled !== undefined) {
      const why = errorText(cause);
      item.onJournalled(new NotTakenError("journal", `the journal does not take it: ${why}`, { cause }));
      return;
    }
    await clock.sleep(backOffCeilingMs(journalRetry, failures - 1), this.#stopping.signal).catch(() => {});
    this.#inbox.put(item, true);
  }
}

interface LoopDecision {
  readonly state: SaleState;
  readonly effects: readonly Effect[];
  readonly changes: readonly JournalChange[];
}

function itemOf(event: Unstamped<SaleEvent> | undefined, more: Partial<InboxItem>): InboxItem {
  const none = { changes: [], customers: nobody, isStillWanted: undefined, onJournalled: undefined, isOwn: true };
  return { event, ...none, ...more };
}
