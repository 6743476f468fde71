/**
 * Goal: a machine may do what its own sales need, and nothing to anybody else's. Method: every request of the machine's real client is judged; then every
 * operation is tried on other machines' references, with ids made to be mistaken for one's own, and with bodies that two readers read differently.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorize, type Verdict } from "../../../../src/relay/gateway/authorize.ts";
import { operations, ownerOf } from "../../../../src/relay/gateway/operations.ts";
import type { GatewayPolicy } from "../../../../src/relay/gateway/port.ts";
import { createMemoryLog } from "../../../../src/service/log.ts";
import { merchantQrId } from "../../../../src/sale/ids.ts";
import { VirtualClock } from "../../link/virtual-clock.ts";
import { clientOf, newMachine, policy, received, ulid } from "./machine.ts";

const own = newMachine("vend-1");
const unit = { currency: "NOK", maxAmountMinor: 50_000 } as const;
const ownReference = `vend-1-${ulid}`;

function judge(
  request: { readonly method: string; readonly target: string; readonly body?: string; readonly key?: string },
  more: { readonly machine?: string; readonly policy?: Partial<GatewayPolicy> } = {},
): Verdict {
  const { method, target, body = "", key = "e-1" } = request;
  const asker = { machine: merchantQrId(more.machine ?? "vend-1"), unit, policy: { ...policy, ...more.policy } };
  return authorize(asker, { method, target, headers: { "idempotency-key": key }, body: Buffer.from(body) });
}

const reasonOf = (verdict: Verdict): string => (verdict.kind === "refuse" ? verdict.reason : "passed");

const creation = {
  amount: { currency: "NOK", value: 2_500 },
  paymentMethod: { type: "WALLET" },
  reference: ownReference,
  userFlow: "QR",
  qrFormat: { format: "TEXT/TARGETURL" },
  customerInteraction: "CUSTOMER_PRESENT",
  paymentDescription: "Cola",
} as const;
const create = (more: object = {}) => ({
  method: "POST",
  target: "/epayment/v1/payments",
  body: JSON.stringify({ ...creation, ...more }),
});
const amount = JSON.stringify({ modificationAmount: { currency: "NOK", value: 2_500 } });
const onPayment: readonly (readonly [string, string, string])[] = [
  ["GET", "", ""],
  ["GET", "/events", ""],
  ["POST", "/capture", amount],
  ["POST", "/cancel", '{"cancelTransactionOnly":true}'],
  ["POST", "/refund", amount],
];

describe("what the machine's own client sends", () => {
  it("passes, every operation of a sale, and only the operations that are configured beside", async () => {
    const judged: (readonly [string, Verdict])[] = [];
    let settings: Partial<GatewayPolicy> = {};
    const client = clientOf(own, { clock: new VirtualClock(), log: createMemoryLog() }, (request) => {
      const one = received(request);
      const asker = { machine: own.machine, unit, policy: { ...policy, ...settings } };
      judged.push([`${one.method} ${one.target}`, authorize(asker, one)]);
      return Promise.reject(new Error("nobody is there"));
    });
    const options = { retry: "never", deadlineMs: 1_000 } as const;
    const money = { currency: "NOK", value: 2_500 } as const;
    const tries = async (...calls: readonly (() => Promise<unknown>)[]): Promise<void> => {
      for (const call of calls) await expect(call()).rejects.toThrow();
    };
    await tries(
      () => client.payments.create({ ...creation, customer: { customerToken: "dG9rZW4=" } }, "k-1", options),
      () => client.payments.create({ ...creation, reference: `vend-1--left-${ulid}` }, "k-2", options),
      () => client.payments.get(ownReference, options),
      () => client.payments.events(ownReference, options),
      () => client.payments.capture(ownReference, money, "k-3", options),
      () => client.payments.cancel(ownReference, true, "k-4", options),
      () => client.payments.refund(ownReference, money, "k-5", options),
      () => client.callbackQrs.put("vend-1", { locationDescription: "Platform 2", category: "VENDING" }, options),
      () => client.callbackQrs.get("vend-1", { format: "png", sizePx: 300 }, options),
      () => client.callbackQrs.get("vend-1--left", { format: "target-url" }, options),
      () => client.redirectQrs.get("shop", { format: "target-url" }, options),
    );
    expect(judged).toHaveLength(11);
    for (const [line, verdict] of judged) expect(`${line}: ${reasonOf(verdict)}`).toBe(`${line}: passed`);

    const configured = [
      () => client.qr.oneTime("https://landing.example.test/x", { format: "target-url" }, options),
      () => client.qr.exchange("https://qr.vipps.no/p/abc", options),
      () => client.qr.exchangeCustomer("dG9rZW4=", options),
    ];
    judged.length = 0;
    await tries(...configured);
    expect(judged.map(([, verdict]) => verdict.kind)).toEqual(["refuse", "refuse", "refuse"]);
    settings = { oneTimeQr: true, exchange: true };
    judged.length = 0;
    await tries(...configured);
    expect(judged.map(([, verdict]) => verdict.kind)).toEqual(["pass", "pass", "pass"]);
  });
});

/** Ids of machines, and of their outlets; short, so that they are often alike. */
const machineId = fc.stringMatching(/^[ab]([ab-]{0,4}[ab])?$/).filter((id) => !id.includes("--"));
const qrId = fc.tuple(machineId, fc.option(fc.stringMatching(/^[ab][ab-]{0,3}$/))).map(([machine, station]) => ({
  machine,
  id: station === null ? machine : `${machine}--${station}`,
}));

describe("a MobilePay sticker", () => {
  const body = '{"locationDescription":"Washer 1"}';
  const map = (id: string, machine = "vend-1"): string =>
    judge({ method: "PUT", target: `/qr/v1/merchant-callback/mobilepay/${id}`, body }, { machine }).kind;

  it("is taken over by the machine that it is configured for, and by the operation for it alone", () => {
    expect(map("beacon-1")).toBe("pass");
    expect(map("beacon-2")).toBe("refuse");
    expect(map("vend-1"), "one's own name is no sticker").toBe("refuse");
    for (const other of ["vend-2", "vend", "vend-1-b"]) expect(map("beacon-1", other)).toBe("refuse");
    const ordinary = { method: "PUT", target: "/qr/v1/merchant-callback/beacon-1", body };
    expect(judge(ordinary).kind).toBe("refuse");
  });
});

describe("another machine's payments", () => {
  it("are out of reach in every operation, however alike the ids are, and one's own never are", () => {
    fc.assert(
      fc.property(machineId, qrId, fc.constantFrom(...onPayment), (machine, other, [method, after, body]) => {
        const target = `/epayment/v1/payments/${other.id}-${ulid}${after}`;
        expect(judge({ method, target, body }, { machine }).kind).toBe(other.machine === machine ? "pass" : "refuse");
      }),
    );
  });

  it("cannot be created either, nor their callback QRs read or changed", () => {
    fc.assert(
      fc.property(machineId, qrId, (machine, other) => {
        const wanted = other.machine === machine ? "pass" : "refuse";
        expect(judge(create({ reference: `${other.id}-${ulid}` }), { machine }).kind).toBe(wanted);
        const target = `/qr/v1/merchant-callback/${other.id}`;
        expect(judge({ method: "GET", target }, { machine }).kind).toBe(wanted);
        expect(judge({ method: "PUT", target, body: '{"locationDescription":"x"}' }, { machine }).kind).toBe(wanted);
      }),
    );
  });

  it.each([
    [`a-${ulid}`, "a"],
    [`a-b-${ulid}`, "a-b"],
    [`a--b-${ulid}`, "a"],
    [`a--b--c-${ulid}`, "a"],
    [`a-b--c-d-${ulid}`, "a-b"],
    [`a---b-${ulid}`, undefined],
    [`a--${ulid}`, undefined],
    [`-${ulid}`, undefined],
    [`a-${ulid.toLowerCase()}`, undefined],
    ["somebody-elses-order-17", undefined],
    [ulid, undefined],
  ])("%s belongs to %s", (reference, owner) => {
    expect(ownerOf(reference)).toBe(owner);
  });
});

describe("a creation", () => {
  it.each([
    ["in another currency", { amount: { currency: "DKK", value: 2_500 } }, "takes NOK"],
    ["above the maximum", { amount: { currency: "NOK", value: 50_001 } }, "max_amount"],
    ["by a phone number", { customer: { phoneNumber: "4712345678" } }, "phone number"],
    [
      "by a phone number beside a token",
      { customer: { phoneNumber: "4712345678", customerToken: "t" } },
      "exactly one",
    ],
    ["that asks for the customer's profile", { profile: { scope: "name" } }, "profile"],
    [
      "that opens in an app",
      { userFlow: "NATIVE_REDIRECT", qrFormat: undefined, returnUrl: "app://x" },
      "NATIVE_REDIRECT",
    ],
    ["with a member that the provider may know and we do not", { Reference: `vend-2-${ulid}` }, "Reference"],
    [
      "with an unknown member in its customer",
      { customer: { customerToken: "t", PhoneNumber: "4712345678" } },
      "PhoneNumber",
    ],
  ])("%s is refused", (_what, more, word) => {
    expect(reasonOf(judge(create(more)))).toMatch(word);
  });

  it("at the maximum passes; without an Idempotency-Key it does not", () => {
    expect(judge(create({ amount: { currency: "NOK", value: 50_000 } })).kind).toBe("pass");
    expect(reasonOf(judge({ ...create(), key: "" }))).toMatch("Idempotency-Key");
  });

  it.each([
    ["a member that stands there twice", `{"reference":"vend-2-${ulid}",${create().body.slice(1)}`],
    ["the same, last", `${create().body.slice(0, -1)},"reference":"vend-2-${ulid}"}`],
    ["white space", create().body.replace(",", ", ")],
    ["an escaped letter", create().body.replace("Cola", String.raw`\u0043ola`)],
    ["a number in another form", create().body.replace("2500", "25e2")],
    ["a fraction of nothing", create().body.replace("2500", "2500.0")],
    ["a byte order mark", `\uFEFF${create().body}`],
    ["something behind it", `${create().body}\n`],
    ["no JSON", "reference=x"],
    ["a list", "[]"],
    ["nothing", ""],
  ])("whose body has %s is refused: the provider might read it differently", (_what, body) => {
    expect(judge({ ...create(), body }).kind).toBe("refuse");
  });
});

describe("a path", () => {
  it.each([
    ["POST", "/webhooks/v1/webhooks"],
    ["GET", "/webhooks/v1/webhooks"],
    ["DELETE", "/webhooks/v1/webhooks/x"],
    ["POST", "/accesstoken/get"],
    ["GET", "/qr/v1/merchant-callback"],
    ["GET", "/qr/v1/merchant-callback/"],
    ["DELETE", "/qr/v1/merchant-callback/vend-1"],
    ["PUT", "/qr/v1/merchant-callback/mobilepay/vend-1"],
    ["GET", "/qr/v1/merchant-redirect"],
    ["GET", "/qr/v1/merchant-redirect/another"],
    ["PUT", "/qr/v1/merchant-redirect/shop"],
    ["DELETE", "/qr/v1/merchant-redirect/shop"],
    ["POST", "/qr/v1/merchant-redirect"],
    ["POST", `/epayment/v1/test/payments/${ownReference}/approve`],
    ["GET", `/epayment/v1/payments/${ownReference}?x=1`],
    ["GET", `/epayment/v1/payments/${ownReference}/`],
    ["GET", `/epayment/v1/payments/${ownReference}/../vend-2-${ulid}`],
    ["GET", `/epayment/v1/payments/${ownReference}%2Fevents`],
    ["GET", `/epayment/v1/payments/${ownReference}/%65vents`],
    ["GET", `/epayment/v1/payments/%76end-1-${ulid}`],
    ["GET", `//epayment/v1/payments/${ownReference}`],
    ["GET", `/EPAYMENT/v1/payments/${ownReference}`],
    ["GET", `https://elsewhere.example/epayment/v1/payments/${ownReference}`],
    ["GET", `/epayment/v1/payments/${ownReference}#x`],
    ["PATCH", `/epayment/v1/payments/${ownReference}`],
    ["POST", `/epayment/v1/payments/${ownReference}`],
    ["GET", "/report/v2/ledgers"],
    ["GET", "/"],
    ["GET", ""],
  ])("%s %s is never passed on", (method, target) => {
    expect(judge({ method, target, body: method === "GET" || method === "DELETE" ? "" : "{}" }).kind).toBe("refuse");
  });

  it("of no kind makes the judge throw, and none that passes is another than the table's", () => {
    const part = fc.constantFrom(
      "/epayment",
      "/qr",
      "/v1",
      "/payments",
      "/merchant-callback",
      "/",
      ownReference,
      "vend-1",
      "..",
      "%2e",
      "?",
      "/capture",
      "#",
    );
    fc.assert(
      fc.property(
        fc.constantFrom("GET", "POST", "PUT", "DELETE"),
        fc.array(fc.oneof(part, fc.string({ maxLength: 4 })), { maxLength: 8 }),
        fc.constantFrom("", amount),
        (method, parts, body) => {
          const verdict = judge({ method, target: parts.join(""), body });
          if (verdict.kind === "pass") expect(operations).toContain(verdict.operation);
        },
      ),
    );
  });

  it("of a read may not carry a body", () => {
    expect(judge({ method: "GET", target: `/epayment/v1/payments/${ownReference}`, body: "{}" }).kind).toBe("refuse");
  });
});

it("refunds are off where the operator says so", () => {
  const refund = { method: "POST", target: `/epayment/v1/payments/${ownReference}/refund`, body: amount };
  expect(judge(refund)).toMatchObject({ kind: "pass", operation: { isBounded: true } });
  expect(reasonOf(judge(refund, { policy: { refund: "off" } }))).toMatch("operator");
});
