/**
 * The rules for requests (checked before they leave, each fault names field, value and rule) and the readers of answers.
 * Sources: QR API reference and its OpenAPI document, ePayment 1.8.1, Webhooks v1. The ePayment document's `Customer` is a `oneOf` that
 * no customer passes, so the union is written by hand: exactly one key.
 */
import { z } from "zod";
import { errorBeforeSending, errorWithoutAnswer, type FieldFault } from "./errors.ts";

/** @throws VippsError with every fault, before anything is sent. */
export function checkRequest<T>(operation: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue): FieldFault => ({
    name: issue.path.join(".") || "request",
    reason: issue.message,
  }));
  throw errorBeforeSending(operation, faults);
}

/** @throws VippsError when the answer lacks what is needed: then nobody knows what happened. */
export function readAnswer<T>(operation: string, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  throw errorWithoutAnswer(operation, `the answer cannot be used (${where})`);
}

/** Names the value and the rule; never used for fields that hold customer data. */
function valueFault(rule: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return { error: (issue) => `${JSON.stringify(issue.input ?? null)} is not allowed: ${rule}` };
}

/** QR API, merchant redirect `id`: 1..128 of `^[-_+%æøåÆØÅ\w\s]*$`. */
export const redirectId = z
  .string(valueFault("a text"))
  .regex(/^[-_+%æøåÆØÅ\w\s]{1,128}$/, valueFault("1 to 128 letters, digits, spaces or - _ + %"));
/** QR API, `redirectUrl`. */
export const redirectUrl = z
  .string(valueFault("a text"))
  .regex(
    /^https:\/\/[\w.]+([\w#!:.?+=&%@\-/]+)?$/,
    valueFault("an https address of letters, digits and # ! : . ? + = & % @ - /"),
  );
export const ttl = z
  .int(valueFault("a whole number of seconds"))
  .min(300, valueFault("300 to 2147483647 seconds"))
  .max(2_147_483_647, valueFault("300 to 2147483647 seconds"));
export const imageSize = z
  .int(valueFault("a whole number of pixels"))
  .min(100, valueFault("100 to 2000 pixels"))
  .max(2_000, valueFault("100 to 2000 pixels"));
export const locationDescription = z
  .string(valueFault("a text"))
  .min(1, valueFault("1 to 36 characters, shown in the app"))
  .max(36, valueFault("1 to 36 characters, shown in the app"));
/** Open: AGE_CHECK is in use and in no specification. */
export const category = z.string().regex(/^[A-Z_]{1,40}$/, valueFault("IN_STORE, VENDING or another word in capitals"));
/** No rule is published for a beacon or callback id; ours is a path segment that needs no encoding. */
export const qrId = z
  .string(valueFault("a text"))
  .regex(/^[A-Za-z0-9_-]{1,64}$/, valueFault("1 to 64 letters, digits, - or _"));
export const url = z.string(valueFault("a text")).regex(/^https?:\/\/\S+$/, valueFault("an address"));
export const reference = z
  .string(valueFault("a text, never a number"))
  .regex(/^[a-zA-Z0-9-]{8,64}$/, valueFault("8 to 64 letters, digits or -"));
export const idempotencyKey = z.string(valueFault("a text")).min(1).max(50, valueFault("at most 50 characters"));

export const amount = z
  .object({
    currency: z.enum(["NOK", "DKK", "EUR"], valueFault("NOK, DKK or EUR")),
    value: z
      .int(valueFault("a whole number of minor units"))
      .min(1, valueFault("at least 1"))
      .max(65_000_000, valueFault("at most 65000000 minor units")),
  })
  .refine(({ currency, value }) => currency !== "NOK" || value >= 100, {
    path: ["value"],
    error: "is under the floor: NOK payments start at 100 (1 krone)",
  });

const customer = z
  .object({
    phoneNumber: z
      .string()
      .regex(/^\d{9,15}$/, "is not 9 to 15 digits with country code")
      .exactOptional(),
    personalQr: z.string().min(5).max(255, "is not 5 to 255 characters").exactOptional(),
    customerToken: z.string().min(1).exactOptional(),
  })
  .refine((value) => Object.keys(value).length === 1, {
    error: "names the customer by exactly one of phoneNumber, personalQr and customerToken",
  });

const orderLine = z.strictObject({
  name: z.string().max(2_048),
  id: z.string().max(255),
  totalAmount: z.int().min(0),
  totalAmountExcludingTax: z.int().min(0),
  totalTaxAmount: z.int().min(0),
  taxRate: z.int().min(0).max(10_000, valueFault("0 to 10000 (2500 is 25 %)")),
  unitInfo: z.strictObject({ unitPrice: z.int().min(0), quantity: z.string() }).exactOptional(),
});

export const createPayment = z
  .strictObject({
    amount,
    paymentMethod: z.strictObject({ type: z.literal("WALLET") }),
    reference,
    userFlow: z.enum(["QR", "PUSH_MESSAGE", "WEB_REDIRECT", "NATIVE_REDIRECT"]),
    customer: customer.exactOptional(),
    customerInteraction: z.enum(["CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"]).exactOptional(),
    returnUrl: z.string().min(1).max(2_500).exactOptional(),
    qrFormat: z
      .strictObject({
        format: z.enum(["IMAGE/SVG+XML", "IMAGE/PNG", "TEXT/TARGETURL"]),
        size: imageSize.exactOptional(),
      })
      .exactOptional(),
    paymentDescription: z.string().min(3, valueFault("3 to 100 characters")).max(100).exactOptional(),
    metadata: z
      .record(z.string().min(1).max(100), z.string().max(500))
      .refine((pairs) => Object.keys(pairs).length <= 5, { error: "has more than 5 pairs" })
      .exactOptional(),
    receipt: z
      .strictObject({
        orderLines: z.array(orderLine).min(1),
        bottomLine: z.strictObject({ currency: z.enum(["NOK", "DKK", "EUR"]), posId: z.string().exactOptional() }),
      })
      .exactOptional(),
    minimumUserAge: z.int().min(0).max(100).exactOptional(),
  })
  .refine(({ userFlow, qrFormat }) => qrFormat === undefined || userFlow === "QR", {
    path: ["qrFormat"],
    error: "is only for userFlow QR",
  })
  .refine(({ userFlow, customer: who }) => userFlow !== "PUSH_MESSAGE" || who !== undefined, {
    path: ["customer"],
    error: "is needed for userFlow PUSH_MESSAGE",
  })
  .refine(({ userFlow, returnUrl }) => userFlow !== "WEB_REDIRECT" || returnUrl !== undefined, {
    path: ["returnUrl"],
    error: "is needed for userFlow WEB_REDIRECT: set return_url to a public page that says: look at the machine",
  });
export type CreatePaymentBody = z.infer<typeof createPayment>;

export const createdPayment = z.object({ reference: z.string(), redirectUrl: z.string().nullish() });

const answeredAmount = z.object({ currency: z.string(), value: z.int().min(0) });

/** Strict where money hangs on it: a state that is not known, or a fraction of an øre, makes the whole answer unusable. */
export const paymentAnswer = z.object({
  reference: z.string(),
  state: z.enum(["CREATED", "AUTHORIZED", "ABORTED", "EXPIRED", "TERMINATED"]),
  amount: answeredAmount,
  aggregate: z.object({
    authorizedAmount: answeredAmount,
    cancelledAmount: answeredAmount,
    capturedAmount: answeredAmount,
    refundedAmount: answeredAmount,
  }),
  pspReference: z.string().nullish(),
  captureGuaranteedUntil: z.string().nullish(),
});
export type PaymentAnswer = z.infer<typeof paymentAnswer>;

export const paymentEvents = z.array(
  z.looseObject({
    reference: z.string(),
    pspReference: z.string(),
    name: z.string(),
    amount: answeredAmount,
    timestamp: z.string(),
    success: z.boolean(),
  }),
);
export type PaymentEvents = z.infer<typeof paymentEvents>;

const lenientNumber = z.coerce.number();

export const redirectAnswer = z.looseObject({
  id: z.string(),
  url: z.string(),
  redirectUrl: z.string().nullish(),
  expiresIn: lenientNumber.nullish(),
});
export type RedirectQr = z.infer<typeof redirectAnswer>;

export const oneTimeAnswer = z.looseObject({ url: z.string(), expiresIn: lenientNumber.nullish() });
export type OneTimeQr = z.infer<typeof oneTimeAnswer>;

export const callbackAnswer = z.looseObject({
  merchantSerialNumber: z.coerce.string().nullish(),
  merchantQrId: z.string(),
  locationDescription: z.string().nullish(),
  qrImageUrl: z.string().nullish(),
  qrContent: z.string().nullish(),
  category: z.string().nullish(),
});
export type CallbackQrAnswer = z.infer<typeof callbackAnswer>;

export const exchangeAnswer = z.looseObject({
  msisdn: z.coerce.string(),
  timestamp: z.string().nullish(),
  version: z.string().nullish(),
});
export type ExchangeAnswer = z.infer<typeof exchangeAnswer>;

export const webhookRegistered = z.looseObject({ id: z.string(), secret: z.string() });
export const webhookList = z.looseObject({
  webhooks: z.array(z.looseObject({ id: z.string(), url: z.string(), events: z.array(z.string()) })),
});
export const webhookUrl = z
  .string(valueFault("a text"))
  .regex(/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost)[:/]/, valueFault("https, reachable from the world"));
export const webhookEvents = z
  .array(z.string().regex(/^[a-z0-9.-]+\.v\d+$/, valueFault("an event name such as user.checked-in.v1")))
  .min(1);
