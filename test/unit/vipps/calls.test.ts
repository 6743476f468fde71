/**
 * Goal: a call ends, repeats only what is safe with the same bytes, keeps the provider's limits, and shares one token.
 * Method: a transport that hangs, breaks and refuses on cue, on a clock that moves only when the test moves it.
 */
import { describe, expect, it } from "vitest";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { createVippsClient, type VippsClient } from "../../../src/vipps/client.ts";
import { credentials } from "../../../src/vipps/credentials.ts";
import { VippsError } from "../../../src/vipps/errors.ts";
import { bodyBytesMax } from "../../../src/vipps/transport.ts";
import { exampleNamed } from "./openapi.ts";
import { type Answer, ended, json, never, nothing, text, through, tokenAnswer, world } from "./support.ts";

const reference = "kiosk-7-01JD0000000000000000000001";
const amount = { currency: "NOK", value: 3_000 } as const;
const payment = {
  reference,
  state: "AUTHORIZED",
  amount: { currency: "NOK", value: 5_000 },
  aggregate: {
    authorizedAmount: { currency: "NOK", value: 5_000 },
    cancelledAmount: { currency: "NOK", value: 0 },
    capturedAmount: { currency: "NOK", value: 3_000 },
    refundedAmount: { currency: "NOK", value: 0 },
  },
};
const good = json(200, payment, { "content-type": "application/problem+json" });
const create = {
  amount: { currency: "NOK", value: 5_000 },
  paymentMethod: { type: "WALLET" },
  reference,
  userFlow: "QR",
} as const;

function broken(): never {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
}

/** The first `times` answers, then the good one. */
function first(times: number, bad: Answer): Answer {
  return (request, number, signal) => (number <= times ? bad(request, number, signal) : good);
}

async function failure(promise: Promise<unknown>): Promise<VippsError> {
  const end = await ended(promise);
  if ("error" in end && end.error instanceof VippsError) return end.error;
  throw new Error("it did not fail as it should");
}

describe("repeating", () => {
  const passing: readonly (readonly [string, Answer])[] = [
    ["a broken connection", broken],
    ["an answer that never ends", never],
    ["500", () => json(500, { title: "Internal", traceId: "t" })],
    ["502 in HTML", () => text(502, "<html>")],
    ["503", () => nothing(503)],
    ["423", () => json(423, { title: "Locked" })],
    ["429", () => json(429, { statusCode: 429, message: "slow down" })],
    ["409 with 6250", () => json(409, { title: "x", extraDetails: [{ name: "ErrorCode", reason: "6250" }] })],
  ];

  it.each(passing)("%s: the same key and the same bytes again", async (_name, bad) => {
    const { client, clock, sent } = world(first(2, bad));
    const captured = await through(clock, client.payments.capture(reference, amount, "key-1", { deadlineMs: 120_000 }));
    expect(captured.aggregate.capturedAmount.value).toBe(3_000);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ text: body }) => body)).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers["idempotency-key"]))).toEqual(new Set(["key-1"]));
  });

  it.each(passing)("%s: not at all when the caller forbids it", async (_name, bad) => {
    const { client, clock, sent } = world(first(2, bad));
    await failure(through(clock, client.payments.capture(reference, amount, "key-1", { retry: "never" })));
    expect(sent).toHaveLength(1);
  });

  it.each([400, 403, 404, 409, 415, 422, 501])("HTTP %s is final", async (status) => {
    const { client, clock, sent } = world(() => json(status, { title: "no" }));
    const error = await failure(through(clock, client.payments.get(reference)));
    expect(error.facts.status).toBe(status);
    expect(sent).toHaveLength(1);
  });

  it("pauses longer each time, never the same, and comes to an end", async () => {
    const { client, clock, sent } = world(() => nothing(503));
    await failure(through(clock, client.callbackQrs.list(undefined, { deadlineMs: 600_000 })));
    expect(sent).toHaveLength(6);
    const pauses = sent.slice(1).map(({ atMs }, index) => atMs - (sent[index]?.atMs ?? 0));
    for (const [index, pause] of pauses.entries()) {
      const middle = Math.min(8_000, 300 * 2 ** index);
      expect(pause).toBeGreaterThanOrEqual(middle / 2);
      expect(pause).toBeLessThanOrEqual(middle * 1.5);
    }
    expect(new Set(pauses).size).toBe(pauses.length);
  });

  it.each([
    ["seconds", "20", 20_000],
    ["a date", "Mon, 23 Nov 2026 12:00:25 GMT", 25_000],
  ])("waits as long as Retry-After says in %s", async (_name, header, delayMs) => {
    const { client, clock, sent } = world(first(1, () => json(429, { statusCode: 429 }, { "retry-after": header })));
    await through(clock, client.payments.get(reference, { deadlineMs: 60_000 }));
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(delayMs);
    expect(sent[1]?.atMs).toBeLessThan(delayMs + 1_000);
  });

  it("gives up at once when Retry-After is past the deadline, and says how long", async () => {
    const { client, clock, sent } = world(() => json(429, {}, { "retry-after": "3600" }));
    const error = await failure(through(clock, client.payments.get(reference)));
    expect(error.facts).toMatchObject({ status: 429, retryAfterMs: 3_600_000, advice: "retry" });
    expect(sent).toHaveLength(1);
    expect(clock.monotonicMs()).toBe(0);
  });

  it.each<readonly [string, (client: VippsClient) => Promise<unknown>]>([
    ["a webhook's registration", (client) => client.webhooks.register("https://example.com/x", ["user.checked-in.v1"])],
    [
      "a redirect QR's creation",
      (client) => client.redirectQrs.create({ id: "a", redirectUrl: "https://example.com" }, { format: "svg" }),
    ],
    ["a force approval", (client) => client.payments.forceApprove(reference, "4712345678")],
  ])("%s is never sent twice when nobody knows whether it worked", async (_name, call) => {
    const { client, clock, sent } = world(broken);
    await failure(through(clock, call(client)));
    expect(sent.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("what was refused at the gate is sent again, whatever it is", async () => {
    const { client, clock, sent } = world((_request, number) =>
      number === 1 ? json(429, {}, { "retry-after": "1" }) : json(201, exampleNamed("webhook-register-201").body),
    );
    await through(clock, client.webhooks.register("https://example.com/x", ["user.checked-in.v1"]));
    expect(sent).toHaveLength(2);
  });

  it("a delete whose repetition finds nothing has worked; a first one has not", async () => {
    const lost = world((_request, number) => (number === 1 ? broken() : nothing(404)));
    await expect(through(lost.clock, lost.client.callbackQrs.delete("kiosk-7"))).resolves.toBeUndefined();
    const unknown = world(() => nothing(404));
    expect((await failure(through(unknown.clock, unknown.client.callbackQrs.delete("kiosk-7")))).facts.status).toBe(
      404,
    );
  });
});

describe("an end", () => {
  it("comes at the deadline, however often it hangs", async () => {
    const { client, clock, sent } = world(never);
    const error = await failure(through(clock, client.payments.get(reference, { deadlineMs: 20_000 })));
    expect(clock.monotonicMs()).toBeLessThanOrEqual(20_000);
    expect(sent).toHaveLength(2);
    expect(error.facts).toMatchObject({ status: undefined, advice: "retry", title: "no whole answer in time" });
  });

  it("comes for each try, so that one that hangs does not take all the time", async () => {
    const { client, clock, sent } = world(first(1, never));
    await through(clock, client.payments.get(reference));
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(15_000);
    expect(sent[1]?.atMs).toBeLessThan(16_000);
  });

  it("comes when the caller says so: before, while it hangs, and while it pauses", async () => {
    const stopped = AbortSignal.abort(new Error("enough"));
    const before = world(() => good);
    expect((await failure(before.client.payments.get(reference, { signal: stopped }))).facts.title).toBe(
      "stopped by the caller",
    );
    expect(before.sent).toHaveLength(0);
    for (const bad of [never, () => nothing(503)]) {
      const controller = new AbortController();
      const { client, clock, sent } = world(bad);
      const end = failure(client.payments.get(reference, { signal: controller.signal }));
      await clock.advance(100);
      controller.abort(new Error("enough"));
      expect((await end).facts.advice).toMatch(/give-up|retry/);
      await clock.advance(60_000);
      expect(sent).toHaveLength(1);
      expect(clock.timers()).toEqual([]);
    }
  });

  it("leaves no timer behind", async () => {
    const { client, clock } = world(() => good);
    await client.payments.get(reference);
    expect(clock.timers()).toEqual([]);
  });

  it("comes for a body without an end", async () => {
    const { client, clock } = world(() => ({ status: 200, headers: {}, body: new Uint8Array(bodyBytesMax + 1) }));
    const error = await failure(through(clock, client.payments.get(reference)));
    expect(error.facts).toMatchObject({ advice: "give-up", status: undefined });
  });
});

describe("the token", () => {
  it("is fetched once, however many wait for it", async () => {
    const { client, tokens } = world(() => good);
    await Promise.all(Array.from({ length: 20 }, () => client.payments.get(reference)));
    expect(tokens).toHaveLength(1);
  });

  it("is used for its whole life less a margin, counted from before it was asked for", async () => {
    const { client, clock, tokens, sent } = world(() => good);
    await client.payments.get(reference);
    await clock.advance(3_539_000);
    await client.payments.get(reference);
    expect(tokens).toHaveLength(1);
    await clock.advance(1_001);
    await client.payments.get(reference);
    expect(tokens).toHaveLength(2);
    expect(sent.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer token-1",
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it("that is refused is fetched anew, once, by all that were refused; each sends again once", async () => {
    let valid = "token-1";
    const { client, tokens, sent } = world(({ headers }) =>
      headers["authorization"] === `Bearer ${valid}` ? good : nothing(401),
    );
    await client.payments.get(reference);
    valid = "token-2";
    await Promise.all(Array.from({ length: 5 }, () => client.payments.get(reference)));
    expect(tokens).toHaveLength(2);
    expect(sent).toHaveLength(1 + 10);
  });

  it("a late 401 does not throw the new token away", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client, tokens } = world(async ({ headers }, number) => {
      if (number === 1) await held;
      return headers["authorization"] === "Bearer token-1" ? nothing(401) : good;
    });
    const late = client.payments.get(reference);
    await Promise.resolve();
    await client.payments.get(reference);
    release();
    await late;
    expect(tokens).toHaveLength(2);
  });

  it("that is refused twice is no reason to go on", async () => {
    const { client, clock, tokens, sent } = world(() => json(401, { statusCode: 401, message: "no" }));
    const error = await failure(through(clock, client.payments.get(reference)));
    expect(error.facts).toMatchObject({ status: 401, advice: "give-up", stage: "call" });
    expect([tokens.length, sent.length]).toEqual([2, 2]);
  });

  it.each([400, 401, 403, 404])(
    "HTTP %s says that the keys are wrong, and is not asked for again at once",
    async (status) => {
      const { client, clock, tokens, sent } = world(() => good, {
        token: () => json(status, { error: "invalid_client" }),
      });
      const error = await failure(client.payments.get(reference));
      expect(error.facts).toMatchObject({ operation: "get access token", stage: "token", advice: "give-up" });
      expect(error.message).toContain("client_secret");
      await failure(client.payments.get(reference));
      expect([tokens.length, sent.length]).toEqual([1, 0]);
      await clock.advance(5_001);
      await failure(client.payments.get(reference));
      expect(tokens).toHaveLength(2);
    },
  );

  it.each<readonly [string, Answer]>([
    ["hangs", never],
    ["breaks", broken],
    ["is 503", () => nothing(503)],
    ["has no token", () => json(200, { token_type: "Bearer" })],
    ["has a token that no header could carry", () => tokenAnswer("two\nlines")],
    ["has no life", () => tokenAnswer("x", 0)],
  ])("is asked for again when the answer %s", async (_name, bad) => {
    const token: Answer = (request, number, signal) =>
      number === 1 ? bad(request, number, signal) : tokenAnswer("token-2");
    const { client, clock, sent } = world(() => json(201, exampleNamed("webhook-register-201").body), { token });
    await through(clock, client.webhooks.register("https://example.com/x", ["user.checked-in.v1"]));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.headers["authorization"]).toBe("Bearer token-2");
  });

  it("one caller that leaves does not take it from the others", async () => {
    const { client, clock, tokens } = world(() => good, {
      token: async () => {
        await clock.sleep(1_000);
        return tokenAnswer("token-1");
      },
    });
    const controller = new AbortController();
    const leaving = failure(client.payments.get(reference, { signal: controller.signal }));
    const staying = client.payments.get(reference);
    controller.abort(new Error("bye"));
    await leaving;
    await clock.advance(1_000);
    await expect(staying).resolves.toMatchObject({ state: "AUTHORIZED" });
    expect(tokens).toHaveLength(1);
  });

  it("is never in a log or an error", async () => {
    const { client, clock, log } = world(
      () => json(500, { title: "x", detail: "Bearer eyJhbGciOiJIUzI1NiJ9.e30.sig" }),
      {
        token: () => tokenAnswer("eyJhbGciOiJIUzI1NiJ9.e30.sig"),
      },
    );
    const error = await failure(through(clock, client.payments.get(reference)));
    expect(`${error.message}${error.stack ?? ""}${JSON.stringify(log.lines)}`).not.toContain("eyJ");
  });
});

describe("the provider's limits are kept by the client", () => {
  it("five a minute for each change of a reference; the sixth waits", async () => {
    const { client, clock, sent } = world(() => good);
    const call = (): Promise<unknown> => client.payments.capture(reference, amount, "key", { deadlineMs: 90_000 });
    for (let count = 0; count < 5; count += 1) await call();
    const sixth = call();
    await clock.advance(59_000);
    expect(sent).toHaveLength(5);
    await clock.advance(3_000);
    await sixth;
    expect((sent[5]?.atMs ?? 0) - (sent[0]?.atMs ?? 0)).toBeGreaterThan(60_000);
  });

  it("or is kept back at once, when there is no time to wait, and says how long", async () => {
    const { client, sent } = world(() => good);
    for (let count = 0; count < 5; count += 1) await client.payments.cancel(reference, false, "key");
    const error = await failure(client.payments.cancel(reference, false, "key", { deadlineMs: 20_000 }));
    expect(error.facts).toMatchObject({ stage: "limit", status: 429, advice: "retry", retryAfterMs: 61_000 });
    expect(sent).toHaveLength(5);
  });

  it("every line of the log about a payment carries its reference", async () => {
    const { client, clock, log } = world(first(3, broken));
    await through(clock, client.payments.capture(reference, amount, "key-1"));
    await through(clock, client.payments.get(reference));
    expect(log.lines.length).toBeGreaterThan(2);
    for (const line of log.lines) expect(line.fields["reference"]).toBe(reference);
  });

  it("another operation and another reference have limits of their own", async () => {
    const { client, sent } = world(({ path }) => {
      const [, , , , named = ""] = path.split("/");
      return json(200, { ...payment, reference: named });
    });
    for (let count = 0; count < 5; count += 1) await client.payments.capture(reference, amount, "key");
    await client.payments.refund(reference, amount, "key");
    await client.payments.capture("another-reference", amount, "key");
    expect(sent).toHaveLength(7);
  });

  it("120 reads a minute, the payment and its events together", async () => {
    const { client, clock, sent } = world(({ path }) => (path.endsWith("/events") ? json(200, []) : good));
    for (let count = 0; count < 60; count += 1) {
      await client.payments.get(reference);
      await client.payments.events(reference);
    }
    const more = client.payments.get(reference, { deadlineMs: 90_000 });
    await clock.advance(60_000);
    expect(sent).toHaveLength(120);
    await clock.advance(2_000);
    await more;
    expect(sent).toHaveLength(121);
  });
});

describe("answers", () => {
  it("a redirect is never followed: keys go to the provider alone", async () => {
    const { client, clock, sent } = world(() => ({
      ...nothing(302),
      headers: { location: "https://elsewhere.example/" },
    }));
    const error = await failure(through(clock, client.payments.get(reference)));
    expect(error.facts).toMatchObject({ status: 302, advice: "give-up" });
    expect(sent).toHaveLength(1);
  });

  it.each<readonly [string, object]>([
    ["about another payment", { ...payment, reference: "another-reference" }],
    ["in a state that nobody knows", { ...payment, state: "SETTLED" }],
    ["with a fraction of an øre", { ...payment, amount: { currency: "NOK", value: 49.5 } }],
    ["with an amount as text", { ...payment, amount: { currency: "NOK", value: "5000" } }],
    [
      "with a negative amount",
      { ...payment, aggregate: { ...payment.aggregate, capturedAmount: { currency: "NOK", value: -1 } } },
    ],
    ["without an aggregate", { ...payment, aggregate: undefined }],
  ])("2xx %s is no answer", async (_name, body) => {
    const { client } = world(() => json(200, body));
    for (const call of [
      () => client.payments.get(reference),
      () => client.payments.capture(reference, amount, "key"),
    ]) {
      const error = await failure(call());
      expect(error.facts).toMatchObject({ advice: "retry", status: undefined });
      expect(error.message).not.toContain("SETTLED");
    }
  });

  it.each(["", "OK", "<html>"])(
    "2xx with the body %j is enough where nothing is to be read, and useless elsewhere",
    async (body) => {
      const { client } = world(() => text(200, body));
      await client.callbackQrs.put("kiosk-7", { locationDescription: "x" });
      await failure(client.payments.get(reference));
    },
  );

  it.each<readonly [string, object]>([
    ["unknown fields", { ...payment, brandNew: { a: 1 } }],
    [
      "nulls where nothing hangs on it",
      { ...payment, pspReference: null, metadata: null, captureGuaranteedUntil: null },
    ],
    ["another type where nothing hangs on it", { ...payment, captureGuaranteedUntil: 5, metadata: "x" }],
  ])("%s are no fault", async (_name, body) => {
    const { client } = world(() => json(200, body));
    await expect(client.payments.get(reference)).resolves.toMatchObject({ state: "AUTHORIZED" });
  });

  it("numbers as text, open enums and missing parts of a QR are understood", async () => {
    const { client } = world(({ path }) =>
      path.includes("callback")
        ? json(200, { merchantQrId: "k", merchantSerialNumber: 12_345, category: "BRAND_NEW" })
        : json(200, { id: "a", url: "https://qr.vipps.no/x", expiresIn: "598" }),
    );
    expect(await client.callbackQrs.get("k")).toMatchObject({ merchantSerialNumber: "12345", category: "BRAND_NEW" });
    expect(await client.redirectQrs.get("a", { format: "svg" })).toMatchObject({ expiresIn: 598 });
  });

  it("a created payment of another reference is refused", async () => {
    const { client } = world(() => json(201, { reference: "another-reference", redirectUrl: "x" }));
    expect((await failure(client.payments.create(create, "key"))).message).toContain("another payment");
  });
});

describe("several calls together", () => {
  it("share one deadline", async () => {
    const { client, clock } = world((_request, number) => (number % 2 === 1 ? good : never()));
    const options = client.together({ deadlineMs: 10_000 });
    await client.payments.get(reference, options);
    await clock.advance(4_000);
    await failure(through(clock, client.payments.get(reference, options)));
    expect(clock.monotonicMs()).toBeLessThanOrEqual(10_000);
  });
});

describe("who is calling", () => {
  const make = (msn: string, name: string) => {
    const seen: string[] = [];
    const client = createVippsClient({
      baseUrl: "https://apitest.vipps.no",
      msn,
      credentials: credentials("id-1", "secret-1", "key-1"),
      system: { name, version: "0.1.0", pluginName: "kvitt-vending", pluginVersion: "0.1.0" },
      transport: async ({ headers }) => {
        seen.push(headers["vipps-system-name"] ?? "");
        return tokenAnswer("token-1");
      },
      clock: new SimulatedClock(),
      entropy: createSeededEntropy(1),
      log: createMemoryLog(),
    });
    return { client, seen };
  };

  it.each([
    ["a name of forty letters, all of them the same one", "a name of forty letters, all o"],
    ["Kjøkken\nkiosk", "Kjkkenkiosk"],
    ["æøå", "unknown"],
  ])("%j becomes a header of at most 30 plain characters, never an empty one", async (name, header) => {
    const { client, seen } = make("123456", name);
    await client.checkKeys();
    expect(seen).toEqual([header]);
  });

  it.each(["123", "12345678", "12a4", "", " 123456"])("the sales unit %j is refused at once", (msn) => {
    expect(() => make(msn, "kvitt")).toThrow("4 to 7 digits");
  });
});
