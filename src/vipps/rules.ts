/**
 * The rules for requests: checked before they leave, and each fault names field, value and rule. Fields with customers' data name the rule alone.
 * Sources: QR API reference and its OpenAPI document, Webhooks v1. Payments have theirs in payment-rules.ts.
 */
import * as z from "zod";
import { isMerchantQrId, merchantQrIdFault } from "../sale/ids.ts";
import { errorBeforeSending, type FieldFault } from "./errors.ts";
import { printable } from "./redact.ts";

/** @throws VippsError of stage `check` with every fault, before anything is sent. */
export function checkRequest<T>(operation: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue): FieldFault => ({
    name: issue.path.join(".") || "request",
    reason: issue.message,
  }));
  throw errorBeforeSending(operation, faults);
}

/** One value that is no part of a body: a path parameter, a header. */
export function checkField<T>(operation: string, name: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw errorBeforeSending(
    operation,
    parsed.error.issues.map((issue) => ({ name, reason: issue.message })),
  );
}

const shownLengthMax = 80;

/** Says the value and the rule. */
export function valueFault(rule: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return {
    error: ({ input }) => {
      if (input === undefined) return `is missing: ${rule}`;
      const shown = printable(JSON.stringify(input));
      return `${shown.length > shownLengthMax ? `${shown.slice(0, shownLengthMax)}…` : shown} is not allowed: ${rule}`;
    },
  };
}

/** Says the rule, and never the value: for customers' data. */
export function secretFault(rule: string): { readonly error: () => string } {
  return { error: () => `is not allowed (value not shown): ${rule}` };
}

export function text(lengthMin: number, lengthMax: number, rule = `${lengthMin} to ${lengthMax} characters`) {
  return z.string(valueFault(rule)).min(lengthMin, valueFault(rule)).max(lengthMax, valueFault(rule));
}

export function whole(min: number, max: number, rule: string) {
  return z.int(valueFault(rule)).min(min, valueFault(rule)).max(max, valueFault(rule));
}

function matching(pattern: RegExp, rule: string) {
  return z.string(valueFault(rule)).regex(pattern, valueFault(rule));
}

/** QR API, merchant redirect `id`: 1..128 of `^[-_+%æøåÆØÅ\w\s]*$`. */
export const redirectId = matching(/^[-_+%æøåÆØÅ\w\s]{1,128}$/, "1 to 128 letters, digits, spaces or - _ + %");
/** QR API, `redirectUrl`. */
export const redirectUrl = matching(
  /^https:\/\/[\w.]+([\w#!:.?+=&%@\-/]+)?$/,
  "an https address of letters, digits and # ! : . ? + = & % @ - _ / alone",
);
export const ttl = whole(300, 2_147_483_647, "a whole number of seconds, 300 to 2147483647");
export const imageSize = whole(100, 2_000, "a whole number of pixels, 100 to 2000");
export const locationDescription = text(1, 36, "1 to 36 characters, which the app shows");
/** Open: AGE_CHECK is in use and in no specification. */
export const category = matching(/^[A-Z_]{1,40}$/, "IN_STORE, VENDING or another word in capitals");
/**
 * A callback's id names a machine: its references are made from it, and its check-ins find their way by it. No rule of the provider is
 * published, so ours is the stricter one.
 */
export const merchantQrId = z.string(valueFault("the id of a machine")).refine(isMerchantQrId, {
  error: ({ input }) => merchantQrIdFault(String(input)) ?? "is not the id of a machine",
});
/** Ids that others made may look different; they are encoded. `.` and `..` would change the path. */
export const knownQrId = matching(/^(?!\.{1,2}$)[^\p{Cc}]{1,128}$/u, "1 to 128 characters");
export const landingUrl = matching(/^https?:\/\/\S{1,4000}$/, "the address of a landing page");
export const reference = matching(/^[a-zA-Z0-9-]{8,64}$/, "8 to 64 letters, digits or -, as text");
export const idempotencyKey = matching(/^[\x21-\x7e]{1,50}$/, "1 to 50 visible ASCII characters");
/** MSISDN: country code and number. */
export const phoneNumber = z
  .string(secretFault("9 to 15 digits, country code first"))
  .regex(/^\d{9,15}$/, secretFault("9 to 15 digits, country code first"));
/** The whole text of the code; ePayment takes 5 to 255 characters. */
export const personalQr = z
  .string(secretFault("5 to 255 characters"))
  .min(5, secretFault("5 to 255 characters"))
  .max(255, secretFault("5 to 255 characters"));
export const customerToken = z
  .string(secretFault("the token of a check-in"))
  .min(1, secretFault("the token of a check-in"))
  .max(2_000, secretFault("the token of a check-in"));

/** https, and plain http only to this machine, for the simulator. */
export const webhookUrl = matching(
  /^https:\/\/[^\s/]+|^http:\/\/(127\.0\.0\.1|localhost)[:/]/,
  "an https address that the world can reach and that does not redirect",
);
export const webhookEvents = z
  .array(matching(/^[a-z0-9.-]+\.v\d+$/, "an event's name such as user.checked-in.v1"), valueFault("a list of events"))
  .min(1, "is empty: at least one event's name");
