/** From an effect to a port, and from the port's answer to the next event. Nothing here decides about money. */
import type { DeliveryOutcome, DeliveryOrder, Machine } from "../machine/port.ts";
import type { Effect } from "../sale/effect.ts";
import type { SettlementEvent } from "../sale/event.ts";
import type { EffectId } from "../sale/ids.ts";
import type { Customer, PaymentRequest } from "../sale/payment.ts";
import type { Clock, Log } from "../service/port.ts";
import type { CallOutcome, Payments, QrPicture } from "../vipps/port.ts";

export interface PerformPorts {
  readonly payments: Payments;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly log: Log;
}

/** One call to the provider takes at most this long; the tables repeat it. */
const callDeadlineMs = 20_000;
/** How long a machine that was told to stop has to say how it ended. */
const machineGraceMs = 5_000;

/** Provider's error codes that say "not now, and nothing was done" (ePayment errors, 2026): the next try is a new effect. */
const notPerformedCodes: ReadonlySet<string> = new Set(["6160", "6250", "6280"]);
const locked = 423;
const tooManyRequests = 429;

export interface CreateAnswer {
  readonly event: SettlementEvent;
  readonly qr: QrPicture | undefined;
}

/** How a call went, for the readiness of the provider. */
export type Reached = "reached" | "not-reached";

export function reachedBy(outcome: CallOutcome<unknown>): Reached {
  if (outcome.kind !== "unknown") return "reached";
  return outcome.status !== undefined && outcome.status < 500 ? "reached" : "not-reached";
}

export async function create(
  ports: PerformPorts,
  effect: Extract<Effect, { kind: "create" }>,
  customer: Customer | undefined,
): Promise<CreateAnswer & { readonly reached: Reached }> {
  const request: PaymentRequest = customer === undefined ? effect.request : { ...effect.request, customer };
  const outcome = await ports.payments.create(request, effect.id, { deadlineMs: callDeadlineMs, retry: "never" });
  const reached = reachedBy(outcome);
  switch (outcome.kind) {
    case "ok":
      return { event: { kind: "created" }, qr: outcome.value.qr, reached };
    case "refused":
      ports.log.warn(
        { reference: effect.reference, status: outcome.status, code: outcome.code, detail: outcome.detail },
        "the provider refused to create a payment",
      );
      return {
        event: { kind: "create-refused", status: outcome.status, code: outcome.code },
        qr: undefined,
        reached,
      };
    case "unknown":
      return { event: { kind: "create-unknown", retryAfterMs: outcome.retryAfterMs }, qr: undefined, reached };
  }
}

export async function look(
  ports: PerformPorts,
  effect: Extract<Effect, { kind: "look" }>,
): Promise<{ readonly event: SettlementEvent; readonly reached: Reached }> {
  const outcome = await ports.payments.get(effect.reference, { deadlineMs: callDeadlineMs, retry: "never" });
  const reached = reachedBy(outcome);
  const number = effect.look;
  switch (outcome.kind) {
    case "ok":
      return { event: { kind: "viewed", look: number, payment: outcome.value }, reached };
    case "refused":
      return {
        event:
          outcome.status === 404
            ? { kind: "view-missing", look: number }
            : { kind: "view-unknown", look: number, retryAfterMs: undefined },
        reached,
      };
    case "unknown":
      return { event: { kind: "view-unknown", look: number, retryAfterMs: outcome.retryAfterMs }, reached };
  }
}

export async function adjust(
  ports: PerformPorts,
  effect: Extract<Effect, { kind: "capture" | "refund" | "cancel" }>,
): Promise<{ readonly event: SettlementEvent; readonly reached: Reached }> {
  const outcome = await callAdjustment(ports.payments, effect);
  const reached = reachedBy(outcome);
  switch (outcome.kind) {
    case "ok":
      return { event: { kind: "adjusted", id: effect.id }, reached };
    case "refused":
      return { event: refusal(effect.id, outcome.status, outcome.code), reached };
    case "unknown":
      return {
        event: {
          kind: "adjust-unknown",
          id: effect.id,
          performed: isNotPerformed(outcome.status, outcome.code) ? "no" : "maybe",
          retryAfterMs: outcome.retryAfterMs,
        },
        reached,
      };
  }
}

function refusal(id: EffectId, status: number, code: string | undefined): SettlementEvent {
  if (isNotPerformed(status, code)) return { kind: "adjust-unknown", id, performed: "no", retryAfterMs: undefined };
  return { kind: "adjust-refused", id, status, code };
}

function isNotPerformed(status: number | undefined, code: string | undefined): boolean {
  return status === locked || status === tooManyRequests || (code !== undefined && notPerformedCodes.has(code));
}

function callAdjustment(
  payments: Payments,
  effect: Extract<Effect, { kind: "capture" | "refund" | "cancel" }>,
): Promise<CallOutcome<unknown>> {
  const options = { deadlineMs: callDeadlineMs, retry: "never" } as const;
  const { reference, id } = effect;
  switch (effect.kind) {
    case "capture":
      return payments.capture(reference, effect.amount, id, options);
    case "refund":
      return payments.refund(reference, effect.amount, id, options);
    case "cancel":
      return payments.cancel(reference, effect.transactionOnly, id, options);
  }
}

/**
 * Moves the machine, and gives it `deliverMs`. A machine that does not answer in time is asked to stop; one that does not say how it
 * ended, ended as unknown.
 */
export async function deliver(
  ports: PerformPorts,
  effect: Extract<Effect, { kind: "deliver" }>,
  deliverMs: number,
): Promise<DeliveryOutcome> {
  const { machine, clock, log } = ports;
  const order: DeliveryOrder = {
    deliveryId: effect.deliveryId,
    reference: effect.reference,
    selection: effect.selection,
    price: effect.price,
    ...(effect.untilWallMs === null ? {} : { untilWallMs: effect.untilWallMs }),
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
    log.error({ deliveryId: order.deliveryId, error }, "the machine's driver failed while delivering");
    return { kind: "unknown", reason: "the machine's driver failed" };
  });
  const outcome = await Promise.race([moved, limited]);
  over.abort(new Error("the delivery ended"));
  return outcome;
}
