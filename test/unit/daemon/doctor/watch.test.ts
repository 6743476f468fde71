/** Goal: the back office hears what the doctor finds, once, and hears it with each health report. Method: a simulated clock and link, findings that change. */
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../../src/daemon/doctor/finding.ts";
import { createDoctorWatch, withFindings } from "../../../../src/daemon/doctor/watch.ts";
import { SimulatedClock } from "../../../../src/service/simulated-clock.ts";
import { createMemoryLog } from "../../../../src/service/log.ts";
import type { Link } from "../../../../src/link/port.ts";
import { aHealth, aSale } from "../../link/reports.ts";

const hourMs = 3_600_000;
const versions: Finding = { check: "versions", verdict: "good", found: "kvitt 1" };
const cool: Finding = { check: "temperature", verdict: "good", found: "48 °C" };
const warm = (degrees: number): Finding => ({
  check: "temperature",
  verdict: "look",
  found: `${degrees} °C`,
  todo: "shade",
});

function rig(rounds: readonly ((signal: AbortSignal) => Promise<readonly Finding[]>)[]) {
  const clock = new SimulatedClock();
  const log = createMemoryLog();
  const told: (readonly Finding[])[] = [];
  let round = 0;
  const watch = createDoctorWatch({
    look: (signal) => (rounds[round++] ?? (async () => []))(signal),
    clock,
    log,
    onChange: (findings) => void told.push(findings),
  });
  return { clock, log, told, watch, rounds: () => round };
}
const found =
  (...findings: readonly Finding[]) =>
  async (): Promise<readonly Finding[]> =>
    findings;

describe("the daemon's round", () => {
  it("waits for the start to be over, then looks every hour", async () => {
    const { clock, watch, rounds } = rig([]);
    watch.start();
    await clock.advance(29_000);
    expect(rounds()).toBe(0);
    await clock.advance(1_000);
    expect(rounds()).toBe(1);
    await clock.advance(2 * hourMs);
    expect(rounds()).toBe(3);
  });

  it("tells what is not good, the temperature and the versions, once, and again only when the verdict is another", async () => {
    const { clock, watch, told, log } = rig([
      found(versions, cool),
      found(versions, warm(76)),
      found(versions, warm(77)),
      found(versions, cool),
    ]);
    watch.start();
    await clock.advance(30_000);
    expect(told).toEqual([[versions, cool]]);
    await clock.advance(hourMs);
    expect(told.at(-1)).toEqual([versions, warm(76)]);
    expect(log.lines).toMatchObject([
      { level: "warn", message: "76 °C", fields: { check: "temperature", todo: "shade" } },
    ]);
    await clock.advance(hourMs);
    expect(told).toHaveLength(2);
    expect(watch.latest()).toEqual([versions, warm(77)]);
    await clock.advance(hourMs);
    expect(told.at(-1)).toEqual([versions, cool]);
    expect(log.lines).toHaveLength(1);
  });

  it("goes on after a round that failed", async () => {
    const { clock, watch, log, rounds } = rig([() => Promise.reject(new Error("no"))]);
    watch.start();
    await clock.advance(30_000 + hourMs);
    expect(rounds()).toBe(2);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { reason: "no" } }]);
  });

  it("leaves no timer and says nothing when it is stopped in the middle of a round", async () => {
    const { clock, watch, log, told } = rig([
      (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    ]);
    watch.start();
    await clock.advance(30_000);
    watch.stop();
    await clock.advance(hourMs);
    expect(clock.timers()).toEqual([]);
    expect([...log.lines, ...told]).toEqual([]);
  });
});

function linkRig() {
  const published: unknown[] = [];
  const others: string[] = [];
  const link: Link = {
    start: async () => void others.push("start"),
    isConnected: () => true,
    tries: () => 1,
    publishState: () => void others.push("state"),
    publishSale: async () => void others.push("sale"),
    publishHealth: (body) => void published.push(body),
    reply: () => void others.push("reply"),
    fits: () => true,
    publishReply: async () => undefined,
    stop: async () => void others.push("stop"),
  };
  return { link, published, others };
}

describe("the health report", () => {
  it("has the findings in it, and goes out again when they change; everything else passes through", async () => {
    const { link, published, others } = linkRig();
    let latest: readonly Finding[] = [];
    const { link: wrapped, tell } = withFindings(link, () => latest);
    tell([warm(76)]);
    expect(published).toEqual([]);
    wrapped.publishHealth(aHealth);
    latest = [warm(76)];
    tell(latest);
    wrapped.publishHealth({ ...aHealth, state: "selling" });
    expect(published).toEqual([
      { ...aHealth, findings: [] },
      { ...aHealth, findings: [warm(76)] },
      { ...aHealth, state: "selling", findings: [warm(76)] },
    ]);
    await wrapped.start({ message: async () => {}, connection: () => {}, relay: () => {}, rival: () => {} });
    wrapped.publishState({ state: "ready", reason: undefined, version: "1", since: "" });
    await wrapped.publishSale("1", aSale);
    wrapped.reply({ id: "1", outcome: "done" });
    await wrapped.stop();
    expect(wrapped.isConnected()).toBe(true);
    expect(others).toEqual(["start", "state", "sale", "reply", "stop"]);
  });
});
