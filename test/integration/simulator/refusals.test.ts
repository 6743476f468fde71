/** Goal: the simulator refuses what the provider refuses, with its codes, in its shapes. Method: plain fetch; each case one request away from being right. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { adviceFor } from "../../../src/vipps/errors.ts";

const keys = {
  client_id: "client-123456",
  client_secret: "secret-123456",
  "ocp-apim-subscription-key": "subscription-123456",
  "merchant-serial-number": "123456",
};
const detail = z.object({ name: z.string(), reason: z.string() });
const problem = z.object({
  status: z.number(),
  traceId: z.string(),
  title: z.string(),
  type: z.string(),
  extraDetails: z.array(detail).default([]),
});
const day = 86_400_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

describe("what the simulator refuses", () => {
  let simulator: SimulatorServer;
  let headers: Record<string, string> = {};
  let count = 0;

  async function call(
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    count += 1;
    const response = await fetch(`${simulator.url}${path}`, {
      method,
      headers: { ...headers, "content-type": "application/json", "idempotency-key": `key-${count}`, ...more },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const value: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, type: response.headers.get("content-type") ?? "", body: value };
  }
  const order = (name: string, body: object) => call("POST", `/simulator/${name}`, body);

  function codeOf({ body }: Answer): string | undefined {
    return problem.parse(body).extraDetails.find(({ name }) => name === "ErrorCode")?.reason;
  }

  const payment = (reference: string, changes: object = {}): object => ({
    amount: { currency: "NOK", value: 5_000 },
    paymentMethod: { type: "WALLET" },
    reference,
    userFlow: "QR",
    ...changes,
  });
  const create = (reference: string, changes: object = {}) =>
    call("POST", "/epayment/v1/payments", payment(reference, changes));
  const act = (reference: string, what: string, body: unknown = {}) =>
    call("POST", `/epayment/v1/payments/${reference}/${what}`, body);
  const nok = (value: number) => ({ modificationAmount: { currency: "NOK", value } });

  async function reserved(reference: string, value = 5_000): Promise<void> {
    await create(reference, { amount: { currency: "NOK", value } });
    const approval = { customer: { phoneNumber: "4790100000" } };
    expect((await call("POST", `/epayment/v1/test/payments/${reference}/approve`, approval)).status).toBe(200);
  }

  beforeAll(async () => {
    const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
    simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(4), msn: "123456" });
    headers = keys;
    const token = z.object({ access_token: z.string() }).parse((await call("POST", "/accesstoken/get")).body);
    headers = { ...keys, authorization: `Bearer ${token.access_token}` };
  });
  afterAll(() => simulator.close());

  it.each<readonly [string, object, string | undefined]>([
    ["an unknown field", { unknown: 1 }, undefined],
    ["a fraction", { amount: { currency: "NOK", value: 50.5 } }, "4040"],
    ["an amount under the floor", { amount: { currency: "NOK", value: 99 } }, "6010"],
    ["an amount over the limit", { amount: { currency: "NOK", value: 65_000_001 } }, "4040"],
    ["another market's currency", { amount: { currency: "DKK", value: 5_000 } }, "5040"],
    ["a customer of two kinds", { customer: { phoneNumber: "4790100000", customerToken: "x" } }, "4140"],
    ["a customer of none", { customer: {} }, "4140"],
    ["an old name of the token", { customer: { token: "x" } }, undefined],
    ["a token of nobody", { customer: { customerToken: "x" } }, "4050"],
    ["a personal QR of nobody", { customer: { personalQr: "https://qr.vipps.no/p/nobody" } }, "4060"],
    ["a personal QR that is too short", { customer: { personalQr: "x" } }, "4060"],
    ["a phone number with a plus", { customer: { phoneNumber: "+4790100000" } }, "4070"],
    ["a phone number that is a number", { customer: { phoneNumber: 4_790_100_000 } }, "4070"],
    ["a stranger", { customer: { phoneNumber: "4799999999" } }, "7010"],
    ["a scope that is none", { profile: { scope: 1 } }, "4080"],
    ["a return address of http", { userFlow: "WEB_REDIRECT", returnUrl: "http://example.com" }, "4090"],
    ["no return address", { userFlow: "WEB_REDIRECT" }, "4090"],
    ["six pairs of metadata", { metadata: { a: "", b: "", c: "", d: "", e: "", f: "" } }, "4100"],
    ["a long metadata key", { metadata: { ["k".repeat(101)]: "x" } }, "4110"],
    ["a long metadata value", { metadata: { key: "x".repeat(501) } }, "4120"],
    ["metadata that are numbers", { metadata: { key: 1 } }, "4130"],
    ["a payment method that is none", { paymentMethod: { type: "CASH" } }, "4160"],
    ["a push without approval", { userFlow: "PUSH_MESSAGE", customer: { phoneNumber: "4790100000" } }, "5080"],
    [
      "a push to a stranger without approval",
      { userFlow: "PUSH_MESSAGE", customer: { phoneNumber: "4799999999" } },
      "5080",
    ],
    ["a long life without approval", { expiresAt: "2027-12-24T00:00:00Z" }, "5050"],
    ["a format without its name", { qrFormat: { size: 200 } }, undefined],
    ["a picture that is too small", { qrFormat: { format: "IMAGE/PNG", size: 99 } }, undefined],
    [
      "a picture for another flow",
      { userFlow: "WEB_REDIRECT", returnUrl: "https://a.no", qrFormat: { format: "IMAGE/PNG" } },
      undefined,
    ],
    ["a description of two letters", { paymentDescription: "ab" }, undefined],
    ["a reference that is a number", { reference: 24_867_916 }, undefined],
    ["a reference of seven characters", { reference: "1234567" }, undefined],
    ["a reference with an underscore", { reference: "with_underscore" }, undefined],
  ])("create: %s", async (name, changes, code) => {
    const answer = await create(`create-${name.replaceAll(/[^a-z]/g, "")}`.slice(0, 64), changes);
    expect([answer.status, answer.type]).toEqual([400, "application/problem+json"]);
    expect(codeOf(answer)).toBe(code);
  });

  it("a used reference stays used, also when the payment is over", async () => {
    await create("used-once-1");
    await act("used-once-1", "cancel");
    const again = await create("used-once-1");
    expect([again.status, codeOf(again)]).toEqual([409, "4150"]);
    // References are case-sensitive.
    expect((await create("USED-once-1")).status).toBe(201);
  });

  it.each<readonly [string, string, unknown, string]>([
    ["too much", "capture", nok(5_001), "6090"],
    ["another currency", "capture", { modificationAmount: { currency: "EUR", value: 5_000 } }, "4040"],
    ["less than the floor", "capture", nok(99), "6010"],
    ["nothing captured", "refund", nok(5_000), "6020"],
    ["only what is not approved", "cancel", { cancelTransactionOnly: true }, "6060"],
  ])("reserved, %s: %s", async (name, what, body, code) => {
    const reference = `reserved-${name.replaceAll(" ", "-")}`;
    await reserved(reference);
    expect(codeOf(await act(reference, what, body))).toBe(code);
  });

  it.each<readonly [string, readonly (readonly [string, unknown])[], string, unknown, string]>([
    ["captured whole", [["capture", nok(5_000)]], "cancel", {}, "6040"],
    ["captured whole", [["capture", nok(5_000)]], "capture", nok(100), "6170"],
    ["cancelled", [["cancel", {}]], "capture", nok(100), "6070"],
    [
      "refunded whole",
      [
        ["capture", nok(5_000)],
        ["refund", nok(5_000)],
      ],
      "refund",
      nok(100),
      "6180",
    ],
    [
      "refunded in part",
      [
        ["capture", nok(5_000)],
        ["refund", nok(4_000)],
      ],
      "refund",
      nok(1_001),
      "6150",
    ],
    ["captured 1.23 kroner", [["capture", nok(5_000)]], "refund", nok(123), "5100"],
    ["captured 1.24 kroner", [["capture", nok(5_000)]], "refund", nok(124), "6220"],
  ])("%s, then %s", async (name, before, what, body, code) => {
    const reference = `${name}-${what}-${code}`.replaceAll(/[^a-z0-9]/g, "-");
    await reserved(reference);
    for (const [one, amount] of before) expect((await act(reference, one, amount)).status).toBe(200);
    expect(codeOf(await act(reference, what, body))).toBe(code);
  });

  it("what is not approved cannot be captured or refunded, and once over not even cancelled again", async () => {
    await create("unapproved-1");
    expect(codeOf(await act("unapproved-1", "capture", nok(5_000)))).toBe("6080");
    expect(codeOf(await act("unapproved-1", "refund", nok(5_000)))).toBe("6020");
    await act("unapproved-1", "cancel");
    expect(codeOf(await act("unapproved-1", "capture", nok(5_000)))).toBe("6070");
    await create("declined-1");
    await order("phone", { user: "kari", action: "home" });
    const { body } = await create("declined-2", { qrFormat: { format: "TEXT/TARGETURL" } });
    const text = z.object({ redirectUrl: z.string() }).parse(body).redirectUrl;
    await order("phone", { user: "kari", action: "scan", text });
    await order("phone", { user: "kari", action: "decline" });
    expect(codeOf(await act("declined-2", "cancel"))).toBe("6050");
    expect(codeOf(await act("declined-2", "capture", nok(5_000)))).toBe("6190");
  });

  it("a unit that must capture in full does", async () => {
    await reserved("in-full-1");
    await order("unit", { msn: "123456", partialCapture: false });
    expect(codeOf(await act("in-full-1", "capture", nok(4_999)))).toBe("6140");
    expect((await act("in-full-1", "capture", nok(5_000))).status).toBe(200);
    await order("unit", { msn: "123456", partialCapture: true });
  });

  it("a long life, once approved, needs a receipt and has its limits", async () => {
    await order("unit", { msn: "123456", longLivingApproved: true });
    const at = (fromNowMs: number) => new Date(simulator.provider.context.clock.wallMs() + fromNowMs).toISOString();
    const line = { name: "A", id: "1", totalAmount: 1, totalAmountExcludingTax: 1, totalTaxAmount: 0 };
    const receipt = { orderLines: [line], bottomLine: { currency: "NOK" } };
    expect(codeOf(await create("long-life-1", { expiresAt: at(61 * day), receipt }))).toBe("6110");
    expect(codeOf(await create("long-life-2", { expiresAt: at(500_000), receipt }))).toBe("6120");
    expect(codeOf(await create("long-life-3", { expiresAt: at(day) }))).toBe("6130");
    expect((await create("long-life-4", { expiresAt: "tomorrow", receipt })).status).toBe(400);
    expect((await create("long-life-5", { expiresAt: at(day), receipt })).status).toBe(201);
    await order("unit", { msn: "123456", longLivingApproved: false });
  });

  it("403 where the agreement lacks it, in the shape of the API that was asked", async () => {
    await order("unit", { msn: "123456", callbackAllowed: false, epaymentAllowed: false });
    const callback = await call("PUT", "/qr/v1/merchant-callback/a", { locationDescription: "A" });
    expect(callback).toMatchObject({ status: 403, body: { title: "Forbidden" } });
    expect(callback.body).not.toHaveProperty("status");
    const created = await create("forbidden-1");
    expect(problem.parse(created.body).status).toBe(403);
    expect(adviceFor(created.status, codeOf(created))).toBe("give-up");
    await order("unit", { msn: "123456", callbackAllowed: true, epaymentAllowed: true });
  });

  it.each([
    ["6160", 409, "retry"],
    ["6250", 409, "retry"],
    ["6280", 409, "retry"],
    ["3010", 500, "retry"],
    ["6260", 400, "give-up"],
    ["5010", 400, "give-up"],
    ["10070", 400, "give-up"],
    ["5030", 400, "change-request"],
  ])("on order, any code: %s", async (code, status, advice) => {
    await reserved(`on-order-${code}`);
    await order("faults", { operation: "capture payment", fault: { kind: "refused", code } });
    const answer = await act(`on-order-${code}`, "capture", nok(5_000));
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(adviceFor(answer.status, codeOf(answer))).toBe(advice);
    expect((await act(`on-order-${code}`, "capture", nok(5_000))).status).toBe(200);
  });

  it("a code that the provider does not have is no order", async () => {
    expect((await order("faults", { fault: { kind: "refused", code: "1234" } })).status).toBe(400);
  });

  it("the sixth capture within a minute is throttled, in the gateway's shape, and says how long", async () => {
    await create("throttled-1");
    for (let time = 0; time < 5; time += 1) await act("throttled-1", "capture", nok(100));
    const sixth = await act("throttled-1", "capture", nok(100));
    expect(sixth).toMatchObject({ status: 429, body: { statusCode: 429 } });
    await order("clock/skip", { ms: 60_000 });
    expect((await act("throttled-1", "capture", nok(100))).status).toBe(400);
  });

  it("a sales unit that is none is told in the shape of the API", async () => {
    const wrong = { "merchant-serial-number": "kari" };
    const qr = await call("GET", "/qr/v1/merchant-callback", undefined, wrong);
    expect(qr).toMatchObject({ status: 400, body: { invalidParams: [{ name: "Merchant-Serial-Number" }] } });
    const paid = await call("GET", "/epayment/v1/payments/nobody-has-it", undefined, wrong);
    expect(problem.parse(paid.body).status).toBe(400);
    const other = await call("GET", "/qr/v1/merchant-callback", undefined, { "merchant-serial-number": "999999" });
    expect(other.status).toBe(403);
  });

  it("a path that cannot be decoded is a reference that nobody has", async () => {
    expect((await call("GET", "/epayment/v1/payments/%E0%A4%A")).status).toBe(404);
    expect((await call("GET", "/qr/v1/merchant-callback/%")).status).toBe(404);
  });

  it("the app stops waiting where a limit is set", async () => {
    await order("switches", { appWaitsMs: 30_000 });
    await call("PUT", "/qr/v1/merchant-callback/wait", { locationDescription: "Here", category: "VENDING" });
    const hook = await call("POST", "/webhooks/v1/webhooks", {
      url: `${simulator.url}/landing`,
      events: ["user.checked-in.v1"],
    });
    expect(hook.status).toBe(201);
    const got = z.object({ qrContent: z.string() }).parse((await call("GET", "/qr/v1/merchant-callback/wait")).body);
    await order("phone", { user: "kari", action: "scan", text: got.qrContent });
    const view = async () => (await order("phone", { user: "kari", action: "view" })).body;
    await expect.poll(view).toMatchObject({ screen: "waiting" });
    await order("clock/skip", { ms: 30_000 });
    expect(await view()).toMatchObject({ screen: "message", text: "The store sent no request." });
  });
});
