/** Goal: upstream hears every change of the state once, and the health with it. Method: a link that remembers. */
import { expect, it } from "vitest";
import { createStateReport, type StateNow } from "../../../src/kiosk/state-report.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { RememberingLink } from "./rig.ts";

function reporting() {
  const link = new RememberingLink();
  const clock = new SimulatedClock(Date.UTC(2026, 10, 23, 12));
  const now: { state: StateNow; inbox: number } = { state: { state: "init", reason: undefined }, inbox: 0 };
  const report = createStateReport({
    link,
    clock,
    version: "1.2",
    stateNow: () => now.state,
    health: () => ({ ...health, ...now.state, inbox: now.inbox }),
    inputs: () => [{ name: "scanner", present: true, detail: "a scanner" }],
  });
  const say = (state: StateNow): void => {
    now.state = state;
    report.publishChange();
  };
  return { link, clock, report, say, now };
}

const health = {
  missing: ["mqtt"],
  openSettlements: 1,
  unsent: 2,
  lines: [{ line: "A1", product: "Water", state: "jammed", since: undefined, action: "free it" }],
  catalogueVersion: "1",
  machine: undefined,
  panel: undefined,
  refused: undefined,
} as const;

it("says each state once, with its time and version", async () => {
  const { link, clock, say } = reporting();
  say({ state: "init", reason: undefined });
  await clock.advance(1_000);
  say({ state: "ready", reason: undefined });
  say({ state: "ready", reason: undefined });
  say({ state: "out-of-service", reason: "clock" });
  say({ state: "out-of-service", reason: "panel" });
  expect(link.states).toEqual([
    { state: "init", reason: undefined, version: "1.2", since: "2026-11-23T12:00:00.000Z" },
    { state: "ready", reason: undefined, version: "1.2", since: "2026-11-23T12:00:01.000Z" },
    { state: "out-of-service", reason: "clock", version: "1.2", since: "2026-11-23T12:00:01.000Z" },
    { state: "out-of-service", reason: "panel", version: "1.2", since: "2026-11-23T12:00:01.000Z" },
  ]);
});

it("says the health with each state but the first, and whenever it is asked to", () => {
  const { link, report, say } = reporting();
  say({ state: "init", reason: undefined });
  expect(link.health).toEqual([]);
  say({ state: "ready", reason: undefined });
  say({ state: "ready", reason: undefined });
  expect(link.health).toEqual([
    {
      ...health,
      state: "ready",
      reason: undefined,
      inbox: 0,
      inputs: [{ name: "scanner", present: true, detail: "a scanner" }],
    },
  ]);
  report.publishHealth();
  expect(link.health).toHaveLength(2);
});

it("says another health when it is another, at most every ten seconds, and not before the first state", async () => {
  const { link, clock, report, say, now } = reporting();
  const look = async (inbox: number, seconds: number): Promise<number> => {
    now.inbox = inbox;
    await clock.advance(seconds * 1_000);
    report.publishHealthChange();
    return link.health.length;
  };
  expect(await look(1, 60)).toBe(0);
  say({ state: "ready", reason: undefined });
  expect(await look(1, 60)).toBe(1);
  expect(await look(0, 1)).toBe(2);
  expect(await look(1, 9)).toBe(2);
  expect(await look(1, 1)).toBe(3);
  expect(await look(0, 10)).toBe(4);
  expect(await look(0, 86_400)).toBe(4);
  expect(link.health.at(-1)).toMatchObject({ inbox: 0 });
});
