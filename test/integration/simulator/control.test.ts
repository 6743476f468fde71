/** Goal: the simulator is a real server, and its control API does what docs/simulator.md says. Method: plain fetch, no client of ours. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createSystemClock } from "../../../src/service/system-clock.ts";
import { type SimulatorServer, startSimulator } from "../../../src/simulator/server.ts";

const world: { server?: SimulatorServer } = {};

beforeAll(async () => {
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  world.server = await startSimulator({ port: 0, clock, entropy: createSeededEntropy(3), msn: "123456" });
});
afterAll(() => world.server?.close());

async function post(
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${world.server?.url ?? ""}${path}`, { method: "POST", body, headers });
  const text = await response.text();
  const value: unknown = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, body: value };
}

const keys = {
  client_id: "client-123456",
  client_secret: "secret-123456",
  "ocp-apim-subscription-key": "subscription-123456",
  "merchant-serial-number": "123456",
};

async function authorized(): Promise<Record<string, string>> {
  const { body } = await post("/accesstoken/get", "", keys);
  const token = typeof body === "object" && body !== null && "access_token" in body ? String(body.access_token) : "";
  return { ...keys, authorization: `Bearer ${token}`, "content-type": "application/json" };
}

const payment = (reference: string, changes: object = {}): string =>
  JSON.stringify({
    amount: { currency: "NOK", value: 5_000 },
    paymentMethod: { type: "WALLET" },
    reference,
    userFlow: "QR",
    qrFormat: { format: "TEXT/TARGETURL" },
    ...changes,
  });

describe("the simulator as a server", () => {
  it("runs the vending sequence: reserve 5000, capture 3000, cancel the rest", async () => {
    const headers = await authorized();
    const created = await post("/epayment/v1/payments", payment("vending-1-abc"), {
      ...headers,
      "idempotency-key": "k1",
    });
    expect(created.status).toBe(201);
    const text =
      typeof created.body === "object" && created.body !== null && "redirectUrl" in created.body
        ? created.body.redirectUrl
        : "";
    await post("/simulator/phone", JSON.stringify({ user: "kari", action: "scan", text }));
    expect((await post("/simulator/phone", JSON.stringify({ user: "kari", action: "approve" }))).body).toMatchObject({
      screen: "approved",
    });
    const part = JSON.stringify({ modificationAmount: { currency: "NOK", value: 3_000 } });
    await post("/epayment/v1/payments/vending-1-abc/capture", part, { ...headers, "idempotency-key": "k2" });
    await post("/epayment/v1/payments/vending-1-abc/cancel", "{}", { ...headers, "idempotency-key": "k3" });
    expect((await post("/simulator/ledger", "{}")).body).toMatchObject([
      { state: "AUTHORIZED", authorized: 5_000, captured: 3_000, cancelled: 2_000 },
    ]);
  });

  it.each([
    ["an unknown field", { unknown: 1 }],
    ["a reference that is a number", { reference: 12_345_678 }],
    ["an amount under the floor", { amount: { currency: "NOK", value: 99 } }],
    ["another currency", { amount: { currency: "DKK", value: 5_000 } }],
    ["two customers", { customer: { phoneNumber: "4790100000", customerToken: "x" } }],
    [
      "push without approval",
      { userFlow: "PUSH_MESSAGE", qrFormat: undefined, customer: { phoneNumber: "4790100000" } },
    ],
    ["web redirect without returnUrl", { userFlow: "WEB_REDIRECT", qrFormat: undefined }],
    ["a long life without approval", { expiresAt: "2026-12-24T00:00:00Z" }],
  ])("refuses %s", async (name, changes) => {
    const headers = { ...(await authorized()), "idempotency-key": `refused ${name}`.slice(0, 50) };
    expect(
      (
        await post(
          "/epayment/v1/payments",
          payment(`refused-${name.replaceAll(/[^a-z]/g, "")}`.slice(0, 40), changes),
          headers,
        )
      ).status,
    ).toBe(400);
  });

  it("401 for bearer in small letters, for no token, and for another's key", async () => {
    const headers = await authorized();
    const small = {
      ...headers,
      authorization: (headers["authorization"] ?? "").replace("Bearer", "bearer"),
      "idempotency-key": "s",
    };
    expect((await post("/epayment/v1/payments", payment("small-1-abc"), small)).status).toBe(401);
    expect((await post("/epayment/v1/payments", payment("none-1-abcd"), keys)).status).toBe(401);
  });

  it("a body that changed under its key is a conflict; the same body is the same answer", async () => {
    const headers = { ...(await authorized()), "idempotency-key": "same" };
    const first = await post("/epayment/v1/payments", payment("same-1-abcd"), headers);
    expect((await post("/epayment/v1/payments", payment("same-1-abcd"), headers)).body).toEqual(first.body);
    expect((await post("/epayment/v1/payments", payment("same-2-abcd"), headers)).status).toBe(409);
  });

  it("time that is skipped expires a payment", async () => {
    const headers = { ...(await authorized()), "idempotency-key": "late" };
    await post("/epayment/v1/payments", payment("late-1-abcd"), headers);
    await post("/simulator/clock/skip", '{"ms":600000}');
    expect(JSON.stringify((await post("/simulator/ledger", "{}")).body)).toMatch(/late-1-abcd","state":"EXPIRED/);
  });

  it("serves a picture of exactly the wanted size behind its link", async () => {
    const headers = { ...(await authorized()), accept: "image/png", size: "300" };
    const body = JSON.stringify({ id: "shop", redirectUrl: "https://example.com/shop" });
    const made = await post("/qr/v1/merchant-redirect", body, headers);
    const url = typeof made.body === "object" && made.body !== null && "url" in made.body ? String(made.body.url) : "";
    const png = new Uint8Array(await (await fetch(url)).arrayBuffer());
    expect(new DataView(png.buffer).getUint32(16)).toBe(300);
    expect((await post("/qr/v1/merchant-redirect", body, headers)).status).toBe(409);
    expect((await post("/qr/v1/merchant-redirect", body, { ...headers, accept: "text/html" })).status).toBe(415);
  });

  it("a wrong order is told what is wrong with it", async () => {
    const { status, body } = await post("/simulator/faults", '{"fault":{"kind":"earthquake"}}');
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(/kind/);
  });

  it("every order of the page's table is there", async () => {
    const page = await readFile(new URL("../../../docs/simulator.md", import.meta.url), "utf8");
    const names = [...page.matchAll(/^\| `([a-z/]+)` \|/gm)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect((await post(`/simulator/${name}`, "{}")).status, name).not.toBe(404);
  });
});
