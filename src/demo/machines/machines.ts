/** All machines of the demo, by kind. */
import { kioskFrontEnd } from "./kiosk.ts";
import { mdbMachine } from "./mdb.ts";
import type { DemoMachine, MachineKind, MachinePlaces } from "./port.ts";
import { relayMachine } from "./relay.ts";
import { parkingMeter, vendingMachine } from "./vending.ts";

export const machineKinds: readonly MachineKind[] = ["vending", "relay", "mdb", "parking", "kiosk"];

export function isMachineKind(text: string): text is MachineKind {
  return machineKinds.some((kind) => kind === text);
}

export async function openDemoMachine(kind: MachineKind, places: MachinePlaces): Promise<DemoMachine> {
  switch (kind) {
    case "vending":
      return vendingMachine(places);
    case "relay":
      return relayMachine(places);
    case "mdb":
      return mdbMachine(places);
    case "parking":
      return parkingMeter(places);
    case "kiosk":
      return kioskFrontEnd(places);
  }
}
