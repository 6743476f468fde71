/** A vending machine behind an MDB adapter: the product's driver, the simulated adapter and controller. The controller has its own power. */
import type { AdapterLine, AdapterListener } from "../../../src/machine/mdb/adapter-line.ts";
import { createMdbMachine } from "../../../src/machine/mdb/mdb-machine.ts";
import { createSimulatedVmc, type VmcDrop } from "../../../src/machine/mdb/simulated-vmc.ts";
import { type VmcFault, vmcFaults } from "../../../src/machine/mdb/vmc-faults.ts";
import type { DeliveryOrder, Machine } from "../../../src/machine/port.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import type { Life } from "../process.ts";
import type { Rig, Surroundings } from "./port.ts";

/** Faults of the line and the adapter, beside the controller's. */
const wireFaults = ["line breaks", "adapter loses power", "adapter is mute", "controller resets"] as const;
const vendMs = 150_000;

export function mdbRig(world: Surroundings, alwaysIdle: boolean): Rig {
  const drops: VmcDrop[] = [];
  const coils = [
    { item: 7, priceMinor: 2_500 },
    { item: 8, priceMinor: 3_200 },
    { item: 9, priceMinor: 1_000 },
  ];
  const vmc = createSimulatedVmc({
    clock: world.clock,
    coils,
    drops,
    deliveryMs: 2_000,
    canAlwaysIdle: alwaysIdle,
    dialect: world.pick(["new", "old"]),
  });
  let current: DeliveryOrder | undefined;
  /** What fell since then fell for the vend that was approved last: a controller has one vend at a time. */
  function collect(): void {
    for (const { item, approvedMinor } of drops.splice(0)) {
      world.count("mdb: an item fell");
      if (current === undefined) world.violate(`item ${item} fell without a vend of ours`);
      else {
        if (approvedMinor > current.price.minor) world.violate(`more was approved than is paid for`);
        const { deliveryId, reference, price } = current;
        world.fell({ deliveryId, reference, what: `item ${item}`, priceMinor: price.minor });
      }
    }
  }
  /** What happens on the wire in the moment of a power cut is nobody's fault. */
  let forgiven = 0;
  return {
    kind: alwaysIdle ? "mdb" : "mdb-session",
    catalogue: {
      currency: "NOK",
      version: "1",
      products: coils.map(({ item, priceMinor }) => ({
        id: `item-${item}`,
        name: `Item ${item}`,
        price: money(priceMinor, "NOK"),
        vatRate: 1_500,
        line: String(item),
      })),
    },
    policy: alwaysIdle ? {} : { checkInStyle: "reserve-dearest", selectFirst: false },
    lineFault: () => undefined,
    deliverMs: vendMs + 5_000,
    lines: coils.map(({ item }) => String(item)),
    faults: [...vmcFaults.filter((fault) => fault !== "none" && fault !== "hangs"), ...wireFaults],
    boot: (life: Life): Machine =>
      createMdbMachine({
        currency: "NOK",
        address: "0x10",
        alwaysIdle,
        maxResponseMs: 120_000,
        vendMs,
        decimals: 2,
        scale: 1,
        more: [],
        openLine: async (listener: AdapterListener): Promise<AdapterLine> => {
          if (!life.isAlive) return new Promise(() => {});
          const line = await vmc.openLine({
            text: (chunk) => life.isAlive && listener.text(chunk),
            closed: (reason) => life.isAlive && listener.closed(reason),
          });
          life.onEnd(() => line.close());
          return { write: (text) => life.isAlive && line.write(text), close: () => life.isAlive && line.close() };
        },
        clock: life.clock,
        entropy: world.entropy,
        log: createMemoryLog(),
      }),
    attach: () => {},
    ordered: (order) => {
      collect();
      current = order;
    },
    collect,
    choose: (line) => {
      if (alwaysIdle || vmc.view().creditMinor !== undefined) vmc.press(Number(line));
    },
    takeBack: () => vmc.cancel(),
    scan: () => {},
    key: () => {},
    setFault: (name) => {
      vmc.setMute(false);
      vmc.setFault(vmcFaults.find((one): one is VmcFault => one === name) ?? "none");
      if (name === "line breaks") vmc.breakLine();
      else if (name === "adapter loses power") vmc.powerCycleAdapter();
      else if (name === "adapter is mute") vmc.setMute(true);
      else if (name === "controller resets") {
        // In the middle of a vend that counts as VEND SUCCESS (MDB 4.2): what is not promised stands in docs/reliability.md.
        if (vmc.view().isTurning) vmc.setFault("reset-after-drop");
        else vmc.reset();
      }
    },
    setInhibited: (inhibited) => vmc.setEnabled(!inhibited),
    setDoorOpen: () => false,
    cutPower: () => {
      forgiven += 1;
    },
    faultsAtEnd: () => {
      return forgiven > 0 ? [] : vmc.violations.map((text) => `MDB: ${text}`);
    },
  };
}
