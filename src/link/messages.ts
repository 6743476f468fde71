/**
 * What machines and relays say of events and of themselves: schema, type and limits. Sales and health are in report-messages.ts, commands and
 * replies in command-message.ts and reply-message.ts; docs/schemas has them all for others, written from here by scripts/message-schemas.ts.
 * We write exactly these fields and read tolerantly: unknown fields are ignored, but a field that is missing or too long makes the message unreadable.
 * Events are CloudEvents 1.0 in the JSON event format (structured mode of the MQTT binding).
 */
import * as z from "zod";
import { defined } from "../kit/defined.ts";
import { type StationId, stationsMax } from "../sale/ids.ts";
import type { Repeated } from "./freshness.ts";
import { machineId, merchantQrId, named, reference, stationId, timestamp } from "./message-fields.ts";
import type { StateMessage, StationReport } from "./port.ts";

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

const envelope = {
  specversion: z.literal("1.0"),
  id: z.string().min(1).max(128).describe("The same for every copy of one event, whichever relay sent it."),
  source: z.string().min(1).max(256),
  subject: merchantQrId.describe("The merchantQrId of the machine, or of its outlet: {machine}--{station}."),
  time: timestamp.describe("The provider's time."),
  datacontenttype: z.literal("application/json").optional(),
};

const publishing = {
  publishedAt: timestamp.describe("By the relay's clock."),
  ageMs: z
    .number()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .describe("From the provider's time to publishedAt, never negative."),
};

export const checkedInSchema = z
  .object({
    // An extension attribute: lower-case letters (CloudEvents 1.0 §3.1, naming conventions).
    schema: named("kvitt.checked-in/1"),
    ...envelope,
    type: z.literal(checkedInType),
    data: z.object({ ...publishing, customerToken: z.string().min(1).max(1024) }),
  })
  .describe("Somebody scanned the machine's code.");
export type CheckedInMessage = z.infer<typeof checkedInSchema>;

export const paymentSchema = z
  .object({
    schema: named("kvitt.payment/1"),
    ...envelope,
    type: z.literal(paymentType),
    data: z.object({
      ...publishing,
      reference,
      name: z.string().max(64).describe("The provider's name for what happened, for the log only."),
    }),
  })
  .describe("Something happened to a payment: a reason to ask the provider, never believed.");
export type PaymentMessage = z.infer<typeof paymentSchema>;

/** Of what its sender repeats (freshness.ts). */
const repeated = {
  at: timestamp.optional(),
  // A broker that was killed never sends its clients' wills.
  validForS: z.int().min(1).max(86_400).optional(),
};

const stationReport = z
  .object({
    state: z
      .enum(["free", "selling", "in-use", "finished", "out-of-service", "closed"])
      .describe(
        "free, finished: a scan is let in (finished: its time is over, somebody may have to empty it). selling: somebody is at it. in-use: it runs, and takes nobody meanwhile. out-of-service: broken, or nothing is for sale. closed: by the clock or by a person.",
      ),
    until: timestamp.optional().describe("When it will be another, as far as is known."),
    reason: z.string().max(64).optional(),
  })
  .describe("What one outlet is doing.");

export const stateSchema = z
  .object({
    schema: named("kvitt.state/1"),
    state: z
      .enum(["init", "ready", "selling", "out-of-service", "lost"])
      .describe("lost: the machine's will, published by the broker when the connection broke."),
    reason: z.string().max(64).optional().describe("Why it is out of service or lost."),
    session: z
      .int()
      .min(0)
      .describe(
        "Higher with every boot: a lost of an older session than the newest heard is an old will, and means nothing.",
      ),
    version: z.string().min(1).max(64).describe("Of kvitt."),
    since: timestamp.describe("By the machine's clock."),
    at: repeated.at.describe(
      "When the machine wrote this, by its clock; absent while its clock cannot be believed. Tells the age of a retained message.",
    ),
    validForS: repeated.validForS.describe(
      "The machine is lost after so many seconds without another message. Absent where nobody repeats it: it stands until another word.",
    ),
    stations: z
      .record(stationId, stationReport)
      .refine((stations) => Object.keys(stations).length <= stationsMax, `more than ${stationsMax} stations`)
      .optional()
      .describe(
        "What each outlet is doing. What the machine says of itself holds for all of them, unless it is ready or selling.",
      ),
    qr_ids: z
      .record(machineId, stationId)
      .refine((ids) => Object.keys(ids).length <= stationsMax, `more than ${stationsMax} stickers`)
      .optional()
      .describe(
        "The ids of stickers that were there before kvitt (MobilePay's beacons), each with the outlet that it is glued to.",
      ),
  })
  .describe("What the machine is doing.");

/** What a reader needs: the states and for how long they count, the stickers, and the session number that tells an old will from a new one. */
export const stateReadSchema = stateSchema
  .pick({ schema: true, state: true, at: true, validForS: true, qr_ids: true })
  .extend({
    session: stateSchema.shape.session.default(0),
    // A word that a newer machine has is read as one that lets nobody in.
    stations: z
      .record(
        stationId,
        stationReport.pick({ state: true }).extend({ state: stationReport.shape.state.catch("out-of-service") }),
      )
      .optional(),
  });

export const relayHealthSchema = z
  .object({
    schema: named("kvitt.relay/1"),
    alive: z.boolean(),
    registered: z.boolean().describe("Whether the sales unit's webhooks stand, and this relay knows their secrets."),
    at: repeated.at.describe("When the relay wrote this, by its clock."),
    validForS: repeated.validForS.describe("It counts as dead after so many seconds without another message."),
    holds: z
      .array(z.string().min(1).max(128))
      .max(16)
      .optional()
      .describe(
        "The webhooks at the provider whose secrets this relay knows: no other relay may take them down while this one is alive.",
      ),
    registering: z
      .boolean()
      .optional()
      .describe("It is about to register webhooks: another relay waits until it is through."),
  })
  .describe("A relay's sign of life, for one sales unit.");
export type RelayHealthMessage = z.infer<typeof relayHealthSchema>;

export const relayProcessSchema = z
  .object({
    schema: named("kvitt.relay-process/1"),
    alive: z.boolean(),
    at: timestamp.describe("When the relay wrote this, by its clock."),
    validForS: relayHealthSchema.shape.validForS,
    units: z.int().min(0).optional().describe("The sales units that it serves."),
    registered: z.int().min(0).optional().describe("Those of them whose webhooks stand."),
  })
  .describe("That the process of a relay of several sales units is there.");
export type RelayProcessMessage = z.infer<typeof relayProcessSchema>;

export const answeredSchema = z
  .object({
    schema: named("kvitt.answered/1"),
    id: z.string().min(1).max(128).describe("Of the event."),
    answer: z.enum(["forwarded", "refused"]),
  })
  .describe("What a relay answered to a check-in, so that every relay answers its repetition alike.");
export type AnsweredMessage = z.infer<typeof answeredSchema>;

/** The first fault, described without the value, which may be a secret. */
export function firstFault(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "unreadable" : `${issue.path.map(String).join(".") || "message"}: ${issue.message}`;
}

/** @param qrIds the stickers that were there before: in every state, the will included, so that nobody else can claim them */
export function writeState(
  state: StateMessage,
  life: Repeated = {},
  qrIds: ReadonlyMap<string, StationId> = new Map(),
): string {
  const message: z.infer<typeof stateSchema> = {
    schema: "kvitt.state/1",
    state: state.state,
    ...defined({ reason: state.reason }),
    session: state.session,
    version: state.version,
    since: state.since,
    ...defined({ at: life.at, validForS: life.validForS }),
    ...(state.stations === undefined ? {} : { stations: writeStations(state.stations) }),
    ...(qrIds.size === 0 ? {} : { qr_ids: Object.fromEntries(qrIds) }),
  };
  return JSON.stringify(message);
}

function writeStations(stations: ReadonlyMap<StationId, StationReport>) {
  return Object.fromEntries(
    [...stations].map(([id, { state, until, reason }]) => [id, { state, ...defined({ until, reason }) }]),
  );
}

export function writeRelayHealth(message: Omit<RelayHealthMessage, "schema">): string {
  return JSON.stringify({ schema: "kvitt.relay/1", ...message } satisfies RelayHealthMessage);
}

export function writeRelayProcess(message: Omit<RelayProcessMessage, "schema">): string {
  return JSON.stringify({ schema: "kvitt.relay-process/1", ...message } satisfies RelayProcessMessage);
}

export function writeAnswered({ id, answer }: Omit<AnsweredMessage, "schema">): string {
  return JSON.stringify({ schema: "kvitt.answered/1", id, answer } satisfies AnsweredMessage);
}
