/**
 * The whole client: QR API (13 operations), ePayment, Webhooks. One function an operation; each throws VippsError and nothing else.
 */
import { z } from "zod";
import { type Caller, type CallerSettings, createCaller } from "./caller.ts";
import type { CallOptions } from "./port.ts";
import * as rules from "./schema.ts";

/** How a redirect or one-time QR is wanted (`Accept` and `Size` headers; size for PNG only). */
export type QrWanted =
  | { readonly format: "target-url" }
  | { readonly format: "svg" }
  | { readonly format: "png"; readonly sizePx?: number };

export interface RedirectRequest {
  readonly id: string;
  readonly redirectUrl: string;
  /** Seconds, 300 … 2147483647; without it the QR lives for ever. */
  readonly ttl?: number;
}

export interface CallbackRequest {
  readonly locationDescription: string;
  /** IN_STORE (the provider's default), VENDING, or a newer word. */
  readonly category?: string;
}

export interface Modification {
  readonly currency: "NOK" | "DKK" | "EUR";
  readonly value: number;
}

const accepts: Readonly<Record<QrWanted["format"], string>> = {
  "target-url": "text/targetUrl",
  svg: "image/svg+xml",
  png: "image/png",
};

function imageHeaders(operation: string, wanted: QrWanted): Record<string, string> {
  if (wanted.format !== "png" || wanted.sizePx === undefined) return { accept: accepts[wanted.format] };
  return { accept: accepts.png, size: String(rules.checkRequest(operation, rules.imageSize, wanted.sizePx)) };
}

/** Callback QRs are asked for by query (QR API changelog, December 2023), spelled as in the reference. */
function imageQuery(operation: string, wanted: QrWanted | undefined): string {
  if (wanted === undefined || wanted.format === "target-url") return "";
  const query = new URLSearchParams({ QrImageFormat: wanted.format === "png" ? "PNG" : "SVG" });
  if (wanted.format === "png" && wanted.sizePx !== undefined)
    query.set("QrImageSize", String(rules.checkRequest(operation, rules.imageSize, wanted.sizePx)));
  return `?${query.toString()}`;
}

const segment = encodeURIComponent;

/** Not repeated by us: without an Idempotency-Key a copy is a second request. */
const once = { isSafeToRepeat: false } as const;
const repeatable = { isSafeToRepeat: true } as const;

function redirectQrs(caller: Caller) {
  return {
    /** POST /qr/v1/merchant-redirect. 409 names the id that is taken. */
    async create(request: RedirectRequest, wanted: QrWanted, options?: CallOptions): Promise<rules.RedirectQr> {
      const operation = "create merchant redirect QR";
      const schema = z.strictObject({
        id: rules.redirectId,
        redirectUrl: rules.redirectUrl,
        ttl: rules.ttl.exactOptional(),
      });
      const body = rules.checkRequest(operation, schema, request);
      const headers = imageHeaders(operation, wanted);
      const answer = await caller.call(
        { operation, method: "POST", path: "/qr/v1/merchant-redirect", headers, body, ...once },
        options,
      );
      return rules.readAnswer(operation, rules.redirectAnswer, answer);
    },
    /** GET /qr/v1/merchant-redirect */
    async list(wanted: QrWanted, options?: CallOptions): Promise<readonly rules.RedirectQr[]> {
      const operation = "list merchant redirect QRs";
      const headers = imageHeaders(operation, wanted);
      const answer = await caller.call(
        { operation, method: "GET", path: "/qr/v1/merchant-redirect", headers, ...repeatable },
        options,
      );
      return rules.readAnswer(operation, z.array(rules.redirectAnswer), answer);
    },
    /** GET /qr/v1/merchant-redirect/{id} */
    async get(id: string, wanted: QrWanted, options?: CallOptions): Promise<rules.RedirectQr> {
      const operation = "get merchant redirect QR";
      const checked = rules.checkRequest(operation, z.object({ id: rules.redirectId }), { id });
      const path = `/qr/v1/merchant-redirect/${segment(checked.id)}`;
      const headers = imageHeaders(operation, wanted);
      const answer = await caller.call({ operation, method: "GET", path, headers, ...repeatable }, options);
      return rules.readAnswer(operation, rules.redirectAnswer, answer);
    },
    /** PUT /qr/v1/merchant-redirect/{id}: a new address behind the same printed code. */
    async update(id: string, redirectUrl: string, wanted: QrWanted, options?: CallOptions): Promise<rules.RedirectQr> {
      const operation = "update merchant redirect QR";
      const schema = z.object({ id: rules.redirectId, redirectUrl: rules.redirectUrl });
      const checked = rules.checkRequest(operation, schema, { id, redirectUrl });
      const path = `/qr/v1/merchant-redirect/${segment(checked.id)}`;
      const headers = imageHeaders(operation, wanted);
      const body = { redirectUrl: checked.redirectUrl };
      const answer = await caller.call({ operation, method: "PUT", path, headers, body, ...repeatable }, options);
      return rules.readAnswer(operation, rules.redirectAnswer, answer);
    },
    /** DELETE /qr/v1/merchant-redirect/{id} */
    async delete(id: string, options?: CallOptions): Promise<void> {
      const operation = "delete merchant redirect QR";
      const checked = rules.checkRequest(operation, z.object({ id: rules.redirectId }), { id });
      const path = `/qr/v1/merchant-redirect/${segment(checked.id)}`;
      await caller.call({ operation, method: "DELETE", path, ...repeatable }, options);
    },
  };
}

function callbackQrs(caller: Caller) {
  const pathOf = (operation: string, id: string): string =>
    `/qr/v1/merchant-callback/${segment(rules.checkRequest(operation, z.object({ merchantQrId: rules.qrId }), { merchantQrId: id }).merchantQrId)}`;
  const schema = z.strictObject({
    locationDescription: rules.locationDescription,
    category: rules.category.exactOptional(),
  });
  return {
    /** PUT /qr/v1/merchant-callback/{merchantQrId}: create or update; the answer is 200 without a body. */
    async put(id: string, request: CallbackRequest, options?: CallOptions): Promise<void> {
      const operation = "put merchant callback QR";
      const body = rules.checkRequest(operation, schema, request);
      await caller.call({ operation, method: "PUT", path: pathOf(operation, id), body, ...repeatable }, options);
    },
    /** GET /qr/v1/merchant-callback/{merchantQrId} */
    async get(id: string, wanted?: QrWanted, options?: CallOptions): Promise<rules.CallbackQrAnswer> {
      const operation = "get merchant callback QR";
      const path = pathOf(operation, id) + imageQuery(operation, wanted);
      const answer = await caller.call({ operation, method: "GET", path, ...repeatable }, options);
      return rules.readAnswer(operation, rules.callbackAnswer, answer);
    },
    /** GET /qr/v1/merchant-callback */
    async list(wanted?: QrWanted, options?: CallOptions): Promise<readonly rules.CallbackQrAnswer[]> {
      const operation = "list merchant callback QRs";
      const path = `/qr/v1/merchant-callback${imageQuery(operation, wanted)}`;
      const answer = await caller.call({ operation, method: "GET", path, ...repeatable }, options);
      return rules.readAnswer(operation, z.array(rules.callbackAnswer), answer);
    },
    /** DELETE /qr/v1/merchant-callback/{merchantQrId}: for machines that are taken away. */
    async delete(id: string, options?: CallOptions): Promise<void> {
      const operation = "delete merchant callback QR";
      await caller.call({ operation, method: "DELETE", path: pathOf(operation, id), ...repeatable }, options);
    },
    /** PUT /qr/v1/merchant-callback/mobilepay/{beaconId}: takes over a printed MobilePay sticker. 409 when it is mapped already. */
    async putMobilePay(beaconId: string, request: CallbackRequest, options?: CallOptions): Promise<void> {
      const operation = "map MobilePay beacon";
      const body = rules.checkRequest(operation, schema, request);
      const checked = rules.checkRequest(operation, z.object({ beaconId: rules.qrId }), { beaconId });
      const path = `/qr/v1/merchant-callback/mobilepay/${segment(checked.beaconId)}`;
      await caller.call({ operation, method: "PUT", path, body, ...repeatable }, options);
    },
  };
}

function qrOthers(caller: Caller) {
  return {
    /** POST /qr/v1: a landing page's address becomes a one-time QR. */
    async oneTime(url: string, wanted: QrWanted, options?: CallOptions): Promise<rules.OneTimeQr> {
      const operation = "create one-time payment QR";
      const body = rules.checkRequest(operation, z.strictObject({ url: rules.url }), { url });
      const headers = imageHeaders(operation, wanted);
      // It makes a picture of an address that exists already: a copy does no harm.
      const answer = await caller.call(
        { operation, method: "POST", path: "/qr/v1", headers, body, ...repeatable },
        options,
      );
      return rules.readAnswer(operation, rules.oneTimeAnswer, answer);
    },
    /** POST /qr/v1/exchange: a customer's personal QR for the phone number. */
    async exchange(qrCode: string, options?: CallOptions): Promise<rules.ExchangeAnswer> {
      const operation = "exchange personal QR";
      const schema = z.strictObject({
        qrCode: z.string().min(5, "is not 5 to 255 characters").max(255, "is not 5 to 255 characters"),
        requestedData: z.array(z.literal("MSISDN")),
      });
      const body = rules.checkRequest(operation, schema, { qrCode, requestedData: ["MSISDN"] });
      const answer = await caller.call(
        { operation, method: "POST", path: "/qr/v1/exchange", body, ...repeatable },
        options,
      );
      return rules.readAnswer(operation, rules.exchangeAnswer, answer);
    },
    /** POST /qr/v1/exchange/customer: a check-in's token for the phone number. */
    async exchangeCustomer(customerToken: string, options?: CallOptions): Promise<rules.ExchangeAnswer> {
      const operation = "exchange customer token";
      const schema = z.strictObject({
        customer: z.strictObject({ customerToken: z.string().min(1, "is empty") }),
        requestedData: z.array(z.literal("MSISDN")),
      });
      const body = rules.checkRequest(operation, schema, { customer: { customerToken }, requestedData: ["MSISDN"] });
      const path = "/qr/v1/exchange/customer";
      const answer = await caller.call({ operation, method: "POST", path, body, ...repeatable }, options);
      return rules.readAnswer(operation, rules.exchangeAnswer, answer);
    },
  };
}

function payments(caller: Caller) {
  const pathOf = (operation: string, reference: string, tail = ""): string => {
    const checked = rules.checkRequest(operation, z.object({ reference: rules.reference }), { reference });
    return `/epayment/v1/payments/${segment(checked.reference)}${tail}`;
  };
  const adjust = async (
    operation: string,
    tail: string,
    reference: string,
    body: unknown,
    key: string,
    options?: CallOptions,
  ): Promise<rules.PaymentAnswer> => {
    const idempotencyKey = rules.checkRequest(operation, z.object({ "Idempotency-Key": rules.idempotencyKey }), {
      "Idempotency-Key": key,
    })["Idempotency-Key"];
    const answer = await caller.call(
      {
        operation,
        method: "POST",
        path: pathOf(operation, reference, tail),
        body,
        idempotencyKey,
        limit: { kind: "modify", key: reference },
        isSafeToRepeat: true,
      },
      options,
    );
    return sameReference(operation, reference, rules.readAnswer(operation, rules.paymentAnswer, answer));
  };
  const modification = (operation: string, amount: Modification) =>
    rules.checkRequest(operation, z.strictObject({ modificationAmount: rules.amount }), { modificationAmount: amount });
  return {
    /** POST /epayment/v1/payments, 201. */
    async create(body: unknown, key: string, options?: CallOptions): Promise<z.infer<typeof rules.createdPayment>> {
      const operation = "create payment";
      const checked = rules.checkRequest(operation, rules.createPayment, body);
      rules.checkRequest(operation, z.object({ "Idempotency-Key": rules.idempotencyKey }), { "Idempotency-Key": key });
      const answer = await caller.call(
        {
          operation,
          method: "POST",
          path: "/epayment/v1/payments",
          body: checked,
          idempotencyKey: key,
          limit: { kind: "modify", key: checked.reference },
          isSafeToRepeat: true,
        },
        options,
      );
      return sameReference(operation, checked.reference, rules.readAnswer(operation, rules.createdPayment, answer));
    },
    /** GET /epayment/v1/payments/{reference} */
    async get(reference: string, options?: CallOptions): Promise<rules.PaymentAnswer> {
      const operation = "get payment";
      const path = pathOf(operation, reference);
      const limit = { kind: "read", key: reference } as const;
      const answer = await caller.call({ operation, method: "GET", path, limit, ...repeatable }, options);
      return sameReference(operation, reference, rules.readAnswer(operation, rules.paymentAnswer, answer));
    },
    /** GET /epayment/v1/payments/{reference}/events */
    async events(reference: string, options?: CallOptions): Promise<rules.PaymentEvents> {
      const operation = "get payment events";
      const path = pathOf(operation, reference, "/events");
      const limit = { kind: "read", key: reference } as const;
      const answer = await caller.call({ operation, method: "GET", path, limit, ...repeatable }, options);
      return rules.readAnswer(operation, rules.paymentEvents, answer);
    },
    /** POST …/capture */
    capture: (reference: string, amount: Modification, key: string, options?: CallOptions) =>
      adjust("capture payment", "/capture", reference, modification("capture payment", amount), key, options),
    /** POST …/cancel; `transactionOnly`: only what is not authorised yet (6060 otherwise). */
    cancel: (reference: string, transactionOnly: boolean, key: string, options?: CallOptions) =>
      adjust("cancel payment", "/cancel", reference, { cancelTransactionOnly: transactionOnly }, key, options),
    /** POST …/refund */
    refund: (reference: string, amount: Modification, key: string, options?: CallOptions) =>
      adjust("refund payment", "/refund", reference, modification("refund payment", amount), key, options),
    /** POST /epayment/v1/test/payments/{reference}/approve; test environment only. */
    async forceApprove(reference: string, phoneNumber: string, options?: CallOptions): Promise<void> {
      const operation = "force approve";
      const schema = z.object({
        reference: rules.reference,
        phoneNumber: z.string().regex(/^\d{9,15}$/, "is not 9 to 15 digits with country code"),
      });
      const checked = rules.checkRequest(operation, schema, { reference, phoneNumber });
      const path = `/epayment/v1/test/payments/${segment(checked.reference)}/approve`;
      const body = { customer: { phoneNumber: checked.phoneNumber } };
      await caller.call({ operation, method: "POST", path, body, ...once }, options);
    },
  };
}

function webhooks(caller: Caller) {
  return {
    /** POST /webhooks/v1/webhooks, 201. The secret is told this once. */
    async register(url: string, events: readonly string[], options?: CallOptions) {
      const operation = "register webhook";
      const schema = z.strictObject({ url: rules.webhookUrl, events: rules.webhookEvents });
      const body = rules.checkRequest(operation, schema, { url, events });
      const answer = await caller.call(
        { operation, method: "POST", path: "/webhooks/v1/webhooks", body, ...once },
        options,
      );
      return rules.readAnswer(operation, rules.webhookRegistered, answer);
    },
    /** GET /webhooks/v1/webhooks */
    async list(options?: CallOptions) {
      const operation = "list webhooks";
      const answer = await caller.call(
        { operation, method: "GET", path: "/webhooks/v1/webhooks", ...repeatable },
        options,
      );
      return rules.readAnswer(operation, rules.webhookList, answer).webhooks;
    },
    /** DELETE /webhooks/v1/webhooks/{id}, 204. */
    async delete(id: string, options?: CallOptions): Promise<void> {
      const operation = "delete webhook";
      const checked = rules.checkRequest(operation, z.object({ id: rules.qrId }), { id });
      await caller.call(
        { operation, method: "DELETE", path: `/webhooks/v1/webhooks/${segment(checked.id)}`, ...repeatable },
        options,
      );
    },
  };
}

/** An answer about another payment is no answer. */
function sameReference<T extends { readonly reference: string }>(operation: string, reference: string, answer: T): T {
  return rules.readAnswer(
    operation,
    z.custom<T>(() => answer.reference === reference, "is about another payment"),
    answer,
  );
}

export interface VippsClient {
  readonly redirectQrs: ReturnType<typeof redirectQrs>;
  readonly callbackQrs: ReturnType<typeof callbackQrs>;
  readonly qr: ReturnType<typeof qrOthers>;
  readonly payments: ReturnType<typeof payments>;
  readonly webhooks: ReturnType<typeof webhooks>;
  /** The picture behind a link that the provider gave; needs no keys. */
  readonly fetchImage: Caller["fetchImage"];
}

export function createVippsClient(settings: CallerSettings): VippsClient {
  const caller = createCaller(settings);
  return {
    redirectQrs: redirectQrs(caller),
    callbackQrs: callbackQrs(caller),
    qr: qrOthers(caller),
    payments: payments(caller),
    webhooks: webhooks(caller),
    fetchImage: (url, options) => caller.fetchImage(url, options),
  };
}
