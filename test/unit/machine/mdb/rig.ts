/** A machine behind the MDB driver: the driver on the simulated controller, on one simulated clock. */
import { createMdbMachine, type MdbMachine } from "../../../../src/machine/mdb/mdb-machine.ts";
import {
  createSimulatedVmc,
  type SimulatedVmc,
  type SimulatedVmcSettings,
  type VmcDrop,
} from "../../../../src/machine/mdb/simulated-vmc.ts";
import type { DeliveryOrder, DeliveryOutcome, MachineEvent, Selection } from "../../../../src/machine/port.ts";
import { money } from "../../../../src/sale/money.ts";
import { createSeededEntropy } from "../../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../../src/service/log.ts";
import { SimulatedClock } from "../../../../src/service/simulated-clock.ts";

export interface Rig {
  readonly clock: SimulatedClock;
  readonly vmc: SimulatedVmc;
  readonly machine: MdbMachine;
  readonly drops: readonly VmcDrop[];
  readonly events: MachineEvent[];
  readonly log: ReturnType<typeof createMemoryLog>;
  /** The newest selection that the machine told. */
  readonly selection: () => Extract<Selection, { kind: "priced" }>;
  /** Sends the order for the newest selection; `ended` is filled when the delivery has ended. */
  readonly deliver: (change?: Partial<DeliveryOrder>) => {
    ended: DeliveryOutcome | undefined;
    readonly stop: AbortController;
  };
}

export interface RigSettings extends Partial<Omit<SimulatedVmcSettings, "clock" | "drops">> {
  readonly alwaysIdle?: boolean;
  readonly deviceAddress?: "0x10" | "0x60";
  readonly response?: number;
}

/** Started, and given the time to find the machine. */
export async function startRig(settings: RigSettings = {}): Promise<Rig> {
  const { alwaysIdle = true, deviceAddress = "0x10", response = 60_000, ...rest } = settings;
  const clock = new SimulatedClock();
  const drops: VmcDrop[] = [];
  const log = createMemoryLog();
  const vmc = createSimulatedVmc({
    clock,
    drops,
    deliveryMs: 2_000,
    coils: [
      { item: 7, priceMinor: 2_500 },
      { item: 8, priceMinor: 3_200 },
      { item: 9, priceMinor: 50 },
    ],
    ...rest,
  });
  const machine = createMdbMachine({
    currency: "NOK",
    address: deviceAddress,
    alwaysIdle,
    maxResponseMs: response,
    vendMs: 180_000,
    decimals: 2,
    scale: 1,
    more: [],
    openLine: vmc.openLine,
    clock,
    entropy: createSeededEntropy(1),
    log,
  });
  const events: MachineEvent[] = [];
  await machine.start((event) => events.push(event));
  await clock.advance(3_000);
  const selection = (): Extract<Selection, { kind: "priced" }> => {
    const found = events.findLast((event) => event.kind === "selected");
    if (found?.kind !== "selected" || found.selection.kind !== "priced") throw new Error("nothing was selected");
    return found.selection;
  };
  let deliveries = 0;
  const deliver: Rig["deliver"] = (change = {}) => {
    deliveries += 1;
    const chosen = selection();
    const stop = new AbortController();
    const result: ReturnType<Rig["deliver"]> = { ended: undefined, stop };
    const order = { deliveryId: `d${deliveries}`, reference: undefined, selection: chosen, price: chosen.price };
    void machine.deliver({ ...order, ...change }, stop.signal).then((outcome) => {
      if (result.ended !== undefined) throw new Error("a delivery ended twice");
      result.ended = outcome;
    });
    return result;
  };
  return { clock, vmc, machine, drops, events, log, selection, deliver };
}

export const kinds = (events: readonly MachineEvent[]): readonly string[] =>
  events.filter(({ kind }) => kind !== "readiness").map(({ kind }) => kind);

export const nok = (value: number) => money(value, "NOK");
