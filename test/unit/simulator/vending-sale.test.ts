/**
 * Goal: client and simulated provider agree on the vending sequence of the provider's documents, and on its refusals.
 * Method: the real client over an in-process transport to the simulator's core, on a simulated clock; no sockets.
 */
import { describe, expect, it } from "vitest";
import { effectId, merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
import type { PaymentRequest } from "../../../src/sale/payment.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import type { Fault } from "../../../src/simulator/faults.ts";
import { createProvider } from "../../../src/simulator/provider.ts";
import { createVippsClient } from "../../../src/vipps/client.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import { createMerchantQrs, createPayments } from "../../../src/vipps/payments.ts";

const machine = merchantQrId("kiosk-7");

function world(
  options: {
    readonly fault?: (operation: string) => Fault | undefined;
    readonly oneTimeRoute?: "epayment" | "qr-api";
  } = {},
) {
  const clock = new SimulatedClock();
  const entropy = createSeededEntropy(7);
  const deliveries: { readonly url: string; readonly body: string }[] = [];
  const provider = createProvider({
    clock,
    entropy,
    send: async ({ url, body }) => {
      deliveries.push({ url, body: new TextDecoder().decode(body) });
      return { status: 200 };
    },
    ...(options.fault === undefined ? {} : { faultFor: options.fault }),
  });
  const unit = provider.addUnit({ msn: "123456" });
  provider.addUser({ id: "kari" });
  const client = createVippsClient({
    baseUrl: "https://apitest.vipps.no",
    msn: unit.msn,
    credentials: credentials(unit.clientId, unit.clientSecret, unit.subscriptionKey),
    system: { name: "kvitt", version: "0.1.0", pluginName: "kvitt-vending", pluginVersion: "0.1.0" },
    transport: (request) =>
      provider.handle({ ...request, url: request.url.replace("https://apitest.vipps.no", "") }, request.signal),
    clock,
    entropy,
    log: createMemoryLog(),
  });
  const presentation = {
    oneTimeRoute: options.oneTimeRoute ?? "epayment",
    qrRendering: "own",
    qrSizePx: 400,
    returnUrl: "https://example.com/look-at-the-machine",
  } as const;
  return {
    clock,
    provider,
    client,
    deliveries,
    payments: createPayments(client, presentation),
    qrs: createMerchantQrs(client, presentation),
  };
}

const ulid = "01JD0000000000000000000001";
const reference = referenceOf(machine, ulid);
const request: PaymentRequest = {
  reference,
  amount: money(5_000, "NOK"),
  flow: "qr",
  description: "Kiosk: Water",
  lines: [{ id: "water", name: "Water", quantity: 1, total: money(5_000, "NOK").minor, vatRate: 1_500 }],
  metadata: { line: "A1" },
};
const id = (name: string) => effectId(`${ulid}-${name}`);

describe("the vending sequence", () => {
  it("registers the callback QR, again and again, with the same content", async () => {
    const { qrs } = world();
    const first = await qrs.register(machine, "By the stairs");
    const second = await qrs.register(machine, "By the door");
    if (first.kind !== "ok" || second.kind !== "ok") throw new Error("not registered");
    expect(first.value.qr).toEqual(second.value.qr);
    expect(second.value.locationDescription).toBe("By the door");
    const { qr } = first.value;
    expect(qr.kind === "content" ? qr.text : "").toMatch(/^https:\/\/qr\.vipps\.no\//);
  });

  it.each(["epayment", "qr-api"] as const)(
    "reserve 5000, capture 3000, cancel the rest (route %s)",
    async (oneTimeRoute) => {
      const { payments, provider } = world({ oneTimeRoute });
      const created = await payments.create(request, id("create"));
      if (created.kind !== "ok" || created.value.qr?.kind !== "content") throw new Error(JSON.stringify(created));
      const phone = provider.phone("kari");
      phone.scan(created.value.qr.text);
      expect(phone.view()).toMatchObject({ screen: "request", amount: 5_000 });
      expect(phone.approve()).toBe("approved");
      expect(await payments.get(reference)).toMatchObject({
        kind: "ok",
        value: { state: "AUTHORIZED", authorized: 5_000 },
      });
      expect(await payments.capture(reference, money(3_000, "NOK"), id("capture-1"))).toMatchObject({ kind: "ok" });
      expect(await payments.cancel(reference, false, id("cancel-2"))).toMatchObject({ kind: "ok" });
      expect(await payments.get(reference)).toMatchObject({
        kind: "ok",
        value: { state: "AUTHORIZED", authorized: 5_000, captured: 3_000, cancelled: 2_000 },
      });
    },
  );

  it("an answer that was lost after the provider acted is the same answer with the same key", async () => {
    let lost = 1;
    const { payments, provider } = world({
      fault: (operation) => (operation === "create payment" && lost-- > 0 ? { kind: "lost-answer" } : undefined),
    });
    expect(await payments.create(request, id("create"), { retry: "never" })).toMatchObject({ kind: "unknown" });
    expect(await payments.create(request, id("create"), { retry: "never" })).toMatchObject({ kind: "ok" });
    expect(provider.ledger()).toHaveLength(1);
  });

  it("a used reference is refused for ever, also with a new key", async () => {
    const { payments } = world();
    await payments.create(request, id("create"));
    expect(await payments.create(request, id("other"))).toMatchObject({ kind: "refused", status: 409, code: "4150" });
  });

  it("cancelTransactionOnly after the approval is 6060", async () => {
    const { payments, provider } = world();
    const created = await payments.create(request, id("create"));
    if (created.kind !== "ok" || created.value.qr?.kind !== "content") throw new Error("not created");
    provider.phone("kari").scan(created.value.qr.text);
    provider.phone("kari").approve();
    expect(await payments.cancel(reference, true, id("withdraw-1"))).toMatchObject({ kind: "refused", code: "6060" });
  });

  it("a revoked token is fetched anew, once, without the caller noticing", async () => {
    const { payments, provider } = world();
    await payments.create(request, id("create"));
    provider.revokeTokens();
    expect(await payments.get(reference)).toMatchObject({ kind: "ok", value: { state: "CREATED" } });
  });

  it.each([
    ["push is not approved", { flow: "push", customer: { kind: "phone-number", phoneNumber: "4790100000" } }, "5080"],
    ["the token is nobody's", { flow: "web-redirect", customer: { kind: "customer-token", token: "x" } }, "4050"],
    [
      "the customer is too young",
      { flow: "web-redirect", minimumAge: 40, customer: { kind: "phone-number", phoneNumber: "4790100000" } },
      "7010",
    ],
  ] as const)("refuses to create when %s", async (_name, changes, code) => {
    const { payments } = world();
    expect(await payments.create({ ...request, ...changes }, id("create"))).toMatchObject({ kind: "refused", code });
  });

  it("nothing under the floor leaves the machine", async () => {
    const { payments, provider } = world();
    const outcome = await payments.create({ ...request, amount: money(99, "NOK"), lines: [] }, id("create"));
    expect(outcome.kind === "refused" ? outcome.detail : "").toContain("amount.value");
    expect(provider.ledger()).toEqual([]);
  });

  it("expires after ten minutes", async () => {
    const { payments, clock } = world();
    await payments.create(request, id("create"));
    await clock.advance(600_000);
    expect(await payments.get(reference)).toMatchObject({ kind: "ok", value: { state: "EXPIRED" } });
  });

  it("a check-in is delivered signed, and its token pays", async () => {
    const { qrs, client, provider, deliveries, payments, clock } = world();
    const registered = await qrs.register(machine, "Kiosk");
    await client.webhooks.register("https://relay.example.test/hooks/qr", ["user.checked-in.v1"]);
    if (registered.kind !== "ok" || registered.value.qr.kind !== "content") throw new Error("not registered");
    provider.phone("kari").scan(registered.value.qr.text);
    await clock.advance(10);
    const event: unknown = JSON.parse(deliveries[0]?.body ?? "{}");
    expect(event).toMatchObject({ merchantQrId: machine, msn: "123456" });
    expect(provider.phone("kari").view().screen).toBe("waiting");
    const [token] = [...provider.state.customerTokens.keys()];
    const outcome = await payments.create(
      { ...request, flow: "web-redirect", customer: { kind: "customer-token", token: token ?? "" } },
      id("create"),
    );
    expect(outcome.kind).toBe("ok");
    expect(provider.phone("kari").view()).toMatchObject({ screen: "request", amount: 5_000 });
  });
});
