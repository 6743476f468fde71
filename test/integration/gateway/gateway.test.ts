/**
 * Goal: a machine that holds no key of the sales unit sells, and its card gives a thief nothing of anybody else's. Method: the real processes against the
 * simulated provider; then everything on the card is used to try every operation of the provider on another machine's payments, and every other endpoint.
 */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { request as httpRequest, Agent } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planProvision } from "../../../src/daemon/provision/plan.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { createVippsClient, type VippsClient } from "../../../src/vipps/client.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import { createHttpTransport } from "../../../src/vipps/http-transport.ts";
import { authorizationOf, privateKeyOf } from "../../../src/vipps/identity.ts";
import { VippsError } from "../../../src/vipps/errors.ts";
import { realClock, realEntropy } from "../link/real-parts.ts";
import { untilTrue } from "../patience.ts";
import { kvitt, msn, startRig } from "./rig.ts";

const ulid = "01JDB2Q0C8X6R3Y5T7W9ZABCDE";
const system = { name: "kvitt", version: "1", pluginName: "thief", pluginVersion: "1" };
const parts = { clock: realClock, entropy: realEntropy, log: createMemoryLog(), system, msn };
const money = { currency: "NOK", value: 2_500 } as const;
const once = { retry: "never" } as const;

type Rig = Awaited<ReturnType<typeof startRig>>;
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 120_000);
afterAll(async () => {
  await rig?.close();
}, 120_000);

/** Everything that is on the card. */
async function readCard(): Promise<string> {
  const files = await readdir(rig.card);
  return (await Promise.all(files.map((file) => readFile(join(rig.card, file), "utf8")))).join("\n");
}

async function thiefsKey() {
  return privateKeyOf(await readFile(join(rig.card, "gateway-identity"), "utf8"), "the card's identity");
}

async function thief(machine: string, baseUrl = rig.gatewayUrl): Promise<VippsClient> {
  const identity = { machine, privateKey: await thiefsKey() };
  return createVippsClient({
    ...parts,
    baseUrl,
    credentials: identity,
    transport: createHttpTransport(),
  });
}

/** What a call ended in, for the thief. */
async function endOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "done";
  } catch (error) {
    return error instanceof VippsError ? String(error.facts.status) : String(error);
  }
}

describe("a machine that holds no key of the sales unit", () => {
  it("has none in its files, and the enrolment file is gone", async () => {
    const card = await readCard();
    for (const secret of ["client-123456", "secret-123456", "subscription-123456"]) expect(card).not.toContain(secret);
    expect(card).toContain("BEGIN PRIVATE KEY");
    expect((await stat(join(rig.card, "gateway-identity"))).mode & 0o777).toBe(0o600);
    await expect(stat(rig.enrolment)).rejects.toThrow("ENOENT");
    expect(await readFile(rig.identitiesFile, "utf8")).not.toContain("PRIVATE");
  });

  it("can be given one file for its boot partition, which does the whole set-up", async () => {
    const config = join(rig.folder, "demo-2.toml");
    const text = (await readFile(rig.config, "utf8")).replace('id = "demo-1"', 'id = "demo-2"');
    await writeFile(config, text);
    const out = join(rig.folder, "kvitt-setup.toml");
    const args = ["gateway", "enrol", ...rig.toRelay, "--out", out, "--machine-config", config];
    expect((await kvitt(...args, "demo-3")).err).toContain("has to be of machine demo-3");
    const enrolled = await kvitt(...args, "demo-2");
    expect(`${enrolled.err}${enrolled.code}`).toBe("0");
    const planned = planProvision(await readFile(out, "utf8"), []);
    if (!planned.ok) throw new Error(planned.faults.join("\n"));
    const identity = planned.provision.files.find(({ path }) => path === "/etc/kvitt/credentials/gateway-identity");
    expect(identity?.mode).toBe(0o600);
    expect(identity?.text).toContain("BEGIN PRIVATE KEY");
    expect(planned.provision.config.vipps).toMatchObject({ access: "gateway", msn });
    // Never over a file that may be somebody's only identity.
    expect((await kvitt(...args, "demo-2")).err).toContain("is there already");
  });

  it("sells, though the first of its gateways is dead", async () => {
    await rig.buy("A1");
    await rig.isTrue("the sale is captured", async () => (await rig.ledger()).some(({ captured }) => captured > 0));
    const [sale] = await rig.ledger();
    expect(sale?.reference).toMatch(/^demo-1-/);
    await rig.isTrue("it is over", async () => (await rig.state())?.kiosk.openSettlements === 0);
    expect((await rig.state())?.drops).toHaveLength(1);
  }, 120_000);
});

it("a gateway that reads no file lets in whom the operator has published, and says what it is there", async () => {
  const client = await thief("demo-1", rig.otherGatewayUrl);
  expect(await untilTrue(async () => (await endOf(() => client.checkKeys(once))) === "done")).toBe(true);
  const [sale] = await rig.ledger();
  expect((await client.payments.get(sale?.reference ?? "", once)).reference).toBe(sale?.reference);
});

describe("a thief with everything on the card", () => {
  const victims = `vend-2-${ulid}`;
  let keys: VippsClient;

  beforeAll(async () => {
    keys = createVippsClient({
      ...parts,
      baseUrl: rig.simulator.url,
      credentials: credentials("client-123456", "secret-123456", "subscription-123456"),
      transport: createHttpTransport(),
    });
    const payment = { amount: money, paymentMethod: { type: "WALLET" }, reference: victims, userFlow: "QR" } as const;
    await keys.payments.create(payment, "victim-1");
    await keys.callbackQrs.put("vend-2", { locationDescription: "The victim", category: "VENDING" });
  });

  const creation = { amount: money, paymentMethod: { type: "WALLET" }, userFlow: "QR" } as const;
  const operations: readonly (readonly [string, (client: VippsClient) => Promise<unknown>])[] = [
    [
      "create for it",
      (c) => c.payments.create({ ...creation, reference: `vend-2-${ulid.replace("E", "F")}` }, "t-1", once),
    ],
    [
      "create by phone number",
      (c) =>
        c.payments.create(
          {
            ...creation,
            reference: `demo-1-${ulid}`,
            userFlow: "PUSH_MESSAGE",
            customer: { phoneNumber: "4712345678" },
          },
          "t-2",
          once,
        ),
    ],
    [
      "create for much",
      (c) =>
        c.payments.create(
          { ...creation, reference: `demo-1-${ulid}`, amount: { currency: "NOK", value: 50_001 } },
          "t-3",
          once,
        ),
    ],
    [
      "create in another currency",
      (c) =>
        c.payments.create(
          { ...creation, reference: `demo-1-${ulid}`, amount: { currency: "EUR", value: 2_500 } },
          "t-4",
          once,
        ),
    ],
    ["get", (c) => c.payments.get(victims, once)],
    ["events", (c) => c.payments.events(victims, once)],
    ["capture", (c) => c.payments.capture(victims, money, "t-5", once)],
    ["cancel", (c) => c.payments.cancel(victims, false, "t-6", once)],
    ["refund", (c) => c.payments.refund(victims, money, "t-7", once)],
    ["force approve", (c) => c.payments.forceApprove(victims, "4712345678", once)],
    ["put its QR", (c) => c.callbackQrs.put("vend-2", { locationDescription: "Mine" }, once)],
    ["get its QR", (c) => c.callbackQrs.get("vend-2", undefined, once)],
    ["delete its QR", (c) => c.callbackQrs.delete("vend-2", once)],
    ["delete one's own QR", (c) => c.callbackQrs.delete("demo-1", once)],
    ["list QRs", (c) => c.callbackQrs.list(undefined, once)],
    ["take over a sticker", (c) => c.callbackQrs.putMobilePay("1234", { locationDescription: "Mine" }, once)],
    ["list redirects", (c) => c.redirectQrs.list({ format: "target-url" }, once)],
    [
      "create a redirect",
      (c) => c.redirectQrs.create({ id: "shop", redirectUrl: "https://evil.example" }, { format: "target-url" }, once),
    ],
    ["change a redirect", (c) => c.redirectQrs.update("shop", "https://evil.example", { format: "target-url" }, once)],
    ["delete a redirect", (c) => c.redirectQrs.delete("shop", once)],
    ["one-time QR", (c) => c.qr.oneTime("https://landing.example/", { format: "target-url" }, once)],
    ["who is it, by a code", (c) => c.qr.exchange("https://qr.vipps.no/p/x", once)],
    ["who is it, by a check-in", (c) => c.qr.exchangeCustomer("dG9rZW4=", once)],
    ["list webhooks", (c) => c.webhooks.list(once)],
    ["register a webhook", (c) => c.webhooks.register("https://evil.example/", ["user.checked-in.v1"], once)],
    ["delete a webhook", (c) => c.webhooks.delete("x", once)],
  ];

  it("is refused every operation on another machine's payments, and every other endpoint", async () => {
    const before = JSON.stringify(await rig.ledger());
    expect(before).toContain(victims);
    const client = await thief("demo-1");
    const ends: string[] = [];
    for (const [what, call] of operations) ends.push(`${what}: ${await endOf(() => call(client))}`);
    expect(ends).toEqual(operations.map(([what]) => `${what}: 400`));
    expect(JSON.stringify(await rig.ledger())).toBe(before);
    expect((await keys.callbackQrs.get("vend-2")).locationDescription).toBe("The victim");
    await untilTrue(() => rig.relay.err.includes("again and again"));
    expect(rig.relay.err).toContain("again and again");
    const health: unknown = await (await fetch(`${rig.relayUrl}/health`)).json();
    expect(health).toMatchObject({ gateway: { suspects: [`${msn}/demo-1`] } });
  });

  it("is nobody under another machine's name, another sales unit's, or without a signature", async () => {
    expect(await endOf(async () => (await thief("vend-2")).payments.get(victims, once))).toBe("401");
    const foreign = createVippsClient({
      ...parts,
      msn: "654321",
      baseUrl: rig.gatewayUrl,
      credentials: { machine: "demo-1", privateKey: await thiefsKey() },
      transport: createHttpTransport(),
    });
    expect(await endOf(() => foreign.payments.get(victims, once))).toBe("401");
    for (const path of [
      "/",
      "/health",
      "/webhooks/v1/webhooks",
      "/accesstoken/get",
      `/epayment/v1/payments/${victims}`,
    ])
      expect((await fetch(rig.gatewayUrl + path, { headers: { authorization: "Bearer x" } })).status).toBe(401);
  });

  it("is out within seconds of the revocation, on a connection that is open too", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const reference = (await rig.ledger()).find((row) => row.reference.startsWith("demo-1-"))?.reference ?? "";
    const key = await thiefsKey();
    const ports = new Set<number | undefined>();
    const ask = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const target = `/epayment/v1/payments/${reference}`;
        const time = new Date().toISOString();
        const signable = {
          msn,
          machine: "demo-1",
          method: "GET",
          target,
          body: undefined,
          idempotencyKey: undefined,
          time,
        };
        const headers = { authorization: authorizationOf(signable, key) };
        const asked = httpRequest(rig.gatewayUrl + target, { agent, headers }, (response) => {
          ports.add(response.socket.localPort);
          response.resume().on("end", () => resolve(response.statusCode));
        });
        asked.on("error", reject);
        asked.end();
      });
    expect(await ask()).toBe(200);
    const revoked = await kvitt("gateway", "revoke", "demo-1", ...rig.toRelay);
    expect(revoked).toMatchObject({ code: 0 });
    expect(await untilTrue(async () => (await ask()) === 401)).toBe(true);
    expect(ports.size).toBe(1);
    const elsewhere = await thief("demo-1", rig.otherGatewayUrl);
    expect(await untilTrue(async () => (await endOf(() => elsewhere.payments.get(reference, once))) === "401")).toBe(
      true,
    );
    agent.destroy();
    // The machine itself says that it cannot sell.
    await rig.isTrue("out of service", async () => (await rig.state())?.kiosk.scene === "out-of-service");
    const listed = await kvitt("gateway", "list", ...rig.toRelay);
    expect(listed.out).toContain(`demo-1 ${msn} revoked\n`);
  }, 60_000);
});
