/** The door of the kiosk's room: what it is made from, and what the daemon asks of it. Types only. */
import type { Journal } from "../journal/port.ts";
import type { Command, Link, StateMessage } from "../link/port.ts";
import type { Counter } from "../machine/kiosk-api/port.ts";
import type { Machine } from "../machine/port.ts";
import type { DeliveryForm, Panel, Scene } from "../panel/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { LineFaultOf } from "../sale/catalogue-check.ts";
import type { MerchantQrId, Reference } from "../sale/ids.ts";
import type { SalePolicy } from "../sale/policy.ts";
import type { Clock, Entropy, Host, Log, LogExcerpt, Updates } from "../service/port.ts";
import type { MerchantQrs, Payments, QrPicture } from "../vipps/port.ts";

/** What the configuration adds to the words. */
export interface SceneFacts {
  /** How what this line holds comes to the customer. */
  readonly formOf: (line: string) => DeliveryForm;
  /** The end of the quiet hours, "06:00"; undefined where there are none. */
  readonly opensAt: string | undefined;
}

export interface KioskSettings {
  readonly merchantQrId: MerchantQrId;
  readonly locationDescription: string;
  readonly version: string;
  readonly policy: SalePolicy;
  readonly catalogue: Catalogue;
  /** What the machine's lines can deliver. */
  readonly lineFault: LineFaultOf;
  /** How long a delivery may take before it counts as unknown. */
  readonly deliverMs: number;
  /** The web shop's code for the idle scene, once it is known. */
  readonly shopQr: () => QrPicture | undefined;
  /** Whether nothing is sold at this wall time. */
  readonly isQuiet: (wallMs: number) => boolean;
  /** For one outlet of several: whether the machine as a whole is in service. The outlet has a switch of its own beside it. */
  readonly isMachineInService?: () => boolean;
  /** Why a command is not for this kiosk; the refusal is kept and sent like every other. */
  readonly refuses?: (command: Command) => string | undefined;
  /** How often the provider is asked whether it is there while nobody buys. */
  readonly probeMs: number;
  /** For the words on the panel; left out, they are plain. */
  readonly sceneFacts?: SceneFacts;
}

export interface KioskPorts {
  readonly journal: Journal;
  readonly payments: Payments;
  readonly merchantQrs: MerchantQrs;
  readonly panel: Panel;
  readonly machine: Machine;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** A reference that nobody used, for a payment that this event may start. */
  readonly freshReference: () => Reference;
  /** Asked on command only. */
  readonly host: Host;
  readonly updates: Updates;
  /** What the log said lately; nothing secret is in it. */
  readonly recentLog: () => LogExcerpt;
}

export interface Kiosk {
  /**
   * In the order of the design: outputs off, "starting", reconcile, then everything else at once. Rejects with the signal's reason when it
   * aborts in between, and with whatever kept a part from starting; `stop` then stops what was started.
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Takes the code off the panel, lets a delivery end, and stops. Also where nothing or not all was started. */
  stop(): Promise<void>;
  health(): KioskHealth;
  /** Counts decided events: a watchdog feeds on progress. */
  progress(): number;
  scene(): Scene;
  /**
   * A person at the machine says that it, or one line of it, was refilled or mended: what was jammed or sold out is offered again. Resolves when
   * that is on the disk. Rejects when the journal does not take it.
   */
  serviced(line?: string): Promise<ServicedAnswer>;
  /** The last scans of its code that reached it since the start: for a walk round the stickers. */
  checkIns(): readonly HeardCheckIn[];
  /** Where another program on this machine orders payments. */
  readonly counter: Counter;
}

/** Nothing of the customer's. */
export interface HeardCheckIn {
  /** The code that was scanned. */
  readonly id: MerchantQrId;
  /** Higher with every scan since the start. */
  readonly number: number;
  /** From the scan until it was heard here. */
  readonly ageMs: number;
}

export interface KioskHealth {
  readonly state: StateMessage["state"];
  readonly reason: string | undefined;
  readonly missing: readonly string[];
  readonly openSettlements: number;
  /** Ended sales that the broker does not have yet. */
  readonly unsent: number;
  /** Events that wait to be decided. */
  readonly inbox: number;
  /** Those that are not for sale. */
  readonly lines: readonly LineHealth[];
  readonly catalogueVersion: string;
  /** What the machine's driver says, while it is not ready. */
  readonly machine: string | undefined;
  /** Why the panel shows nothing, while it does not. */
  readonly panel: string | undefined;
  /** The newest command that was not carried out. */
  readonly refused: RefusedCommand | undefined;
}

export interface RefusedCommand {
  readonly id: string;
  readonly outcome: "refused" | "expired";
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly at: string;
}

export interface LineHealth {
  readonly line: string;
  /** Undefined where no product lies on it. */
  readonly product: string | undefined;
  readonly state: "sold-out" | "jammed";
  /** ISO 8601 UTC; undefined where that is not known. */
  readonly since: string | undefined;
  readonly action: string;
}

export type ServicedAnswer =
  /** `lines`: those that were jammed or sold out, and are tried again. */
  { readonly kind: "done"; readonly lines: readonly string[] } | { readonly kind: "refused"; readonly reason: string };
