/** The MDB driver on a line on which the test says every word itself, set up and enabled. */
import { createMdbMachine } from "../../../../src/machine/mdb/mdb-machine.ts";
import type { AdapterListener } from "../../../../src/machine/mdb/adapter-line.ts";
import type { DeliveryOutcome, MachineEvent, Selection } from "../../../../src/machine/port.ts";
import { createSeededEntropy } from "../../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../../src/service/simulated-clock.ts";

export const vendMs = 180_000;

export async function startRawRig(bus: { readonly scale?: number; readonly decimals?: number } = {}) {
  const clock = new SimulatedClock();
  const orders: string[] = [];
  const log = createMemoryLog();
  let listener: AdapterListener | undefined;
  /** What the adapter answers when it is asked whether it is on. */
  const adapter = { answersProbes: true };
  const machine = createMdbMachine({
    currency: "NOK",
    address: "0x10",
    alwaysIdle: true,
    maxResponseMs: 150_000,
    vendMs,
    decimals: 2,
    scale: 1,
    ...bus,
    more: [],
    openLine: async (ear) => {
      listener = ear;
      return {
        write: (text) => {
          orders.push(text.trim());
          const isProbe = machine.state() !== "configuring" && text.startsWith("C,SETCONF");
          if (isProbe && adapter.answersProbes) ear.text('c,ERR,"cashless is on"\r\n');
        },
        close: () => {},
      };
    },
    clock,
    entropy: createSeededEntropy(1),
    log,
  });
  const events: MachineEvent[] = [];
  await machine.start((event) => events.push(event));
  await settle();
  const say = (line: string): void => listener?.text(`${line}\r\n`);
  const settings = 3 + (bus.scale === undefined ? 0 : 1);
  for (const line of ["v,4.0.2.0", "c,0", ...Array<string>(settings).fill("c,SET,OK"), "c,1", "c,STATUS,ENABLED"])
    say(line);
  const selections = (): readonly Extract<Selection, { kind: "priced" }>[] =>
    events.flatMap((event) =>
      event.kind === "selected" && event.selection.kind === "priced" ? [event.selection] : [],
    );
  return {
    clock,
    adapter,
    machine,
    events,
    orders,
    say,
    selections,
    /** Orders that reach the machine's bus; what concerns the adapter alone is left out. */
    toMachine: (all: readonly string[]) => all.filter((order) => order !== "V" && !order.startsWith("C,SETCONF")),
    select: async (): Promise<void> => {
      say("c,STATUS,VEND,25.00,7");
      await clock.advance(100);
    },
    deliver: () => {
      const selection = selections().at(-1);
      if (selection === undefined) throw new Error("nothing was selected");
      const stop = new AbortController();
      const result: { ended: DeliveryOutcome | undefined; readonly stop: AbortController } = { ended: undefined, stop };
      void machine
        .deliver({ deliveryId: "d1", reference: undefined, selection, price: selection.price }, stop.signal)
        .then((outcome) => (result.ended = outcome));
      return result;
    },
    /** The wire is gone; the next opening gets a new one. */
    breakLine: (): void => listener?.closed("the cable was pulled"),
    logged: (level: string): readonly string[] =>
      log.lines.filter((line) => line.level === level).map(({ message }) => message),
  };
}
