/**
 * Goal: the web shop's code stands on the panel only while it leads somewhere. Method: a provider whose answers the test writes, on a clock
 * that it moves.
 */
import { describe, expect, it } from "vitest";
import { createShopCode } from "../../../src/kiosk/shop-code.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import type { CallOutcome, ShopQr } from "../../../src/vipps/port.ts";

const probeMs = 20_000;
const content = { kind: "content", text: "https://qr.vipps.no/28/2/05/031/abcdefghi" } as const;
const there = (expiresInMs?: number): CallOutcome<ShopQr> => ({ kind: "ok", value: { qr: content, expiresInMs } });
const missing: CallOutcome<ShopQr> = { kind: "refused", status: 404, code: undefined, detail: "there is none" };
const away: CallOutcome<ShopQr> = {
  kind: "unknown",
  reason: "no answer",
  status: undefined,
  code: undefined,
  retryAfterMs: undefined,
};

async function start(first: CallOutcome<ShopQr> | (() => Promise<CallOutcome<ShopQr>>)) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const provider = { answer: first, askedAtMs: [] as number[] };
  const code = createShopCode({
    shopQrs: {
      get: () => {
        provider.askedAtMs.push(clock.monotonicMs());
        return typeof provider.answer === "function" ? provider.answer() : Promise.resolve(provider.answer);
      },
    },
    probeMs,
    clock,
    entropy: createSeededEntropy(1),
    log,
  });
  code.start();
  await settle();
  return { clock, log, provider, code };
}

describe("the web shop's code", () => {
  it("is shown once the provider has told it", async () => {
    const { code } = await start(there());
    expect(code.qr()).toEqual(content);
  });

  it("is asked for until it is there, ever more seldom, within a minute", async () => {
    const { code, clock, provider, log } = await start(away);
    await clock.advance(3_600_000);
    expect(code.qr()).toBeUndefined();
    const pausesMs = provider.askedAtMs.map((atMs, index) => atMs - (provider.askedAtMs[index - 1] ?? 0)).slice(1);
    expect(pausesMs[0]).toBeLessThanOrEqual(1_000);
    expect(Math.max(...pausesMs)).toBeLessThanOrEqual(60_000);
    expect(pausesMs.length).toBeLessThan(150);
    expect(log.lines).toHaveLength(1);
    provider.answer = there();
    await clock.advance(60_000);
    expect(code.qr()).toEqual(content);
  });

  it("is gone when the provider no longer has it, and back when it has it again", async () => {
    const { code, clock, provider, log } = await start(there());
    provider.answer = missing;
    await clock.advance(1.2 * probeMs);
    expect(code.qr()).toBeUndefined();
    expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { status: 404 } });
    provider.answer = there();
    await clock.advance(60_000);
    expect(code.qr()).toEqual(content);
  });

  it("is gone when its time is over, also while nobody answers", async () => {
    const { code, clock, provider } = await start(there(300_000));
    provider.answer = away;
    await clock.advance(299_999);
    expect(code.qr()).toEqual(content);
    await clock.advance(1);
    expect(code.qr()).toBeUndefined();
  });

  it("lives from the question on, not from an answer that was long on its way", async () => {
    const answer = Promise.withResolvers<CallOutcome<ShopQr>>();
    const { code, clock, provider } = await start(() => answer.promise);
    provider.answer = away;
    await clock.advance(5_000);
    answer.resolve(there(300_000));
    await settle();
    await clock.advance(294_999);
    expect(code.qr()).toEqual(content);
    await clock.advance(1);
    expect(code.qr()).toBeUndefined();
  });

  it("stays while the provider is away for less than its time, and when it refuses for another reason", async () => {
    const { code, clock, provider } = await start(there());
    provider.answer = away;
    await clock.advance(3_600_000);
    expect(code.qr()).toEqual(content);
    provider.answer = { kind: "refused", status: 403, code: undefined, detail: "not now" };
    await clock.advance(3_600_000);
    expect(code.qr()).toEqual(content);
  });

  it("is asked for again after a fault of ours", async () => {
    const { code, clock, provider, log } = await start(() => Promise.reject(new TypeError("x is undefined")));
    expect(log.lines.at(-1)).toMatchObject({ level: "error" });
    provider.answer = there();
    await clock.advance(2_000);
    expect(code.qr()).toEqual(content);
  });

  it("is neither shown nor asked for after the stop", async () => {
    const { code, clock, provider } = await start(there());
    code.stop();
    const asked = provider.askedAtMs.length;
    await clock.advance(3_600_000);
    expect(code.qr()).toBeUndefined();
    expect(provider.askedAtMs).toHaveLength(asked);
    expect(clock.timers()).toEqual([]);
  });

  it("is nothing where the operator has no shop", () => {
    const clock = new SimulatedClock();
    const code = createShopCode({
      shopQrs: undefined,
      probeMs,
      clock,
      entropy: createSeededEntropy(1),
      log: createMemoryLog(),
    });
    code.start();
    code.stop();
    expect(code.qr()).toBeUndefined();
    expect(clock.timers()).toEqual([]);
  });
});
