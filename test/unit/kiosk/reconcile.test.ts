/** Goal: what was open when the power went is taken up, and nothing else. Method: journals as they are found, parts that remember. */
import { expect, it } from "vitest";
import type { JournalChange } from "../../../src/journal/port.ts";
import { reconcile } from "../../../src/kiosk/reconcile.ts";
import { StoredValueError, toJson } from "../../../src/kiosk/stored.ts";
import type { DeliveryOrder } from "../../../src/machine/port.ts";
import type { SaleState } from "../../../src/sale/state.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { money } from "../../../src/sale/money.ts";
import { catalogueChanges, noCatalogueChanges } from "../../../src/kiosk/open-business.ts";
import { catalogue, SaleUnderTest } from "../sale/support.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { reference } from "./records.ts";

async function booted(changes: readonly JournalChange[], machineFault?: Error, isClockRight = true) {
  const clock = new SimulatedClock();
  clock.setPlausible(isClockRight);
  const log = createMemoryLog();
  const put: unknown[] = [];
  const restored: SaleState[] = [];
  const resumed: DeliveryOrder[] = [];
  const forgotten: [string, number][] = [];
  await reconcile({
    journal: new MemoryJournal(changes),
    catalogue,
    sellable: { currency: "NOK", lineFault: () => undefined },
    machine: {
      resume: async (order) => {
        if (machineFault !== undefined) throw machineFault;
        resumed.push(order);
      },
    },
    clock,
    log,
    loop: { put: (event, more) => put.push({ event, ...more }), restore: (state) => restored.push(state) },
    timedOutputs: { forget: (key, afterMs) => void forgotten.push([key, afterMs]), follow: () => {} },
  });
  return { put, state: restored[0], resumed, forgotten, log };
}

const nowMs = new SimulatedClock().wallMs();
const timed = (untilWallMs: number, payment: string | null = reference): JournalChange => ({
  kind: "put",
  table: "fact",
  key: "timed-output.d1-timed",
  value: {
    deliveryId: "d1-timed",
    reference: payment,
    line: "shower",
    price: { minor: 1_200, currency: "NOK" },
    untilWallMs,
    onForMs: 300_000,
  },
});

it("with an empty journal nothing happens, and the configuration's catalogue holds", async () => {
  const { put, state, resumed, log } = await booted([]);
  expect([put, resumed, log.lines]).toEqual([[], [], []]);
  expect(state).toMatchObject({ catalogue, inService: true, partialRefused: false, settlements: new Map() });
});

it("what the back office and the machine said before still holds", async () => {
  const dearer = { ...catalogue, version: "2" };
  const { state, put } = await booted([
    { kind: "put", table: "fact", key: "operator-out-of-service", value: true },
    { kind: "put", table: "fact", key: "partial-capture-refused", value: true },
    { kind: "put", table: "fact", key: "line-states", value: { A1: { state: "jammed", sold: 2 } } },
    ...catalogueChanges(dearer, catalogue),
  ]);
  expect(state).toMatchObject({ catalogue: dearer, inService: false, partialRefused: true });
  expect(state?.lines.get("A1")).toEqual({ state: "jammed", sold: 2, sinceWallMs: null });
  expect(put).toEqual([]);
});

it("a back office's catalogue gives way to a newer configuration, and is forgotten", async () => {
  const { state, put, log } = await booted(catalogueChanges(catalogue, { ...catalogue, products: [] }));
  expect(state?.catalogue).toEqual(catalogue);
  expect(put).toEqual([{ event: undefined, changes: noCatalogueChanges }]);
  expect(log.lines).toHaveLength(1);
});

it("open payments and service vends are handed to the sale, in one event", async () => {
  const sale = new SaleUnderTest();
  sale.press("A1");
  const [settlement] = [...sale.state.settlements.values()].map((open) => open.settlement);
  const vend = { id: "c1", line: "A1", orderId: null, startedWallMs: 1 };
  const { put, log } = await booted([
    { kind: "put", table: "settlement", key: settlement?.reference ?? "", value: toJson(settlement) },
    { kind: "put", table: "service-vend", key: "c1", value: vend },
  ]);
  expect(put).toEqual([{ event: { about: "boot", settlements: [settlement], serviceVends: [vend] } }]);
  expect(log.lines).toMatchObject([{ fields: { settlements: 1, serviceVends: 1 } }]);
  const onlyVend = await booted([{ kind: "put", table: "service-vend", key: "c1", value: vend }]);
  expect(onlyVend.put).toEqual([{ event: { about: "boot", settlements: [], serviceVends: [vend] } }]);
});

it("an output with time left goes on until its end; one whose time is over is forgotten", async () => {
  const { resumed, put, forgotten } = await booted([timed(nowMs + 1)]);
  expect(resumed).toEqual([
    {
      deliveryId: "d1-timed",
      reference,
      selection: { kind: "line", line: "shower" },
      price: money(1_200, "NOK"),
      untilWallMs: nowMs + 1,
      onForMs: 300_000,
    },
  ]);
  expect(put).toEqual([]);
  // At the latest when all that was bought has gone by since this start.
  expect(forgotten).toEqual([["timed-output.d1-timed", 300_000]]);
  const over = await booted([timed(nowMs)]);
  expect(over.resumed).toEqual([]);
  expect(over.put).toEqual([
    { event: undefined, changes: [{ kind: "delete", table: "fact", key: "timed-output.d1-timed" }] },
  ]);
});

it("a clock that cannot be believed ends no output: whether its time is over is for the driver to find out once it can", async () => {
  const { resumed, put } = await booted([timed(nowMs - 60_000)], undefined, false);
  expect(resumed).toMatchObject([{ untilWallMs: nowMs - 60_000, onForMs: 300_000 }]);
  expect(put).toEqual([]);
});

it("an output that cannot go on leaves a line that names the sale", async () => {
  const { log } = await booted([timed(nowMs + 1)], new Error("EIO"));
  expect(log.lines).toMatchObject([{ level: "error", fields: { reference, line: "shower" } }]);
  const vend = await booted([timed(nowMs + 1, null)], new Error("EIO"));
  expect(vend.log.lines).toMatchObject([{ level: "error", fields: { line: "shower" } }]);
});

it("what cannot be read stops the start, before anything is changed", async () => {
  const unreadable = booted([{ kind: "put", table: "settlement", key: "x", value: { state: "?" } }]);
  await expect(unreadable).rejects.toThrow(StoredValueError);
});

it("products of the back office that cannot be sold any more give way to the configuration's", async () => {
  const danish = { ...catalogue, version: "2", currency: "DKK" as const };
  const { put, state, log } = await booted(catalogueChanges(danish, catalogue));
  expect(state?.catalogue).toEqual(catalogue);
  expect(put).toEqual([{ changes: noCatalogueChanges }]);
  expect(JSON.stringify(log.lines)).toContain("sells in NOK");
});
