/**
 * What a verified webhook body says. The event's type is not in the request (Webhooks API, delivery), so it is told by its fields:
 * a check-in has customerToken, merchantQrId, msn and initiatedAt; an ePayment event has reference, pspReference, name and success.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { parseTimestamp } from "../link/timestamp.ts";
import { isMerchantQrId, isReference, type MerchantQrId, merchantQrIdOf, type Reference } from "../sale/ids.ts";

export type WebhookEvent =
  | {
      readonly kind: "checked-in";
      /** The same for every copy and retry: nothing of the delivery is in it. */
      readonly eventId: string;
      readonly msn: string;
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
  /** Answered with 200 all the same: refusing it would only have it sent for seven days. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The msn is a string in the documents; a number is read as well. `merchantSerialNumber` was its name until 2024-01. */
const msnValue = z.union([
  z.string().regex(/^[0-9]{4,7}$/),
  z.number().int().min(1000).max(9_999_999).transform(String),
]);
const msnFields = { msn: msnValue.optional(), merchantSerialNumber: msnValue.optional() };

const time = z
  .string()
  .max(40)
  .refine((text) => parseTimestamp(text) !== undefined, "not an ISO 8601 time");

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
  if (json === undefined) return unknown("the body is no JSON object");
  if ("customerToken" in json && "merchantQrId" in json) return readCheckedIn(json);
  if ("reference" in json && "pspReference" in json) return readPayment(json);
  return unknown("neither a check-in nor an ePayment event");
}

function readCheckedIn(json: object): WebhookEvent {
  const parsed = checkedInBody.safeParse(json);
  if (!parsed.success) return unknown(`check-in: ${faults(parsed.error)}`);
  const { customerToken, merchantQrId, initiatedAt } = parsed.data;
  const msn = parsed.data.msn ?? parsed.data.merchantSerialNumber;
  if (msn === undefined) return unknown("check-in without msn");
  if (!isMerchantQrId(merchantQrId)) return unknown("check-in for a QR that is not a machine of ours");
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

/** SHA-256 over the parts with a separator that none of them can hold; 64 hexadecimal digits. */
function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n"), "utf8").digest("hex");
}

function parseObject(body: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Names of the fields that are wrong; never their values. */
function faults(error: z.ZodError): string {
  return `${error.issues.map((issue) => issue.path.map(String).join(".")).join(", ")} missing or unreadable`;
}

function unknown(reason: string): WebhookEvent {
  return { kind: "unknown", reason };
}
