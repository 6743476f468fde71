/** Which machine stands in this world. */
import { frontEndRig } from "./front-end.ts";
import { gpioRig } from "./gpio.ts";
import { mdbRig } from "./mdb.ts";
import type { MachineKind, Rig, Surroundings } from "./port.ts";
import { vendingRig } from "./vending.ts";

export function rigOf(kind: MachineKind, world: Surroundings): Rig {
  switch (kind) {
    case "vending":
      return vendingRig(world);
    case "gpio":
    case "parking":
    case "timed":
      return gpioRig(world, kind);
    case "mdb":
      return mdbRig(world, true);
    case "mdb-session":
      return mdbRig(world, false);
    case "kiosk":
      return frontEndRig(world);
  }
}
