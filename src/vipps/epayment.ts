/** ePayment (API 1.8.1): payments, by reference. Each change carries an Idempotency-Key, so that a copy does no harm. */
import * as z from "zod";
import type { Currency } from "../sale/money.ts";
import * as answers from "./answers.ts";
import type { Call, Caller } from "./caller.ts";
import type { TimedOptions } from "./deadline.ts";
import { unusable } from "./errors.ts";
import { type CreatePaymentBody, createPayment, modification } from "./payment-rules.ts";
import * as rules from "./rules.ts";

/** Minor units of the payment's currency. */
export interface Modification {
  readonly currency: Currency;
  readonly value: number;
}

export interface Epayment {
  /** `POST /epayment/v1/payments`, 201. `key` is the Idempotency-Key, at most 50 characters. */
  create(body: CreatePaymentBody, key: string, options?: TimedOptions): Promise<answers.CreatedPaymentAnswer>;
  /** `GET /epayment/v1/payments/{reference}` */
  get(reference: string, options?: TimedOptions): Promise<answers.PaymentAnswer>;
  /** `GET /epayment/v1/payments/{reference}/events` */
  events(reference: string, options?: TimedOptions): Promise<answers.PaymentEvents>;
  /** `POST …/capture` */
  capture(reference: string, amount: Modification, key: string, options?: TimedOptions): Promise<answers.PaymentAnswer>;
  /** `POST …/cancel`; `transactionOnly`: only what is not authorised yet (6060 otherwise). */
  cancel(
    reference: string,
    transactionOnly: boolean,
    key: string,
    options?: TimedOptions,
  ): Promise<answers.PaymentAnswer>;
  /** `POST …/refund` */
  refund(reference: string, amount: Modification, key: string, options?: TimedOptions): Promise<answers.PaymentAnswer>;
  /** `POST /epayment/v1/test/payments/{reference}/approve`; test environment only. */
  forceApprove(reference: string, phoneNumber: string, options?: TimedOptions): Promise<void>;
}

const root = "/epayment/v1";
const approveSchema = z.strictObject({ customer: z.strictObject({ phoneNumber: rules.phoneNumber }) });

function pathOf(operation: string, reference: string, before = "", after = ""): string {
  const checked = rules.checkField(operation, "reference", rules.reference, reference);
  return `${root}${before}/payments/${encodeURIComponent(checked)}${after}`;
}

function keyOf(operation: string, key: string): string {
  return rules.checkField(operation, "Idempotency-Key", rules.idempotencyKey, key);
}

/** An answer about another payment is not an answer. */
function aboutReference<T extends { readonly reference: string }>(operation: string, reference: string, answer: T): T {
  if (answer.reference === reference) return answer;
  throw unusable(operation, "the answer is about another payment");
}

function secretsOf({ customer }: CreatePaymentBody): readonly string[] {
  return customer === undefined ? [] : Object.values(customer);
}

export function createEpayment(caller: Caller): Epayment {
  async function adjust(
    operation: string,
    action: "capture" | "cancel" | "refund",
    reference: string,
    body: unknown,
    key: string,
    options: TimedOptions | undefined,
  ): Promise<answers.PaymentAnswer> {
    const call: Call = {
      operation,
      method: "POST",
      path: pathOf(operation, reference, "", `/${action}`),
      body,
      idempotencyKey: keyOf(operation, key),
      payment: { reference, limit: "modify" },
      isSafeToRepeat: true,
    };
    const answer = answers.readAnswer(operation, answers.payment, await caller.call(call, options));
    return aboutReference(operation, reference, answer);
  }

  function amountOf(operation: string, amount: Modification): unknown {
    return rules.checkRequest(operation, modification, { modificationAmount: amount });
  }

  return {
    async create(request, key, options) {
      const operation = "create payment";
      const body = rules.checkRequest(operation, createPayment, request);
      const call: Call = {
        operation,
        method: "POST",
        path: `${root}/payments`,
        body,
        idempotencyKey: keyOf(operation, key),
        payment: { reference: body.reference, limit: "modify" },
        isSafeToRepeat: true,
        secrets: secretsOf(body),
      };
      const answer = answers.readAnswer(operation, answers.createdPayment, await caller.call(call, options));
      return aboutReference(operation, body.reference, answer);
    },
    async get(reference, options) {
      const operation = "get payment";
      const path = pathOf(operation, reference);
      const payment = { reference, limit: "read" } as const;
      const answer = await caller.call({ operation, method: "GET", path, payment, isSafeToRepeat: true }, options);
      return aboutReference(operation, reference, answers.readAnswer(operation, answers.payment, answer));
    },
    async events(reference, options) {
      const operation = "get payment events";
      const path = pathOf(operation, reference, "", "/events");
      const payment = { reference, limit: "read" } as const;
      const answer = await caller.call({ operation, method: "GET", path, payment, isSafeToRepeat: true }, options);
      const events = answers.readAnswer(operation, answers.paymentEvents, answer);
      for (const event of events) aboutReference(operation, reference, event);
      return events;
    },
    async capture(reference, amount, key, options) {
      const operation = "capture payment";
      return adjust(operation, "capture", reference, amountOf(operation, amount), key, options);
    },
    // Always with a body: without one the service reports type errors (official WooCommerce plugin).
    cancel: (reference, transactionOnly, key, options) =>
      adjust("cancel payment", "cancel", reference, { cancelTransactionOnly: transactionOnly }, key, options),
    async refund(reference, amount, key, options) {
      const operation = "refund payment";
      return adjust(operation, "refund", reference, amountOf(operation, amount), key, options);
    },
    async forceApprove(reference, phoneNumber, options) {
      const operation = "force approve";
      const path = pathOf(operation, reference, "/test", "/approve");
      const body = rules.checkRequest(operation, approveSchema, { customer: { phoneNumber } });
      const call = { operation, method: "POST", path, body, isSafeToRepeat: false, secrets: [phoneNumber] } as const;
      await caller.call(call, options);
    },
  };
}
