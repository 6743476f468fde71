/** The demo's machines as the world sees them: what stands in the configuration, what a customer can touch, what comes out, what can break. Types only. */

export type MachineKind = "vending" | "relay" | "mdb" | "parking" | "kiosk";

export type SwitchName = "network" | "mqtt" | "relay" | "jam" | "sensor" | "power" | "clock" | "door";

/** Labels that are no product's name. */
export type ControlWord = "cancel" | "minus" | "plus" | "backspace" | "ok" | "display" | "hand-out" | "sold-out";

/** Something on the front that a customer, or the front end's staff, presses. */
export interface Control {
  /** Names a label of the page's own, in the visitor's language; `label` and `detail` are as the machine has them. */
  readonly word?: ControlWord;
  /** As scripts name it: "A1", "ok". */
  readonly id: string;
  /** What stands large on it. */
  readonly key: string;
  readonly label: string;
  readonly detail: string;
  readonly look: "product" | "key" | "action";
}

/** Something that came out. */
export interface Drop {
  readonly deliveryId: string;
  readonly what: string;
  /** Undefined where the machine does not know who paid: the world looks it up. */
  readonly reference?: string | undefined;
  readonly priceMinor: number;
}

/** What differs from machine to machine in the configuration. */
export interface ConfigParts {
  /** Lines for [machine]. */
  readonly machine?: string;
  /** Lines for [sale]. */
  readonly sale?: string;
  /** [delivery] and all that follows. */
  readonly tables: string;
}

export interface DemoMachine {
  readonly kind: MachineKind;
  readonly switches: readonly SwitchName[];
  readonly config: ConfigParts;
  controls(): readonly Control[];
  /** @param id of a control */
  use(id: string): Promise<void>;
  /** Holds a code to the scanner; undefined where there is none. */
  readonly holdUp?: (text: string) => Promise<void>;
  /** For the switches that belong to the machine itself. */
  turn(name: SwitchName, broken: boolean): Promise<void>;
  /** All that ever came out, oldest first. */
  drops(): Promise<readonly Drop[]>;
  /** The hardware is switched off for good. */
  close(): Promise<void>;
}

/** Where a machine finds its daemon, and what it may use. */
export interface MachinePlaces {
  readonly folder: string;
  /** A free port on loopback. */
  readonly port: number;
}
