/**
 * ePayment as the sources describe it (facts 4): states and aggregates, idempotency, references that are unique for ever, floors,
 * approvals, magic amounts. Unknown fields are refused.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { HttpResponse } from "../vipps/transport.ts";
import { type Context, type Handler, type Operation, randomText, randomUuid } from "./context.ts";
import { bodyOf, type Detail, empty, gateway, json, paymentProblem } from "./message.ts";
import { imageLink } from "./qr-operations.ts";
import { type PaymentEvent, paymentKey, type SimulatedPayment, type SimulatedUser } from "./state.ts";

const floors: Readonly<Record<string, number>> = { NOK: 100, DKK: 1, EUR: 1 };

const amount = z.strictObject({
  currency: z.enum(["NOK", "DKK", "EUR", "SEK", "USD", "GBP"]),
  value: z.int().min(0).max(65_000_000),
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

const createBody = z.strictObject({
  amount,
  paymentMethod: z.strictObject({ type: z.enum(["WALLET", "CARD"]), blockedSources: z.array(z.string()).optional() }),
  reference: z.string().regex(/^[a-zA-Z0-9-]{8,64}$/),
  userFlow: z.enum(["PUSH_MESSAGE", "NATIVE_REDIRECT", "WEB_REDIRECT", "QR"]),
  customer: customer.optional(),
  customerInteraction: z.enum(["CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"]).optional(),
  returnUrl: z.string().max(2_500).optional(),
  qrFormat: z
    .strictObject({
      format: z.enum(["IMAGE/SVG+XML", "IMAGE/PNG", "TEXT/TARGETURL"]),
      size: z.int().min(100).max(2_000).optional(),
    })
    .optional(),
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
type CreateBody = z.infer<typeof createBody>;

/** Errors by field for what the schema refuses, with the numeric code where there is one (facts 4.6). */
const fieldCodes: Readonly<Record<string, string>> = {
  amount: "4040",
  customer: "4070",
  returnUrl: "4090",
  metadata: "4100",
  paymentMethod: "4160",
};

function invalidRequest(error: z.ZodError): HttpResponse {
  const details = error.issues.map((issue): Detail => ({
    name: issue.path.join(".") || "body",
    reason: issue.message,
  }));
  const field = error.issues[0]?.path[0];
  const code = typeof field === "string" ? fieldCodes[field] : undefined;
  // The MSN and reference as numbers are answered with 500 by the real service (knowledge base, errors).
  return paymentProblem(400, "Bad Request", code, details);
}

function refused(code: string, title: string): HttpResponse {
  return paymentProblem(code.startsWith("404") ? 404 : 400, title, code);
}

// ── limits and idempotency ───────────────────────────────────────────────────────────────────────────────────────────

function overLimit(context: Context, key: string, countMax: number): HttpResponse | undefined {
  if (!context.settings.rateLimits) return undefined;
  const now = context.clock.monotonicMs();
  const recent = (context.state.calls.get(key) ?? []).filter((at) => at > now - 60_000);
  const first = recent[0];
  if (recent.length >= countMax && first !== undefined) {
    const retryAfter = Math.ceil((first + 60_000 - now) / 1_000);
    return gateway(429, `Rate limit is exceeded. Try again in ${retryAfter} seconds.`, {
      "retry-after": String(retryAfter),
    });
  }
  recent.push(now);
  context.state.calls.set(key, recent);
  return undefined;
}

/** Runs `act` once a key: the same body gets the same answer, another body a conflict; a 4xx stays a 4xx. */
function idempotent(
  operation: Operation,
  name: string,
  conflict: string,
  isRequired: boolean,
  act: (key: string | undefined) => HttpResponse,
): HttpResponse {
  const { context, request, unit } = operation;
  const key = request.headers["idempotency-key"];
  if (key === undefined || key === "" || key.length > 50) {
    if (key === undefined && !isRequired) return act(undefined);
    return paymentProblem(400, "Idempotency-Key is required and has at most 50 characters", undefined, [
      { name: "Idempotency-Key", reason: "missing or too long" },
    ]);
  }
  const slot = `${unit.msn}/${name}/${operation.parts.join("/")}/${key}`;
  const body = createHash("sha256")
    .update(request.body ?? new Uint8Array())
    .digest("base64");
  const stored = context.switches.forgetIdempotencyKeys ? undefined : context.state.answers.get(slot);
  if (stored !== undefined)
    return stored.body === body
      ? stored.answer
      : paymentProblem(409, "The Idempotency-Key was used with another body", conflict);
  const answer = act(key);
  if (answer.status < 500 && answer.status !== 423 && answer.status !== 429)
    context.state.answers.set(slot, { body, answer });
  return answer;
}

// ── the life of a payment ────────────────────────────────────────────────────────────────────────────────────────────

function addEvent(
  context: Context,
  payment: SimulatedPayment,
  name: PaymentEvent["name"],
  value: number,
  key?: string,
): void {
  const event: PaymentEvent = {
    name,
    pspReference: name === "CREATED" ? payment.pspReference : randomUuid(context.entropy),
    value,
    wallMs: context.clock.wallMs(),
    idempotencyKey: key,
  };
  payment.events.push(event);
  context.announce(payment, event);
}

/** Time alone ends a payment, or authorises it (magic amount 201). Called before every look at it. */
export function letTimePass(context: Context, payment: SimulatedPayment): void {
  const now = context.clock.monotonicMs();
  if (payment.state !== "CREATED") return;
  if (payment.authorizesMs !== undefined) {
    if (now >= payment.authorizesMs) authorize(context, payment);
    return;
  }
  if (now < payment.expiresMs) return;
  payment.state = "EXPIRED";
  addEvent(context, payment, "EXPIRED", payment.value);
}

function authorize(context: Context, payment: SimulatedPayment): void {
  payment.state = "AUTHORIZED";
  payment.authorized = payment.value;
  payment.authorizesMs = undefined;
  addEvent(context, payment, "AUTHORIZED", payment.value);
}

/** Magic amounts of the test environment (facts 4.8), by minor units. */
const failingAmounts: Readonly<Record<number, string>> = {
  151: "insufficient funds",
  182: "refused by issuer",
  183: "suspected fraud",
  184: "withdrawal limit exceeded",
  186: "expired card",
  187: "invalid card",
  197: "3DS denied",
  202: "SCA required",
};
const unknownForAnHour = 201;

export type ApprovalResult = "approved" | "processing" | { readonly failed: string };

/** The customer swipes. Anyone may approve a code that anyone can scan; the first one wins. */
export function approvePayment(context: Context, payment: SimulatedPayment, user: SimulatedUser): ApprovalResult {
  letTimePass(context, payment);
  if (payment.state !== "CREATED" || payment.authorizesMs !== undefined) return { failed: "the payment is over" };
  if (payment.minimumUserAge > user.age) return { failed: "too young for this purchase" };
  const failing = failingAmounts[payment.value];
  if (failing !== undefined) return { failed: failing };
  payment.payer = user.id;
  if (payment.value === unknownForAnHour) {
    payment.authorizesMs = context.clock.monotonicMs() + 3_600_000;
    return "processing";
  }
  authorize(context, payment);
  return "approved";
}

export function abortPayment(context: Context, payment: SimulatedPayment): boolean {
  letTimePass(context, payment);
  if (payment.state !== "CREATED") return false;
  payment.state = "ABORTED";
  addEvent(context, payment, "ABORTED", payment.value);
  return true;
}

export function expirePayment(context: Context, payment: SimulatedPayment): boolean {
  letTimePass(context, payment);
  if (payment.state !== "CREATED") return false;
  payment.state = "EXPIRED";
  addEvent(context, payment, "EXPIRED", payment.value);
  return true;
}

// ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function amountOf(payment: SimulatedPayment, value: number) {
  return { currency: payment.currency, value };
}

function paymentAnswer(context: Context, payment: SimulatedPayment) {
  const authorizedAt = payment.events.find(({ name }) => name === "AUTHORIZED")?.wallMs;
  const days = payment.currency === "NOK" ? 180 : 14;
  return {
    aggregate: {
      authorizedAmount: amountOf(payment, payment.authorized),
      cancelledAmount: amountOf(payment, payment.cancelled),
      capturedAmount: amountOf(payment, payment.captured),
      refundedAmount: amountOf(payment, payment.refunded),
    },
    amount: amountOf(payment, payment.value),
    state: payment.state,
    paymentMethod: { type: "WALLET" },
    profile: {},
    pspReference: payment.pspReference,
    reference: payment.reference,
    ...(payment.state === "CREATED" && payment.userFlow === "WEB_REDIRECT"
      ? { redirectUrl: landingUrl(context, payment) }
      : {}),
    ...(payment.metadata === undefined ? {} : { metadata: payment.metadata }),
    ...(authorizedAt === undefined
      ? {}
      : { captureGuaranteedUntil: new Date(authorizedAt + days * 86_400_000).toISOString().replace("Z", "+00:00") }),
  };
}

function adjustment(payment: SimulatedPayment) {
  return json(
    200,
    {
      amount: amountOf(payment, payment.value),
      state: payment.state,
      aggregate: {
        authorizedAmount: amountOf(payment, payment.authorized),
        cancelledAmount: amountOf(payment, payment.cancelled),
        capturedAmount: amountOf(payment, payment.captured),
        refundedAmount: amountOf(payment, payment.refunded),
      },
      pspReference: payment.pspReference,
      reference: payment.reference,
    },
    // EPSPEC AdjustResponse: success is declared with the problem type.
    "application/problem+json",
  );
}

function landingUrl(context: Context, payment: SimulatedPayment): string {
  return `${context.settings.publicUrl}/landing?token=${payment.token}`;
}

const missing = (): HttpResponse => paymentProblem(404, "The payment reference was not found", "5090");

function find(operation: Operation): SimulatedPayment | undefined {
  const { context, unit, parts } = operation;
  const payment = context.state.payments.get(paymentKey(unit.msn, parts[0] ?? ""));
  if (payment === undefined || payment.visibleMs > context.clock.monotonicMs()) return undefined;
  letTimePass(context, payment);
  return payment;
}

// ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Who a customer object names; an answer when it is refused. */
function customerOf(operation: Operation, body: CreateBody): SimulatedUser | HttpResponse | undefined {
  const { context, unit } = operation;
  if (body.customer === undefined) return undefined;
  const { phoneNumber, personalQr, customerToken } = body.customer;
  const named = [phoneNumber, personalQr, customerToken].filter((value) => value !== undefined);
  if (named.length !== 1)
    return paymentProblem(400, "Exactly one of phoneNumber, personalQr and customerToken", "4140");
  // What the sales unit may not do comes before what is true of the customer.
  if (body.userFlow === "PUSH_MESSAGE" && !unit.pushApproved)
    return refused("5080", "PUSH_MESSAGE is not allowed for this sales unit");
  const users = [...context.state.users.values()];
  if (customerToken !== undefined) {
    const token = context.state.customerTokens.get(customerToken);
    const user = token === undefined ? undefined : context.state.users.get(token.userId);
    const isGood = token !== undefined && token.msn === unit.msn && token.endsMs > context.clock.monotonicMs();
    return isGood && user !== undefined ? user : refused("4050", "The customerToken is invalid");
  }
  if (personalQr !== undefined)
    return users.find((user) => user.personalQr === personalQr) ?? refused("4060", "The personalQr is invalid");
  return users.find((user) => user.phoneNumber === phoneNumber) ?? refused("7010", "Customer not found");
}

function isAnswer(value: SimulatedUser | HttpResponse | undefined): value is HttpResponse {
  return value !== undefined && "status" in value;
}

function refusalOf(operation: Operation, body: CreateBody, user: SimulatedUser | undefined): HttpResponse | undefined {
  const { unit, context } = operation;
  if (body.amount.currency !== unit.currency) return refused("5040", "The currency is not the sales unit's");
  if (body.amount.value < (floors[body.amount.currency] ?? 1)) return refused("6010", "The amount is too small");
  if (body.expiresAt !== undefined) return refused("5050", "Long-living payments are not allowed for this sales unit");
  if (body.userFlow === "PUSH_MESSAGE" && !unit.pushApproved)
    return refused("5080", "PUSH_MESSAGE is not allowed for this sales unit");
  if (body.userFlow === "PUSH_MESSAGE" && user === undefined)
    return refused("4140", "A customer is needed for PUSH_MESSAGE");
  if (body.userFlow === "WEB_REDIRECT" && body.returnUrl === undefined)
    return refused("4090", "A returnUrl is needed for WEB_REDIRECT");
  if (body.returnUrl !== undefined && !/^[a-z][a-z0-9+.-]*:\/\//i.test(body.returnUrl))
    return refused("4090", "The returnUrl is not an address");
  if (body.returnUrl?.startsWith("http:") === true)
    return refused("4090", "The returnUrl must be https or an app's scheme");
  if (body.qrFormat !== undefined && body.userFlow !== "QR")
    return paymentProblem(400, "qrFormat is only for userFlow QR");
  if (Object.keys(body.metadata ?? {}).length > 5) return refused("4100", "Too many metadata pairs");
  if (user !== undefined && (body.minimumUserAge ?? 0) > user.age) return refused("7010", "Customer not found");
  if (context.state.payments.has(paymentKey(unit.msn, body.reference)))
    return paymentProblem(409, "A payment with this reference exists", "4150");
  return undefined;
}

function oneTimeOf(context: Context, payment: SimulatedPayment, body: CreateBody): string {
  const format = body.qrFormat?.format ?? "IMAGE/SVG+XML";
  if (format === "TEXT/TARGETURL") return payment.qrContent;
  const image = {
    content: payment.qrContent,
    format: format === "IMAGE/PNG" ? ("png" as const) : ("svg" as const),
    sizePx: body.qrFormat?.size ?? 1_024,
    payment,
  };
  return imageLink(context, image, context.settings.paymentLifeMs);
}

function redirectOf(context: Context, payment: SimulatedPayment, body: CreateBody): string | undefined {
  switch (body.userFlow) {
    case "QR":
      return oneTimeOf(context, payment, body);
    case "WEB_REDIRECT":
      return landingUrl(context, payment);
    case "NATIVE_REDIRECT":
      return `vipps://?token=${payment.token}`;
    case "PUSH_MESSAGE":
      return undefined;
  }
}

export const createPayment: Handler = (operation) => {
  const { context, unit, request } = operation;
  const raw = bodyOf(request);
  const reference = z.object({ reference: z.string() }).safeParse(raw);
  const limited = reference.success
    ? overLimit(context, `create/${unit.msn}/${reference.data.reference}`, 5)
    : undefined;
  if (limited !== undefined) return limited;
  return idempotent(operation, "create", "4020", true, () => {
    const parsed = createBody.safeParse(raw);
    if (!parsed.success) return invalidRequest(parsed.error);
    const body = parsed.data;
    const user = customerOf(operation, body);
    if (isAnswer(user)) return user;
    const refusal = refusalOf(operation, body, user);
    if (refusal !== undefined) return refusal;
    const now = context.clock.monotonicMs();
    const payment: SimulatedPayment = {
      msn: unit.msn,
      reference: body.reference,
      value: body.amount.value,
      currency: unit.currency,
      userFlow: body.userFlow,
      description: body.paymentDescription ?? "",
      minimumUserAge: body.minimumUserAge ?? 0,
      metadata: body.metadata,
      pspReference: randomUuid(context.entropy),
      token: randomText(context.entropy, 40),
      qrContent: `https://qr.vipps.no/28/2/05/031/${randomText(context.entropy, 9)}`,
      createdMs: now,
      expiresMs: now + context.settings.paymentLifeMs,
      visibleMs: now + context.switches.createdVisibleAfterMs,
      state: "CREATED",
      authorizesMs: undefined,
      authorized: 0,
      captured: 0,
      cancelled: 0,
      refunded: 0,
      payer: undefined,
      events: [],
    };
    context.state.payments.set(paymentKey(unit.msn, payment.reference), payment);
    addEvent(context, payment, "CREATED", payment.value);
    if (user !== undefined) user.app = { kind: "request", msn: unit.msn, reference: payment.reference };
    const redirectUrl = redirectOf(context, payment, body);
    return json(201, { reference: payment.reference, ...(redirectUrl === undefined ? {} : { redirectUrl }) });
  });
};

export const getPayment: Handler = (operation) => {
  const limited = overLimit(
    operation.context,
    `read/${operation.unit.subscriptionKey}/${operation.parts[0] ?? ""}`,
    120,
  );
  if (limited !== undefined) return limited;
  const payment = find(operation);
  return payment === undefined ? missing() : json(200, paymentAnswer(operation.context, payment));
};

export const getEvents: Handler = (operation) => {
  const limited = overLimit(
    operation.context,
    `read/${operation.unit.subscriptionKey}/${operation.parts[0] ?? ""}`,
    120,
  );
  if (limited !== undefined) return limited;
  const payment = find(operation);
  if (payment === undefined) return missing();
  return json(
    200,
    payment.events.map((event) => ({
      reference: payment.reference,
      pspReference: event.pspReference,
      name: event.name,
      amount: amountOf(payment, event.value),
      timestamp: new Date(event.wallMs).toISOString(),
      ...(event.idempotencyKey === undefined ? {} : { idempotencyKey: event.idempotencyKey }),
      success: true,
    })),
  );
};

const modificationBody = z.strictObject({ modificationAmount: amount });

/** The amount of a capture or refund, checked against the payment's currency and the floor. */
function modificationOf(operation: Operation, payment: SimulatedPayment): number | HttpResponse {
  const parsed = modificationBody.safeParse(bodyOf(operation.request));
  if (!parsed.success) return invalidRequest(parsed.error);
  const { currency, value } = parsed.data.modificationAmount;
  if (currency !== payment.currency) return refused("4040", "The currency is not the payment's");
  if (value < (floors[currency] ?? 1)) return refused("6010", "The amount is too small");
  return value;
}

export const capturePayment: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const limited = overLimit(context, `capture/${unit.msn}/${parts[0] ?? ""}`, 5);
  if (limited !== undefined) return limited;
  return idempotent(operation, "capture", "4010", true, (key) => {
    const payment = find(operation);
    if (payment === undefined) return missing();
    const value = modificationOf(operation, payment);
    if (typeof value !== "number") return value;
    if (payment.state === "CREATED") return refused("6080", "Capture before the reservation");
    if (payment.state !== "AUTHORIZED") return refused("6190", "The payment is in the wrong state");
    const left = payment.authorized - payment.captured - payment.cancelled;
    if (payment.cancelled > 0 && left <= 0) return refused("6070", "The payment is cancelled");
    if (left <= 0) return refused("6170", "The payment is captured already");
    if (value > left) return refused("6090", "The amount is higher than what is reserved");
    if (!unit.partialCapture && value !== payment.authorized)
      return refused("6140", "This sales unit must capture the full amount");
    payment.captured += value;
    addEvent(context, payment, "CAPTURED", value, key);
    return adjustment(payment);
  });
};

const cancelBody = z.strictObject({ cancelTransactionOnly: z.boolean().optional() }).optional();

function approveInTheMiddle(operation: Operation, payment: SimulatedPayment): HttpResponse | undefined {
  const { context } = operation;
  const answer = context.switches.approveDuringCancel;
  if (answer === undefined || payment.state !== "CREATED") return undefined;
  context.switches.approveDuringCancel = undefined;
  const user = [...context.state.users.values()][0];
  if (user === undefined || approvePayment(context, payment, user) !== "approved") return undefined;
  switch (answer) {
    case "6060":
      return refused("6060", "The payment is authorised");
    case "6250":
      return paymentProblem(409, "The payment cannot be cancelled while it is processed", "6250");
    case "423":
      return paymentProblem(423, "The payment is locked");
  }
}

export const cancelPayment: Handler = (operation) => {
  const { context, unit, parts, request } = operation;
  const limited = overLimit(context, `cancel/${unit.msn}/${parts[0] ?? ""}`, 5);
  if (limited !== undefined) return limited;
  const raw = bodyOf(request);
  const parsed = cancelBody.safeParse(raw);
  if (!parsed.success) return invalidRequest(parsed.error);
  return idempotent(operation, "cancel", "4020", false, () => {
    const payment = find(operation);
    if (payment === undefined) return missing();
    const race = approveInTheMiddle(operation, payment);
    if (race !== undefined) return race;
    switch (payment.state) {
      case "CREATED":
        if (payment.authorizesMs !== undefined)
          return paymentProblem(409, "The payment cannot be cancelled while it is processed", "6250");
        payment.state = "TERMINATED";
        payment.cancelled = payment.value;
        addEvent(context, payment, "TERMINATED", payment.value);
        return adjustment(payment);
      case "AUTHORIZED": {
        if (parsed.data?.cancelTransactionOnly === true) return refused("6060", "The payment is authorised");
        const left = payment.authorized - payment.captured - payment.cancelled;
        if (left <= 0 && payment.captured >= payment.authorized) return refused("6040", "The payment is captured");
        // Cancelling what is cancelled answers like the first time.
        if (left <= 0) return adjustment(payment);
        payment.cancelled += left;
        addEvent(context, payment, "CANCELLED", left);
        return adjustment(payment);
      }
      case "TERMINATED":
        return adjustment(payment);
      case "ABORTED":
      case "EXPIRED":
        return refused("6050", "There is no reservation to cancel");
    }
  });
};

/** Magic refund amounts (facts 4.8). */
const failingRefunds: Readonly<Record<number, readonly [string, string]>> = {
  123: ["5100", "The user is deleted"],
  124: ["6220", "The period for refunds is over"],
};

export const refundPayment: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const limited = overLimit(context, `refund/${unit.msn}/${parts[0] ?? ""}`, 5);
  if (limited !== undefined) return limited;
  return idempotent(operation, "refund", "4150", true, (key) => {
    const payment = find(operation);
    if (payment === undefined) return missing();
    const value = modificationOf(operation, payment);
    if (typeof value !== "number") return value;
    const failing = failingRefunds[value];
    if (failing !== undefined) return refused(...failing);
    if (payment.state !== "AUTHORIZED" || payment.captured === 0) return refused("6020", "Refund before the capture");
    if (payment.refunded >= payment.captured) return refused("6180", "The payment is refunded already");
    if (value > payment.captured - payment.refunded) return refused("6150", "Not enough is left to refund");
    payment.refunded += value;
    addEvent(context, payment, "REFUNDED", value, key);
    return adjustment(payment);
  });
};

/** Test environment only: `POST /v1/test/payments/{reference}/approve`. */
export const forceApprove: Handler = (operation) => {
  const { context, request } = operation;
  const schema = z.strictObject({
    customer: z.strictObject({ phoneNumber: z.string().regex(/^\d{9,15}$/) }).optional(),
    token: z.string().optional(),
  });
  const parsed = schema.safeParse(bodyOf(request));
  if (!parsed.success) return invalidRequest(parsed.error);
  const payment = find(operation);
  if (payment === undefined) return missing();
  const user = [...context.state.users.values()].find(
    ({ phoneNumber }) => phoneNumber === parsed.data.customer?.phoneNumber,
  );
  if (user === undefined) return refused("10030", "The user could not be identified");
  if (!user.hasApproved) return refused("10020", "Not allowed: the user has never approved a payment in the app");
  if (payment.state !== "CREATED") return refused("6230", "The payment is reserved already");
  const result = approvePayment(context, payment, user);
  if (typeof result === "object") return refused("10010", `The approval failed: ${result.failed}`);
  return empty(200);
};
