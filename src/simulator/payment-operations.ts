/** ePayment's operations (ePayment API): create, look, capture, cancel, refund; and force approve of the test environment. */
import * as z from "zod";
import { defined } from "../kit/defined.ts";
import { parseTimestamp } from "../kit/timestamp.ts";
import type { HttpResponse } from "../vipps/transport.ts";
import { remember } from "./bounded.ts";
import { type Handler, type Operation, randomText, randomUuid } from "./context.ts";
import { idempotent, overLimit } from "./idempotency.ts";
import { bodyOf, empty, json, paymentProblem } from "./message.ts";
import { adjustment, amountOf, paymentAnswer, redirectOf } from "./payment-answers.ts";
import { type PaymentErrorCode, refused } from "./payment-errors.ts";
import { addEvent, approvePayment, letTimePass } from "./payment-life.ts";
import { customerOf, floorOf, invalidRequest, isAnswer, refusalOf } from "./payment-request.ts";
import { cancelBody, createBody, forceApproveBody, modificationBody } from "./payment-schema.ts";
import { isEnded, paymentKey, type SimulatedPayment, type SimulatedUser } from "./state.ts";

function find(operation: Operation): SimulatedPayment | undefined {
  const { context, unit, parts } = operation;
  const payment = context.state.payments.get(paymentKey(unit.msn, parts[0] ?? ""));
  if (payment === undefined || payment.visibleMs > context.clock.monotonicMs()) return undefined;
  letTimePass(context, payment);
  return payment;
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
    const lifeMs =
      body.expiresAt === undefined
        ? context.settings.paymentLifeMs
        : (parseTimestamp(body.expiresAt) ?? 0) - context.clock.wallMs();
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
      expiresMs: now + lifeMs,
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
    remember(context.state.payments, paymentKey(unit.msn, payment.reference), payment, isEnded);
    addEvent(context, payment, "CREATED", payment.value);
    if (user !== undefined) user.app = { kind: "request", msn: unit.msn, reference: payment.reference };
    const redirectUrl = redirectOf(context, payment, body.qrFormat);
    return json(201, { reference: payment.reference, ...defined({ redirectUrl }) });
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
  return payment === undefined ? refused("5090") : json(200, paymentAnswer(operation.context, payment));
};

export const getEvents: Handler = (operation) => {
  const limited = overLimit(
    operation.context,
    `read/${operation.unit.subscriptionKey}/${operation.parts[0] ?? ""}`,
    120,
  );
  if (limited !== undefined) return limited;
  const payment = find(operation);
  if (payment === undefined) return refused("5090");
  return json(
    200,
    payment.events.map((event) => ({
      reference: payment.reference,
      pspReference: event.pspReference,
      name: event.name,
      amount: amountOf(payment, event.value),
      timestamp: new Date(event.wallMs).toISOString(),
      ...defined({ idempotencyKey: event.idempotencyKey }),
      success: true,
    })),
  );
};

/** The amount of a capture or refund, checked against the payment's currency and the floor. */
function modificationOf(operation: Operation, payment: SimulatedPayment): number | HttpResponse {
  const parsed = modificationBody.safeParse(bodyOf(operation.request));
  if (!parsed.success) return invalidRequest(parsed.error);
  const { currency, value } = parsed.data.modificationAmount;
  if (currency !== payment.currency) return refused("4040");
  if (value < floorOf(currency)) return refused("6010");
  return value;
}

export const capturePayment: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const limited = overLimit(context, `capture/${unit.msn}/${parts[0] ?? ""}`, 5);
  if (limited !== undefined) return limited;
  return idempotent(operation, "capture", "4010", true, (key) => {
    const payment = find(operation);
    if (payment === undefined) return refused("5090");
    const value = modificationOf(operation, payment);
    if (typeof value !== "number") return value;
    if (payment.state === "CREATED") return refused("6080");
    if (payment.state === "TERMINATED") return refused("6070");
    if (payment.state !== "AUTHORIZED") return refused("6190");
    const left = payment.authorized - payment.captured - payment.cancelled;
    if (payment.cancelled > 0 && left <= 0) return refused("6070");
    if (left <= 0) return refused("6170");
    if (value > left) return refused("6090");
    if (!unit.partialCapture && value !== payment.authorized) return refused("6140");
    payment.captured += value;
    addEvent(context, payment, "CAPTURED", value, key);
    return adjustment(payment);
  });
};

function approveInTheMiddle(operation: Operation, payment: SimulatedPayment): HttpResponse | undefined {
  const { context } = operation;
  const answer = context.switches.approveDuringCancel;
  if (answer === undefined || payment.state !== "CREATED") return undefined;
  context.switches.approveDuringCancel = undefined;
  const user = [...context.state.users.values()][0];
  if (user === undefined || approvePayment(context, payment, user) !== "approved") return undefined;
  switch (answer) {
    case "6060":
      return refused("6060");
    case "6250":
      return refused("6250");
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
    if (payment === undefined) return refused("5090");
    const race = approveInTheMiddle(operation, payment);
    if (race !== undefined) return race;
    switch (payment.state) {
      case "CREATED":
        if (payment.authorizesMs !== undefined) return refused("6250");
        payment.state = "TERMINATED";
        payment.cancelled = payment.value;
        addEvent(context, payment, "TERMINATED", payment.value);
        return adjustment(payment);
      case "AUTHORIZED": {
        if (parsed.data?.cancelTransactionOnly === true) return refused("6060");
        const left = payment.authorized - payment.captured - payment.cancelled;
        if (left <= 0 && payment.captured >= payment.authorized) return refused("6040");
        // Cancelling again gets the same answer.
        if (left <= 0) return adjustment(payment);
        payment.cancelled += left;
        addEvent(context, payment, "CANCELLED", left);
        return adjustment(payment);
      }
      case "TERMINATED":
        return adjustment(payment);
      case "ABORTED":
      case "EXPIRED":
        return refused("6050");
    }
  });
};

/** Magic refund amounts (test environment). */
const failingRefunds: Readonly<Record<number, PaymentErrorCode>> = { 123: "5100", 124: "6220" };

export const refundPayment: Handler = (operation) => {
  const { context, unit, parts } = operation;
  const limited = overLimit(context, `refund/${unit.msn}/${parts[0] ?? ""}`, 5);
  if (limited !== undefined) return limited;
  return idempotent(operation, "refund", "4150", true, (key) => {
    const payment = find(operation);
    if (payment === undefined) return refused("5090");
    const value = modificationOf(operation, payment);
    if (typeof value !== "number") return value;
    const failing = failingRefunds[value];
    if (failing !== undefined) return refused(failing);
    if (payment.state !== "AUTHORIZED" || payment.captured === 0) return refused("6020");
    if (payment.refunded >= payment.captured) return refused("6180");
    if (value > payment.captured - payment.refunded) return refused("6150");
    payment.refunded += value;
    addEvent(context, payment, "REFUNDED", value, key);
    return adjustment(payment);
  });
};

/** Who force-approves: the customer with this phone number, or, given the payment's token, whoever has its request or else any user. */
function approverOf(
  { context }: Operation,
  payment: SimulatedPayment,
  phoneNumber: string | undefined,
): SimulatedUser | undefined {
  const users = [...context.state.users.values()];
  if (phoneNumber !== undefined) return users.find((user) => user.phoneNumber === phoneNumber);
  const isAsked = ({ app }: SimulatedUser): boolean => app.kind === "request" && app.reference === payment.reference;
  return users.find(isAsked) ?? users.find(({ hasApproved }) => hasApproved) ?? users[0];
}

/** Test environment only: `POST /v1/test/payments/{reference}/approve`. */
export const forceApprove: Handler = (operation) => {
  const { context, request } = operation;
  const parsed = forceApproveBody.safeParse(bodyOf(request));
  if (!parsed.success) return invalidRequest(parsed.error);
  const { customer, token } = parsed.data;
  const payment = find(operation);
  if (payment === undefined) return refused("5090");
  if (token !== undefined && token !== payment.token) return refused("10030", [{ name: "token", reason: "unknown" }]);
  const isNamed = customer?.phoneNumber !== undefined || token !== undefined;
  const user = isNamed ? approverOf(operation, payment, customer?.phoneNumber) : undefined;
  if (user === undefined) return refused("10030");
  if (!user.hasApproved) return refused("10020");
  if (payment.state !== "CREATED") return refused("6230");
  const result = approvePayment(context, payment, user);
  if (typeof result === "object") return refused("10010", [{ name: "reason", reason: result.failed }]);
  return empty(200);
};
