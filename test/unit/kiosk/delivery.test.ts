/** Goal: every delivery ends, in bounded time, with what the machine said or with "unknown". Method: machines that misbehave, a virtual clock. */
import { describe, expect, it } from "vitest";
import type { JournalChange } from "../../../src/journal/port.ts";
import { createDeliveries, type DeliverEffect, machineGraceMs } from "../../../src/kiosk/delivery.ts";
import type { DeliveryOrder, DeliveryOutcome } from "../../../src/machine/port.ts";
import type { SaleEvent, Unstamped } from "../../../src/sale/event.ts";
import { money } from "../../../src/sale/money.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { reference } from "./records.ts";

const deliverMs = 20_000;
const effect: DeliverEffect = {
  kind: "deliver",
  reference,
  deliveryId: "delivery-1",
  selection: { kind: "line", line: "A1" },
  price: money(2_500, "NOK"),
  untilWallMs: null,
};

function delivering(
  deliver: (order: DeliveryOrder, signal: AbortSignal, clock: SimulatedClock) => Promise<DeliveryOutcome>,
) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const orders: DeliveryOrder[] = [];
  const ends: { readonly event: Unstamped<SaleEvent>; readonly changes: readonly JournalChange[] }[] = [];
  const forgotten: [string, number][] = [];
  const deliveries = createDeliveries({
    machine: {
      deliver: (order, signal) => {
        orders.push(order);
        return deliver(order, signal, clock);
      },
    },
    clock,
    log,
    deliverMs,
    timedOutputs: { forget: (key, afterMs) => void forgotten.push([key, afterMs]), follow: () => {} },
    put: (event, { changes }) => ends.push({ event, changes }),
  });
  return { deliveries, clock, log, orders, ends, forgotten };
}

const ended = (outcome: DeliveryOutcome) => ({
  event: { about: "settlement", reference, event: { kind: "delivery-ended", deliveryId: "delivery-1", outcome } },
  changes: [],
});

describe("the sale is told", () => {
  it.each<DeliveryOutcome>([
    { kind: "delivered", detail: "drop sensor" },
    { kind: "not-delivered", reason: "jam" },
    { kind: "unknown", reason: "no acknowledge", creditsSent: 3 },
  ])("what the machine said: %o", async (outcome) => {
    const { deliveries, ends, orders, clock } = delivering(async () => outcome);
    deliveries.start(effect);
    await settle();
    expect(ends).toEqual([ended(outcome)]);
    expect(orders).toEqual([{ deliveryId: "delivery-1", reference, selection: effect.selection, price: effect.price }]);
    await clock.advance(deliverMs * 2);
    expect(ends).toHaveLength(1);
    expect(clock.timers()).toEqual([]);
  });

  it("unknown, when the machine's driver throws", async () => {
    const { deliveries, ends, log } = delivering(() => Promise.reject(new Error("EIO")));
    deliveries.start(effect);
    await settle();
    expect(ends).toEqual([ended({ kind: "unknown", reason: "the machine's driver failed" })]);
    expect(log.lines.find(({ level }) => level === "error")?.fields).toMatchObject({
      reference,
      deliveryId: "delivery-1",
    });
  });

  it("what a machine that was told to stop says within its grace", async () => {
    const { deliveries, ends, clock } = delivering(async (_, signal, time) => {
      while (!signal.aborted) await time.sleep(1_000);
      await time.sleep(machineGraceMs - 2_000);
      return { kind: "not-delivered", reason: "stopped" };
    });
    deliveries.start(effect);
    await clock.advance(deliverMs);
    expect(ends).toEqual([]);
    await clock.advance(machineGraceMs);
    expect(ends).toEqual([ended({ kind: "not-delivered", reason: "stopped" })]);
  });

  it("unknown, when the machine says nothing, and only once", async () => {
    const stops: number[] = [];
    const { deliveries, ends, clock } = delivering((_, signal, time) => {
      signal.addEventListener("abort", () => stops.push(time.monotonicMs()));
      return new Promise(() => {});
    });
    deliveries.start(effect);
    await clock.advance(deliverMs + machineGraceMs - 1);
    expect(stops).toEqual([deliverMs]);
    expect(ends).toEqual([]);
    expect(deliveries.running()).toBe(1);
    await clock.advance(1);
    expect(ends).toEqual([ended({ kind: "unknown", reason: "the machine did not say how it ended" })]);
    expect(deliveries.running()).toBe(0);
  });
});

it("bought time goes to the machine with its end", async () => {
  const { deliveries, orders } = delivering(async () => ({ kind: "delivered" }));
  deliveries.start({ ...effect, untilWallMs: 1_790_000_000_000 });
  await settle();
  expect(orders[0]?.untilWallMs).toBe(1_790_000_000_000);
});

it("the end of a delivery without a payment is the service vend's", async () => {
  const { deliveries, ends, log } = delivering(async () => ({ kind: "delivered" }));
  deliveries.start({ ...effect, reference: undefined });
  await settle();
  expect(ends).toEqual([
    { event: { about: "service-vend-ended", id: "delivery-1", outcome: { kind: "delivered" } }, changes: [] },
  ]);
  expect(log.lines.map(({ fields }) => fields)).toEqual([
    { deliveryId: "delivery-1" },
    { deliveryId: "delivery-1", outcome: { kind: "delivered" } },
  ]);
});

it("an output that stays on is known to the next start, and only when it was switched on", async () => {
  const on = delivering(async () => ({ kind: "delivered", onForMs: 300_000 }));
  on.deliveries.start(effect);
  await settle();
  expect(on.ends[0]?.changes).toMatchObject([{ kind: "put", table: "fact", key: "timed-output.delivery-1-timed" }]);
  expect(on.forgotten).toEqual([["timed-output.delivery-1-timed", 300_000]]);
  const order = delivering(async () => ({ kind: "delivered", onForMs: 300_000 }));
  const amount = money(2_500, "NOK");
  order.deliveries.start({ ...effect, selection: { kind: "order", orderId: "o", amount, title: "t", lines: [] } });
  await settle();
  expect(order.ends[0]?.changes).toEqual([]);
  expect(order.forgotten).toEqual([]);
});

it("counts those that run", async () => {
  const { deliveries, clock } = delivering(async (_, __, time) => {
    await time.sleep(1_000);
    return { kind: "delivered" };
  });
  deliveries.start(effect);
  deliveries.start({ ...effect, deliveryId: "delivery-2" });
  expect(deliveries.running()).toBe(2);
  await clock.advance(1_000);
  expect(deliveries.running()).toBe(0);
});
