/**
 * Readers of answers. Lenient about unknown fields, numbers as text, open enums and missing fields that nothing depends on. Strict where
 * money depends on it: whole minor units, a known state, a currency.
 */
import * as z from "zod";
import { unusable } from "./errors.ts";
import { printable } from "./redact.ts";

/** @throws VippsError when the answer lacks what is needed, so that nobody knows what happened. It names fields, never values. */
export function readAnswer<T>(operation: string, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`).join("; ");
  throw unusable(operation, `the answer cannot be used (${printable(where)})`);
}

const amount = z.object({ currency: z.string().min(1), value: z.int().min(0) });

export const createdPayment = z.object({ reference: z.string(), redirectUrl: z.string().nullish() });
export type CreatedPaymentAnswer = z.infer<typeof createdPayment>;

/** Also the answer to capture, cancel and refund. An unknown state makes the whole answer unusable: it is never guessed. */
export const payment = z.object({
  reference: z.string(),
  state: z.enum(["CREATED", "AUTHORIZED", "ABORTED", "EXPIRED", "TERMINATED"]),
  amount,
  aggregate: z.object({
    authorizedAmount: amount,
    cancelledAmount: amount,
    capturedAmount: amount,
    refundedAmount: amount,
  }),
  pspReference: z.string().nullish(),
  redirectUrl: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish().catch(null),
  /** Since August 2026; not in 1.8.1. */
  captureGuaranteedUntil: z.string().nullish().catch(null),
});
export type PaymentAnswer = z.infer<typeof payment>;

/** `name` is open. `pspReference` is a UUID or digits, `timestamp` has 3 or 7 fraction digits. */
export const paymentEvents = z.array(
  z.object({
    reference: z.string(),
    name: z.string(),
    amount,
    success: z.boolean(),
    timestamp: z.string(),
    pspReference: z.coerce.string().nullish(),
    idempotencyKey: z.string().nullish().catch(null),
  }),
);
export type PaymentEvents = z.infer<typeof paymentEvents>;

const lenientNumber = z.coerce.number().nullish().catch(null);

export const redirectQr = z.object({
  id: z.string(),
  /** Link to the picture, or with `text/targetUrl` the text to encode. */
  url: z.string().min(1),
  redirectUrl: z.string().nullish(),
  /** Seconds left; -1 is for ever. */
  expiresIn: lenientNumber,
});
export type RedirectQr = z.infer<typeof redirectQr>;

export const oneTimeQr = z.object({ url: z.string().min(1), expiresIn: lenientNumber });
export type OneTimeQr = z.infer<typeof oneTimeQr>;

export const callbackQr = z.object({
  merchantQrId: z.string(),
  merchantSerialNumber: z.coerce.string().nullish(),
  locationDescription: z.string().nullish(),
  /** Expires with its token, so it is never kept. */
  qrImageUrl: z.string().nullish(),
  qrContent: z.string().nullish(),
  /** Not documented for answers. */
  category: z.string().nullish(),
});
export type CallbackQrAnswer = z.infer<typeof callbackQr>;

/** `timestamp`: Unix seconds when the code was made; codes of version 1.0 have none. */
export const exchanged = z.object({
  msisdn: z.coerce.string(),
  timestamp: z.union([z.number(), z.string()]).nullish(),
  version: z.coerce.string().nullish(),
});
export type ExchangeAnswer = z.infer<typeof exchanged>;

/** `secret` is opaque: 88 characters in reality, a UUID in the examples. */
export const webhookRegistered = z.object({ id: z.string().min(1), secret: z.string().min(1) });
export type WebhookRegistered = z.infer<typeof webhookRegistered>;

export const webhookList = z.object({
  webhooks: z.array(
    z.object({
      id: z.string(),
      url: z.string(),
      events: z
        .array(z.string())
        .nullish()
        .transform((events) => events ?? []),
    }),
  ),
});
export type Webhook = z.infer<typeof webhookList>["webhooks"][number];
