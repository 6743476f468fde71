/** A delivery: moves the machine within a bounded time, and tells the sale how it ended. */
import type { JournalChange } from "../journal/port.ts";
import type { DeliveryOrder, DeliveryOutcome, Machine } from "../machine/port.ts";
import type { Effect } from "../sale/effect.ts";
import type { SaleEvent, Unstamped } from "../sale/event.ts";
import type { Clock, Log } from "../service/port.ts";
import { timedOutputChange, timedOutputOf } from "./changes.ts";
import { timedOutputKey } from "./journal-keys.ts";
import { saleLog } from "./sale-log.ts";
import type { TimedOutput } from "./stored.ts";
import type { TimedOutputs } from "./timed-outputs.ts";

export type DeliverEffect = Extract<Effect, { kind: "deliver" }>;

export interface DeliveryParts {
  readonly machine: Pick<Machine, "deliver">;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a delivery may take before the machine is told to stop. */
  readonly deliverMs: number;
  readonly timedOutputs: Pick<TimedOutputs, "forget" | "follow">;
  /** Takes the end of the delivery, and what a restart has to know of it. */
  readonly put: (event: Unstamped<SaleEvent>, more: { readonly changes: readonly JournalChange[] }) => void;
}

export interface Deliveries {
  start(effect: DeliverEffect): void;
  /** Deliveries that have not ended. */
  running(): number;
}

/** How long a machine that was told to stop has to say how it ended. */
export const machineGraceMs = 5_000;

export function createDeliveries(parts: DeliveryParts): Deliveries {
  let running = 0;
  async function deliver(effect: DeliverEffect): Promise<void> {
    const { reference, deliveryId } = effect;
    const log = saleLog(parts.log, reference).child({ deliveryId });
    log.info({}, "delivering");
    const outcome = await outcomeOf(effect, parts, log);
    log.info({ outcome }, "the delivery ended");
    const output = outputLeftOn(effect, outcome, parts.clock.wallMs());
    parts.put(endOf(effect, outcome), { changes: output === undefined ? [] : [timedOutputChange(output)] });
    if (output === undefined) return;
    const key = timedOutputKey(output.deliveryId);
    parts.timedOutputs.forget(key, output.onForMs);
    parts.timedOutputs.follow(key, output, { endsAfterMs: output.onForMs });
  }
  return {
    start(effect) {
      running += 1;
      void deliver(effect).finally(() => {
        running -= 1;
      });
    },
    running: () => running,
  };
}

function endOf({ reference, deliveryId }: DeliverEffect, outcome: DeliveryOutcome): Unstamped<SaleEvent> {
  return reference === undefined
    ? { about: "service-vend-ended", id: deliveryId, outcome }
    : { about: "settlement", reference, event: { kind: "delivery-ended", deliveryId, outcome } };
}

function outputLeftOn(effect: DeliverEffect, outcome: DeliveryOutcome, wallMs: number): TimedOutput | undefined {
  if (outcome.kind !== "delivered" || outcome.onForMs === undefined) return undefined;
  return timedOutputOf(effect, outcome.onForMs, wallMs);
}

/** A machine that does not answer in time is asked to stop; one that then does not say how it ended, ended as unknown. */
async function outcomeOf(
  { deliveryId, reference, selection, price, untilWallMs }: DeliverEffect,
  { machine, clock, deliverMs }: DeliveryParts,
  log: Log,
): Promise<DeliveryOutcome> {
  const order: DeliveryOrder = {
    deliveryId,
    reference,
    selection,
    price,
    ...(untilWallMs === null ? {} : { untilWallMs }),
  };
  const stop = new AbortController();
  const over = new AbortController();
  const limit = async (): Promise<DeliveryOutcome> => {
    await clock.sleep(deliverMs, over.signal);
    stop.abort(new Error("the delivery took too long"));
    await clock.sleep(machineGraceMs, over.signal);
    return { kind: "unknown", reason: "the machine did not say how it ended" };
  };
  const limited = limit().catch((): DeliveryOutcome => ({ kind: "unknown", reason: "the machine answered" }));
  const moved = machine.deliver(order, stop.signal).catch((error: unknown): DeliveryOutcome => {
    log.error({ error }, "the machine's driver failed while delivering");
    return { kind: "unknown", reason: "the machine's driver failed" };
  });
  const outcome = await Promise.race([moved, limited]);
  over.abort(new Error("the delivery ended"));
  return outcome;
}
