/** The hardware of a simulated world: what customers touch and what falls, whatever becomes of the daemon. Types only. */
import type { Counter } from "../../../src/machine/kiosk-api/port.ts";
import type { DeliveryOrder, DeliveryOutcome, Key, Machine } from "../../../src/machine/port.ts";
import type { DroppedThing } from "../../../src/machine/simulated.ts";
import type { Catalogue } from "../../../src/sale/catalogue.ts";
import type { LineFaultOf } from "../../../src/sale/catalogue-check.ts";
import type { SalePolicy } from "../../../src/sale/policy.ts";
import type { Entropy } from "../../../src/service/port.ts";
import type { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import type { Life } from "../process.ts";

export const machineKinds = ["vending", "gpio", "mdb", "mdb-session", "kiosk", "parking", "timed"] as const;
export type MachineKind = (typeof machineKinds)[number];

/** What a machine needs of its world. */
export interface Surroundings {
  readonly clock: SimulatedClock;
  readonly entropy: Entropy;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  tell(text: string): void;
  count(what: string, times?: number): void;
  violate(text: string): void;
  /** Somebody got something. */
  fell(thing: DroppedThing): void;
}

/** One machine. It stands through power cuts; the product's driver is made anew for every life of the daemon. */
export interface Rig {
  readonly kind: MachineKind;
  readonly catalogue: Catalogue;
  readonly policy: Partial<SalePolicy>;
  readonly lineFault: LineFaultOf;
  readonly deliverMs: number;
  /** What customers can choose. */
  readonly lines: readonly string[];
  /** What can go wrong with it, by name. */
  readonly faults: readonly string[];
  boot(life: Life): Machine;
  /** Where a front end orders: told before the driver starts. */
  attach(counter: Counter): void;
  /** What the sale has just ordered of the driver. */
  ordered(order: DeliveryOrder): void;
  /** How it ended, as the driver says. */
  ended?(order: DeliveryOrder, outcome: DeliveryOutcome): void;
  /** Tells the world what has fallen since it was asked last, where the hardware does not tell at once. */
  collect(): void;
  choose(line: string): void;
  takeBack(): void;
  scan(text: string): void;
  key(key: Key): void;
  /** A web-shop order is handed in, where a front end does that. */
  handIn?(orderId: string): void;
  /** Undefined: it is mended. */
  setFault(fault: string | undefined): void;
  setInhibited(inhibited: boolean): void;
  /** Somebody opens the door, refills, and shuts it. False where there is no door switch. */
  setDoorOpen(open: boolean): boolean;
  cutPower(): void;
  /** The end of the world: what does not add up. */
  faultsAtEnd(): readonly string[];
}
