/**
 * Goal: the client and the simulated provider agree over real HTTP, operation by operation, fault by fault.
 * Method: the simulator on a free port; its control API breaks what is to be broken. Every answer is judged by the OpenAPI documents.
 */
import { beforeAll, afterAll, describe, expect, it } from "vitest";
import { effectId, merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { minor, money } from "../../../src/sale/money.ts";
import type { PaymentRequest } from "../../../src/sale/payment.ts";
import { createSeededEntropy, createSystemEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { createUlid } from "../../../src/service/ulid.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";
import { createVippsClient } from "../../../src/vipps/client.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import { isPng } from "../../../src/vipps/image.ts";
import { parseJson } from "../../../src/kit/json.ts";
import { VippsError } from "../../../src/vipps/errors.ts";
import { createHttpTransport } from "../../../src/vipps/http-transport.ts";
import type { PresentationSettings } from "../../../src/vipps/payment-mapping.ts";
import { createMerchantQrs, createPayments } from "../../../src/vipps/payments.ts";
import type { HttpTransport } from "../../../src/vipps/transport.ts";
import { faultsOfAnswer, operationsOf } from "../../unit/vipps/openapi.ts";

const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
const entropy = createSystemEntropy();
const msn = "123456";
const machine = merchantQrId("kiosk-7");

interface Place {
  simulator: SimulatorServer;
}
const place: Partial<Place> = {};

function simulator(): SimulatorServer {
  if (place.simulator === undefined) throw new Error("no simulator");
  return place.simulator;
}

beforeAll(async () => {
  // Every schema of the documents is compiled before a call is timed: that takes this thread seconds on a busy computer.
  for (const name of ["qr", "epayment", "webhooks"])
    for (const operation of operationsOf(name))
      for (const status of [200, 201, 204, 400, 404, 409, 415, 500]) {
        const [method = "", path = ""] = operation.split(" ");
        faultsOfAnswer(method, path, status, undefined);
      }
  place.simulator = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(11), msn });
});
afterAll(() => simulator().close());

/** ePayment lists no errors of its GET operations, and 401, 423 and 429 nowhere; the gateway's have a shape of their own. */
function isUnlisted(method: string, path: string, status: number): boolean {
  if ([401, 403, 423, 429].includes(status) || status >= 500) return true;
  return status >= 400 && method === "GET" && path.startsWith("/epayment/");
}

/** A client whose answers are all judged. `judged` has what the documents hold against them. */
function open(changes: Partial<PresentationSettings> = {}) {
  const { url } = simulator();
  const judged: string[] = [];
  const fetched = createHttpTransport();
  const transport: HttpTransport = async (request) => {
    const response = await fetched(request);
    const path = request.url.slice(url.length);
    if (/^\/(qr|epayment|webhooks|accesstoken)\//.test(path) && !isUnlisted(request.method, path, response.status)) {
      const value = response.body.length === 0 ? undefined : parseJson(response.body);
      for (const fault of faultsOfAnswer(request.method, path, response.status, value))
        judged.push(`${request.method} ${path}: ${fault}`);
    }
    return response;
  };
  const client = createVippsClient({
    baseUrl: url,
    msn,
    credentials: credentials(`client-${msn}`, `secret-${msn}`, `subscription-${msn}`),
    system: { name: "kvitt", version: "0.1.0", pluginName: "kvitt-test", pluginVersion: "0.1.0" },
    transport,
    clock,
    entropy,
    log: createMemoryLog(),
  });
  const settings: PresentationSettings = {
    oneTimeRoute: "epayment",
    qrRendering: "own",
    qrSizePx: 300,
    returnUrl: "https://example.com/look-at-the-machine",
    ...changes,
  };
  return { client, judged, payments: createPayments(client, settings), qrs: createMerchantQrs(client, settings) };
}

async function control(order: string, body: object): Promise<void> {
  const response = await fetch(`${simulator().url}/simulator/${order}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

function sale(minorUnits = 2_500, changes: Partial<PaymentRequest> = {}) {
  const ulid = createUlid(clock, entropy);
  const request: PaymentRequest = {
    reference: referenceOf(machine, ulid),
    amount: money(minorUnits, "NOK"),
    flow: "qr",
    description: "Kiosk: Water",
    lines: [{ id: "water", name: "Water", quantity: 1, total: minor(minorUnits), vatRate: 1_500 }],
    metadata: { line: "A1" },
    ...changes,
  };
  return { request, reference: request.reference, key: (name: string) => effectId(`${ulid}-${name}`) };
}

describe("the QR API", () => {
  it("redirect QRs: made, listed, got, changed, deleted; a second of the same id is refused by name", async () => {
    const { client, judged } = open();
    const { redirectQrs } = client;
    const content = { format: "target-url" } as const;
    const made = await redirectQrs.create(
      { id: "plakat æøå 1", redirectUrl: "https://example.com/a", ttl: 600 },
      content,
    );
    expect(made.id).toBe("plakat æøå 1");
    expect(made.url).toMatch(/^https:\/\/qr\.vipps\.no\//);
    await expect(
      redirectQrs.create({ id: "plakat æøå 1", redirectUrl: "https://example.com/b" }, content),
    ).rejects.toMatchObject({
      facts: { status: 409, takenId: "plakat æøå 1", advice: "change-request" },
    });
    expect(await redirectQrs.update("plakat æøå 1", "https://example.com/c", content)).toMatchObject({
      url: made.url,
      redirectUrl: "https://example.com/c",
    });
    expect(await redirectQrs.list({ format: "svg" })).toHaveLength(1);
    const pictured = await redirectQrs.get("plakat æøå 1", { format: "png", sizePx: 250 });
    expect(isPng(await client.fetchImage(pictured.url))).toBe(true);
    await redirectQrs.delete("plakat æøå 1");
    await expect(redirectQrs.get("plakat æøå 1", content)).rejects.toMatchObject({ facts: { status: 404 } });
    expect(judged).toEqual([]);
  });

  it.each(["own", "provider"] as const)("the callback QR, rendering %s", async (qrRendering) => {
    const { client, judged, qrs } = open({ qrRendering });
    const first = await qrs.register(machine, "Platform 2");
    expect(first).toMatchObject({
      kind: "ok",
      value: { locationDescription: "Platform 2", qr: { kind: qrRendering === "own" ? "content" : "png" } },
    });
    expect(await qrs.register(machine, "Platform 2")).toEqual(first);
    expect(await client.callbackQrs.list()).toMatchObject([{ merchantQrId: machine }]);
    await client.callbackQrs.delete(machine);
    expect(await qrs.check(machine)).toMatchObject({ kind: "refused", status: 404 });
    expect(judged).toEqual([]);
  });

  it("a MobilePay beacon: mapped once", async () => {
    const { client } = open();
    await client.callbackQrs.putMobilePay("100200300", { locationDescription: "Kasse 1" });
    await expect(
      client.callbackQrs.putMobilePay("100200300", { locationDescription: "Kasse 1" }),
    ).rejects.toMatchObject({ facts: { status: 409, takenId: "100200300" } });
    await client.callbackQrs.delete("100200300");
  });

  it("a personal QR for the phone number; a wrong one is refused without being quoted", async () => {
    const { client } = open();
    const phone = simulator().provider.phone("kari");
    expect(await client.qr.exchange(phone.personalQr)).toMatchObject({ msisdn: "4790100000", version: "2.0" });
    expect(await client.qr.exchange("https://qr.vipps.no/28/2/01/031/4712345678?v=1")).toMatchObject({
      msisdn: "4712345678",
      version: "1.0",
    });
    const failed: unknown = await client.qr.exchange("https://qr.vipps.no/p/unknown").catch((error: unknown) => error);
    if (!(failed instanceof VippsError)) throw new Error("it worked");
    expect(failed.facts).toMatchObject({ status: 400, advice: "change-request" });
    expect(failed.message).not.toContain("/p/unknown");
    await expect(client.qr.exchangeCustomer("nobody's")).rejects.toMatchObject({ facts: { status: 400 } });
  });
});

describe("a payment", () => {
  it.each([
    ["epayment", "own"],
    ["epayment", "provider"],
    ["qr-api", "own"],
    ["qr-api", "provider"],
  ] as const)(
    "by %s, rendering %s: reserved, captured in part, the rest cancelled, some given back",
    async (oneTimeRoute, qrRendering) => {
      const { client, judged, payments } = open({ oneTimeRoute, qrRendering });
      const { request, reference, key } = sale(5_000);
      const created = await payments.create(request, key("create"));
      if (created.kind !== "ok" || created.value.qr === undefined) throw new Error(JSON.stringify(created));
      expect(created.value.qr.kind).toBe(qrRendering === "own" ? "content" : "png");
      await client.payments.forceApprove(reference, "4790100000");
      expect(await payments.get(reference)).toMatchObject({
        kind: "ok",
        value: { state: "AUTHORIZED", authorized: 5_000 },
      });
      expect(await payments.capture(reference, money(3_000, "NOK"), key("capture"))).toMatchObject({
        kind: "ok",
        value: { captured: 3_000 },
      });
      expect(await payments.cancel(reference, false, key("cancel"))).toMatchObject({
        kind: "ok",
        value: { cancelled: 2_000 },
      });
      expect(await payments.refund(reference, money(1_000, "NOK"), key("refund"))).toMatchObject({
        kind: "ok",
        value: { refunded: 1_000 },
      });
      const names = (await client.payments.events(reference)).map(({ name }) => name);
      expect(names).toEqual(["CREATED", "AUTHORIZED", "CAPTURED", "CANCELLED", "REFUNDED"]);
      expect(judged.filter((fault) => !fault.includes("'profile'"))).toEqual([]);
    },
  );

  it("the same capture twice is one capture; the same key with another amount is a conflict", async () => {
    const { client, payments } = open();
    const { request, reference, key } = sale(5_000);
    await payments.create(request, key("create"));
    await client.payments.forceApprove(reference, "4790100000");
    for (let count = 0; count < 2; count += 1)
      expect(await payments.capture(reference, money(2_000, "NOK"), key("capture"))).toMatchObject({
        kind: "ok",
        value: { captured: 2_000 },
      });
    expect(await payments.capture(reference, money(1_000, "NOK"), key("capture"))).toMatchObject({
      kind: "refused",
      status: 409,
      code: "4010",
    });
  });

  it("is cancelled before it is approved: TERMINATED", async () => {
    const { payments } = open();
    const { request, reference, key } = sale();
    await payments.create(request, key("create"));
    expect(await payments.cancel(reference, true, key("cancel"))).toMatchObject({
      kind: "ok",
      value: { state: "TERMINATED", cancelled: 2_500, authorized: 0 },
    });
  });

  it.each([
    ["6060", { kind: "refused", code: "6060" }],
    ["6250", { kind: "unknown", code: "6250", status: 409 }],
    ["423", { kind: "unknown", status: 423 }],
  ] as const)("approved in the middle of a cancel that answers %s", async (approveDuringCancel, expected) => {
    const { payments } = open();
    const { request, reference, key } = sale();
    await payments.create(request, key("create"));
    await control("switches", { approveDuringCancel });
    expect(await payments.cancel(reference, true, key("cancel"), { retry: "never" })).toMatchObject(expected);
    expect(await payments.get(reference)).toMatchObject({ value: { state: "AUTHORIZED" } });
  });

  it("a sixth cancel within a minute never leaves", async () => {
    const { payments } = open();
    const { request, reference, key } = sale();
    await payments.create(request, key("create"));
    for (let count = 0; count < 5; count += 1) await payments.cancel(reference, false, key(`cancel-${count}`));
    expect(await payments.cancel(reference, false, key("cancel-6"), { deadlineMs: 2_000 })).toMatchObject({
      kind: "unknown",
      status: 429,
    });
  });
});

describe("faults", () => {
  it.each([
    [{ kind: "no-connection" }],
    [{ kind: "lost-answer" }],
    [{ kind: "bad-gateway", acts: true }],
    [{ kind: "bad-gateway", acts: false }],
    [{ kind: "internal", acts: true }],
    [{ kind: "throttled", retryAfterSeconds: 1 }],
    [{ kind: "locked" }],
    [{ kind: "revoked-token" }],
  ])("%j: the capture happens once, and the caller notices nothing", async (fault) => {
    const { client, payments } = open();
    const { request, reference, key } = sale();
    await payments.create(request, key("create"));
    await client.payments.forceApprove(reference, "4790100000");
    await control("faults", { operation: "capture payment", fault });
    expect(await payments.capture(reference, money(2_500, "NOK"), key("capture"))).toMatchObject({
      kind: "ok",
      value: { captured: 2_500 },
    });
    const row = simulator()
      .provider.ledger()
      .find((one) => one.reference === reference);
    expect(row).toMatchObject({ captured: 2_500 });
  });

  it("an answer that never comes is unknown at the deadline", async () => {
    const { payments } = open();
    const { request, key } = sale();
    await control("faults", { operation: "create payment", fault: { kind: "hang", acts: true } });
    const started = performance.now();
    expect(await payments.create(request, key("create"), { deadlineMs: 400 })).toMatchObject({
      kind: "unknown",
      status: undefined,
    });
    // Without a deadline of its own a call takes 30 s.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(await payments.create(request, key("create"))).toMatchObject({ kind: "ok" });
  });

  it("wrong keys are told as such", async () => {
    const { url } = simulator();
    const client = createVippsClient({
      baseUrl: url,
      msn,
      credentials: credentials("client-123456", "not-the-secret", "subscription-123456"),
      system: { name: "kvitt", version: "0.1.0", pluginName: "kvitt-test", pluginVersion: "0.1.0" },
      transport: createHttpTransport(),
      clock,
      entropy,
      log: createMemoryLog(),
    });
    await expect(client.checkKeys()).rejects.toMatchObject({
      facts: { stage: "token", advice: "give-up", status: 401 },
    });
  });
});

describe("webhooks", () => {
  it("one registration of check-ins a sales unit: listed, refused a second time, deleted", async () => {
    const { client, judged } = open();
    const { id, secret } = await client.webhooks.register("https://relay.example.test/hooks", ["user.checked-in.v1"]);
    expect(secret).toHaveLength(88);
    await expect(
      client.webhooks.register("https://relay.example.test/other", ["user.checked-in.v1"]),
    ).rejects.toMatchObject({ facts: { status: 400 } });
    expect(await client.webhooks.list()).toEqual([
      { id, url: "https://relay.example.test/hooks", events: ["user.checked-in.v1"] },
    ]);
    await client.webhooks.delete(id);
    expect(await client.webhooks.list()).toEqual([]);
    expect(judged).toEqual([]);
  });
});
