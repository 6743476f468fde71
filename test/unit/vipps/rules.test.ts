/**
 * Goal: what the provider would refuse never leaves, and each fault names field, value and rule; customers' data are never named.
 * Method: tables of wrong requests; the patterns are compared with the documents' own.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VippsClient } from "../../../src/vipps/client.ts";
import { VippsError } from "../../../src/vipps/errors.ts";
import type { CreatePaymentBody } from "../../../src/vipps/payment-rules.ts";
import { faultsOfRequest } from "./openapi.ts";
import { ended, json, world } from "./support.ts";

const reference = "kiosk-7-01JD0000000000000000000001";
const payment: CreatePaymentBody = {
  amount: { currency: "NOK", value: 5_000 },
  paymentMethod: { type: "WALLET" },
  reference,
  userFlow: "QR",
};
const line = {
  name: "Water",
  id: "water",
  totalAmount: 2_500,
  totalAmountExcludingTax: 2_000,
  totalTaxAmount: 500,
  taxRate: 2_500,
};
const bottomLine = { currency: "NOK" } as const;
const svg = { format: "svg" } as const;

async function faultsOf(call: (client: VippsClient) => Promise<unknown>): Promise<readonly string[]> {
  const { client, sent, tokens } = world(() => json(500, {}));
  const end = await ended(call(client));
  expect([sent.length, tokens.length]).toEqual([0, 0]);
  if (!("error" in end) || !(end.error instanceof VippsError)) throw new Error("it was not refused");
  expect(end.error.facts).toMatchObject({ stage: "check", advice: "change-request" });
  return end.error.facts.faults.map(({ name, reason }) => `${name}: ${reason}`);
}

function create(changes: object): (client: VippsClient) => Promise<unknown> {
  // A body of the wrong type is what a faulty program would send.
  return (client) => client.payments.create(Object.assign({}, payment, changes), "key-1");
}

type Case = readonly [string, (client: VippsClient) => Promise<unknown>, string];

describe("QR", () => {
  it.each<Case>([
    [
      "an id with a tilde",
      (c) => c.redirectQrs.create({ id: "a~b", redirectUrl: "https://example.com" }, svg),
      'id: "a~b" is not allowed',
    ],
    ["an empty id", (c) => c.redirectQrs.get("", svg), 'id: "" is not allowed: 1 to 128'],
    ["an id of 129", (c) => c.redirectQrs.delete("x".repeat(129)), "1 to 128"],
    [
      "plain http",
      (c) => c.redirectQrs.update("a", "http://example.com", svg),
      'redirectUrl: "http://example.com" is not allowed: an https',
    ],
    ["an address with a tilde", (c) => c.redirectQrs.update("a", "https://example.com/~x", svg), "redirectUrl"],
    ["an address with a comma", (c) => c.redirectQrs.update("a", "https://example.com/a,b", svg), "redirectUrl"],
    ["an address with æ", (c) => c.redirectQrs.update("a", "https://example.com/æ", svg), "redirectUrl"],
    [
      "a ttl of 299",
      (c) => c.redirectQrs.create({ id: "a", redirectUrl: "https://example.com", ttl: 299 }, svg),
      "ttl: 299 is not allowed",
    ],
    [
      "a ttl over 31 bits",
      (c) => c.redirectQrs.create({ id: "a", redirectUrl: "https://example.com", ttl: 2 ** 31 }, svg),
      "ttl: 2147483648",
    ],
    [
      "half a second",
      (c) => c.redirectQrs.create({ id: "a", redirectUrl: "https://example.com", ttl: 300.5 }, svg),
      "ttl: 300.5",
    ],
    [
      "99 pixels",
      (c) => c.qr.oneTime("https://x.example", { format: "png", sizePx: 99 }),
      "Size: 99 is not allowed: a whole number of pixels, 100 to 2000",
    ],
    ["2001 pixels", (c) => c.callbackQrs.get("a", { format: "png", sizePx: 2_001 }), "QrImageSize: 2001"],
    ["half a pixel", (c) => c.callbackQrs.list({ format: "png", sizePx: 100.5 }), "QrImageSize: 100.5"],
    [
      "no location",
      (c) => c.callbackQrs.put("a", { locationDescription: "" }),
      'locationDescription: "" is not allowed: 1 to 36',
    ],
    ["a location of 37", (c) => c.callbackQrs.put("a", { locationDescription: "x".repeat(37) }), "1 to 36 characters"],
    [
      "a category in small letters",
      (c) => c.callbackQrs.putMobilePay("b", { locationDescription: "x", category: "vending" }),
      'category: "vending"',
    ],
    [
      "a new id with a space",
      (c) => c.callbackQrs.put("kiosk 7", { locationDescription: "x" }),
      'merchantQrId: "kiosk 7" has other characters than letters, digits and -: write for example "kiosk-7"',
    ],
    ["an id that is another path", (c) => c.callbackQrs.delete(".."), 'merchantQrId: ".."'],
    ["an empty beacon", (c) => c.callbackQrs.putMobilePay("", { locationDescription: "x" }), "beaconId"],
    ["no address", (c) => c.qr.oneTime("landing", svg), "url"],
  ])("%s", async (_name, call, words) => {
    expect((await faultsOf(call)).join("; ")).toContain(words);
  });

  it("other people's ids are encoded, whatever they are", async () => {
    const { client, sent } = world(() => json(200, { merchantQrId: "kasse 1/æ?" }));
    await client.callbackQrs.get("kasse 1/æ?");
    expect(sent[0]?.path).toBe("/qr/v1/merchant-callback/kasse%201%2F%C3%A6%3F");
  });

  it("addresses: ours and the document's rule are one", async () => {
    const { client, sent } = world(() => json(200, { id: "a", url: "u" }));
    const theirs = (redirectUrl: string): boolean =>
      faultsOfRequest({
        method: "PUT",
        path: "/qr/v1/merchant-redirect/a",
        headers: {
          authorization: "x",
          "ocp-apim-subscription-key": "x",
          accept: "image/*",
          "content-type": "application/json",
        },
        text: JSON.stringify({ redirectUrl }),
      }).length === 0;
    const letters = fc.string({
      unit: fc.constantFrom(...Array.from("abZ09_.-/?#&=%+@:!~,;()'$* æø\n")),
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("https://", "http://", "https:/", "HTTPS://"), letters, async (scheme, rest) => {
        const before = sent.length;
        await ended(client.redirectQrs.update("a", scheme + rest, svg));
        expect(sent.length > before).toBe(theirs(scheme + rest));
      }),
      { numRuns: 150 },
    );
  });
});

describe("exchange and webhooks", () => {
  it.each<Case>([
    ["a code of four", (c) => c.qr.exchange("4799"), "qrCode: is not allowed (value not shown)"],
    ["an empty token", (c) => c.qr.exchangeCustomer(""), "customer.customerToken: is not allowed (value not shown)"],
    [
      "a webhook on plain http",
      (c) => c.webhooks.register("http://example.com/x", ["user.checked-in.v1"]),
      'url: "http://example.com/x"',
    ],
    [
      "a host that only begins like this machine",
      (c) => c.webhooks.register("http://localhost.evil.example/", ["a.v1"]),
      "url",
    ],
    ["no event", (c) => c.webhooks.register("https://example.com/x", []), "events: is empty"],
    [
      "an event without a version",
      (c) => c.webhooks.register("https://example.com/x", ["user.checked-in"]),
      'events.0: "user.checked-in"',
    ],
    ["no webhook id", (c) => c.webhooks.delete(""), "id"],
  ])("%s", async (_name, call, words) => {
    expect((await faultsOf(call)).join("; ")).toContain(words);
  });
});

describe("payments", () => {
  it.each<Case>([
    [
      "99 øre",
      create({ amount: { currency: "NOK", value: 99 } }),
      "amount.value: is under the floor: payments start at 100 in NOK",
    ],
    ["nothing", create({ amount: { currency: "DKK", value: 0 } }), "amount.value: 0 is not allowed"],
    ["too much", create({ amount: { currency: "EUR", value: 65_000_001 } }), "amount.value: 65000001"],
    ["a fraction", create({ amount: { currency: "EUR", value: 1.5 } }), "amount.value: 1.5"],
    ["an amount as text", create({ amount: { currency: "EUR", value: "100" } }), 'amount.value: "100"'],
    [
      "kronor",
      create({ amount: { currency: "SEK", value: 100 } }),
      'amount.currency: "SEK" is not allowed: NOK, DKK or EUR',
    ],
    ["a card", create({ paymentMethod: { type: "CARD" } }), "paymentMethod.type"],
    ["a reference as a number", create({ reference: 2_486_791_679 }), "reference: 2486791679 is not allowed"],
    ["a short reference", create({ reference: "1234567" }), "8 to 64"],
    ["a reference of 65", create({ reference: "x".repeat(65) }), "8 to 64"],
    ["a reference with a _", create({ reference: "kiosk_7-1" }), "8 to 64"],
    ["no flow", create({ userFlow: undefined }), "userFlow"],
    ["a push without a customer", create({ userFlow: "PUSH_MESSAGE" }), "customer: is needed"],
    ["no customer in the customer", create({ customer: {} }), "customer: names the customer by exactly one"],
    [
      "two customers",
      create({ customer: { phoneNumber: "4712345678", customerToken: "hush-hush" } }),
      "customer: names the customer by exactly one",
    ],
    ["customer.token", create({ customer: { token: "hush-hush" } }), 'customer: Unrecognized key: "token"'],
    [
      "a phone number with a +",
      create({ customer: { phoneNumber: "+4712345678" } }),
      "customer.phoneNumber: is not allowed (value not shown): 9 to 15 digits",
    ],
    [
      "a personal QR of four",
      create({ customer: { personalQr: "4712" } }),
      "customer.personalQr: is not allowed (value not shown)",
    ],
    ["no return address", create({ userFlow: "WEB_REDIRECT" }), "returnUrl: is needed"],
    [
      "a return address on plain http",
      create({ userFlow: "WEB_REDIRECT", returnUrl: "http://example.com" }),
      "returnUrl",
    ],
    [
      "a return address of 2501",
      create({ userFlow: "WEB_REDIRECT", returnUrl: `https://${"x".repeat(2_493)}` }),
      "returnUrl",
    ],
    [
      "a QR format for a push",
      create({ userFlow: "WEB_REDIRECT", returnUrl: "https://x.example", qrFormat: { format: "IMAGE/PNG" } }),
      "qrFormat: is only for userFlow QR",
    ],
    [
      "a size for a text",
      create({ qrFormat: { format: "TEXT/TARGETURL", size: 300 } }),
      "qrFormat.size: is only for IMAGE/PNG",
    ],
    ["a size of 2001", create({ qrFormat: { format: "IMAGE/PNG", size: 2_001 } }), "qrFormat.size: 2001"],
    ["a description of two", create({ paymentDescription: "ab" }), 'paymentDescription: "ab" is not allowed: 3 to 100'],
    ["a description of 101", create({ paymentDescription: "x".repeat(101) }), "3 to 100"],
    [
      "six pairs",
      create({ metadata: { a: "", b: "", c: "", d: "", e: "", f: "" } }),
      "metadata: has more than 5 pairs",
    ],
    ["a value of 501", create({ metadata: { a: "x".repeat(501) } }), "metadata.a"],
    [
      "lines that do not add up",
      create({ receipt: { orderLines: [{ ...line, totalTaxAmount: 499 }], bottomLine } }),
      "receipt.orderLines.0.totalTaxAmount: and totalAmountExcludingTax do not add up",
    ],
    [
      "a tax of 101 %",
      create({ receipt: { orderLines: [{ ...line, taxRate: 10_100 }], bottomLine } }),
      "taxRate: 10100",
    ],
    ["a receipt without lines", create({ receipt: { orderLines: [], bottomLine } }), "orderLines: has no lines"],
    ["an age of 101", create({ minimumUserAge: 101 }), "minimumUserAge: 101"],
    ["an expiry without a receipt", create({ expiresAt: "2026-11-24T12:00:00Z" }), "receipt: is needed with expiresAt"],
    ["a field that does not exist", create({ brandNew: 1 }), 'Unrecognized key: "brandNew"'],
    ["a key of 51", (c) => c.payments.create(payment, "x".repeat(51)), "Idempotency-Key"],
    ["no key", (c) => c.payments.cancel(reference, false, ""), "Idempotency-Key"],
    [
      "a capture under the floor",
      (c) => c.payments.capture(reference, { currency: "NOK", value: 99 }, "k"),
      "modificationAmount.value",
    ],
    [
      "a refund of nothing",
      (c) => c.payments.refund(reference, { currency: "EUR", value: 0 }, "k"),
      "modificationAmount.value: 0",
    ],
    [
      "a phone number in letters",
      (c) => c.payments.forceApprove(reference, "kari"),
      "customer.phoneNumber: is not allowed (value not shown)",
    ],
    ["a reference that is another path", (c) => c.payments.get("../../webhooks"), "reference"],
  ])("%s", async (_name, call, words) => {
    const faults = (await faultsOf(call)).join("; ");
    expect(faults).toContain(words);
    expect(faults).not.toMatch(/hush-hush|4712345678/);
  });

  it("names every fault at once", async () => {
    const faults = await faultsOf(
      create({ reference: "x", paymentDescription: "y", amount: { currency: "SEK", value: -1 } }),
    );
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(
      expect.arrayContaining(["reference", "paymentDescription", "amount.currency", "amount.value"]),
    );
  });

  it("what is right leaves, and the document agrees", async () => {
    const { client, sent } = world(() => json(201, { reference }));
    await client.payments.create(
      {
        ...payment,
        customer: { customerToken: "wbA8ceVRKkoYiQ==" },
        customerInteraction: "CUSTOMER_PRESENT",
        userFlow: "WEB_REDIRECT",
        returnUrl: "https://example.com/look-at-the-machine",
        paymentDescription: "Kiosk: Water",
        metadata: { line: "A1" },
        receipt: {
          orderLines: [{ ...line, unitInfo: { unitPrice: 2_500, quantity: "1", quantityUnit: "PCS" } }],
          bottomLine: { currency: "NOK", posId: "kiosk-7", receiptNumber: "1" },
        },
        receiptUrl: "https://example.com/receipt",
        minimumUserAge: 18,
        profile: { scope: "name" },
        expiresAt: "2026-11-24T12:00:00+01:00",
      },
      "key-1",
    );
    const [request] = sent;
    if (request === undefined) throw new Error("nothing was sent");
    expect(faultsOfRequest(request)).toEqual([]);
  });
});
