/** What a request to create a payment may say (facts 4.2), and why it is refused. Unknown fields are refused, as the service does. */
import { z } from "zod";
import { currencies, isCurrency, paymentMinorMax, walletCurrencies } from "../sale/money.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import type { Operation } from "./context.ts";
import { type Detail, paymentProblem } from "./message.ts";
import { type PaymentErrorCode, refused } from "./payment-errors.ts";
import { paymentKey, type SimulatedUser } from "./state.ts";

/** What the document lists beside the wallet's currencies: they are read, and then refused as not the sales unit's (5040). */
const otherCurrencies = ["SEK", "USD", "GBP"] as const;

/** The least that is taken, in minor units. */
export function floorOf(currency: string): number {
  return isCurrency(currency) ? currencies[currency].paymentMinorMin : 1;
}

export const amountSchema = z.strictObject({
  currency: z.enum([...walletCurrencies, ...otherCurrencies]),
  value: z.int().min(0).max(paymentMinorMax),
});

const customer = z.strictObject({
  phoneNumber: z
    .string()
    .regex(/^\d{9,15}$/)
    .optional(),
  personalQr: z.string().min(5).max(255).optional(),
  customerToken: z.string().min(1).optional(),
});

const orderLine = z.strictObject({
  name: z.string(),
  id: z.string(),
  totalAmount: z.int(),
  totalAmountExcludingTax: z.int(),
  totalTaxAmount: z.int(),
  taxRate: z.int().min(0).max(10_000).optional(),
  taxPercentage: z.int().optional(),
  unitInfo: z
    .strictObject({
      unitPrice: z.int().optional(),
      quantity: z.string().optional(),
      quantityUnit: z.string().optional(),
    })
    .optional(),
  discount: z.int().optional(),
  productUrl: z.string().optional(),
  isReturn: z.boolean().optional(),
  isShipping: z.boolean().optional(),
});

const qrFormat = z.strictObject({
  format: z.enum(["IMAGE/SVG+XML", "IMAGE/PNG", "TEXT/TARGETURL"]),
  size: z.int().min(100).max(2_000).optional(),
});
export type QrFormat = z.infer<typeof qrFormat>;

export const createBody = z.strictObject({
  amount: amountSchema,
  paymentMethod: z.strictObject({ type: z.enum(["WALLET", "CARD"]), blockedSources: z.array(z.string()).optional() }),
  reference: z.string().regex(/^[a-zA-Z0-9-]{8,64}$/),
  userFlow: z.enum(["PUSH_MESSAGE", "NATIVE_REDIRECT", "WEB_REDIRECT", "QR"]),
  customer: customer.optional(),
  customerInteraction: z.enum(["CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"]).optional(),
  returnUrl: z.string().max(2_500).optional(),
  qrFormat: qrFormat.optional(),
  paymentDescription: z.string().min(3).max(100).optional(),
  metadata: z.record(z.string().max(100), z.string().max(500)).optional(),
  receipt: z
    .strictObject({
      orderLines: z.array(orderLine),
      bottomLine: z.strictObject({
        currency: z.string(),
        tipAmount: z.int().optional(),
        posId: z.string().optional(),
        receiptNumber: z.string().optional(),
      }),
    })
    .optional(),
  receiptUrl: z.string().optional(),
  minimumUserAge: z.int().min(0).max(100).optional(),
  profile: z.strictObject({ scope: z.string() }).optional(),
  expiresAt: z.string().optional(),
  merchantLegalLinks: z.strictObject({ termsOfSaleUrl: z.string(), privacyPolicyUrl: z.string() }).optional(),
  industryData: z.unknown().optional(),
  shipping: z.unknown().optional(),
});
export type CreateBody = z.infer<typeof createBody>;

/** Numeric codes by field for what the schema refuses (facts 4.6); the longest path that fits counts. */
const fieldCodes: readonly (readonly [path: string, code: PaymentErrorCode])[] = [
  ["customer.customerToken", "4050"],
  ["customer.personalQr", "4060"],
  ["customer.phoneNumber", "4070"],
  ["amount", "4040"],
  ["modificationAmount", "4040"],
  ["profile", "4080"],
  ["returnUrl", "4090"],
  ["receiptUrl", "4090"],
  ["metadata", "4130"],
  ["paymentMethod", "4160"],
];

function codeOf({ path, code }: z.core.$ZodIssue): PaymentErrorCode | undefined {
  const name = path.join(".");
  if (path[0] === "metadata") {
    if (code === "invalid_key") return "4110";
    if (code === "too_big") return "4120";
  }
  return fieldCodes.find(([field]) => name === field || name.startsWith(`${field}.`))?.[1];
}

/** What the schema refuses. A reference that is a number is answered with 500 by the real service (knowledge base, errors): here it is told. */
export function invalidRequest(error: z.ZodError): HttpResponse {
  const details = error.issues.map((issue): Detail => ({
    name: issue.path.join(".") || "body",
    reason: issue.message,
  }));
  const first = error.issues[0];
  const code = first === undefined ? undefined : codeOf(first);
  return code === undefined ? paymentProblem(400, "Bad Request", undefined, details) : refused(code, details);
}

/** Who a customer object names; an answer when it is refused. */
export function customerOf(operation: Operation, body: CreateBody): SimulatedUser | HttpResponse | undefined {
  const { context, unit } = operation;
  if (body.customer === undefined) return undefined;
  const { phoneNumber, personalQr, customerToken } = body.customer;
  const named = [phoneNumber, personalQr, customerToken].filter((value) => value !== undefined);
  if (named.length !== 1)
    return refused("4140", [{ name: "customer", reason: "exactly one of phoneNumber, personalQr and customerToken" }]);
  // What the sales unit may not do comes before what is true of the customer.
  if (body.userFlow === "PUSH_MESSAGE" && !unit.pushApproved) return refused("5080");
  const users = [...context.state.users.values()];
  if (customerToken !== undefined) {
    const token = context.state.customerTokens.get(customerToken);
    const user = token === undefined ? undefined : context.state.users.get(token.userId);
    const isGood = token !== undefined && token.msn === unit.msn && token.endsMs > context.clock.monotonicMs();
    return isGood && user !== undefined ? user : refused("4050");
  }
  if (personalQr !== undefined) return users.find((user) => user.personalQr === personalQr) ?? refused("4060");
  return users.find((user) => user.phoneNumber === phoneNumber) ?? refused("7010");
}

export function isAnswer(value: SimulatedUser | HttpResponse | undefined): value is HttpResponse {
  return value !== undefined && "status" in value;
}

const expiresAtPattern = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-](?:2[0-3]|[01]\d):[0-5]\d)$/;
const expiresMinMs = 600_000;
const expiresMaxMs = 60 * 86_400_000;

/** `expiresAt`: 10 minutes to 60 days, special approval, needs a receipt (facts 4.2). */
function longLivingRefusal({ unit, context }: Operation, body: CreateBody): HttpResponse | undefined {
  if (body.expiresAt === undefined) return undefined;
  if (!unit.longLivingApproved) return refused("5050");
  if (!expiresAtPattern.test(body.expiresAt))
    return paymentProblem(400, "Bad Request", undefined, [{ name: "expiresAt", reason: "not a date and time" }]);
  const lifeMs = Date.parse(body.expiresAt) - context.clock.wallMs();
  if (lifeMs > expiresMaxMs) return refused("6110");
  if (lifeMs < expiresMinMs) return refused("6120");
  return body.receipt === undefined ? refused("6130") : undefined;
}

/** Why a request that is well-formed is refused all the same. */
export function refusalOf(
  operation: Operation,
  body: CreateBody,
  user: SimulatedUser | undefined,
): HttpResponse | undefined {
  const { unit, context } = operation;
  if (body.amount.currency !== unit.currency) return refused("5040");
  if (body.amount.value < floorOf(body.amount.currency)) return refused("6010");
  const longLiving = longLivingRefusal(operation, body);
  if (longLiving !== undefined) return longLiving;
  if (body.userFlow === "PUSH_MESSAGE" && !unit.pushApproved) return refused("5080");
  if (body.userFlow === "PUSH_MESSAGE" && user === undefined) return refused("4140");
  if (body.userFlow === "WEB_REDIRECT" && body.returnUrl === undefined) return refused("4090");
  if (body.returnUrl !== undefined && !/^[a-z][a-z0-9+.-]*:\/\//i.test(body.returnUrl)) return refused("4090");
  if (body.returnUrl?.startsWith("http:") === true) return refused("4090");
  if (body.qrFormat !== undefined && body.userFlow !== "QR")
    return paymentProblem(400, "qrFormat is only for userFlow QR");
  if (Object.keys(body.metadata ?? {}).length > 5) return refused("4100");
  if (user !== undefined && (body.minimumUserAge ?? 0) > user.age) return refused("7010");
  if (context.state.payments.has(paymentKey(unit.msn, body.reference))) return refused("4150");
  return undefined;
}
