/**
 * A vending machine with relays: the daemon's GPIO driver and its guard on lines that are files; what the wires lead to is played here. A button closes
 * for a moment, a coil turns while its relay is on, and what falls passes one drop sensor.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inputDriver } from "../../machine/gpio/folder-lines.ts";
import type { DemoMachine, Drop, MachinePlaces } from "./port.ts";
import { cancelControl, productControls, products, productTables } from "./products.ts";

/** BCM numbers. Outputs are among 9 to 27, which are pulled down until somebody drives them (hardware facts 3.2). */
const dropSensor = 26;
const cancelButton = 6;
const door = 5;
const wired = products.map((product, index) => ({ product, button: 7 + index, relay: 17 + index }));
const pressMs = 400;
const passMs = 300;
const fallMs = 500;
const lookMs = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function relayMachine({ folder }: MachinePlaces): DemoMachine {
  const lines = join(folder, "gpio");
  mkdirSync(lines, { recursive: true });
  const drops: Drop[] = [];
  const seen = new Map<number, number>();
  let isJammed = false;
  let isBlind = false;

  const drive = inputDriver(lines);
  /** Inputs are pulled up, and active when they are pulled low. */
  const setActive = (bcm: number, active: boolean): void => drive(bcm, !active);
  /** Whether an output went on since the last look, also when it is off again: its file keeps every level. */
  const hasRisen = (bcm: number): boolean => {
    try {
      const levels = readFileSync(join(lines, String(bcm)), "utf8");
      const known = seen.get(bcm) ?? 0;
      seen.set(bcm, levels.length);
      // A daemon that starts anew begins the file anew.
      return levels.slice(levels.length < known ? 0 : known).includes("1");
    } catch {
      // The daemon makes the files when it starts.
      return false;
    }
  };

  async function pulse(bcm: number, ms: number): Promise<void> {
    setActive(bcm, true);
    await pause(ms);
    setActive(bcm, false);
  }

  async function turn(index: number): Promise<void> {
    const product = products[index];
    await pause(fallMs);
    if (isJammed || product === undefined) return;
    drops.push({
      deliveryId: `relay-${drops.length + 1}`,
      what: product.name,
      reference: undefined,
      priceMinor: product.price,
    });
    if (!isBlind) await pulse(dropSensor, passMs);
  }

  const watching = setInterval(() => {
    wired.forEach(({ relay }, index) => {
      if (hasRisen(relay)) void turn(index);
    });
  }, lookMs);

  const tables = wired
    .map(
      ({ product, button, relay }) =>
        `  { line = "${product.line}", button = ${button}, relay = ${relay}, on_ms = 400, acknowledge = ${dropSensor}, acknowledge_window_ms = 5000, without_acknowledge = "unknown" },`,
    )
    .join("\n");
  return {
    kind: "relay",
    switches: ["network", "mqtt", "relay", "jam", "sensor", "power", "door"],
    config: {
      tables: `[delivery]
driver = "gpio"
back_end = "simulated"
simulated_folder = "${lines}"
cancel_button = ${cancelButton}
door = ${door}
lines = [
${tables}
]
${productTables(products)}`,
    },
    controls: () => [...productControls(products), cancelControl],
    use: async (id) => {
      const button = id === "cancel" ? cancelButton : wired.find(({ product }) => product.line === id)?.button;
      if (button !== undefined) await pulse(button, pressMs);
    },
    turn: async (name, broken) => {
      if (name === "jam") isJammed = broken;
      if (name === "sensor") isBlind = broken;
      if (name === "door") setActive(door, broken);
    },
    drops: async () => drops,
    close: async () => clearInterval(watching),
  };
}
