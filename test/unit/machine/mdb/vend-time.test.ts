/**
 * Goal: behind MDB the machine's own time decides how long a vend may take, and not the kiosk's. Method: the kiosk's deliveries, the driver
 * and the simulated controller together, with the limits that a configuration gives them.
 */
import { expect, it } from "vitest";
import { deliveryMsMax, deliverySchema } from "../../../../src/config/delivery.ts";
import type { JournalChange } from "../../../../src/journal/port.ts";
import { createDeliveries } from "../../../../src/kiosk/delivery.ts";
import type { DeliveryOutcome } from "../../../../src/machine/port.ts";
import type { SaleEvent, Unstamped } from "../../../../src/sale/event.ts";
import { createMemoryLog } from "../../../../src/service/log.ts";
import { startRig } from "./rig.ts";

const deliverS = 60;

it.each([
  ["slow", "delivered"],
  ["hangs", "unknown"],
] as const)("deliver_s = 60 and a machine that is %s: %s, without an order while it turns", async (fault, kind) => {
  const { clock, vmc, machine, selection } = await startRig();
  vmc.setFault(fault);
  vmc.press(7);
  await clock.advance(100);
  const outcomes: DeliveryOutcome[] = [];
  const deliveries = createDeliveries({
    machine,
    clock,
    log: createMemoryLog(),
    timedOutputs: { forget: () => {}, follow: () => {} },
    deliverMs: deliveryMsMax(deliverySchema.parse({ driver: "mdb" }), deliverS),
    put: (event: Unstamped<SaleEvent>, _more: { readonly changes: readonly JournalChange[] }) => {
      if (event.about === "service-vend-ended") outcomes.push(event.outcome);
    },
  });
  const chosen = selection();
  const { length } = vmc.heard;
  deliveries.start({
    kind: "deliver",
    deliveryId: "d1",
    reference: undefined,
    selection: chosen,
    price: chosen.price,
    untilWallMs: null,
  });
  await clock.advance(185_000);
  expect(outcomes).toMatchObject([{ kind }]);
  expect(vmc.violations).toEqual([]);
  const toMachine = vmc.heard.slice(length).filter((order) => !order.startsWith("C,SETCONF"));
  expect(toMachine).toEqual(["C,VEND,25.00"]);
});

it("elsewhere it is sale.deliver_s", () => {
  expect(deliveryMsMax(deliverySchema.parse({ driver: "simulated" }), deliverS)).toBe(60_000);
});
