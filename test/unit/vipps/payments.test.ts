/**
 * Goal: the kiosk's door says no more than what is known, and makes the same bytes of the same request.
 * Method: the adapter over a client whose transport is written here.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectId, merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { minor, money } from "../../../src/sale/money.ts";
import type { PaymentRequest } from "../../../src/sale/payment.ts";
import { bodyOf, type PresentationSettings, viewOf } from "../../../src/vipps/payment-mapping.ts";
import { createMerchantQrs, createPayments } from "../../../src/vipps/payments.ts";
import { faultsOfRequest } from "./openapi.ts";
import { type Answer, json, never, nothing, text, through, world } from "./support.ts";

const machine = merchantQrId("kiosk-7");
const reference = referenceOf(machine, "01JD0000000000000000000001");
const key = effectId("01JD0000000000000000000001-create");
const content = "https://qr.vipps.no/28/2/05/031/abcdefghi";
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);
const request: PaymentRequest = {
  reference,
  amount: money(2_500, "NOK"),
  flow: "qr",
  description: "Kiosk: Water",
  lines: [{ id: "water", name: "Water", quantity: 1, total: minor(2_500), vatRate: 1_500 }],
  metadata: { line: "A1" },
};
const settings: PresentationSettings = {
  oneTimeRoute: "epayment",
  qrRendering: "own",
  qrSizePx: 400,
  returnUrl: "https://example.com/look-at-the-machine",
};
const problem = (status: number, code?: string) =>
  json(status, { title: "no", status, extraDetails: code === undefined ? [] : [{ name: "ErrorCode", reason: code }] });

function door(answer: Answer, changes: Partial<PresentationSettings> = {}) {
  const made = world(answer);
  const whole = { ...settings, ...changes };
  return { ...made, payments: createPayments(made.client, whole), qrs: createMerchantQrs(made.client, whole) };
}

const image = { status: 200, headers: { "content-type": "image/png" }, body: png };

describe("the body", () => {
  it.each<readonly [string, Partial<PaymentRequest>, Partial<PresentationSettings>, object]>([
    ["a one-time QR, drawn by us", {}, {}, { userFlow: "QR", qrFormat: { format: "TEXT/TARGETURL" } }],
    [
      "a one-time QR, the provider's picture",
      {},
      { qrRendering: "provider" },
      { userFlow: "QR", qrFormat: { format: "IMAGE/PNG", size: 400 } },
    ],
    [
      "a one-time QR by the QR API",
      {},
      { oneTimeRoute: "qr-api" },
      { userFlow: "WEB_REDIRECT", returnUrl: settings.returnUrl },
    ],
    [
      "a check-in",
      { flow: "web-redirect", customer: { kind: "customer-token", token: "wbA8" } },
      {},
      { userFlow: "WEB_REDIRECT", customer: { customerToken: "wbA8" } },
    ],
    [
      "a personal QR",
      { flow: "push", customer: { kind: "personal-qr", text: "https://qr.vipps.no/p/x" } },
      {},
      { userFlow: "PUSH_MESSAGE", customer: { personalQr: "https://qr.vipps.no/p/x" } },
    ],
    [
      "a phone number",
      { flow: "push", customer: { kind: "phone-number", phoneNumber: "4712345678" } },
      {},
      { customer: { phoneNumber: "4712345678" } },
    ],
    ["an age", { minimumAge: 18 }, {}, { minimumUserAge: 18 }],
  ])("of %s is what the document wants, with the customer present", async (_name, change, settingsChange, expected) => {
    const { payments, sent } = door(
      ({ path }) => (path === "/qr/v1" ? json(200, { url: content }) : json(201, { reference, redirectUrl: content })),
      settingsChange,
    );
    await payments.create({ ...request, ...change }, key, { retry: "never" });
    const [first] = sent;
    if (first?.text === undefined) throw new Error("nothing was sent");
    expect(faultsOfRequest(first)).toEqual([]);
    expect(JSON.parse(first.text)).toMatchObject({
      amount: { currency: "NOK", value: 2_500 },
      paymentMethod: { type: "WALLET" },
      reference,
      customerInteraction: "CUSTOMER_PRESENT",
      paymentDescription: "Kiosk: Water",
      metadata: { line: "A1" },
      receipt: {
        orderLines: [
          {
            id: "water",
            name: "Water",
            totalAmount: 2_500,
            totalAmountExcludingTax: 2_174,
            totalTaxAmount: 326,
            taxRate: 1_500,
          },
        ],
        bottomLine: { currency: "NOK" },
      },
      ...expected,
    });
    expect(first.headers["idempotency-key"]).toBe(key);
  });

  it("has sums that add up, whatever the price and the tax", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 65_000_000 }), fc.integer({ min: 0, max: 10_000 }), (total, vatRate) => {
        const lines = [{ id: "a", name: "A", quantity: 1, total: minor(total), vatRate }];
        const [line] = bodyOf({ ...request, amount: money(total, "NOK"), lines }, settings).receipt?.orderLines ?? [];
        if (line === undefined) throw new Error("no line");
        expect(line.totalAmountExcludingTax + line.totalTaxAmount).toBe(total);
        // Half a minor unit at most from the exact tax.
        expect(Math.abs(line.totalTaxAmount - (total * vatRate) / (10_000 + vatRate))).toBeLessThanOrEqual(0.5);
      }),
      { numRuns: 200 },
    );
  });

  it("tells how many, when that divides", () => {
    const lineOf = (quantity: number, total: number) =>
      bodyOf({ ...request, lines: [{ id: "a", name: "A", quantity, total: minor(total), vatRate: 2_500 }] }, settings)
        .receipt?.orderLines[0];
    expect(lineOf(2, 5_000)?.unitInfo).toEqual({ unitPrice: 2_500, quantity: "2", quantityUnit: "PCS" });
    expect(lineOf(3, 5_000)?.unitInfo).toBeUndefined();
    expect(lineOf(1, 5_000)?.unitInfo).toBeUndefined();
  });

  it("is the same bytes for the same request, whatever order a journal gave it back in", () => {
    const a: PaymentRequest = { ...request, metadata: { line: "A1", session: "7", kiosk: "x" } };
    const b: PaymentRequest = {
      metadata: { kiosk: "x", session: "7", line: "A1" },
      lines: request.lines.map(({ id, name, quantity, total, vatRate }) => ({ vatRate, total, quantity, name, id })),
      description: request.description,
      flow: request.flow,
      amount: { currency: "NOK", minor: minor(2_500) },
      reference,
    };
    expect(JSON.stringify(bodyOf(b, settings))).toBe(JSON.stringify(bodyOf(a, settings)));
  });

  it("has terms to accept, where they are configured", () => {
    const legalLinks = { termsOfSaleUrl: "https://example.com/terms", privacyPolicyUrl: "https://example.com/privacy" };
    expect(bodyOf(request, { ...settings, legalLinks }).merchantLegalLinks).toEqual(legalLinks);
    expect(bodyOf(request, settings)).not.toHaveProperty("merchantLegalLinks");
  });
});

describe("what to show", () => {
  it("is the text of the answer, for us to draw", async () => {
    const { payments } = door(() => json(201, { reference, redirectUrl: content }));
    expect(await payments.create(request, key)).toEqual({
      kind: "ok",
      value: { reference, qr: { kind: "content", text: content } },
    });
  });

  it("is the picture behind the link, fetched without a key", async () => {
    const link = "https://qr-image.vipps.no/v1?token=eyJ";
    const { payments, sent } = door(
      ({ path }) => (path === link ? image : json(201, { reference, redirectUrl: link })),
      { qrRendering: "provider" },
    );
    expect(await payments.create(request, key)).toEqual({ kind: "ok", value: { reference, qr: { kind: "png", png } } });
    expect(sent[1]?.headers).toEqual({ accept: "image/png" });
  });

  it.each([
    ["own", "text/targetUrl", undefined],
    ["provider", "image/png", "400"],
  ] as const)("by the QR API, rendering %s: the landing page becomes a code", async (qrRendering, accept, size) => {
    const landing = "https://landing.vipps.no?token=abc";
    const link = "https://qr.vipps.no/generate/qr.png?x";
    const { payments, sent } = door(
      ({ path }) =>
        path === "/qr/v1"
          ? json(200, { url: qrRendering === "own" ? content : link, expiresIn: 544 })
          : path === link
            ? image
            : json(201, { reference, redirectUrl: landing }),
      { oneTimeRoute: "qr-api", qrRendering },
    );
    const outcome = await payments.create(request, key);
    expect(outcome).toMatchObject({ kind: "ok", value: { qr: qrRendering === "own" ? { text: content } : { png } } });
    expect(sent[1]).toMatchObject({ path: "/qr/v1", text: JSON.stringify({ url: landing }) });
    expect([sent[1]?.headers["accept"], sent[1]?.headers["size"]]).toEqual([accept, size]);
  });

  it("is nothing when the app is asked directly", async () => {
    const { payments } = door(() => json(201, { reference }));
    expect(
      await payments.create({ ...request, flow: "push", customer: { kind: "personal-qr", text: "12345" } }, key),
    ).toEqual({ kind: "ok", value: { reference, qr: undefined } });
  });

  it.each<readonly [string, Answer]>([
    ["is missing", () => json(201, { reference })],
    [
      "cannot be fetched",
      ({ path }) =>
        path.startsWith("https:") ? nothing(404) : json(201, { reference, redirectUrl: "https://qr.example/x" }),
    ],
    [
      "is no picture",
      ({ path }) =>
        path.startsWith("https:") ? text(200, "<svg/>") : json(201, { reference, redirectUrl: "https://qr.example/x" }),
    ],
    ["is a link on plain http", () => json(201, { reference, redirectUrl: "http://qr.example/x" })],
  ])("%s: then the payment may exist all the same", async (_name, answer) => {
    const { payments, clock } = door(answer, { qrRendering: "provider" });
    expect(await through(clock, payments.create(request, key))).toMatchObject({ kind: "unknown", status: undefined });
  });

  it("all calls of a creation end by one deadline", async () => {
    const { payments, clock } = door(
      ({ path }) =>
        path.startsWith("https:") ? never() : json(201, { reference, redirectUrl: "https://qr.example/x" }),
      { qrRendering: "provider" },
    );
    await through(clock, payments.create(request, key, { deadlineMs: 10_000 }));
    expect(clock.monotonicMs()).toBeLessThanOrEqual(10_000);
  });
});

describe("outcomes", () => {
  it.each<readonly [string, Answer, object]>([
    ["a refusal by code", () => problem(400, "6080"), { kind: "refused", status: 400, code: "6080" }],
    ["a refusal without a code", () => problem(404), { kind: "refused", status: 404, code: undefined }],
    ["a conflict", () => problem(409, "4010"), { kind: "refused", status: 409, code: "4010" }],
    ["locked", () => problem(423), { kind: "unknown", status: 423 }],
    ["too many", () => json(429, {}, { "retry-after": "9" }), { kind: "unknown", status: 429, retryAfterMs: 9_000 }],
    ["still processing", () => problem(409, "6250"), { kind: "unknown", status: 409, code: "6250" }],
    ["capture failed for now", () => problem(400, "6280"), { kind: "unknown", status: 400, code: "6280" }],
    ["a server's fault", () => problem(500, "3010"), { kind: "unknown", status: 500, code: "3010" }],
    ["a redirect", () => nothing(307), { kind: "unknown", status: 307 }],
    ["a token that is refused", () => nothing(401), { kind: "unknown", status: 401 }],
    ["no answer", never, { kind: "unknown", status: undefined }],
    ["an answer that is none", () => text(200, "OK"), { kind: "unknown", status: undefined }],
  ])("%s", async (_name, answer, expected) => {
    const { payments, clock } = door(answer);
    const options = { retry: "never" } as const;
    const amount = money(2_500, "NOK");
    const calls: readonly (() => Promise<unknown>)[] = [
      () => payments.get(reference, options),
      () => payments.capture(reference, amount, key, options),
      () => payments.cancel(reference, true, key, options),
      () => payments.refund(reference, amount, key, options),
      () => payments.create(request, key, options),
    ];
    for (const call of calls) expect(await through(clock, call())).toMatchObject(expected);
  });

  it.each([400, 401, 403, 404])(
    "keys that the token's endpoint refuses with %s say nothing about the payment",
    async (status) => {
      const made = world(() => nothing(200), { token: () => json(status, { error: "invalid_client" }) });
      const payments = createPayments(made.client, settings);
      expect(await payments.capture(reference, money(2_500, "NOK"), key, { retry: "never" })).toMatchObject({
        kind: "unknown",
        status,
      });
    },
  );

  it("a request that breaks a rule is refused, and nothing left", async () => {
    const { payments, sent } = door(() => nothing(500));
    expect(await payments.create({ ...request, amount: money(99, "NOK"), lines: [] }, key)).toMatchObject({
      kind: "refused",
      status: 400,
      code: undefined,
    });
    expect(sent).toEqual([]);
  });

  it("a refusal never quotes the customer", async () => {
    const token = "wbA8ceVRKkoYiQAVELHeFCC3Sn5dtNCvvEtVPiOT77j6wx7uR965AG6Q+q0ATP4=";
    const { payments } = door(() =>
      json(400, { title: `${token} is invalid`, extraDetails: [{ name: "ErrorCode", reason: "4050" }] }),
    );
    const outcome = await payments.create(
      { ...request, flow: "web-redirect", customer: { kind: "customer-token", token } },
      key,
    );
    expect(outcome).toMatchObject({ kind: "refused", code: "4050" });
    expect(JSON.stringify(outcome)).not.toContain(token);
  });
});

describe("a view", () => {
  const nok = (value: number) => ({ currency: "NOK", value });
  const answer = {
    reference,
    state: "AUTHORIZED",
    amount: nok(5_000),
    aggregate: {
      authorizedAmount: nok(5_000),
      capturedAmount: nok(3_000),
      cancelledAmount: nok(2_000),
      refundedAmount: nok(0),
    },
    captureGuaranteedUntil: "2026-09-01T07:53:44.812+00:00",
  } as const;

  it("has all amounts in the payment's currency", () => {
    expect(viewOf("get payment", answer)).toEqual({
      reference,
      state: "AUTHORIZED",
      currency: "NOK",
      amount: 5_000,
      authorized: 5_000,
      captured: 3_000,
      cancelled: 2_000,
      refunded: 0,
      captureGuaranteedUntil: "2026-09-01T07:53:44.812+00:00",
    });
  });

  it("mixes no currencies; a nought may be of any", () => {
    const mixed = { ...answer, aggregate: { ...answer.aggregate, capturedAmount: { currency: "DKK", value: 3_000 } } };
    expect(() => viewOf("get payment", mixed)).toThrow("mixes currencies");
    const nought = { ...answer, aggregate: { ...answer.aggregate, refundedAmount: { currency: "", value: 0 } } };
    expect(viewOf("get payment", nought).refunded).toBe(0);
  });
});

describe("the callback QR", () => {
  const known = {
    merchantSerialNumber: "123456",
    merchantQrId: "kiosk-7",
    locationDescription: "Platform 2",
    qrImageUrl: "https://qr.vipps.no/generate/qr.png?x",
    qrContent: "https://qr.vipps.no/vp/abcdefghi",
  };

  it("is put as VENDING, then got for what to show", async () => {
    const { qrs, sent } = door(({ method }) => (method === "PUT" ? nothing(200) : json(200, known)));
    expect(await qrs.register(machine, "Platform 2")).toEqual({
      kind: "ok",
      value: {
        merchantQrId: machine,
        locationDescription: "Platform 2",
        qr: { kind: "content", text: known.qrContent },
      },
    });
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "PUT /qr/v1/merchant-callback/kiosk-7",
      "GET /qr/v1/merchant-callback/kiosk-7",
    ]);
    expect(JSON.parse(sent[0]?.text ?? "")).toEqual({ locationDescription: "Platform 2", category: "VENDING" });
  });

  it("as the provider's picture, at the panel's size, from a link that is asked for each time", async () => {
    const { qrs, sent } = door(({ path }) => (path === known.qrImageUrl ? image : json(200, known)), {
      qrRendering: "provider",
    });
    expect(await qrs.check(machine)).toMatchObject({ kind: "ok", value: { qr: { kind: "png", png } } });
    await qrs.check(machine);
    expect(sent.map(({ path }) => path)).toEqual(
      Array.from({ length: 2 }, () => [
        "/qr/v1/merchant-callback/kiosk-7?QrImageFormat=PNG&QrImageSize=400",
        known.qrImageUrl,
      ]).flat(),
    );
  });

  it.each<readonly [string, Answer, object]>([
    ["is gone", () => nothing(404), { kind: "refused", status: 404 }],
    ["is another's", () => json(200, { ...known, merchantQrId: "kiosk-8" }), { kind: "unknown" }],
    ["has no content", () => json(200, { ...known, qrContent: null }), { kind: "unknown" }],
    ["cannot be asked for", () => nothing(503), { kind: "unknown", status: 503 }],
  ])("%s", async (_name, answer, expected) => {
    const { qrs } = door(answer);
    expect(await qrs.check(machine, { retry: "never" })).toMatchObject(expected);
  });

  it("a dead image link is not a missing QR", async () => {
    const { qrs } = door(({ path }) => (path === known.qrImageUrl ? nothing(404) : json(200, known)), {
      qrRendering: "provider",
    });
    expect(await qrs.check(machine, { retry: "never" })).toMatchObject({ kind: "unknown", status: 404 });
  });
});
