/**
 * What a verified webhook body says. The request does not carry the event's type (Webhooks API, delivery), so the fields have to tell:
 * a check-in has customerToken, merchantQrId, msn and initiatedAt; an ePayment event has reference, pspReference, name and success.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { parseJson } from "../kit/json.ts";
import { parseTimestamp } from "../kit/timestamp.ts";
import { isMerchantQrId, isReference, type MerchantQrId, merchantQrIdOf, type Reference } from "../sale/ids.ts";

export type WebhookEvent =
  | {
      readonly kind: "checked-in";
      /** The same for every copy and retry, because nothing about the delivery goes into it. */
      readonly eventId: string;
      readonly msn: string;
      /** Of the code that was scanned: a machine's, an outlet's, or that of a sticker from before kvitt. */
      readonly merchantQrId: MerchantQrId;
      readonly customerToken: string;
      /** As the provider wrote it, seven fractional digits and all. */
      readonly initiatedAt: string;
      readonly initiatedAtWallMs: number;
    }
  | {
      readonly kind: "payment";
      readonly eventId: string;
      readonly msn: string;
      readonly merchantQrId: MerchantQrId;
      readonly reference: Reference;
      readonly name: string;
      readonly timestamp: string;
      readonly timestampWallMs: number;
    }
  /**
   * A check-in that no machine can take: its code belongs to none, or it cannot be read. A customer waits for an answer, so it is
   * refused, and the app says so at once.
   */
  | {
      readonly kind: "unserved-check-in";
      readonly reason: string;
      /** Undefined where even the time cannot be read. */
      readonly initiatedAtWallMs: number | undefined;
    }
  /** Answered with 200: nobody waits for it, and a refusal would only have it sent for seven days. */
  | { readonly kind: "unknown"; readonly reason: string };

/** A string in the documents; a number is accepted as well. It was called `merchantSerialNumber` until 2024-01. */
const msnValue = z.union([
  z.string().regex(/^[0-9]{4,7}$/),
  z.number().int().min(1000).max(9_999_999).transform(String),
]);
const msnFields = { msn: msnValue.optional(), merchantSerialNumber: msnValue.optional() };

const time = z
  .string()
  .max(40)
  .refine((text) => parseTimestamp(text) !== undefined, "not an RFC 3339 time with its offset");

const checkedInBody = z.object({
  ...msnFields,
  customerToken: z.string().min(1).max(1024),
  merchantQrId: z.string().min(1).max(128),
  initiatedAt: time,
});

const paymentBody = z.object({
  ...msnFields,
  reference: z.string().min(1).max(64),
  pspReference: z.string().min(1).max(128),
  name: z.string().min(1).max(64),
  timestamp: time,
});

export function readWebhookEvent(body: Uint8Array): WebhookEvent {
  const json = parseObject(body);
  if (json === undefined) return unknown("the body is not a JSON object, or nested too deeply");
  if ("customerToken" in json && "merchantQrId" in json) return readCheckedIn(json);
  if ("reference" in json && "pspReference" in json) return readPayment(json);
  return unknown("neither a check-in nor an ePayment event");
}

function readCheckedIn(json: object): WebhookEvent {
  const parsed = checkedInBody.safeParse(json);
  if (!parsed.success) return unserved(`unreadable: ${faults(parsed.error)}`, json);
  const { customerToken, merchantQrId, initiatedAt } = parsed.data;
  const msn = parsed.data.msn ?? parsed.data.merchantSerialNumber;
  if (msn === undefined) return unserved("unreadable: no msn", json);
  if (!isMerchantQrId(merchantQrId)) return unserved("no machine can have this code's id", json);
  return {
    kind: "checked-in",
    eventId: digest("checked-in", merchantQrId, customerToken, initiatedAt),
    msn,
    merchantQrId,
    customerToken,
    initiatedAt,
    initiatedAtWallMs: parseTimestamp(initiatedAt) ?? 0,
  };
}

function readPayment(json: object): WebhookEvent {
  const parsed = paymentBody.safeParse(json);
  if (!parsed.success) return unknown(`payment event: ${faults(parsed.error)}`);
  const { reference, pspReference, name, timestamp } = parsed.data;
  const msn = parsed.data.msn ?? parsed.data.merchantSerialNumber;
  if (msn === undefined) return unknown("payment event without msn");
  const merchantQrId = merchantQrIdOf(reference);
  if (merchantQrId === undefined || !isReference(reference))
    return unknown("payment of somebody else: not a reference of ours");
  return {
    kind: "payment",
    eventId: digest("payment", pspReference, name),
    msn,
    merchantQrId,
    reference,
    name,
    timestamp,
    timestampWallMs: parseTimestamp(timestamp) ?? 0,
  };
}

function unserved(reason: string, json: object): WebhookEvent {
  const text = "initiatedAt" in json && typeof json.initiatedAt === "string" ? json.initiatedAt : "";
  return { kind: "unserved-check-in", reason, initiatedAtWallMs: parseTimestamp(text) };
}

/** SHA-256 over the parts, joined by a separator that none of them can contain; 64 hexadecimal digits. */
function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n"), "utf8").digest("hex");
}

function parseObject(body: Uint8Array): object | undefined {
  const value = parseJson(body);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** Names the fields at fault, never their values. */
function faults(error: z.ZodError): string {
  return `${error.issues.map((issue) => issue.path.map(String).join(".")).join(", ")} missing or unreadable`;
}

function unknown(reason: string): WebhookEvent {
  return { kind: "unknown", reason };
}
