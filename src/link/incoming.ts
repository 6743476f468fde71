/** What a message that arrived is, before anybody acts on it. Pure: one topic and payload in, one meaning out. */
import { parseJson } from "../kit/json.ts";
import { isTokenDead } from "../sale/customer-token.ts";
import { merchantQrIdOf } from "../sale/ids.ts";
import {
  checkedInSchema,
  firstFault,
  incomingBytesMax,
  paymentSchema,
  type RelayHealthMessage,
  relayHealthSchema,
  stateSchema,
} from "./messages.ts";
import type { LinkMessage } from "./port.ts";
import { parseTimestamp } from "../kit/timestamp.ts";
import { type MachineAddress, parseTopic } from "./topics.ts";

export interface Incoming {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
}

export type Meaning =
  | { readonly kind: "event"; readonly message: LinkMessage }
  /** To be judged by the command gate. */
  | { readonly kind: "command"; readonly json: unknown }
  | { readonly kind: "relay"; readonly instance: string; readonly health: RelayHealthMessage | undefined }
  /** Somebody, most likely our own old will, says on our state topic that we are lost. */
  | { readonly kind: "called-lost" }
  | { readonly kind: "nothing" }
  /** Acknowledged and forgotten; `reason` goes to the log. */
  | { readonly kind: "dropped"; readonly reason: string };

export function readIncoming(address: MachineAddress, incoming: Incoming): Meaning {
  const topic = parseTopic(incoming.topic);
  if (topic === undefined) return dropped("unknown topic");
  if (topic.msn !== address.msn) return dropped("foreign: another sales unit's topic");
  if (incoming.payload.byteLength > incomingBytesMax) return dropped(`larger than ${incomingBytesMax} bytes`);
  if (topic.kind === "relay") return readRelay(topic.instance, incoming.payload);
  if (topic.merchantQrId !== address.merchantQrId) return dropped("foreign: another machine's topic");
  switch (topic.leaf) {
    case "event/checked-in":
      return incoming.retained ? dropped("retained") : readCheckedIn(address, incoming.payload);
    case "event/payment":
      return incoming.retained ? dropped("retained") : readPayment(address, incoming.payload);
    case "command":
      return incoming.retained ? dropped("retained") : { kind: "command", json: parseJson(incoming.payload) };
    case "state":
      return readOwnState(incoming);
    case "sale":
    case "health":
    case "command/reply":
      return { kind: "nothing" };
  }
}

function readCheckedIn(address: MachineAddress, payload: Uint8Array): Meaning {
  const parsed = checkedInSchema.safeParse(parseJson(payload));
  if (!parsed.success) return dropped(firstFault(parsed.error));
  const { id, subject, time, data } = parsed.data;
  if (subject !== address.merchantQrId) return dropped("foreign: subject is another machine");
  if (isTokenDead(data.ageMs)) return dropped("stale: older than the customer token's life");
  const message: LinkMessage = {
    kind: "checked-in",
    eventId: id,
    customerToken: data.customerToken,
    ageMs: data.ageMs,
    initiatedAtWallMs: parseTimestamp(time) ?? 0,
    publishedAtWallMs: parseTimestamp(data.publishedAt) ?? 0,
  };
  return { kind: "event", message };
}

function readPayment(address: MachineAddress, payload: Uint8Array): Meaning {
  const parsed = paymentSchema.safeParse(parseJson(payload));
  if (!parsed.success) return dropped(firstFault(parsed.error));
  const { id, subject, data } = parsed.data;
  if (subject !== address.merchantQrId || merchantQrIdOf(data.reference) !== address.merchantQrId)
    return dropped("foreign: another machine's payment");
  return { kind: "event", message: { kind: "payment-event", eventId: id, reference: data.reference } };
}

function readRelay(instance: string, payload: Uint8Array): Meaning {
  if (payload.byteLength === 0) return { kind: "relay", instance, health: undefined };
  const parsed = relayHealthSchema.safeParse(parseJson(payload));
  if (parsed.success) return { kind: "relay", instance, health: parsed.data };
  return dropped(firstFault(parsed.error));
}

/** A retained copy comes with every subscription and is overwritten by the birth message that follows; a live one is news. */
function readOwnState(incoming: Incoming): Meaning {
  if (incoming.retained) return { kind: "nothing" };
  const parsed = stateSchema.safeParse(parseJson(incoming.payload));
  return parsed.success && parsed.data.state === "lost" ? { kind: "called-lost" } : { kind: "nothing" };
}

function dropped(reason: string): Meaning {
  return { kind: "dropped", reason };
}
