/**
 * Goal: whatever put the machine out of service, it is back in service soon after that is over, although nobody comes to a machine that is out
 * of service. Method: a whole kiosk, each fault in turn, a press in the middle of it, and no other traffic afterwards.
 */
import { expect, it } from "vitest";
import { settle } from "../../../src/service/simulated-clock.ts";
import { KioskRig, lost } from "./rig.ts";

/** Longer than every pause between two tries. */
const soonMs = 120_000;

it.each<readonly [string, string, (rig: KioskRig, isBroken: boolean) => void]>([
  [
    "a disk that is full",
    "journal",
    (rig, isBroken) => (rig.journal.fault = isBroken ? new Error("ENOSPC") : undefined),
  ],
  [
    "a provider that does not answer",
    "provider",
    (rig, isBroken) => (rig.provider.fault = isBroken ? lost : undefined),
  ],
  ["a clock that nobody believes", "clock", (rig, isBroken) => rig.clock.setPlausible(!isBroken)],
  ["a panel that is unplugged", "panel", (rig, isBroken) => (rig.panel.present = !isBroken)],
  ["a machine that is inhibited", "machine", (rig, isBroken) => rig.machine.setInhibited(isBroken)],
])("after %s", async (_, reason, set) => {
  const rig = await new KioskRig().start();
  set(rig, true);
  await rig.clock.advance(60_000);
  rig.machine.press("A1");
  await rig.clock.advance(1_800_000);
  expect(rig.link.states.at(-1)).toMatchObject({ state: "out-of-service", reason });
  expect(rig.scene).toBe("out-of-service");
  set(rig, false);
  await rig.clock.advance(soonMs);
  expect(rig.link.states.at(-1)).toMatchObject({ state: "ready" });
  expect(rig.link.health.at(-1)).toMatchObject({ state: "ready", openSettlements: 0, inbox: 0 });
  expect(rig.drops).toEqual([]);
  await rig.sell();
  expect(rig.drops).toHaveLength(1);
});

it("after one second of a full disk with a press in it, and nothing open", async () => {
  const rig = await new KioskRig().start();
  rig.journal.fault = new Error("ENOSPC");
  rig.machine.press("A1");
  await settle();
  expect(rig.link.states.at(-1)).toMatchObject({ state: "out-of-service", reason: "journal" });
  await rig.clock.advance(1_000);
  rig.journal.fault = undefined;
  await rig.clock.advance(15_000);
  expect(rig.link.states.at(-1)).toMatchObject({ state: "ready" });
  // The press was too long ago: nobody is asked to pay for it now.
  expect(rig.provider.requests).toEqual([]);
});
