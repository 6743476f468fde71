/** A webhook event as a message to its machine. Pure. */
import {
  checkedInType,
  cloudEventContentType,
  paymentType,
  type CheckedInMessage,
  type PaymentMessage,
} from "../link/messages.ts";
import type { Outgoing } from "../link/mqtt-settings.ts";
import { formatTimestamp } from "../kit/timestamp.ts";
import { type MachineAddress, machineTopic, topicRoot } from "../link/topics.ts";
import { machineOf } from "../sale/ids.ts";
import type { WebhookEvent } from "./webhook-event.ts";

export type ForwardableEvent = Extract<WebhookEvent, { kind: "checked-in" | "payment" }>;

export interface ForwardLimits {
  /** How old a check-in may be when the machine gets it. */
  readonly checkInFreshnessMs: number;
  /** How long the broker keeps a payment event for a machine that is away; the sale does not depend on it, because the machine polls. */
  readonly paymentExpiryMs: number;
}

/** From the provider's time to now; never negative, because the two clocks may differ. */
export function ageOf(event: ForwardableEvent, nowWallMs: number): number {
  const then = event.kind === "checked-in" ? event.initiatedAtWallMs : event.timestampWallMs;
  return Math.max(0, nowWallMs - then);
}

export function toMachine(event: ForwardableEvent, nowWallMs: number, limits: ForwardLimits): Outgoing {
  const ageMs = ageOf(event, nowWallMs);
  const message = event.kind === "checked-in" ? checkedIn(event, nowWallMs, ageMs) : payment(event, nowWallMs, ageMs);
  const leftMs = event.kind === "checked-in" ? limits.checkInFreshnessMs - ageMs : limits.paymentExpiryMs;
  return {
    topic: machineTopic(addressOf(event), event.kind === "checked-in" ? "event/checked-in" : "event/payment"),
    payload: JSON.stringify(message),
    qos: 1,
    retain: false,
    // MQTT 5.0 §3.3.2.3.3: whole seconds. 0 would expire before delivery.
    expiryS: Math.max(1, Math.ceil(leftMs / 1000)),
    contentType: cloudEventContentType,
  };
}

/** An outlet hears on its machine's topic; its own name stands in the event's subject. */
function addressOf({ msn, merchantQrId }: ForwardableEvent): MachineAddress {
  return { msn, merchantQrId: machineOf(merchantQrId) };
}

function checkedIn(
  event: Extract<ForwardableEvent, { kind: "checked-in" }>,
  nowWallMs: number,
  ageMs: number,
): CheckedInMessage {
  return {
    schema: "kvitt.checked-in/1",
    ...envelope(event, event.initiatedAt),
    type: checkedInType,
    data: { customerToken: event.customerToken, publishedAt: formatTimestamp(nowWallMs), ageMs },
  };
}

function payment(
  event: Extract<ForwardableEvent, { kind: "payment" }>,
  nowWallMs: number,
  ageMs: number,
): PaymentMessage {
  return {
    schema: "kvitt.payment/1",
    ...envelope(event, event.timestamp),
    type: paymentType,
    data: { reference: event.reference, name: event.name, publishedAt: formatTimestamp(nowWallMs), ageMs },
  };
}

/** CloudEvents 1.0 §3.1: source + id are unique for each distinct event, so the source must not name the relay that sent it. */
function envelope(event: ForwardableEvent, time: string) {
  return {
    specversion: "1.0",
    id: event.eventId,
    source: `/${topicRoot}/${event.msn}`,
    subject: event.merchantQrId,
    time,
    datacontenttype: "application/json",
  } as const;
}
