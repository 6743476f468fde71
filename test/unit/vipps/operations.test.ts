/**
 * Goal: every operation of the provider leaves as its documents want it, and its answers are understood.
 * Method: one row an operation; the request is judged by the OpenAPI document, the answer is the documented example.
 */
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { VippsClient } from "../../../src/vipps/client.ts";
import { exampleNamed, examples, faultsOfAnswer, faultsOfRequest, operationsOf } from "./openapi.ts";
import { json, keys, nothing, world } from "./support.ts";

const reference = "acme-shop-123-order123abc";
const content = { format: "target-url" } as const;

interface Row {
  readonly operation: string;
  /** Name of the example that is the answer; undefined: an empty one. */
  readonly answer: string | undefined;
  /** Fields that the example has of another payment. */
  readonly change?: Readonly<Record<string, unknown>>;
  readonly call: (client: VippsClient) => Promise<unknown>;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the result has; undefined: there is none. */
  readonly result: object | undefined;
}

const payment = {
  amount: { currency: "NOK", value: 42_924 },
  paymentMethod: { type: "WALLET" },
  reference,
  userFlow: "QR",
  customerInteraction: "CUSTOMER_PRESENT",
  paymentDescription: "Ear buds",
  qrFormat: { format: "TEXT/TARGETURL" },
} as const;
const amount = { currency: "NOK", value: 3_000 } as const;

const rows: readonly Row[] = [
  {
    operation: "POST /qr/v1/merchant-redirect",
    answer: "redirect-200",
    call: (client) =>
      client.redirectQrs.create({ id: "billboard_1", redirectUrl: "https://example.com/myProduct", ttl: 600 }, content),
    path: "/qr/v1/merchant-redirect",
    body: exampleNamed("redirect-create").body,
    headers: { accept: "text/targetUrl" },
    result: { id: "billboard_1", redirectUrl: "https://example.com/myProduct", expiresIn: 598 },
  },
  {
    operation: "GET /qr/v1/merchant-redirect",
    answer: "redirect-list-200",
    call: (client) => client.redirectQrs.list({ format: "svg" }),
    path: "/qr/v1/merchant-redirect",
    headers: { accept: "image/svg+xml" },
    result: [{ id: "billboard_1" }],
  },
  {
    operation: "GET /qr/v1/merchant-redirect/{id}",
    answer: "redirect-200",
    call: (client) => client.redirectQrs.get("kjøleskap 1", { format: "png", sizePx: 300 }),
    path: "/qr/v1/merchant-redirect/kj%C3%B8leskap%201",
    headers: { accept: "image/png", size: "300" },
    result: { url: "https://qr.vipps.no/generate/qr.png?..." },
  },
  {
    operation: "PUT /qr/v1/merchant-redirect/{id}",
    answer: "redirect-200",
    call: (client) => client.redirectQrs.update("billboard_1", "https://example.com/myProduct", content),
    path: "/qr/v1/merchant-redirect/billboard_1",
    body: exampleNamed("redirect-update").body,
    headers: { accept: "text/targetUrl" },
    result: { redirectUrl: "https://example.com/myProduct" },
  },
  {
    operation: "DELETE /qr/v1/merchant-redirect/{id}",
    answer: undefined,
    call: (client) => client.redirectQrs.delete("billboard_1"),
    path: "/qr/v1/merchant-redirect/billboard_1",
    result: undefined,
  },
  {
    operation: "POST /qr/v1",
    answer: "otp-200",
    call: (client) => client.qr.oneTime("https://landing.vipps.no?token=abc", { format: "png", sizePx: 2_000 }),
    path: "/qr/v1",
    body: { url: "https://landing.vipps.no?token=abc" },
    headers: { accept: "image/png", size: "2000" },
    result: { url: "https://qr.vipps.no/generate/qr.png?...", expiresIn: 544 },
  },
  {
    operation: "GET /qr/v1/merchant-callback",
    answer: "callback-list-200",
    call: (client) => client.callbackQrs.list(),
    path: "/qr/v1/merchant-callback",
    result: [{ locationDescription: "Kiosk" }, { locationDescription: "Bakery" }],
  },
  {
    operation: "GET /qr/v1/merchant-callback/{merchantQrId}",
    answer: "callback-get-200",
    call: (client) => client.callbackQrs.get("kiosk-7", { format: "png", sizePx: 400 }),
    path: "/qr/v1/merchant-callback/kiosk-7?QrImageFormat=PNG&QrImageSize=400",
    result: { locationDescription: "Kasse 1", qrContent: "https://qr.vipps.no/..." },
  },
  {
    operation: "PUT /qr/v1/merchant-callback/{merchantQrId}",
    answer: undefined,
    call: (client) =>
      client.callbackQrs.put("kiosk-7", { locationDescription: "vendingmachine1234", category: "VENDING" }),
    path: "/qr/v1/merchant-callback/kiosk-7",
    body: exampleNamed("callback-put-vending").body,
    result: undefined,
  },
  {
    operation: "DELETE /qr/v1/merchant-callback/{merchantQrId}",
    answer: undefined,
    call: (client) => client.callbackQrs.delete("kiosk-7"),
    path: "/qr/v1/merchant-callback/kiosk-7",
    result: undefined,
  },
  {
    operation: "PUT /qr/v1/merchant-callback/mobilepay/{beaconId}",
    answer: undefined,
    call: (client) => client.callbackQrs.putMobilePay("100200300", { locationDescription: "Kasse 1" }),
    path: "/qr/v1/merchant-callback/mobilepay/100200300",
    body: exampleNamed("callback-mobilepay-put").body,
    result: undefined,
  },
  {
    operation: "POST /qr/v1/exchange",
    answer: "exchange-200-v2",
    call: (client) => client.qr.exchange("https://qr.vipps.no/p/qwjhewqhueheuqwhuqwhe"),
    path: "/qr/v1/exchange",
    body: exampleNamed("exchange").body,
    result: { msisdn: "4798765432", timestamp: 1_634_025_600, version: "2.0" },
  },
  {
    operation: "POST /qr/v1/exchange/customer",
    answer: "exchange-customer-200",
    call: (client) => client.qr.exchangeCustomer("eyJra"),
    path: "/qr/v1/exchange/customer",
    body: exampleNamed("exchange-customer").body,
    result: { msisdn: "4798765432", timestamp: 1_634_025_600 },
  },
  {
    operation: "POST /epayment/v1/payments",
    answer: "payment-201-qr",
    call: (client) => client.payments.create(payment, "key-1"),
    path: "/epayment/v1/payments",
    body: payment,
    headers: { "idempotency-key": "key-1" },
    result: { reference, redirectUrl: "https://qr-image.vipps.no/v1?token=eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1Ni" },
  },
  {
    operation: "GET /epayment/v1/payments/{reference}",
    answer: "payment-get-200",
    change: { reference },
    call: (client) => client.payments.get(reference),
    path: `/epayment/v1/payments/${reference}`,
    result: { state: "AUTHORIZED", captureGuaranteedUntil: "2026-09-01T07:53:44.812+00:00" },
  },
  {
    operation: "GET /epayment/v1/payments/{reference}/events",
    answer: "payment-events-200",
    call: (client) => client.payments.events(reference),
    path: `/epayment/v1/payments/${reference}/events`,
    result: [{ name: "CREATED" }, { name: "AUTHORIZED" }, { name: "CAPTURED", pspReference: "2018200034" }],
  },
  {
    operation: "POST /epayment/v1/payments/{reference}/capture",
    answer: "payment-capture-partial-200",
    change: { reference },
    call: (client) => client.payments.capture(reference, amount, "key-2"),
    path: `/epayment/v1/payments/${reference}/capture`,
    body: exampleNamed("payment-capture-vending").body,
    headers: { "idempotency-key": "key-2" },
    result: { aggregate: { capturedAmount: amount } },
  },
  {
    operation: "POST /epayment/v1/payments/{reference}/cancel",
    answer: "payment-cancel-before-200",
    change: { reference },
    call: (client) => client.payments.cancel(reference, true, "key-3"),
    path: `/epayment/v1/payments/${reference}/cancel`,
    body: { cancelTransactionOnly: true },
    headers: { "idempotency-key": "key-3" },
    result: { state: "TERMINATED" },
  },
  {
    operation: "POST /epayment/v1/payments/{reference}/refund",
    answer: "payment-cancel-rest-200",
    change: { reference },
    call: (client) => client.payments.refund(reference, amount, "key-4"),
    path: `/epayment/v1/payments/${reference}/refund`,
    body: { modificationAmount: amount },
    headers: { "idempotency-key": "key-4" },
    result: { state: "AUTHORIZED" },
  },
  {
    operation: "POST /epayment/v1/test/payments/{reference}/approve",
    answer: undefined,
    call: (client) => client.payments.forceApprove(reference, "4712345678"),
    path: `/epayment/v1/test/payments/${reference}/approve`,
    body: exampleNamed("force-approve").body,
    result: undefined,
  },
  {
    operation: "POST /webhooks/v1/webhooks",
    answer: "webhook-register-201",
    call: (client) =>
      client.webhooks.register("https://example.com/mystore_website_backend", [
        "epayments.payment.authorized.v1",
        "user.checked-in.v1",
      ]),
    path: "/webhooks/v1/webhooks",
    body: exampleNamed("webhook-register").body,
    result: { secret: "090a478d-37ff-4e77-970e-d457aeb26a3a" },
  },
  {
    operation: "GET /webhooks/v1/webhooks",
    answer: "webhook-list-200",
    call: (client) => client.webhooks.list(),
    path: "/webhooks/v1/webhooks",
    result: [{ id: "497f6eca-6276-4993-bfeb-53cbbbba6f08" }],
  },
  {
    operation: "DELETE /webhooks/v1/webhooks/{id}",
    answer: undefined,
    call: (client) => client.webhooks.delete("497f6eca-6276-4993-bfeb-53cbbbba6f08"),
    path: "/webhooks/v1/webhooks/497f6eca-6276-4993-bfeb-53cbbbba6f08",
    result: undefined,
  },
];

function answerOf({ answer, change }: Row) {
  if (answer === undefined) return nothing(200);
  const { status = 200, body } = exampleNamed(answer);
  return json(status, change === undefined ? body : { ...z.looseObject({}).parse(body), ...change });
}

describe.each(rows.map((row) => [row.operation, row] as const))("%s", (_name, row) => {
  it("leaves as its document says, with every header a real value", async () => {
    const { client, sent } = world(() => answerOf(row));
    await row.call(client);
    const [request] = sent;
    if (request === undefined) throw new Error("nothing was sent");
    expect(request.path).toBe(row.path);
    expect(`${request.method} `).toBe(row.operation.slice(0, request.method.length + 1));
    expect(faultsOfRequest(request)).toEqual([]);
    expect(request.text === undefined ? undefined : JSON.parse(request.text)).toEqual(row.body);
    expect(request.headers).toMatchObject({
      authorization: "Bearer token-1",
      "ocp-apim-subscription-key": keys.subscription,
      "merchant-serial-number": "123456",
      "vipps-system-name": "kvitt",
      "vipps-system-version": "0.1.0",
      "vipps-system-plugin-name": "kvitt-vending",
      "vipps-system-plugin-version": "0.1.0",
      ...row.headers,
    });
  });

  it("understands the documented answer", async () => {
    const { client } = world(() => answerOf(row));
    const result = await row.call(client);
    if (row.result === undefined) expect(result).toBeUndefined();
    else expect(result).toMatchObject(row.result);
  });
});

describe("the token", () => {
  it("is asked for with an empty body and the keys in headers", async () => {
    const { client, tokens } = world(() => nothing(200));
    await client.checkKeys();
    const [request] = tokens;
    if (request === undefined) throw new Error("no token was asked for");
    expect(request).toMatchObject({ method: "POST", path: "/accesstoken/get", text: "" });
    expect(request.headers).toMatchObject({
      client_id: keys.id,
      client_secret: keys.secret,
      "ocp-apim-subscription-key": keys.subscription,
      "merchant-serial-number": "123456",
      "vipps-system-name": "kvitt",
    });
    expect(faultsOfRequest(request)).toEqual([]);
  });
});

/** Whatever the documents require of headers. */
const anyHeader = {
  authorization: "x",
  "ocp-apim-subscription-key": "x",
  "merchant-serial-number": "123456",
  "idempotency-key": "x",
  accept: "*/*",
};

describe("the documents", () => {
  it("have no operation that the table lacks, but those for others", () => {
    const mine = new Set(rows.map((row) => row.operation.replaceAll(/\{\w+\}/g, "{}")));
    const theirs = ["qr", "epayment", "webhooks"]
      .flatMap(operationsOf)
      .map((operation) => operation.replaceAll(/\{\w+\}/g, "{}"))
      .filter((operation) => !operation.includes("/merchant-dynamic-shipping-callback"));
    expect(theirs.length).toBeGreaterThanOrEqual(23);
    expect(theirs.filter((operation) => !mine.has(operation))).toEqual([]);
  });

  it("accept every example that they have a schema for", () => {
    const checked: string[] = [];
    for (const { name, operation, direction, status, body } of examples()) {
      const [method = "", path = ""] = operation.split(" ");
      if (direction === "webhook" || !path.startsWith("/") || operation.includes("|")) continue;
      const faults =
        direction === "request"
          ? faultsOfRequest({
              method,
              path: path.replaceAll(/\{\w+\}/g, "an-id-of-eight"),
              headers: { ...anyHeader, "content-type": "application/json" },
              text: JSON.stringify(body),
            })
          : faultsOfAnswer(method, path.replaceAll(/\{\w+\}/g, "an-id-of-eight"), status ?? 200, body ?? undefined);
      // The service sends captureGuaranteedUntil, and numbers as text in the token's answer.
      expect([name, ...faults]).toEqual([name]);
      checked.push(name);
    }
    expect(checked.length).toBeGreaterThanOrEqual(38);
  });

  const headers = { ...anyHeader, "content-type": "application/json" };
  it.each([
    ["a required field is missing", "PUT", "/qr/v1/merchant-callback/kiosk-7", {}, "locationDescription"],
    ["a text is too long", "PUT", "/qr/v1/merchant-callback/kiosk-7", { locationDescription: "x".repeat(37) }, "36"],
    [
      "two customers are named",
      "POST",
      "/epayment/v1/payments",
      { ...payment, customer: { phoneNumber: "4712345678", customerToken: "x" } },
      "1",
    ],
    [
      "an amount is a text",
      "POST",
      "/epayment/v1/payments",
      { ...payment, amount: { currency: "NOK", value: "1" } },
      "/amount/value",
    ],
  ])("find it when %s", (_name, method, path, value, words) => {
    const faults = faultsOfRequest({ method, path, headers, text: JSON.stringify(value) });
    expect(faults.join("; ")).toContain(words);
    expect(faults.length).toBeLessThanOrEqual(2);
  });

  it("find a header that is missing, and a query and a path that they do not have", () => {
    expect(
      faultsOfRequest({ method: "GET", path: "/qr/v1/merchant-callback", headers: {}, text: undefined }),
    ).toContain("header Merchant-Serial-Number is missing");
    expect(
      faultsOfRequest({ method: "GET", path: "/qr/v1/merchant-callback?x=1", headers: anyHeader, text: undefined }),
    ).toEqual(["query x is unknown"]);
    expect(() => faultsOfRequest({ method: "POST", path: "/qr/v1/merchant-callback/a", headers, text: "{}" })).toThrow(
      "in no document",
    );
  });
});
