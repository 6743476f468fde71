/** Why a request to create a payment is refused (ePayment, create payment), and with which code; its form is in payment-schema.ts. */
import type * as z from "zod";
import { parseTimestamp } from "../kit/timestamp.ts";
import { currencies, isCurrency } from "../sale/money.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import type { Operation } from "./context.ts";
import { type Detail, paymentProblem } from "./message.ts";
import { type PaymentErrorCode, refused } from "./payment-errors.ts";
import type { CreateBody } from "./payment-schema.ts";
import { paymentKey, type SimulatedUser } from "./state.ts";

/** The least that is taken, in minor units. */
export function floorOf(currency: string): number {
  return isCurrency(currency) ? currencies[currency].paymentMinorMin : 1;
}

/** Numeric codes by field for what the schema refuses (ePayment errors); the longest path that fits counts. */
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

/** The user that a customer object names, or the answer that refuses it. */
export function customerOf(operation: Operation, body: CreateBody): SimulatedUser | HttpResponse | undefined {
  const { context, unit } = operation;
  if (body.customer === undefined) return undefined;
  const { phoneNumber, personalQr, customerToken } = body.customer;
  const named = [phoneNumber, personalQr, customerToken].filter((value) => value !== undefined);
  if (named.length !== 1)
    return refused("4140", [{ name: "customer", reason: "exactly one of phoneNumber, personalQr and customerToken" }]);
  // The sales unit's approvals are checked before the customer.
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

const expiresMinMs = 600_000;
const expiresMaxMs = 60 * 86_400_000;

/** `expiresAt`: 10 minutes to 60 days, special approval, needs a receipt (ePayment, create payment). */
function longLivingRefusal({ unit, context }: Operation, body: CreateBody): HttpResponse | undefined {
  if (body.expiresAt === undefined) return undefined;
  if (!unit.longLivingApproved) return refused("5050");
  const lifeMs = (parseTimestamp(body.expiresAt) ?? 0) - context.clock.wallMs();
  if (lifeMs > expiresMaxMs) return refused("6110");
  if (lifeMs < expiresMinMs) return refused("6120");
  return body.receipt === undefined ? refused("6130") : undefined;
}

/** Why a well-formed request is refused nevertheless. */
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
