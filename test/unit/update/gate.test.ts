/** Goal: a release passes when it sells or says why not, and is never ended under a customer. Method: the whole table, and the watch on a clock of the test. */
import { describe, expect, it } from "vitest";
import { type GateParts, gateVerdict, type GateView, watchGate } from "../../../src/update/gate.ts";

const ready: GateView = { kind: "serving", state: "ready" };
const selling: GateView = { kind: "serving", state: "selling" };
const starting: GateView = { kind: "starting" };
const silent: GateView = { kind: "silent" };
const clockWrong: GateView = { kind: "out-of-service", reason: "clock", missing: ["clock", "provider"] };
/** Where the customer is told of something else. */
const panelLost: GateView = { kind: "out-of-service", reason: "quiet-hours", missing: ["quiet-hours", "panel"] };

describe("the gate's table", () => {
  it.each([
    [ready, false, "pass"],
    [ready, true, "pass"],
    [selling, false, "pass"],
    [selling, true, "pass"],
    [clockWrong, false, "wait"],
    [clockWrong, true, "pass"],
    [starting, false, "wait"],
    [starting, true, "fail"],
    [silent, false, "wait"],
    [silent, true, "fail"],
  ] as const)("%j, time over %s: %s", (view, isTimeOver, kind) => {
    expect(gateVerdict(view, isTimeOver, []).kind).toBe(kind);
  });

  it.each([
    ["nothing", [], "fail"],
    ["something else", ["machine", "quiet-hours"], "fail"],
    ["the panel, too", ["panel"], "pass"],
    ["nobody knows what", undefined, "pass"],
  ] as const)("a panel that is missing now, and before the update %s was: %s", (_what, missingBefore, kind) => {
    expect(gateVerdict(panelLost, false, missingBefore).kind).toBe("wait");
    const verdict = gateVerdict(panelLost, true, missingBefore);
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === "fail") expect(verdict.why).toContain("panel");
  });

  it("tells the reason that it let pass", () => {
    const verdict = gateVerdict(clockWrong, true, []);
    expect(verdict.kind === "pass" && verdict.why).toMatch(/clock/);
  });
});

interface Watched {
  readonly parts: GateParts;
  readonly sent: string[];
  readonly passed: () => boolean;
}

/** @param views one a look, the last for ever. @param diesOf what ends the daemon */
function watched(views: readonly GateView[], diesOf: "SIGTERM" | "SIGKILL" | "start" = "SIGTERM"): Watched {
  let nowMs = 0;
  let looks = 0;
  let isAlive = diesOf !== "start";
  let hasPassed = false;
  const sent: string[] = [];
  const parts: GateParts = {
    look: async () => views[Math.min(looks++, views.length - 1)] ?? silent,
    missingBefore: async () => [],
    sleep: async (ms) => void (nowMs += ms),
    monotonicMs: () => nowMs,
    withinMs: 60_000,
    pass: async () => void (hasPassed = true),
    end: (signal) => {
      sent.push(signal);
      if (signal === diesOf || signal === "SIGKILL") isAlive = false;
    },
    isAlive: () => isAlive,
    say: () => {},
  };
  return { parts, sent, passed: () => hasPassed };
}

describe("the watch", () => {
  it("notes a release that is ready after a while, and ends nothing", async () => {
    const { parts, sent, passed } = watched([silent, starting, ready]);
    expect(await watchGate(parts)).toBe("passed");
    expect(passed()).toBe(true);
    expect(sent).toStrictEqual([]);
  });

  it("ends one that never answers, in good order", async () => {
    const { parts, sent, passed } = watched([silent]);
    expect(await watchGate(parts)).toBe("failed");
    expect(passed()).toBe(false);
    expect(sent).toStrictEqual(["SIGTERM"]);
  });

  it("ends one that lost its panel, when the time is over", async () => {
    const { parts, sent, passed } = watched([starting, panelLost]);
    expect(await watchGate(parts)).toBe("failed");
    expect(passed()).toBe(false);
    expect(sent).toStrictEqual(["SIGTERM"]);
  });

  it("ends one that does not go when it is asked", async () => {
    const { parts, sent } = watched([starting], "SIGKILL");
    expect(await watchGate(parts)).toBe("failed");
    expect(sent).toStrictEqual(["SIGTERM", "SIGKILL"]);
  });

  it("notes nothing of one that ended by itself", async () => {
    const { parts, passed } = watched([silent], "start");
    expect(await watchGate(parts)).toBe("gone");
    expect(passed()).toBe(false);
  });
});
