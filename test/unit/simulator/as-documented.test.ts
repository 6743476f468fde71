/**
 * Goal: the simulator takes what the provider's document takes, and refuses what it refuses, field by field. Method: a good body, changed at
 * one place at a time, with a value that is right, wrong, at a bound or null; the OpenAPI document says what has to happen.
 */
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { remember, rememberedMax } from "../../../src/simulator/bounded.ts";
import { createProvider, type Provider } from "../../../src/simulator/provider.ts";
import { isEnded } from "../../../src/simulator/state.ts";
import { faultsOfRequest } from "../vipps/openapi.ts";

const keys = {
  "ocp-apim-subscription-key": "subscription-123456",
  "merchant-serial-number": "123456",
};
const encoder = new TextEncoder();
const clock = new SimulatedClock(Date.UTC(2026, 10, 23, 12));
let provider: Provider;
let headers: Record<string, string> = keys;
let count = 0;

async function call(method: string, path: string, body?: unknown, more: Readonly<Record<string, string>> = {}) {
  count += 1;
  const all = { ...headers, "content-type": "application/json", "idempotency-key": `key-${count}`, ...more };
  const bytes = body === undefined ? undefined : encoder.encode(JSON.stringify(body));
  const answer = await provider.handle({ method, url: path, headers: all, body: bytes });
  const text = new TextDecoder().decode(answer.body);
  return { status: answer.status, text };
}

beforeAll(async () => {
  provider = createProvider({
    clock,
    entropy: createSeededEntropy(4),
    send: () => Promise.resolve({ status: 200 }),
    settings: { rateLimits: false },
  });
  provider.addUnit({ msn: "123456", longLivingApproved: true });
  provider.addUser({ id: "kari", phoneNumber: "4790100000" });
  const token = await call("POST", "/accesstoken/get", undefined, {
    client_id: "client-123456",
    client_secret: "secret-123456",
  });
  headers = { ...keys, authorization: `Bearer ${/"access_token":"([^"]+)"/.exec(token.text)?.[1] ?? ""}` };
});

const line = {
  name: "Cola",
  id: "cola",
  totalAmount: 2_500,
  totalAmountExcludingTax: 2_000,
  totalTaxAmount: 500,
  taxRate: 2_500,
  taxPercentage: 25,
  unitInfo: { unitPrice: 1_250, quantity: "2", quantityUnit: "PCS" },
  discount: 0,
  productUrl: "https://example.com/cola",
  isReturn: false,
  isShipping: false,
};
const full = {
  amount: { currency: "NOK", value: 2_500 },
  paymentMethod: { type: "WALLET", blockedSources: ["COMMERCIAL_CARDS"] },
  userFlow: "QR",
  customer: { phoneNumber: "4790100000" },
  customerInteraction: "CUSTOMER_PRESENT",
  returnUrl: "https://example.com/back",
  qrFormat: { format: "IMAGE/PNG", size: 200 },
  paymentDescription: "One cola",
  metadata: { line: "B4" },
  receipt: {
    orderLines: [line],
    bottomLine: {
      currency: "NOK",
      tipAmount: 0,
      posId: "vend-1",
      receiptNumber: "7",
      terminalId: "vend-1",
      totalAmount: 2_500,
      totalTax: 500,
      totalDiscount: 0,
      shippingAmount: 0,
      giftCardAmount: 0,
      shippingInfo: { amount: 0, amountExcludingTax: 0, taxAmount: 0, taxPercentage: 0 },
      paymentSources: { giftCard: 0, card: 0, voucher: 0, cash: 0 },
      barcode: { format: "EAN-13", data: "6957842208856" },
    },
  },
  receiptUrl: "https://example.com/receipt",
  minimumUserAge: 18,
  profile: { scope: "name" },
  expiresAt: "2026-11-24T12:00:00Z",
};

type Path = readonly (string | number)[];

/** Every place in a value that has one of its own. */
function placesIn(value: unknown, at: Path = []): readonly Path[] {
  if (Array.isArray(value)) return [at, ...value.flatMap((one, index) => placesIn(one, [...at, index]))];
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, one]) => placesIn(one, [...at, name]))];
}

const missing = Symbol("missing");

function changed(value: unknown, [first, ...rest]: Path, to: unknown): unknown {
  if (first === undefined) return to;
  if (Array.isArray(value)) return value.map((one: unknown, index) => (index === first ? changed(one, rest, to) : one));
  const members = z.record(z.string(), z.unknown()).parse(value);
  const entries = Object.entries(members).map(([name, one]): readonly [string, unknown] => [
    name,
    name === first ? changed(one, rest, to) : one,
  ]);
  return Object.fromEntries(entries.filter(([, one]) => one !== missing));
}

const values: readonly unknown[] = [
  missing,
  null,
  -1,
  0,
  0.5,
  1,
  99,
  100,
  101,
  2_000,
  2_001,
  10_000,
  10_001,
  65_000_001,
  "",
  "two",
  "2",
  "0.822",
  "12345678901",
  "x".repeat(101),
  "PCS",
  "PIECES",
  "NOK",
  "XYZ",
  true,
  [],
  {},
  { unknown: 1 },
];

/** What the service refuses beyond the document, for a reason of its own; the answer is 400 then, and may be. */
function isOurRule(place: Path, value: unknown): boolean {
  const where = place.join(".");
  if (value === missing && ["customer.phoneNumber", "returnUrl", "receipt"].includes(where)) return true;
  return /^(customer|amount|returnUrl|paymentMethod\.type|expiresAt|metadata|profile|minimumUserAge|qrFormat|userFlow)/.test(
    where,
  );
}

describe("a payment's creation", () => {
  const places = placesIn(full).filter((place) => place.length > 0);

  it("with every documented field is taken", async () => {
    expect(await call("POST", "/epayment/v1/payments", { ...full, reference: "documented-whole" })).toMatchObject({
      status: 201,
    });
  });

  it.each(places.map((place) => [place.join("."), place] as const))(
    "%s is judged as the document judges it",
    async (_name, place) => {
      for (const [index, value] of values.entries()) {
        const reference = `doc-${count}-${index}-${place.length}-x`;
        const body = changed({ ...full, reference }, place, value);
        const text = JSON.stringify(body);
        const documented = faultsOfRequest({
          method: "POST",
          path: "/epayment/v1/payments",
          headers: { ...headers, "content-type": "application/json", "idempotency-key": "k" },
          text,
        });
        const { status } = await call("POST", "/epayment/v1/payments", body);
        // `nullable` beside an `enum` without null: OpenAPI 3.0.3 refuses null then, OpenAPI 3.0.0 took it.
        if (value === null && ["quantityUnit", "format"].includes(String(place.at(-1)))) continue;
        const what = `${place.join(".")} = ${JSON.stringify(value)}: ${documented.join("; ")}`;
        // The service refuses unknown fields; the document's objects are open.
        const isUnknown = typeof value === "object" && value !== null && "unknown" in value;
        if (documented.length > 0 || isUnknown) expect(status, what).toBe(400);
        else if (!isOurRule(place, value)) expect(status, what).toBe(201);
      }
    },
  );

  it.each(["2026-02-30T12:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T12:00:00", "2026-11-31T12:00:00+01:00"])(
    "that expires at %s is refused: there is no such time",
    async (expiresAt) => {
      const { status } = await call("POST", "/epayment/v1/payments", {
        ...full,
        reference: `never-${count}-ends`,
        expiresAt,
      });
      expect(status).toBe(400);
    },
  );
});

describe("a size", () => {
  const accepts = ["image/png", "image/svg+xml", "image/*", "text/targetUrl"];
  const redirect = (size: string, accept: string) =>
    call("GET", "/qr/v1/merchant-redirect", undefined, { accept, size });

  it.each(["1e3", "0x64", "99", "2001", "100.0", "+200", "", " 200 ", "two", "-200", "0b1100100"])(
    "of %j is refused, whatever the format",
    async (size) => {
      for (const accept of accepts) expect((await redirect(size, accept)).status, accept).toBe(400);
      for (const format of ["PNG", "SVG"])
        expect(
          (
            await call(
              "GET",
              `/qr/v1/merchant-callback?QrImageFormat=${format}&QrImageSize=${encodeURIComponent(size)}`,
            )
          ).status,
        ).toBe(400);
    },
  );

  it.each(["100", "1024", "2000"])("of %s is taken, whatever the format", async (size) => {
    for (const accept of accepts) expect((await redirect(size, accept)).status, accept).toBe(200);
  });
});

describe("a Vipps-System header", () => {
  const names = [
    "vipps-system-name",
    "vipps-system-version",
    "vipps-system-plugin-name",
    "vipps-system-plugin-version",
  ];

  it.each(names)("%s has at most 30 characters, at every API", async (name) => {
    const paths = ["/qr/v1/merchant-callback", "/epayment/v1/payments/documented-whole", "/webhooks/v1/webhooks"];
    for (const path of paths) {
      expect((await call("GET", path, undefined, { [name]: "x".repeat(30) })).status, path).toBe(200);
      expect((await call("GET", path, undefined, { [name]: "x".repeat(31) })).status, path).toBe(400);
    }
  });
});

describe("a redirect QR's ttl", () => {
  it.each([
    [null, 200],
    [300, 200],
    [2_147_483_647, 200],
    [299, 400],
    [2_147_483_648, 400],
    ["600", 400],
    [300.5, 400],
  ])("of %j is answered with %i", async (ttl, status) => {
    const body = { id: `ttl-${count}`, redirectUrl: "https://example.com/a", ttl };
    expect((await call("POST", "/qr/v1/merchant-redirect", body, { accept: "text/targetUrl" })).status).toBe(status);
  });
});

describe("force approve", () => {
  const approve = (reference: string, body: unknown) =>
    call("POST", `/epayment/v1/test/payments/${reference}/approve`, body);

  async function created(reference: string): Promise<string> {
    const body = { ...full, reference, userFlow: "WEB_REDIRECT", qrFormat: undefined, customer: undefined };
    const { text } = await call("POST", "/epayment/v1/payments", body);
    return /token=([A-Za-z0-9]+)/.exec(text)?.[1] ?? "";
  }

  it("takes the token of the redirectUrl instead of a phone number", async () => {
    const token = await created("by-token-1");
    expect((await approve("by-token-1", { token: `${token}x` })).status).toBe(400);
    expect((await approve("by-token-1", { token })).status).toBe(200);
    expect(provider.ledger().find(({ reference }) => reference === "by-token-1")).toMatchObject({
      state: "AUTHORIZED",
      payer: "kari",
    });
  });

  it("is refused without either, and with another payment's token", async () => {
    const token = await created("by-token-2");
    await created("by-token-3");
    expect((await approve("by-token-3", {})).status).toBe(400);
    expect((await approve("by-token-3", { token })).status).toBe(400);
  });
});

describe("what the simulator remembers", () => {
  it("is the newest, and whatever may not go", () => {
    const map = new Map<string, number>();
    const isOdd = (value: number): boolean => value % 2 === 1;
    for (let value = 0; value < rememberedMax + 10; value += 1) remember(map, String(value), value, isOdd);
    expect(map.size).toBe(rememberedMax);
    expect([...map.values()].slice(0, 11)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
    remember(map, "0", 0, isOdd);
    expect([...map.keys()].at(-1)).toBe("0");
    expect(map.size).toBe(rememberedMax);
  });

  it("of payments is above all those whose money is held, or may still come", async () => {
    const body = { ...full, expiresAt: undefined, receipt: undefined, customer: undefined, returnUrl: undefined };
    const isOver = async (reference: string, ...acts: readonly (readonly [string, unknown])[]): Promise<boolean> => {
      await call("POST", "/epayment/v1/payments", { ...body, reference });
      for (const [act, order] of acts)
        await call("POST", `/epayment/v1/${act.replace("…", `payments/${reference}`)}`, order);
      const payment = provider.state.payments.get(`123456/${reference}`);
      if (payment === undefined) throw new Error("it was not created");
      return isEnded(payment);
    };
    const approve = ["test/…/approve", { customer: { phoneNumber: "4790100000" } }] as const;
    const nok = (value: number) => ({ modificationAmount: { currency: "NOK", value } });
    expect(await isOver("remember-1")).toBe(false);
    expect(await isOver("remember-2", approve)).toBe(false);
    expect(await isOver("remember-3", approve, ["…/capture", nok(1_000)])).toBe(false);
    expect(await isOver("remember-4", approve, ["…/capture", nok(1_000)], ["…/cancel", {}])).toBe(true);
    expect(await isOver("remember-5", ["…/cancel", {}])).toBe(true);
  });
});
