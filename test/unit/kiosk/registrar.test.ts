/** Goal: the callback code is registered and stays so, and what the provider's silence means is known. Method: a provider on order, a virtual clock. */
import { describe, expect, it } from "vitest";
import { createRegistrar } from "../../../src/kiosk/registrar.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import type { CallbackQr, CallOutcome } from "../../../src/vipps/port.ts";
import { id, lost } from "./rig.ts";

const qr = { merchantQrId: id, locationDescription: "Test", qr: { kind: "content", text: "https://qr/1" } } as const;
const ok = { kind: "ok", value: qr } as const;
const refused = (status: number) => ({ kind: "refused", status, code: undefined, detail: "no" }) as const;
const unknown = (status: number) => ({ ...lost, status });
const probeMs = 20_000;

/** Fractions of a half: no jitter up or down where it is symmetric. */
function registering(fraction = 0.5) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const calls: string[] = [];
  const answers: { next: CallOutcome<CallbackQr> } = { next: ok };
  const call = (name: string) => async (): Promise<CallOutcome<CallbackQr>> => {
    calls.push(`${name} at ${clock.monotonicMs() / 1_000}`);
    return answers.next;
  };
  let changes = 0;
  const registrar = createRegistrar({
    merchantQrs: { register: call("register"), check: call("check") },
    id,
    locationDescription: "Test",
    probeMs,
    clock,
    entropy: { fraction: () => fraction, bytes: () => new Uint8Array() },
    log,
    onChange: () => (changes += 1),
  });
  return { registrar, clock, log, calls, answers, changes: () => changes };
}

async function registered() {
  const parts = registering();
  parts.registrar.start();
  await settle();
  return parts;
}

describe("the callback code", () => {
  it("is registered at once, and is known then", async () => {
    const { registrar, calls, changes } = registering();
    expect([registrar.isProviderReached(), registrar.callbackQr()]).toEqual([false, undefined]);
    registrar.start();
    await settle();
    expect([registrar.isProviderReached(), registrar.callbackQr()]).toEqual([true, qr]);
    expect(calls).toEqual(["register at 0"]);
    expect(changes()).toBe(1);
  });

  it("is asked for while all is well, and registered anew every hour", async () => {
    const { clock, calls } = await registered();
    await clock.advance(3_600_000 + probeMs);
    expect(calls.slice(0, 3)).toEqual(["register at 0", "check at 20", "check at 40"]);
    expect(calls.filter((call) => call.startsWith("register"))).toEqual(["register at 0", "register at 3600"]);
    expect(calls).toHaveLength(182);
  });

  it("that was deleted in the portal is registered at the next try", async () => {
    const { clock, calls, answers, log } = await registered();
    answers.next = refused(404);
    await clock.advance(probeMs);
    answers.next = ok;
    await clock.advance(5_000);
    expect(calls.at(-1)).toMatch(/^register/);
    expect(log.lines).toMatchObject([{ level: "error", fields: { status: 404 } }]);
  });

  it("that is another than before is told once", async () => {
    const { clock, answers, changes, registrar } = await registered();
    await clock.advance(probeMs);
    expect(changes()).toBe(1);
    const other = { ...qr, qr: { kind: "content", text: "https://qr/2" } } as const;
    answers.next = { kind: "ok", value: other };
    await clock.advance(probeMs);
    expect(changes()).toBe(2);
    expect(registrar.callbackQr()).toEqual(other);
  });
});

describe("a provider", () => {
  it.each<readonly [string, CallOutcome<CallbackQr>, boolean]>([
    ["does not answer", lost, false],
    ["fails", unknown(500), false],
    ["refuses the keys", unknown(401), false],
    ["refuses", refused(403), false],
    ["asks for patience", unknown(429), true],
  ])("that %s twice in a row is (not) there: %o → %s", async (_, answer, isReached) => {
    const { registrar, clock, answers, changes } = await registered();
    answers.next = answer;
    await clock.advance(probeMs);
    expect(registrar.isProviderReached()).toBe(true);
    expect(changes()).toBe(1);
    await clock.advance(2_000);
    expect(registrar.isProviderReached()).toBe(isReached);
    expect(changes()).toBe(isReached ? 1 : 2);
  });

  it("that never answered is not there", async () => {
    const { registrar, clock, answers, calls, changes, log } = registering();
    answers.next = lost;
    registrar.start();
    await clock.advance(120_000);
    expect(registrar.isProviderReached()).toBe(false);
    expect(changes()).toBe(0);
    expect(calls.slice(0, 5)).toEqual([
      "register at 0",
      "register at 0.75",
      "register at 2.25",
      "register at 5.25",
      "register at 11.25",
    ]);
    expect(log.lines[0]?.level).toBe("warn");
  });

  it("is asked at most once a minute while it is away, and as often as ever when it is back", async () => {
    const { registrar, clock, answers, calls } = registering(1);
    answers.next = lost;
    registrar.start();
    await clock.advance(600_000);
    const pauses = calls.map((call) => Number(call.split(" ")[2]));
    expect(pauses.slice(-2)).toEqual([483, 543]);
    expect(calls.length).toBeLessThan(20);
  });
});

describe("other calls", () => {
  it("prove nothing before the first registration, and all after it", async () => {
    const { registrar, answers, clock } = registering();
    answers.next = lost;
    registrar.start();
    await settle();
    registrar.observe("reached");
    expect(registrar.isProviderReached()).toBe(false);
    answers.next = ok;
    await clock.advance(2_000);
    registrar.observe("not-reached");
    registrar.observe("reached");
    registrar.observe("not-reached");
    expect(registrar.isProviderReached()).toBe(true);
    registrar.observe("not-reached");
    expect(registrar.isProviderReached()).toBe(false);
    registrar.observe("reached");
    expect(registrar.isProviderReached()).toBe(true);
  });

  it("that fail bring the next look forward", async () => {
    const { registrar, clock, calls } = await registered();
    registrar.observe("not-reached");
    registrar.observe("not-reached");
    await clock.advance(1_000);
    expect(calls).toEqual(["register at 0", "check at 0.75"]);
    expect(registrar.isProviderReached()).toBe(true);
  });
});

it("stopped, nothing is asked any more", async () => {
  const { registrar, clock, calls } = await registered();
  registrar.stop();
  await clock.advance(3_600_000);
  expect(calls).toHaveLength(1);
  registrar.observe("not-reached");
  registrar.observe("not-reached");
  await clock.advance(3_600_000);
  expect(calls).toHaveLength(1);
});
