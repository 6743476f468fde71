/**
 * Goal: a guard is lost for its own silence, and not for a while in which the daemon got no time. Method: a link in memory, and a clock that can
 * pass over the daemon.
 */
import { describe, expect, it } from "vitest";
import { type GuardEvents, GuardSession } from "../../../src/machine/guard/guard-session.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

function open() {
  const clock = new SimulatedClock();
  const lost: string[] = [];
  const sent: string[] = [];
  const guard: { events?: GuardEvents } = {};
  const session = new GuardSession({
    hello: {
      order: "hello",
      lines: { backEnd: "simulated" },
      outputs: [{ name: "A1", bcm: 17, activeLow: false }],
      maxOnMs: 1_000,
    },
    startGuard: (events) => {
      guard.events = events;
      return { send: (line) => sent.push(line), finish: () => {}, kill: () => {} };
    },
    clock,
    onReady: () => {},
    onLost: (reason) => lost.push(reason),
  });
  session.start();
  return { clock, lost, sent, session, say: (reply: object) => guard.events?.line(JSON.stringify(reply)) };
}

describe("a guard that is waited for", () => {
  it("is not lost when this process got no time, and the answer lies there", async () => {
    const { clock, lost, session, say } = open();
    clock.stall(60_000);
    say({ reply: "ready" });
    const off = session.ask({ order: "off", output: "A1" });
    clock.stall(10_000);
    say({ reply: "done", id: 1 });
    await off;
    expect([session.isReady, lost]).toEqual([true, []]);
  });

  it("is lost after a second of silence", async () => {
    const { clock, lost, session, say } = open();
    say({ reply: "ready" });
    const off = session.ask({ order: "off", output: "A1" }).catch((error: unknown) => String(error));
    await clock.advance(999);
    expect(lost).toEqual([]);
    await clock.advance(1);
    expect(lost).toEqual(["it does not answer"]);
    expect(await off).toContain("it does not answer");
  });

  it("is lost when it does not get ready in time", async () => {
    const { clock, lost } = open();
    await clock.advance(15_000);
    expect(lost).toEqual(["it did not get ready in time"]);
  });
});
