/** What comes in from the machine and from the link, turned into events for the loop; and what was heard last of both. */
import type { Journal } from "../journal/port.ts";
import type { Command, LinkListener, LinkMessage, RelayHealth } from "../link/port.ts";
import type { MachineEvent, MachineReadiness } from "../machine/port.ts";
import type { Customers } from "./customer-in-hand.ts";
import type { SessionEvent } from "../sale/event.ts";
import type { Clock, Log } from "../service/port.ts";
import { isBetweenSales } from "./code-conditions.ts";
import { refusedCheckInChanges, takeCheckIn, type TakenCheckIn } from "./intake.ts";
import { type Loop, NotTakenError } from "./loop.ts";
import type { HeardCheckIn } from "./port.ts";

/** What the conditions of a code look at. */
export interface Heard {
  readonly machine: MachineReadiness;
  readonly isConnected: boolean;
  readonly relay: RelayHealth;
  /** Another client uses this machine's identity at the broker. */
  readonly hasRival: boolean;
}

export interface ListeningParts {
  readonly loop: Pick<Loop, "put" | "putFromWorld" | "putDurably">;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly takeCommand: (command: Command) => Promise<void>;
  /** Something that the readiness depends on is another than before. */
  readonly onChange: () => void;
  readonly onConnected: () => void;
}

export interface Listening {
  onMachine(event: MachineEvent): void;
  readonly linkListener: LinkListener;
  /** Replaces what is known of the machine, without telling anybody: at start. */
  setMachine(readiness: MachineReadiness): void;
  /** The journal was read: what the machine said until now counts, in order. */
  open(): void;
  heard(): Heard;
  /** The last ones, each once, oldest first. */
  checkIns(): readonly Omit<HeardCheckIn, "id">[];
}

/** Copies of a payment event lead to the same GET; remembering the newest ids spares the provider most of them. */
const hintsRemembered = 512;
/** More than anybody scans between two looks. */
const checkInsRemembered = 32;

export function createListening(parts: ListeningParts): Listening {
  return new Ears(parts);
}

class Ears implements Listening {
  readonly #parts: ListeningParts;
  readonly #earlyEvents: MachineEvent[] = [];
  readonly #recentHints: string[] = [];
  readonly #checkIns: Omit<HeardCheckIn, "id">[] = [];
  #isOpen = false;
  #heard: Heard = {
    machine: { ready: false, fault: "starting", detail: "" },
    isConnected: false,
    relay: { alive: false, registered: false },
    hasRival: false,
  };
  readonly linkListener: LinkListener = {
    message: (message) => this.#take(message),
    connection: (isConnected) => this.#onConnection(isConnected),
    relay: (relay) => {
      this.#heard = { ...this.#heard, relay };
      this.#parts.onChange();
    },
    rival: (hasRival) => {
      this.#heard = { ...this.#heard, hasRival };
      this.#parts.onChange();
    },
  };

  constructor(parts: ListeningParts) {
    this.#parts = parts;
  }

  heard(): Heard {
    return this.#heard;
  }

  checkIns(): readonly Omit<HeardCheckIn, "id">[] {
    return this.#checkIns;
  }

  setMachine(machine: MachineReadiness): void {
    this.#heard = { ...this.#heard, machine };
  }

  open(): void {
    this.#isOpen = true;
    for (const event of this.#earlyEvents.splice(0)) this.onMachine(event);
  }

  // ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────

  onMachine(event: MachineEvent): void {
    if (!this.#isOpen) {
      this.#earlyEvents.push(event);
      return;
    }
    switch (event.kind) {
      case "readiness":
        this.#onMachineReadiness(event.readiness);
        return;
      case "selected":
        this.#tellSession({ kind: "selected", selection: event.selection });
        return;
      case "selection-cancelled":
      case "session-ended":
        this.#tellSession({ kind: "selection-cancelled" });
        return;
      case "code-scanned":
        this.#tellSession({ kind: "code-scanned" }, { scan: { kind: "personal-qr", text: event.text } });
        return;
      case "key":
        this.#tellSession({ kind: "key", key: event.key });
        return;
      case "line-state":
        this.#parts.loop.put({ about: "line", line: event.line, state: event.state });
        return;
    }
  }

  #onMachineReadiness(machine: MachineReadiness): void {
    const wasDoorOpen = isDoorOpen(this.#heard.machine);
    if (machine.ready && wasDoorOpen) this.#parts.loop.put({ about: "serviced", line: undefined });
    this.setMachine(machine);
    if (!machine.ready && !isBetweenSales(machine)) this.#tellSession({ kind: "machine-lost" });
    this.#parts.onChange();
  }

  #tellSession(event: SessionEvent, customers: Customers = {}): void {
    this.#parts.loop.putFromWorld({ about: "session", event }, { customers });
  }

  // ── the link ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #onConnection(isConnected: boolean): void {
    this.#heard = { ...this.#heard, isConnected };
    this.#parts.onChange();
    if (isConnected) this.#parts.onConnected();
  }

  /** What fails by its own content is dropped, for it would fail again whenever it came; only what could not be taken now comes again. */
  async #take(message: LinkMessage): Promise<void> {
    try {
      await this.#onMessage(message);
    } catch (error) {
      if (error instanceof NotTakenError) throw error;
      this.#parts.log.error({ error, message: message.kind }, "a message cannot be used: it is dropped");
    }
  }

  /** Resolves, and so lets the broker forget the message, only when the journal has what must not be lost. */
  async #onMessage(message: LinkMessage): Promise<void> {
    const { journal, clock, loop, takeCommand } = this.#parts;
    switch (message.kind) {
      case "payment-event":
        if (this.#isNewHint(message.eventId))
          loop.putFromWorld({ about: "settlement", reference: message.reference, event: { kind: "hint" } });
        return;
      case "check-in-refused":
        return loop.putDurably(undefined, { changes: refusedCheckInChanges(journal, message.eventId, clock.wallMs()) });
      case "checked-in":
        return this.#onCheckIn(message);
      case "command":
        return takeCommand(message.command);
    }
  }

  async #onCheckIn(message: Extract<LinkMessage, { kind: "checked-in" }>): Promise<void> {
    const { journal, clock, log, loop } = this.#parts;
    const judge = (): TakenCheckIn => takeCheckIn(journal, message, clock.wallMs(), clock.isPlausible());
    const taken = judge();
    if (taken.kind === "duplicate") return;
    const { eventId, ageMs, customer, changes } = taken;
    log.info({ eventId, ageMs }, "a customer checked in");
    this.#checkIns.push({ number: (this.#checkIns.at(-1)?.number ?? 0) + 1, ageMs });
    if (this.#checkIns.length > checkInsRemembered) this.#checkIns.shift();
    const event = { kind: "checked-in", eventId, ageMs } as const;
    // A copy of it may wait in the inbox already: only its turn shows.
    const isStillWanted = (): boolean => judge().kind === "check-in";
    return loop.putDurably(
      { about: "session", event },
      { changes, customers: { "check-in": customer }, isStillWanted },
    );
  }

  #isNewHint(id: string): boolean {
    if (this.#recentHints.includes(id)) return false;
    this.#recentHints.push(id);
    if (this.#recentHints.length > hintsRemembered) this.#recentHints.shift();
    return true;
  }
}

function isDoorOpen(machine: MachineReadiness): boolean {
  return !machine.ready && machine.fault === "door-open";
}
