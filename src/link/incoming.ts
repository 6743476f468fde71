/** What a message means, before anybody acts on it. Pure: one topic and payload in, one meaning out; nothing in a payload makes it throw. */
import { jsonDepthMax, parseJson, topLevelText } from "../kit/json.ts";
import { isTokenDead } from "../sale/customer-token.ts";
import { defined } from "../kit/defined.ts";
import { machineOf, merchantQrIdOf, type StationId, stationOf } from "../sale/ids.ts";
import {
  checkedInSchema,
  firstFault,
  incomingBytesMax,
  packetBytesMax,
  paymentSchema,
  type RelayHealthMessage,
  relayHealthSchema,
  stateReadSchema,
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
  /** A command that was not even parsed; `id` is there where it could be found all the same, so that its sender can be told. */
  | { readonly kind: "unreadable-command"; readonly id: string | undefined; readonly reason: string }
  | { readonly kind: "relay"; readonly instance: string; readonly health: RelayHealthMessage | undefined }
  /** Our state topic says that we are lost; most likely it is the will of an earlier connection. */
  | { readonly kind: "called-lost" }
  | { readonly kind: "nothing" }
  /** Acknowledged and forgotten; `reason` goes to the log. */
  | { readonly kind: "dropped"; readonly reason: string };

/** @param stations the machine's outlets; one that has some has no code of its own */
export function readIncoming(
  address: MachineAddress,
  incoming: Incoming,
  stations: readonly StationId[] = [],
): Meaning {
  const topic = parseTopic(incoming.topic);
  if (topic === undefined) return dropped("unknown topic");
  if (topic.msn !== address.msn) return dropped("foreign: another sales unit's topic");
  if (topic.kind === "machine" && topic.merchantQrId !== address.merchantQrId)
    return dropped("foreign: another machine's topic");
  if (topic.kind === "machine" && topic.leaf === "command")
    return incoming.retained ? dropped("retained") : readCommand(incoming.payload);
  if (incoming.payload.byteLength > incomingBytesMax) return dropped(`larger than ${incomingBytesMax} bytes`);
  if (topic.kind === "relay") return readRelay(topic.instance, incoming.payload);
  switch (topic.leaf) {
    case "event/checked-in":
      return incoming.retained ? dropped("retained") : readCheckedIn(address, incoming.payload, stations);
    case "event/payment":
      return incoming.retained ? dropped("retained") : readPayment(address, incoming.payload);
    case "state":
      return readOwnState(incoming);
    case "command":
    case "sale":
    case "health":
    case "command/reply":
      return { kind: "nothing" };
  }
}

/** Size and depth come first: whatever looks at a command afterwards, the signature included, may then walk all of it. */
function readCommand(payload: Uint8Array): Meaning {
  if (payload.byteLength > incomingBytesMax) return unreadable(payload, `larger than ${incomingBytesMax} bytes`);
  const json = parseJson(payload);
  return json === undefined
    ? unreadable(payload, `not JSON in UTF-8, or nested deeper than ${jsonDepthMax}`)
    : { kind: "command", json };
}

function unreadable(payload: Uint8Array, reason: string): Meaning {
  return { kind: "unreadable-command", id: topLevelText(payload.subarray(0, packetBytesMax), "id"), reason };
}

function readCheckedIn(address: MachineAddress, payload: Uint8Array, stations: readonly StationId[]): Meaning {
  const parsed = checkedInSchema.safeParse(parseJson(payload));
  if (!parsed.success) return dropped(firstFault(parsed.error));
  const { id, subject, time, data } = parsed.data;
  if (machineOf(subject) !== address.merchantQrId) return dropped("foreign: subject is another machine");
  const station = stationOf(subject);
  if (station === undefined && stations.length > 0) return dropped("foreign: subject is none of the outlets");
  if (station !== undefined && !stations.includes(station)) return dropped("foreign: subject is no outlet here");
  if (isTokenDead(data.ageMs)) return dropped("stale: older than the customer token's life");
  const message: LinkMessage = {
    kind: "checked-in",
    ...defined({ station }),
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
  const owner = merchantQrIdOf(data.reference);
  if (subject !== owner || machineOf(owner) !== address.merchantQrId)
    return dropped("foreign: another machine's payment");
  const station = defined({ station: stationOf(owner) });
  return { kind: "event", message: { kind: "payment-event", eventId: id, reference: data.reference, ...station } };
}

function readRelay(instance: string, payload: Uint8Array): Meaning {
  if (payload.byteLength === 0) return { kind: "relay", instance, health: undefined };
  const parsed = relayHealthSchema.safeParse(parseJson(payload));
  if (parsed.success) return { kind: "relay", instance, health: parsed.data };
  return dropped(firstFault(parsed.error));
}

/** A retained copy comes with every subscription, and our birth message replaces it; one that is not retained is news. */
function readOwnState(incoming: Incoming): Meaning {
  if (incoming.retained) return { kind: "nothing" };
  const parsed = stateReadSchema.safeParse(parseJson(incoming.payload));
  return parsed.success && parsed.data.state === "lost" ? { kind: "called-lost" } : { kind: "nothing" };
}

function dropped(reason: string): Meaning {
  return { kind: "dropped", reason };
}
