/** Goal: the stop has time for everything that it waits for, and the sum covers each part at its bound. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { stopBudget } from "../../../src/daemon/stop-budget.ts";

it("lets the longest delivery end on the slowest glass", () => {
  const { kioskMs, totalMs } = stopBudget({ deliverMs: 600_000, panelMs: 130_000 });
  expect(kioskMs).toBeGreaterThan(730_000);
  expect(totalMs).toBeGreaterThan(860_000);
});

it("of a machine with a screen stays near the delivery's own time", () => {
  expect(stopBudget({ deliverMs: 10_000, panelMs: 10_000 }).totalMs).toBeLessThan(120_000);
});

it("the sum covers every part at its bound, and grows by what grows", () => {
  fc.assert(
    fc.property(fc.nat(600_000), fc.nat(250_000), fc.nat(100_000), (deliverMs, panelMs, moreMs) => {
      const {
        totalMs,
        kioskMs,
        socketsMs,
        machineMs,
        panelMs: ownMs,
        linkMs,
        journalMs,
      } = stopBudget({ deliverMs, panelMs });
      expect(totalMs).toBe(kioskMs + socketsMs + machineMs + ownMs + linkMs + journalMs);
      expect(kioskMs).toBeGreaterThan(deliverMs + machineMs + panelMs + linkMs);
      expect(stopBudget({ deliverMs: deliverMs + moreMs, panelMs }).totalMs).toBe(totalMs + moreMs);
    }),
  );
});
