/** Goal: the doctor asks the provider for a code that the machine has. Method: whole configurations, and a provider that remembers what it was asked. */
import { expect, it } from "vitest";
import { parseConfig } from "../../../../src/config/load.ts";
import { probeProvider } from "../../../../src/daemon/doctor/probe-outside.ts";
import type { MerchantQrId } from "../../../../src/sale/ids.ts";
import { createSeededEntropy } from "../../../../src/service/entropy.ts";
import { SimulatedClock } from "../../../../src/service/simulated-clock.ts";
import { facts, read } from "../../config/check-cases.ts";
import { ObedientProvider } from "../../kiosk/rig.ts";

it.each([
  ["vending", "platform-2"],
  ["laundry", "laundry-3--w1"],
])("%s: %s", async (name, id) => {
  const loaded = parseConfig(await read(name), facts);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const asked: string[] = [];
  const payments = new ObedientProvider();
  const check = (code: MerchantQrId) => {
    asked.push(code);
    return payments.check();
  };
  const { config } = loaded;
  const probe = { config, env: {}, clock: new SimulatedClock(), entropy: createSeededEntropy(1) };
  const open = () => Promise.resolve({ merchantQrs: { check, register: check }, payments });
  await probeProvider(probe, open, new AbortController().signal);
  expect(asked).toEqual([id]);
});
