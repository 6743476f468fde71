/** Which machine stands in this world. */
import { frontEndRig } from "./front-end.ts";
import { gpioRig } from "./gpio.ts";
import { mdbRig } from "./mdb.ts";
import type { MachineKind, Rig, Surroundings } from "./port.ts";
import type { Readers } from "./readers.ts";
import { vendingRig } from "./vending.ts";

/** @param readers where scanner and keypad are devices; only a machine on the GPIO header has any */
export function rigOf(kind: MachineKind, world: Surroundings, readers: Readers | undefined): Rig {
  switch (kind) {
    case "vending":
      return vendingRig(world);
    case "gpio":
    case "parking":
    case "timed":
      return gpioRig(world, kind, readers);
    case "mdb":
      return mdbRig(world, true);
    case "mdb-session":
      return mdbRig(world, false);
    case "kiosk":
      return frontEndRig(world);
  }
}
