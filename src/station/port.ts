/** The door of the room for several outlets on one controller. Types only. */
import type { KioskPorts, KioskSettings } from "../kiosk/port.ts";
import type { Scene } from "../panel/port.ts";
import type { StationReport } from "../link/port.ts";
import type { MerchantQrId, Reference, StationId } from "../sale/ids.ts";
import type { OutletOnMachine } from "./machine-share.ts";

/** An outlet: how it hangs on the machine, and how its own kiosk sells. */
export interface OutletSettings {
  readonly outlet: OutletOnMachine;
  /** With the outlet's own name at the provider, its place and its products. */
  readonly kiosk: KioskSettings;
}

/** What an outlet is doing, as people say it. */
export interface OutletReport {
  readonly station: StationId;
  readonly name: string;
  readonly state: StationReport["state"];
  readonly reason: string | undefined;
  /** Of what is in use. */
  readonly untilWallMs: number | undefined;
}

export interface StationsSettings {
  readonly machine: MerchantQrId;
  readonly outlets: readonly OutletSettings[];
  /** How a kiosk does that sells nothing: what it sold before still ends. */
  readonly idle: (id: MerchantQrId) => KioskSettings;
  /** What stands on the glass while nobody talks to it. */
  readonly board: (outlets: readonly OutletReport[]) => Scene;
}

export type StationsPorts = Omit<KioskPorts, "freshReference"> & {
  readonly freshReference: (id: MerchantQrId) => Reference;
};
