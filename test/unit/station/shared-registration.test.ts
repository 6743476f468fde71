/** Goal: forty outlets ask the provider no more often than one. Method: real registrars over one shared registration, a virtual clock, counted calls. */
import { describe, expect, it } from "vitest";
import { createRegistrar } from "../../../src/kiosk/registrar.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { createSharedRegistration } from "../../../src/station/shared-registration.ts";
import type { CallbackQr, CallOutcome } from "../../../src/vipps/port.ts";
import { lost } from "../kiosk/rig.ts";

const probeMs = 20_000;
const hourMs = 3_600_000;

async function machineWith(outlets: number) {
  const clock = new SimulatedClock();
  const entropy = createSeededEntropy(7);
  const asked: string[] = [];
  const answers: { fault: Extract<CallOutcome<never>, { kind: "refused" | "unknown" }> | undefined } = {
    fault: undefined,
  };
  const call =
    (name: string) =>
    async (id: ReturnType<typeof merchantQrId>): Promise<CallOutcome<CallbackQr>> => {
      asked.push(`${name} ${id}`);
      const qr = { kind: "content", text: `https://qr/${id}` } as const;
      return answers.fault ?? { kind: "ok", value: { merchantQrId: id, locationDescription: "Test", qr } };
    };
  const shared = createSharedRegistration({
    merchantQrs: { register: call("register"), check: call("check") },
    probeMs,
    clock,
    entropy,
  });
  const registrars = Array.from({ length: outlets }, (_, index) =>
    createRegistrar({
      merchantQrs: shared,
      id: merchantQrId(`m--w${index}`),
      locationDescription: "Test",
      probeMs,
      clock,
      entropy,
      log: createMemoryLog(),
      onChange: () => {},
    }),
  );
  for (const registrar of registrars) registrar.start();
  await settle();
  await clock.advance(1_000);
  return { clock, asked, answers, registrars, shared };
}

describe("the shared registration", () => {
  it("registers every code once, and each kiosk has its own", async () => {
    const { asked, registrars } = await machineWith(40);
    expect(asked).toHaveLength(40);
    expect(new Set(asked).size).toBe(40);
    expect(registrars.map((one) => one.callbackQr()?.merchantQrId)).toEqual(
      registrars.map((_, index) => `m--w${index}`),
    );
  });

  it.each([8, 40])("asks for %d outlets no more than twice in a pause, for as long as it may be", async (outlets) => {
    const { clock, asked } = await machineWith(outlets);
    const atStart = asked.length;
    await clock.advance(1.5 * hourMs);
    const perMinute = (asked.length - atStart) / 90;
    // One outlet alone asks three times a minute; half a pause is the age up to which a proof holds for all.
    expect(perMinute).toBeLessThanOrEqual(6);
    expect(asked.filter((one) => one.startsWith("register")).length, "every code is renewed").toBeGreaterThanOrEqual(
      2 * outlets,
    );
  });

  it("notices an outage for all outlets within two pauses, asks like one machine meanwhile, and comes back", async () => {
    const { clock, asked, answers, registrars } = await machineWith(12);
    answers.fault = lost;
    await clock.advance(5 * probeMs);
    expect(registrars.some((one) => one.isProviderReached())).toBe(false);
    const before = asked.length;
    await clock.advance(hourMs);
    expect(asked.length - before, "one back-off for all of them").toBeLessThanOrEqual(130);
    answers.fault = undefined;
    await clock.advance(3 * 60_000);
    expect(registrars.every((one) => one.isProviderReached())).toBe(true);
  });

  it("asks anew for a code that was deleted, and leaves the others where they are", async () => {
    const { clock, asked, answers, registrars } = await machineWith(3);
    answers.fault = { kind: "refused", status: 404, code: undefined, detail: "gone" };
    await clock.advance(probeMs);
    answers.fault = undefined;
    const before = asked.length;
    await clock.advance(10_000);
    expect(asked.slice(before).some((one) => one.startsWith("register"))).toBe(true);
    expect(registrars.every((one) => one.isProviderReached())).toBe(true);
  });
});
