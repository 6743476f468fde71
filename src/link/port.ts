/** The port of the link: the device's side of MQTT. Types only. */
import type { Reference, StationId } from "../sale/ids.ts";
import type { Money } from "../sale/money.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { LogExcerpt } from "../service/port.ts";
import type { HealthBody, SaleBody } from "./report-messages.ts";

export type { HealthBody, SaleBody } from "./report-messages.ts";

export type MachineState = "init" | "ready" | "selling" | "out-of-service" | "lost";

/**
 * What one outlet is doing, in the words that people and relays read.
 * `free`, `finished`: a scan is let in (finished: its time is over and somebody may have to empty it). `selling`: somebody is at it.
 * `in-use`: it runs, and takes nobody until then. `out-of-service`: broken, or nothing is for sale. `closed`: by the clock, or by a person.
 */
export type StationState = "free" | "selling" | "in-use" | "finished" | "out-of-service" | "closed";

export interface StationReport {
  readonly state: StationState;
  /** When it will be another, as far as is known: ISO 8601 UTC. */
  readonly until?: string | undefined;
  readonly reason?: string | undefined;
}

/** The outlets of a machine, as its configuration has them. A machine with outlets has no code of its own. */
export interface Outlets {
  readonly stations: readonly StationId[];
  /** The ids of stickers that were there before (MobilePay's beacons): each looks like a machine's, and is glued to this outlet. */
  readonly qrIds: ReadonlyMap<string, StationId>;
}

/** The retained state topic's content, and the will (`lost`). */
export interface StateMessage {
  /** With outlets: of all of them together; `ready` while each speaks for itself. */
  readonly state: MachineState;
  /** A reason code of the panel's out-of-service scene, or undefined. */
  readonly reason: string | undefined;
  /** Higher with every boot, so that an old will cannot mark a new session as dead. */
  readonly session: number;
  readonly version: string;
  /** ISO 8601 UTC. */
  readonly since: string;
  /** Each outlet's own; an outlet that is not in here is not known to relays. Only `ready` and `selling` machines' are looked at. */
  readonly stations?: ReadonlyMap<StationId, StationReport> | undefined;
}

/** What arrives over the link, parsed and checked; never retained, never addressed to another machine. */
export type LinkMessage =
  | {
      readonly kind: "checked-in";
      /** The outlet whose code was scanned; undefined: the machine's own. */
      readonly station?: StationId;
      /** Of the CloudEvent; the same for every copy and retry of one scan. */
      readonly eventId: string;
      readonly customerToken: string;
      /** How old the check-in was when the relay published it, by the relay's clock. */
      readonly ageMs: number;
      /** The provider's own time. */
      readonly initiatedAtWallMs: number;
      /** The relay's time of publishing, for machines with a plausible clock. */
      readonly publishedAtWallMs: number;
    }
  /** The relay refused this check-in: a retry of it must never open a session. */
  | { readonly kind: "check-in-refused"; readonly eventId: string }
  /** A hint to `GET payment`; its content is never believed. */
  | {
      readonly kind: "payment-event";
      readonly eventId: string;
      readonly reference: Reference;
      /** The outlet in the reference; it may have left the configuration. */
      readonly station?: StationId;
    }
  | { readonly kind: "command"; readonly command: Command };

/** A command whose signature, counter and deadline were checked by the link. */
export interface Command {
  readonly id: string;
  /** Monotonic per machine; the journal keeps the highest seen. */
  readonly counter: number;
  readonly deadlineWallMs: number;
  /** The outlet that is meant, named by the command or by its reference (then it may have left the configuration); undefined: the machine. */
  readonly station?: StationId;
  readonly order: CommandOrder;
}

export type CommandOrder =
  | { readonly kind: "out-of-service" }
  | { readonly kind: "in-service" }
  /** Somebody refilled or mended the machine, or one line of it. */
  | { readonly kind: "serviced"; readonly line: string | undefined }
  | { readonly kind: "set-catalogue"; readonly catalogue: Catalogue }
  | { readonly kind: "refund"; readonly reference: Reference; readonly amount: Money | undefined }
  | { readonly kind: "cancel"; readonly reference: Reference }
  | { readonly kind: "deliver"; readonly line: string; readonly orderId: string | undefined }
  | { readonly kind: "identify" }
  | { readonly kind: "screenshot" }
  /** The last hour of the log. */
  | { readonly kind: "logs" }
  /** Ends the daemon, for the service manager to start it anew. */
  | { readonly kind: "restart" }
  /** Starts the computer anew. */
  | { readonly kind: "reboot" }
  /** Brings a newer release; the newest at the configured address where no version is named. */
  | { readonly kind: "update"; readonly version: string | undefined };

export type CommandReply =
  | {
      readonly id: string;
      readonly outcome: "done";
      readonly detail?: string;
      readonly png?: Uint8Array;
      readonly logs?: LogExcerpt;
    }
  | { readonly id: string; readonly outcome: "refused" | "expired"; readonly reason: string };

/** What the relay's retained message says: it is alive, and the registration of this sales unit is healthy. */
export interface RelayHealth {
  readonly alive: boolean;
  readonly registered: boolean;
}

export interface LinkListener {
  /**
   * A message arrived. The broker gets its PUBACK only after the promise resolves, and that is after the journal has it.
   * A rejection leaves it unacknowledged: the broker sends it again.
   */
  message(message: LinkMessage): Promise<void>;
  connection(connected: boolean): void;
  relay(health: RelayHealth): void;
  /** Whether another client uses this machine's identity at the broker: two machines with one id throw each other out. */
  rival(isThere: boolean): void;
}

export interface Link {
  start(listener: LinkListener): Promise<void>;
  isConnected(): boolean;
  /** How often it was tried to connect: while there is no connection, this has to grow. */
  tries(): number;
  /** Kept, and sent as soon as there is a connection; only the newest counts. */
  publishState(state: Omit<StateMessage, "session">): void;
  /** One ended sale or attention from the outbox; resolves when the broker has it, rejects when it does not. */
  publishSale(id: string, body: SaleBody): Promise<void>;
  publishHealth(body: HealthBody): void;
  /**
   * A short answer to a command, from memory: kept while there is no connection, lost when this process ends.
   * @throws LinkError `link-too-large` when it does not fit
   */
  reply(reply: CommandReply): void;
  /** Whether an answer is small enough to be sent: one that is not never will be. */
  fits(reply: CommandReply): boolean;
  /** An answer to a command that fits; resolves when the broker has it, rejects when it does not. */
  publishReply(reply: CommandReply): Promise<void>;
  /** Publishes `out-of-service`, then disconnects properly. */
  stop(): Promise<void>;
}
