/** One machine out of the driver that delivers and the devices that customers touch. */
import type { InputDevice, Machine } from "./port.ts";

/** The devices' events come as if they were the machine's own; everything else is the machine's. */
export function withInputs(machine: Machine, inputs: readonly InputDevice[]): Machine {
  if (inputs.length === 0) return machine;
  return {
    start: async (onEvent) => {
      await machine.start(onEvent);
      for (const input of inputs) await input.start(onEvent);
    },
    readiness: () => machine.readiness(),
    deliver: (order, signal) => machine.deliver(order, signal),
    resume: (order) => machine.resume(order),
    openSession: (funds) => machine.openSession(funds),
    closeSession: () => machine.closeSession(),
    identify: () => machine.identify(),
    inputs: () => [...(machine.inputs?.() ?? []), ...inputs.map((input) => ({ name: input.name, ...input.status() }))],
    stop: async () => {
      for (const input of inputs) await input.stop();
      await machine.stop();
    },
  };
}
