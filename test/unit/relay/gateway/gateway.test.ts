/**
 * Goal: a machine behind the gateway sells as one with keys does: bytes, keys and answers pass unchanged, what is refused reads as a refusal, what is lost as
 * unknown. Method: the machine's real client talks to the real gateway without sockets; the test is the provider.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withTable } from "../../../../src/relay/gateway/document.ts";
import type { GatewayAnswer, UnitProvider } from "../../../../src/relay/gateway/port.ts";
import { refundFault, refundWindowMs } from "../../../../src/relay/gateway/refund-bound.ts";
import { formatTimestamp } from "../../../../src/kit/timestamp.ts";
import { effectId, isReference, merchantQrId } from "../../../../src/sale/ids.ts";
import { minor } from "../../../../src/sale/money.ts";
import { createPayments } from "../../../../src/vipps/payments.ts";
import { VippsError } from "../../../../src/vipps/errors.ts";
import type { HttpTransport } from "../../../../src/vipps/transport.ts";
import { recordingLog, VirtualClock } from "../../link/virtual-clock.ts";
import { baseUrl, clientOf, gatewayFor, json, newMachine, received, ulid, unitOf } from "./machine.ts";

const reference = `vend-1-${ulid}`;
if (!isReference(reference)) throw new Error("not a reference");
const settings = { oneTimeRoute: "epayment", qrRendering: "own", qrSizePx: 300, returnUrl: undefined } as const;

type Passed = Parameters<UnitProvider["pass"]>[0];

function payment(captured = 0, refunded = 0) {
  const amount = (value: number) => ({ currency: "NOK", value });
  return {
    reference,
    state: "AUTHORIZED",
    amount: amount(2_500),
    aggregate: {
      authorizedAmount: amount(2_500),
      cancelledAmount: amount(0),
      capturedAmount: amount(captured),
      refundedAmount: amount(refunded),
    },
  };
}

function makeWorld(answer: (request: Passed) => GatewayAnswer | Promise<GatewayAnswer>, machineClock?: VirtualClock) {
  const clock = new VirtualClock();
  const log = recordingLog();
  const machine = newMachine("vend-1");
  const passed: Passed[] = [];
  const provider: UnitProvider = {
    async pass(request) {
      passed.push(request);
      return answer(request);
    },
    checkKeys: () => Promise.resolve(60_000),
  };
  const { gateway, enrol } = gatewayFor([machine], unitOf(provider), { clock, log });
  const transport: HttpTransport = async (request) => {
    const { status, headers, body } = await gateway.answer(received(request));
    return {
      status,
      headers: { ...headers, date: new Date(clock.wallMs()).toUTCString() },
      body: new Uint8Array(body),
    };
  };
  const client = clientOf(machine, { clock: machineClock ?? clock, log }, transport);
  return { clock, log, machine, passed, gateway, enrol, client, payments: createPayments(client, settings) };
}

const money = { currency: "NOK", minor: minor(2_500) } as const;
const once = { retry: "never" } as const;

describe("a machine behind the gateway", () => {
  it("gets the provider's answer to the very bytes that it sent, under its own key, without a key of the unit", async () => {
    const { payments, passed } = makeWorld(() => json(200, payment(2_500)));
    expect(await payments.capture(reference, money, effectId("e-1"), once)).toMatchObject({
      kind: "ok",
      value: { captured: 2_500 },
    });
    expect(passed).toHaveLength(1);
    expect(passed[0]).toMatchObject({ method: "POST", path: `/epayment/v1/payments/${reference}/capture` });
    expect(Buffer.from(passed[0]?.body ?? "").toString()).toBe(
      '{"modificationAmount":{"currency":"NOK","value":2500}}',
    );
    expect(passed[0]?.headers).toMatchObject({ "idempotency-key": "e-1", "vipps-system-name": "kvitt" });
    for (const name of ["authorization", "ocp-apim-subscription-key", "merchant-serial-number"])
      expect(passed[0]?.headers).not.toHaveProperty(name);
  });

  it("hears the provider's refusals and its own alike", async () => {
    const theirs = makeWorld(() =>
      json(409, { title: "Conflict", status: 409, extraDetails: [{ name: "ErrorCode", reason: "6060" }] }),
    );
    expect(await theirs.payments.cancel(reference, true, effectId("e-1"), once)).toMatchObject({
      kind: "refused",
      status: 409,
      code: "6060",
    });
    const ours = makeWorld(() => json(200, payment()));
    const others = `vend-2-${ulid}`;
    if (!isReference(others)) throw new Error("not a reference");
    const refused = await ours.payments.capture(others, money, effectId("e-1"), once);
    expect(refused).toMatchObject({ kind: "refused", status: 400 });
    expect(JSON.stringify(refused)).toContain("not the machine's own");
    expect(ours.passed).toEqual([]);
  });

  it.each([
    [
      "no answer",
      () => Promise.reject(new VippsError({ operation: "x", stage: "call", advice: "retry", title: "no answer" })),
      504,
    ],
    [
      "no token",
      () =>
        Promise.reject(
          new VippsError({ operation: "x", stage: "token", advice: "give-up", title: "no token", status: 401 }),
        ),
      503,
    ],
    ["500", () => json(500, {}), 500],
  ])("does not know what happened when the provider gives %s", async (_what, answer, status) => {
    const { payments } = makeWorld(answer);
    expect(await payments.capture(reference, money, effectId("e-1"), once)).toMatchObject({ kind: "unknown", status });
  });

  it("hears within its own patience when the provider is silent", async () => {
    const { payments, clock } = makeWorld(() => new Promise(() => {}));
    const asked = payments.capture(reference, money, effectId("e-1"), once);
    // The provider's call ends with the gateway's signal; this one does not listen to it, so the client's own limit ends it.
    await clock.advance(20_000);
    expect(await asked).toMatchObject({ kind: "unknown" });
  });

  it("with a wrong clock signs by the gateway's, and is let in", async () => {
    const wrong = new VirtualClock(Date.UTC(2020, 0, 1));
    const { payments, passed } = makeWorld(() => json(200, payment()), wrong);
    expect((await payments.get(reference, once)).kind).toBe("ok");
    expect((await payments.get(reference, once)).kind).toBe("ok");
    expect(passed).toHaveLength(2);
  });

  it("that is revoked is out with its next request, and does not take that for a refusal of the sale", async () => {
    const { payments, enrol, passed, gateway } = makeWorld(() => json(200, payment()));
    expect((await payments.get(reference, once)).kind).toBe("ok");
    enrol([merchantQrId("vend-1")]);
    const out = await payments.get(reference, once);
    expect(out).toMatchObject({ kind: "unknown", status: 401 });
    expect(JSON.stringify(out)).toContain("revoked");
    expect(passed).toHaveLength(1);
    expect(gateway.refusals.nobodies()).toEqual({ unknown: 1 });
  });

  it("can ask who it is, and whether the gateway has access", async () => {
    const { client } = makeWorld(() => json(200, {}));
    expect(await client.checkKeys()).toBe(60_000);
  });

  it("keeps the provider's limits for all relays' machines: more of the same is told to wait, and is not passed on", async () => {
    const { passed, gateway, machine, clock } = makeWorld(() => json(200, payment()));
    // Another client each time: what holds it back is not the machine.
    const statuses: number[] = [];
    for (let number = 0; number < 7; number += 1) {
      const client = clientOf(machine, { clock, log: recordingLog() }, async (request) => {
        const answer = await gateway.answer(received(request));
        statuses.push(answer.status);
        if (answer.status === 429) expect(Number(answer.headers["retry-after"])).toBeGreaterThan(30);
        return { ...answer, body: new Uint8Array(answer.body) };
      });
      await createPayments(client, settings).capture(reference, money, effectId("e-1"), { ...once, deadlineMs: 500 });
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(passed).toHaveLength(5);
  });

  it("that is refused again and again is reported once", async () => {
    const { client, log, gateway } = makeWorld(() => json(200, {}));
    for (let number = 0; number < 30; number += 1) await client.webhooks.list(once).catch(() => undefined);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(gateway.refusals.suspects()).toEqual(["123456/vend-1"]);
    expect(gateway.refusals.counts()).toEqual([{ operation: "none", outcome: "refused", count: 30 }]);
  });

  it("has so many requests at once, and others are not kept waiting for it", async () => {
    const waiting = Promise.withResolvers<GatewayAnswer>();
    const { gateway, machine, clock, passed } = makeWorld(() => waiting.promise);
    const statuses: number[] = [];
    const client = clientOf(machine, { clock, log: recordingLog() }, async (request) => {
      const answer = await gateway.answer(received(request));
      statuses.push(answer.status);
      return { ...answer, body: new Uint8Array(answer.body) };
    });
    const all = Array.from({ length: 10 }, () =>
      client.payments.get(reference, { ...once, deadlineMs: 60_000 }).catch(() => undefined),
    );
    await clock.advance(10);
    expect(statuses).toEqual([429, 429]);
    expect(passed).toHaveLength(8);
    waiting.resolve(json(200, payment()));
    await Promise.all(all);
  });
});

describe("a refund", () => {
  const nowMs = Date.UTC(2026, 10, 23, 10);
  const captured = (ageMs: number) => ({
    reference,
    name: "CAPTURED",
    amount: { currency: "NOK", value: 2_500 },
    success: true,
    timestamp: formatTimestamp(nowMs - ageMs),
    idempotencyKey: "c-1",
  });
  const refundedWith = (key: string) => ({ ...captured(0), name: "REFUNDED", idempotencyKey: key });
  const ask = (valueMinor: number, of: ReturnType<typeof payment>, events: Parameters<typeof refundFault>[2]) =>
    refundFault({ valueMinor, idempotencyKey: "r-1" }, { ...of, state: "AUTHORIZED" }, events, nowMs);

  it.each([
    ["all that was captured", 2_500, payment(2_500), [captured(0)], undefined],
    ["a part", 1_000, payment(2_500, 1_500), [captured(0)], undefined],
    ["more than was captured", 2_501, payment(2_500), [captured(0)], "2500 is left"],
    ["more than is left", 1_001, payment(2_500, 1_500), [captured(0)], "1000 is left"],
    ["what was never captured", 2_500, payment(), [], "0 is left"],
    ["at the end of the day", 2_500, payment(2_500), [captured(refundWindowMs)], undefined],
    ["after the day", 2_500, payment(2_500), [captured(refundWindowMs + 1)], "24 hours"],
    ["a capture that the log does not have", 2_500, payment(2_500), [], "24 hours"],
    [
      "a repetition, whatever is left",
      2_500,
      payment(2_500, 2_500),
      [captured(refundWindowMs * 2), refundedWith("r-1")],
      undefined,
    ],
    ["a copy under another key", 2_500, payment(2_500, 2_500), [captured(0), refundedWith("r-0")], "0 is left"],
  ])("of %s", (_what, value, of, events, word) => {
    const fault = ask(value, of, events);
    if (word === undefined) expect(fault).toBeUndefined();
    else expect(fault).toContain(word);
  });

  it("asks the provider first, and is passed on or refused by what that says", async () => {
    const answers: Readonly<Record<string, GatewayAnswer>> = {
      [`/epayment/v1/payments/${reference}`]: json(200, payment(2_500)),
      [`/epayment/v1/payments/${reference}/events`]: json(200, [captured(0)]),
    };
    const { payments, passed } = makeWorld(({ path }) => answers[path] ?? json(200, payment(2_500, 2_500)));
    expect((await payments.refund(reference, money, effectId("r-1"), once)).kind).toBe("ok");
    expect(passed.map(({ method }) => method)).toEqual(["GET", "GET", "POST"]);
    const more = { currency: "NOK", minor: minor(2_600) } as const;
    expect(await payments.refund(reference, more, effectId("r-2"), once)).toMatchObject({
      kind: "refused",
      status: 400,
    });
    expect(passed.map(({ method }) => method)).toEqual(["GET", "GET", "POST", "GET", "GET"]);
  });

  it("is not passed on when the provider cannot say", async () => {
    const { payments, passed } = makeWorld(() => json(500, {}));
    expect(await payments.refund(reference, money, effectId("r-1"), once)).toMatchObject({ kind: "unknown" });
    expect(passed.map(({ method }) => method)).toEqual(["GET"]);
  });
});

it("docs/gateway.md has the table that runs", () => {
  const page = readFileSync(new URL("../../../../docs/gateway.md", import.meta.url), "utf8");
  expect(page, "node --import tsx scripts/gateway-docs.ts writes it anew").toBe(withTable(page));
  expect(baseUrl).toContain("https:");
});
