/** The machine of the first page: buttons, coils, a drop sensor, a scanner, all by the simulated driver. And a parking meter on the same driver. */
import { join } from "node:path";
import { askMachine, type MachineStateView } from "../clients.ts";
import type { Control, DemoMachine, MachinePlaces } from "./port.ts";
import { cancelControl, productControls, products, productTables } from "./products.ts";

function simulatedDelivery(folder: string, deliveryMs: number): string {
  return `[delivery]
driver = "simulated"
delivery_ms = ${deliveryMs}
control_socket = "${join(folder, "machine.sock")}"
`;
}

/** Orders to the simulated driver, and what it has dropped. */
function simulatedDriver(folder: string) {
  const socketPath = join(folder, "machine.sock");
  const order = (one: object): Promise<MachineStateView | undefined> => askMachine(socketPath, one);
  return {
    order: async (one: object): Promise<void> => void (await order(one)),
    drops: async () =>
      ((await order({ action: "state" }))?.drops ?? []).map(({ deliveryId, what, reference, priceMinor }) => ({
        deliveryId,
        what: products.find(({ line }) => line === what)?.name ?? what,
        reference,
        priceMinor,
      })),
  };
}

const wrongByMs = 86_400_000;

export function vendingMachine({ folder }: MachinePlaces): DemoMachine {
  const driver = simulatedDriver(folder);
  return {
    kind: "vending",
    switches: ["network", "mqtt", "relay", "jam", "sensor", "power", "clock", "door"],
    config: { sale: "show_code = true", tables: simulatedDelivery(folder, 1_500) + productTables(products) },
    controls: () => [...productControls(products), cancelControl],
    use: (id) => driver.order(id === "cancel" ? { action: "cancel" } : { action: "press", line: id }),
    holdUp: (text) => driver.order({ action: "scan", text }),
    turn: async (name, broken) => {
      switch (name) {
        case "jam":
          return driver.order({ action: "fault", fault: broken ? "jam" : "none" });
        case "sensor":
          return driver.order({ action: "fault", fault: broken ? "no-sensor" : "none" });
        case "door":
          return driver.order({ action: "door", open: broken });
        case "clock":
          return driver.order({ action: "clock", offsetMs: broken ? wrongByMs : 0 });
        case "network":
        case "mqtt":
        case "relay":
        case "power":
          return undefined;
      }
    },
    drops: driver.drops,
    close: async () => {},
  };
}

const letters = "1234567890QWERTYUIOPASDFGHJKLZXCVBNM".split("");
const actionKeys: readonly Control[] = [
  { id: "minus", word: "minus", key: "−", label: "", detail: "", look: "action" },
  { id: "plus", word: "plus", key: "+", label: "", detail: "", look: "action" },
  { id: "backspace", word: "backspace", key: "⌫", label: "", detail: "", look: "action" },
  { id: "ok", word: "ok", key: "✓", label: "", detail: "", look: "action" },
  { id: "cancel", word: "cancel", key: "✕", label: "", detail: "", look: "action" },
];

export function parkingMeter({ folder }: MachinePlaces): DemoMachine {
  const driver = simulatedDriver(folder);
  return {
    kind: "parking",
    switches: ["network", "mqtt", "relay", "power", "clock"],
    config: {
      machine: 'kind = "parking"',
      tables: `${simulatedDelivery(folder, 200)}
[tariff]
price_per_hour = 2400
minutes_min = 30
minutes_max = 1440
minutes_step = 30
plate = true
round_up_to = 100
`,
    },
    controls: () => [
      ...letters.map((key): Control => ({ id: key, key, label: "", detail: "", look: "key" })),
      ...actionKeys,
    ],
    use: (id) => driver.order({ action: "key", key: id }),
    turn: async (name, broken) =>
      name === "clock" ? driver.order({ action: "clock", offsetMs: broken ? wrongByMs : 0 }) : undefined,
    drops: driver.drops,
    close: async () => {},
  };
}
