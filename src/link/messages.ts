/**
 * Every message on the wire except the command: its schema, its type and its limits. We write exactly these fields and read tolerantly:
 * unknown fields are ignored, but a field that is missing or too long makes the message unreadable.
 * Events are CloudEvents 1.0 in the JSON event format (structured mode of the MQTT binding).
 */
import * as z from "zod";
import { defined } from "../kit/defined.ts";
import { isMerchantQrId, isReference } from "../sale/ids.ts";
import type { CommandReply, StateMessage } from "./port.ts";
import { parseTimestamp } from "../kit/timestamp.ts";

/** Nothing larger is read; the largest message is a command with a catalogue. */
export const incomingBytesMax = 256 * 1024;
/** Nothing larger is accepted from the broker at all (MQTT 5). A command between the two limits is refused, and its sender is told. */
export const packetBytesMax = 1024 * 1024;
/** A larger sale or health report would be our bug, and expensive on a cellular link. */
export const reportBytesMax = 64 * 1024;
/** A reply may carry a screenshot, base64 of a PNG. */
export const replyBytesMax = 2 * 1024 * 1024;

/** CloudEvents 1.0, MQTT binding §3.2: content type of structured mode. */
export const cloudEventContentType = "application/cloudevents+json; charset=utf-8";
export const jsonContentType = "application/json";

export const checkedInType = "kvitt.checked-in.v1";
export const paymentType = "kvitt.payment.v1";

const timestamp = z
  .string()
  .max(40)
  .refine((text) => parseTimestamp(text) !== undefined, "not an RFC 3339 time with its offset");
const merchantQrId = z.string().refine(isMerchantQrId, "not a merchantQrId");

const envelope = {
  specversion: z.literal("1.0"),
  /** The same for every copy of one event, whichever relay sent it. */
  id: z.string().min(1).max(128),
  source: z.string().min(1).max(256),
  /** The machine's merchantQrId. */
  subject: merchantQrId,
  /** The provider's time. */
  time: timestamp,
  datacontenttype: z.literal("application/json").optional(),
};

const publishing = {
  /** By the relay's clock. */
  publishedAt: timestamp,
  /** From the provider's time to `publishedAt`, never negative. */
  ageMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
};

export const checkedInSchema = z.object({
  ...envelope,
  type: z.literal(checkedInType),
  data: z.object({ ...publishing, customerToken: z.string().min(1).max(1024) }),
});
export type CheckedInMessage = z.infer<typeof checkedInSchema>;

export const paymentSchema = z.object({
  ...envelope,
  type: z.literal(paymentType),
  data: z.object({
    ...publishing,
    reference: z.string().refine(isReference, "not a reference of ours"),
    /** The provider's name for what happened, for the log only. */
    name: z.string().max(64),
  }),
});
export type PaymentMessage = z.infer<typeof paymentSchema>;

/** What a reader needs: the state, and the session number that tells an old will from a new one. */
export const stateSchema = z.object({
  state: z.enum(["init", "ready", "selling", "out-of-service", "lost"]),
  session: z.number().int().min(0).default(0),
});

export const relayHealthSchema = z.object({
  alive: z.boolean(),
  registered: z.boolean(),
  /** When the relay wrote this, by its clock. */
  at: timestamp.optional(),
  /** It counts as dead after so many seconds without another message: a broker that was killed never sends its clients' wills. */
  validForS: z.number().int().min(1).max(86_400).optional(),
  /** The webhooks at the provider whose secrets this relay knows: no other relay may take them down while this one is alive. */
  holds: z.array(z.string().min(1).max(128)).max(16).optional(),
  /** It is about to register webhooks: another relay waits until it is through. */
  registering: z.boolean().optional(),
});
export type RelayHealthMessage = z.infer<typeof relayHealthSchema>;

/** The first fault, described without the value, which may be a secret. */
export function firstFault(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "unreadable" : `${issue.path.map(String).join(".") || "message"}: ${issue.message}`;
}

export function writeState(state: StateMessage): string {
  return JSON.stringify({
    state: state.state,
    ...defined({ reason: state.reason }),
    session: state.session,
    version: state.version,
    since: state.since,
  });
}

/** `png` travels as base64, because the reply is JSON. */
export function writeReply(reply: CommandReply): string {
  if (reply.outcome !== "done") return JSON.stringify(reply);
  const { png, ...rest } = reply;
  return JSON.stringify(png === undefined ? rest : { ...rest, png: Buffer.from(png).toString("base64") });
}
