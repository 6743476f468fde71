/**
 * Goal: any program on the machine can sell through kvitt, and neither its mistakes nor a power cut lose money. Method: the daemon as a process,
 * the provider simulated over HTTP, a customer who scans the panel; every answer is held against docs/kiosk-api.openapi.json.
 */
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { stat } from "node:fs/promises";
import { FrontEnd, token } from "./front-end.ts";

/** As long as a slow computer may need between a payment and the front end's word. */
const confirmS = 120;

describe("the local API", () => {
  let frontEnd: FrontEnd;

  beforeAll(async () => {
    frontEnd = await FrontEnd.start(confirmS);
    await frontEnd.ready();
  });
  afterAll(() => frontEnd.stop());

  it("sells: ordered, paid by scanning the panel, delivered, captured", async () => {
    const lines = [
      { id: "soup", name: "Soup", quantity: 1, total: 3_900, vatRate: 1_500 },
      { id: "bread", name: "Bread", quantity: 2, total: 1_000, vatRate: 1_500 },
    ];
    const beforeMs = Date.now();
    const ordered = await frontEnd.order("lunch-1", 4_900, { lines });
    expect(ordered).toMatchObject({
      status: 201,
      body: { state: "waiting-for-payment", settled: false, deliverBy: null },
    });
    expect(ordered.headers["location"]).toBe("/v1/payments/lunch-1");
    const paid = await frontEnd.pay("lunch-1");
    expect(paid.body).toMatchObject({ money: { authorized: 4_900, captured: 0 }, delivery: { outcome: "started" } });
    expect(Date.parse(String(paid.body["deliverBy"]))).toBeGreaterThanOrEqual(beforeMs + confirmS * 1_000);
    expect(await frontEnd.say("/v1/payments/lunch-1", "delivering")).toMatchObject({ body: { state: "delivering" } });
    expect(await frontEnd.say("/v1/payments/lunch-1", "delivered", { detail: "tray 4" })).toMatchObject({
      status: 200,
      body: { state: "done", delivery: { outcome: "delivered", detail: "tray 4" } },
    });
    const settled = await frontEnd.until(async () => {
      const { body } = await frontEnd.call("/v1/payments/lunch-1");
      return body["settled"] === true ? body : undefined;
    });
    expect(settled).toMatchObject({ money: { authorized: 4_900, captured: 4_900, refunded: 0 } });
    expect(frontEnd.ledger(settled["reference"])).toMatchObject({ captured: 4_900 });
  });

  it("the same order again is the same order; the same id for another one is refused", async () => {
    const first = await frontEnd.order("twice");
    const second = await frontEnd.call("/v1/payments", {
      method: "POST",
      body: { title: "Lunch", currency: "NOK", amount: 4_900, id: "twice" },
    });
    expect(second.status).toBe(200);
    expect(second.body["reference"]).toBe(first.body["reference"]);
    const other = { id: "twice", amount: 5_000, currency: "NOK", title: "Lunch" };
    expect(await frontEnd.call("/v1/payments", { method: "POST", body: other })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    const busy = { id: "another", amount: 5_000, currency: "NOK", title: "Lunch" };
    expect(await frontEnd.call("/v1/payments", { method: "POST", body: busy })).toMatchObject({
      status: 409,
      body: { code: "busy" },
    });
    expect(await frontEnd.call("/v1/payments/twice", { method: "DELETE" })).toMatchObject({ status: 200 });
  });

  it("an order that is taken back leaves no code on the panel, and nobody can pay it", async () => {
    await frontEnd.order("back");
    await frontEnd.until(() => frontEnd.code());
    expect(await frontEnd.say("/v1/payments/back", "delivered")).toMatchObject({
      status: 409,
      body: { code: "not-paid" },
    });
    const answer = await frontEnd.call("/v1/payments/back", { method: "DELETE" });
    expect(answer).toMatchObject({ status: 200, body: { state: "not-paid" } });
    await frontEnd.until(async () => ((await frontEnd.code()) === undefined ? true : undefined));
    await frontEnd.until(async () => {
      const row = frontEnd.ledger(answer.body["reference"]);
      return row?.state === "TERMINATED" || row?.state === "ABORTED" ? row : undefined;
    });
  });

  it("what was paid and could not be delivered goes back", async () => {
    await frontEnd.order("empty");
    const paid = await frontEnd.pay("empty");
    expect(await frontEnd.say("/v1/payments/empty", "not-delivered", { reason: "the fridge is empty" })).toMatchObject({
      body: { state: "released", delivery: { outcome: "not-delivered", detail: "the fridge is empty" } },
    });
    const released = await frontEnd.until(async () => {
      const row = frontEnd.ledger(paid.body["reference"]);
      return row?.cancelled === 4_900 ? row : undefined;
    });
    expect(released.captured).toBe(0);
    expect(await frontEnd.say("/v1/payments/empty", "delivered")).toMatchObject({
      status: 409,
      body: { code: "already-ended" },
    });
  });

  it("a power cut between payment and delivery: nobody knows how it ended, the policy decides, and the order is known after it", async () => {
    await frontEnd.order("cut");
    const paid = await frontEnd.pay("cut");
    await frontEnd.cutPower();
    frontEnd.switchOn();
    const ended = await frontEnd.becomes("/v1/payments/cut", "released");
    expect(ended.body).toMatchObject({ reference: paid.body["reference"], delivery: { outcome: "unknown" } });
    const again = await frontEnd.order("cut");
    expect(again).toMatchObject({ status: 200, body: { state: "released" } });
  });

  it("a paid web-shop order is handed in and delivered once, also across a power cut", async () => {
    await frontEnd.ready();
    const order = { orderId: "shop-7", title: "Parcel 7" };
    const hand = () => frontEnd.call("/v1/orders", { method: "POST", body: order });
    expect(await hand()).toMatchObject({ status: 201, body: { state: "to-deliver", title: "Parcel 7" } });
    expect(await frontEnd.say("/v1/orders/shop-7", "delivered")).toMatchObject({ body: { state: "done" } });
    expect(await hand()).toMatchObject({ status: 200, body: { state: "done" } });
    await frontEnd.cutPower();
    frontEnd.switchOn();
    await frontEnd.ready();
    expect(await hand()).toMatchObject({ status: 200, body: { state: "done" } });
  });

  it("tells everything that happens to whoever listens", async () => {
    await frontEnd.ready();
    const heard: string[] = [];
    const listening = request({ socketPath: join(frontEnd.folder, "kiosk.sock"), path: "/v1/events" }, (response) => {
      response.setEncoding("utf8").on("data", (text: string) => heard.push(text));
    });
    listening.on("error", () => {});
    listening.end();
    await frontEnd.until(async () => (heard.join("").includes("event: machine") ? true : undefined));
    await frontEnd.order("heard");
    await frontEnd.pay("heard");
    await frontEnd.say("/v1/payments/heard", "delivered");
    await frontEnd.until(async () => (heard.join("").includes('"settled":true') ? true : undefined));
    const states = [...heard.join("").matchAll(/"id":"heard".*?"state":"([a-z-]+)"/g)].map(([, state]) => state);
    expect([...new Set(states)]).toEqual(["waiting-for-payment", "paid", "done"]);
    listening.destroy();
  });

  it.each<[string, object, string]>([
    ["no amount", { currency: "NOK", title: "x" }, "amount"],
    ["an amount that is no whole number", { amount: 49.5, currency: "NOK", title: "x" }, "amount"],
    ["an amount under the provider's floor", { amount: 99, currency: "NOK", title: "x" }, "amount"],
    ["another currency than the machine's", { amount: 500, currency: "DKK", title: "x" }, "currency"],
    ["a currency that the wallet does not have", { amount: 500, currency: "SEK", title: "x" }, "currency"],
    ["an empty title", { amount: 500, currency: "NOK", title: " " }, "title"],
    ["a control character", { amount: 500, currency: "NOK", title: "a\u0007b" }, "title"],
    ["an unknown field", { amount: 500, currency: "NOK", title: "x", tip: 5 }, "tip"],
    ["an id with a slash", { id: "a/b", amount: 500, currency: "NOK", title: "x" }, "id"],
    [
      "lines that do not add up",
      {
        amount: 500,
        currency: "NOK",
        title: "x",
        lines: [{ id: "a", name: "a", quantity: 1, total: 499, vatRate: 0 }],
      },
      "add up",
    ],
  ])("refuses %s, and names it", async (_, body, name) => {
    await frontEnd.ready();
    const answer = await frontEnd.call("/v1/payments", { method: "POST", body });
    expect(answer).toMatchObject({ status: 422, body: { code: "invalid" } });
    expect(String(answer.body["detail"])).toContain(name);
  });

  it.each([
    ["no JSON", "/v1/payments", { method: "POST", body: "{", headers: { "content-type": "application/json" } }, 400],
    ["another type", "/v1/payments", { method: "POST", body: "a=1", headers: { "content-type": "text/plain" } }, 415],
    ["a body without end", "/v1/payments", { method: "POST", body: { title: "x".repeat(70_000) } }, 413],
    ["an id that nobody has", "/v1/payments/nobody", {}, 404],
    ["a wait of an hour", "/v1/machine?wait=3600", {}, 422],
  ])("answers %s as documented", async (_, path, call, status) => {
    expect((await frontEnd.call(path, call)).status).toBe(status);
  });

  it("names the methods that a path takes", async () => {
    const where = { socketPath: join(frontEnd.folder, "kiosk.sock") };
    const answer = await frontEnd.raw(where, "/v1/payments", { method: "PUT" });
    expect(answer).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  it("the port asks for the token and for its own name; the socket belongs to owner and group", async () => {
    const { port } = frontEnd;
    const bearer = { authorization: `Bearer ${token}` };
    const ask = (headers: Readonly<Record<string, string>>) => frontEnd.raw({ port }, "/v1/machine", { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${token}x` })).status).toBe(401);
    expect((await ask({ ...bearer, host: `rebound.example:${port}` })).status).toBe(403);
    expect((await ask(bearer)).status).toBe(200);
    expect((await stat(join(frontEnd.folder, "kiosk.sock"))).mode & 0o777).toBe(0o660);
  });
});

it("silence is no delivery: the policy decides, and a late word changes nothing", async () => {
  const frontEnd = await FrontEnd.start(1);
  onTestFinished(() => frontEnd.stop());
  await frontEnd.order("silent");
  await frontEnd.approve();
  const ended = await frontEnd.becomes("/v1/payments/silent", "released");
  expect(ended.body).toMatchObject({ delivery: { outcome: "unknown" } });
  expect(await frontEnd.say("/v1/payments/silent", "delivered")).toMatchObject({
    status: 409,
    body: { code: "too-late" },
  });
});
