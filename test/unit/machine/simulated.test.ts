/** Goal: the machine of training and demo can run for months. Method: more sales than it keeps, on a virtual clock. */
import { expect, it } from "vitest";
import { createSimulatedMachine, type DroppedThing, dropsMax } from "../../../src/machine/simulated.ts";
import { money } from "../../../src/sale/money.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

it("keeps the newest of what has fallen, and forgets the rest", async () => {
  const clock = new SimulatedClock();
  const oldest = { deliveryId: "old", what: "water", reference: undefined, priceMinor: 1 };
  const drops: DroppedThing[] = Array.from({ length: dropsMax }, () => oldest);
  const machine = createSimulatedMachine({ clock, entropy: createSeededEntropy(1), deliveryMs: 1, drops });
  const order = { reference: undefined, selection: { kind: "line", line: "A1" }, price: money(100, "NOK") } as const;
  const delivered = machine.deliver({ ...order, deliveryId: "new" }, new AbortController().signal);
  await clock.advance(1);
  expect(await delivered).toMatchObject({ kind: "delivered" });
  expect([drops.length, drops.at(-1)?.deliveryId]).toEqual([dropsMax, "new"]);
});
