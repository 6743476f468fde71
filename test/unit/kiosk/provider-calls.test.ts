/** Goal: each answer of the provider becomes the one event that says no more than it. Method: a table of answers to each call. */
import { describe, expect, it } from "vitest";
import { callProvider, type ProviderEffect } from "../../../src/kiosk/provider-calls.ts";
import { effectId } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
import type { Customer } from "../../../src/sale/payment.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import type { CallOutcome, Payments, QrPicture } from "../../../src/vipps/port.ts";
import { view } from "../sale/support.ts";
import { reference } from "./records.ts";

type Failure = Extract<CallOutcome<never>, { kind: "refused" | "unknown" }>;

const payment = view(reference, "AUTHORIZED", { authorized: 2_500 });
const qr: QrPicture = { kind: "content", text: "https://qr.vipps.no/1" };
const key = effectId("01-effect");
const amount = money(2_500, "NOK");
const request = { reference, amount, flow: "qr", description: "Water", lines: [], metadata: {} } as const;

const creating: ProviderEffect = { kind: "create", reference, id: key, request, customer: null };
const looking: ProviderEffect = { kind: "look", reference, look: 4 };
const capturing: ProviderEffect = { kind: "capture", reference, id: key, amount };
const refunding: ProviderEffect = { kind: "refund", reference, id: key, amount };
const cancelling: ProviderEffect = { kind: "cancel", reference, id: key, transactionOnly: false };

const refused = (status: number, code?: string): Failure => ({ kind: "refused", status, code, detail: "no" });
const unknown = (status?: number, code?: string): Failure => ({
  kind: "unknown",
  reason: "who knows",
  status,
  code,
  retryAfterMs: 900,
});

function answering(failure: Failure | undefined, customer?: Customer) {
  const calls: unknown[][] = [];
  const log = createMemoryLog();
  const say =
    <T>(name: string, value: T) =>
    async (...args: readonly unknown[]): Promise<CallOutcome<T>> => {
      calls.push([name, ...args]);
      return failure ?? { kind: "ok", value };
    };
  const payments: Payments = {
    create: say("create", { reference, qr }),
    get: say("get", payment),
    capture: say("capture", payment),
    refund: say("refund", payment),
    cancel: say("cancel", payment),
  };
  const ask = (effect: ProviderEffect) => callProvider(effect, { payments, log, customerOf: () => customer });
  return { ask, calls, log };
}

const maybe = { kind: "adjust-unknown", id: key, performed: "maybe", retryAfterMs: 900 };
const notDone = { kind: "adjust-unknown", id: key, performed: "no" };
const adjusting = [capturing, refunding, cancelling];

describe("an answer becomes an event", () => {
  it.each<readonly [ProviderEffect, Failure | undefined, object, "reached" | "not-reached"]>([
    [creating, undefined, { kind: "created" }, "reached"],
    [creating, refused(400, "4010"), { kind: "create-refused", status: 400, code: "4010" }, "reached"],
    [creating, refused(500), { kind: "create-refused", status: 500, code: undefined }, "reached"],
    [creating, unknown(), { kind: "create-unknown", retryAfterMs: 900 }, "not-reached"],
    [creating, unknown(502), { kind: "create-unknown", retryAfterMs: 900 }, "not-reached"],
    [creating, unknown(429), { kind: "create-unknown", retryAfterMs: 900 }, "reached"],
    [looking, undefined, { kind: "viewed", look: 4, payment }, "reached"],
    [looking, refused(404), { kind: "view-missing", look: 4 }, "reached"],
    [looking, refused(403), { kind: "view-unknown", look: 4, retryAfterMs: undefined }, "reached"],
    [looking, unknown(), { kind: "view-unknown", look: 4, retryAfterMs: 900 }, "not-reached"],
    // A 404 that may be on its way only is no 404.
    [looking, unknown(404), { kind: "view-unknown", look: 4, retryAfterMs: 900 }, "reached"],
    [looking, unknown(500), { kind: "view-unknown", look: 4, retryAfterMs: 900 }, "not-reached"],
    [looking, unknown(499), { kind: "view-unknown", look: 4, retryAfterMs: 900 }, "reached"],
    ...adjusting.flatMap(
      (effect): readonly (readonly [ProviderEffect, Failure | undefined, object, "reached" | "not-reached"])[] => [
        [effect, undefined, { kind: "adjusted", id: key }, "reached"],
        [effect, refused(400, "6140"), { kind: "adjust-refused", id: key, status: 400, code: "6140" }, "reached"],
        [effect, refused(409), { kind: "adjust-refused", id: key, status: 409, code: undefined }, "reached"],
        [effect, refused(423), { ...notDone, retryAfterMs: undefined }, "reached"],
        [effect, refused(429), { ...notDone, retryAfterMs: undefined }, "reached"],
        [effect, refused(400, "6160"), { ...notDone, retryAfterMs: undefined }, "reached"],
        [effect, refused(400, "6250"), { ...notDone, retryAfterMs: undefined }, "reached"],
        [effect, refused(400, "6280"), { ...notDone, retryAfterMs: undefined }, "reached"],
        [effect, unknown(), maybe, "not-reached"],
        [effect, unknown(500), maybe, "not-reached"],
        [effect, unknown(401), maybe, "reached"],
        [effect, unknown(423), { ...notDone, retryAfterMs: 900 }, "reached"],
        [effect, unknown(429), { ...notDone, retryAfterMs: 900 }, "reached"],
        [effect, unknown(500, "6250"), { ...notDone, retryAfterMs: 900 }, "not-reached"],
      ],
    ),
  ])("%o answered with %o", async (effect, failure, event, reached) => {
    const answer = await answering(failure).ask(effect);
    expect(answer).toMatchObject({ event, reached });
    expect(answer.event).toEqual(event);
  });
});

describe("a call", () => {
  const once = { deadlineMs: 20_000, retry: "never" };

  it.each<readonly [ProviderEffect, unknown[]]>([
    [creating, ["create", request, key, once]],
    [looking, ["get", reference, once]],
    [capturing, ["capture", reference, amount, key, once]],
    [refunding, ["refund", reference, amount, key, once]],
    [cancelling, ["cancel", reference, false, key, once]],
    [{ ...cancelling, transactionOnly: true }, ["cancel", reference, true, key, once]],
  ])("for %o is made once, with the key that is on the disk and a bound", async (effect, expected) => {
    const { ask, calls } = answering(undefined);
    await ask(effect);
    expect(calls).toEqual([expected]);
  });

  it("to create brings the customer from the journal, and the code comes back", async () => {
    const customer: Customer = { kind: "customer-token", token: "a token" };
    const { ask, calls } = answering(undefined, customer);
    expect(await ask({ ...creating, customer: "check-in" })).toMatchObject({ qr });
    expect(calls[0]?.[1]).toEqual({ ...request, customer });
  });

  it("that is refused leaves a line with what the provider said; one that moves money leaves one before", async () => {
    const refusing = answering(refused(400, "4010"));
    await refusing.ask(creating);
    expect(refusing.log.lines).toEqual([
      {
        level: "warn",
        fields: { reference, status: 400, code: "4010", detail: "no" },
        message: "the provider refused to create a payment",
      },
    ]);
    const moving = answering(undefined);
    await moving.ask(capturing);
    expect(moving.log.lines).toMatchObject([{ level: "info", fields: { reference, effect: "capture", id: key } }]);
  });

  it("that answers without a code has none", async () => {
    expect((await answering(refused(400)).ask(creating)).qr).toBeUndefined();
    expect((await answering(undefined).ask(looking)).qr).toBeUndefined();
  });
});
