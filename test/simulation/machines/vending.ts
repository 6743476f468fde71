/** The simulated machine of the demo: coils, a tray, a door. */
import type { Machine } from "../../../src/machine/port.ts";
import { createSimulatedMachine, type SimulatedFault, type SimulatedMachine } from "../../../src/machine/simulated.ts";
import { money } from "../../../src/sale/money.ts";
import type { Life } from "../process.ts";
import type { Rig, Surroundings } from "./port.ts";

const faults: readonly SimulatedFault[] = ["jam", "no-sensor", "slow"];

export function vendingRig(world: Surroundings): Rig {
  let machine: SimulatedMachine | undefined;
  let fault: SimulatedFault = "none";
  let isInhibited = false;
  // Some of these amounts make the provider's test environment misbehave (facts 4.8).
  const oddPrice = world.pick([151, 182, 186, 201, 1_500]);
  return {
    kind: "vending",
    catalogue: {
      currency: "NOK",
      version: "1",
      products: [
        { id: "water", name: "Water", price: money(2_500, "NOK"), vatRate: 1_500, line: "A1" },
        { id: "cola", name: "Cola", price: money(3_200, "NOK"), vatRate: 1_500, line: "A2", minimumAge: 18 },
        { id: "gum", name: "Gum", price: money(1_000, "NOK"), vatRate: 1_500, line: "A3" },
        { id: "odd", name: "Odd", price: money(oddPrice, "NOK"), vatRate: 1_500, line: "A4" },
      ],
    },
    policy: {},
    lineFault: () => undefined,
    deliverMs: 20_000,
    lines: ["A1", "A2", "A3", "A4"],
    faults,
    boot: (life: Life): Machine => {
      machine = createSimulatedMachine({
        clock: life.clock,
        entropy: world.entropy,
        deliveryMs: 2_000,
        drops: [],
        onMove: ({ kind, thing }) => {
          if (kind === "falls") world.fell(thing);
        },
      });
      machine.setFault(fault);
      if (isInhibited) machine.setInhibited(true);
      return machine;
    },
    attach: () => {},
    ordered: () => {},
    collect: () => {},
    choose: (line) => machine?.press(line),
    takeBack: () => machine?.cancel(),
    scan: (text) => machine?.scan(text),
    key: (key) => machine?.key(key),
    setFault: (name) => {
      fault = faults.find((one) => one === name) ?? "none";
      machine?.setFault(fault);
    },
    setInhibited: (inhibited) => {
      isInhibited = inhibited;
      machine?.setInhibited(inhibited);
    },
    setDoorOpen: (open) => {
      machine?.setDoorOpen(open);
      return true;
    },
    cutPower: () => {
      machine?.cutPower();
      machine = undefined;
    },
    faultsAtEnd: () => [],
  };
}
