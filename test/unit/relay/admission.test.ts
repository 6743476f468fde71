/** Who is let in, as a table; and that the answer is remembered for as long as it matters. */
import { describe, expect, it } from "vitest";
import { admitCheckIn, AnsweredEvents, type CheckInFacts, readAnswered } from "../../../src/relay/admission.ts";
import { MachineStates } from "../../../src/relay/machine-states.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { settle, VirtualClock } from "../link/virtual-clock.ts";

const fresh: CheckInFacts = { ageMs: 1_000, knowsAll: true, freshnessMs: 20_000, before: undefined, state: "ready" };

describe("a check-in", () => {
  it.each<readonly [Partial<CheckInFacts>, string]>([
    [{}, "forward"],
    [{ ageMs: 20_000 }, "forward"],
    [{ ageMs: 1_900, knowsAll: false }, "forward"],
    [{ ageMs: 1_901, knowsAll: false }, "refuse 409 it may be a repetition of what another relay refused"],
    [{ ageMs: 1_901, knowsAll: false, before: "forwarded" }, "settled duplicate"],
    [{ ageMs: 20_001 }, "refuse 409 stale"],
    [{ ageMs: 15 * 60_000 + 1 }, "settled the customer token is dead"],
    [{ state: "selling" }, "refuse 409 selling"],
    [{ state: "init" }, "refuse 503 init"],
    [{ state: "out-of-service" }, "refuse 503 out-of-service"],
    [{ state: "lost" }, "refuse 503 lost"],
    [{ state: undefined }, "refuse 503 machine unknown"],
    [{ state: "free" }, "forward"],
    [{ state: "finished" }, "forward"],
    [{ state: "in-use" }, "refuse 409 in-use"],
    [{ state: "closed" }, "refuse 503 closed"],
    [{ state: "no such station" }, "refuse 404 no such station"],
    [{ state: "claimed twice" }, "refuse 503 claimed twice"],
    [{ before: "refused" }, "refuse 409 refused before"],
    [{ before: "refused", ageMs: 15 * 60_000 + 1 }, "settled the customer token is dead"],
    [{ before: "forwarded", state: "selling" }, "settled duplicate"],
    [{ before: "forwarded", ageMs: 15 * 60_000 + 1 }, "settled duplicate"],
  ])("with %o: %s", (facts, expected) => {
    const admission = admitCheckIn({ ...fresh, ...facts });
    const words = [
      admission.kind,
      "status" in admission && admission.status,
      "reason" in admission && admission.reason,
    ];
    expect(words.filter((word) => word !== false).join(" ")).toBe(expected);
  });

  it("is remembered for the life of its token, and the newest of many", async () => {
    const clock = new VirtualClock();
    const answered = new AnsweredEvents(clock);
    answered.remember({ id: "first", answer: "refused" });
    for (let index = 0; index < 9_999; index += 1) answered.remember({ id: `n${index}`, answer: "forwarded" });
    expect(answered.recall("first")).toBe("refused");
    answered.remember({ id: "one more", answer: "refused" });
    expect(answered.recall("first")).toBeUndefined();
    expect(answered.recall("n0")).toBe("forwarded");
    answered.remember({ id: "n0", answer: "refused" });
    answered.remember({ id: "and another", answer: "refused" });
    expect([answered.recall("n0"), answered.recall("n1")], "whoever is heard of again is new").toEqual([
      "refused",
      undefined,
    ]);
    await clock.advance(15 * 60_000);
    expect(answered.recall("n0")).toBeUndefined();
  });

  it("is read from another relay's message, unless that cannot be read", () => {
    const read = (text: string) => readAnswered(Buffer.from(text));
    expect(read('{"id":"event-1","answer":"refused"}')).toEqual({ id: "event-1", answer: "refused" });
    for (const text of ["", "{", "[]", '{"id":"","answer":"refused"}', '{"id":"event-1","answer":"maybe"}'])
      expect(read(text), text).toBeUndefined();
  });
});

describe("machines' states", () => {
  const hear = (states: MachineStates, message: string | object, leaf = "state", retained = false): void =>
    states.heard({
      topic: `kvitt/v1/123456/vend-1/${leaf}`,
      payload: Buffer.from(typeof message === "string" ? message : JSON.stringify(message)),
      retained,
    });
  const say = (states: MachineStates, state: string, session = 1): void =>
    hear(states, { state, session, version: "1", since: "2026-11-23T10:00:00Z" });

  it("are the newest of each, and an old boot's will does not kill a new one", () => {
    const states = new MachineStates(new VirtualClock());
    say(states, "ready", 7);
    say(states, "lost", 6);
    expect(states.stateOf("vend-1")).toBe("ready");
    say(states, "lost", 7);
    expect(states.stateOf("vend-1")).toBe("lost");
    say(states, "ready", 1);
    expect(states.stateOf("vend-1")).toBe("ready");
    hear(states, "");
    expect(states.stateOf("vend-1")).toBeUndefined();
  });

  it("are waited for a moment when they are not known yet", async () => {
    const clock = new VirtualClock();
    const states = new MachineStates(clock);
    const [soon, never] = ["vend-1", "vend-2"].map((id) => states.placeSoon(merchantQrId(id), 1_000));
    await settle();
    say(states, "ready");
    expect(await soon).toEqual({ merchantQrId: "vend-1", state: "ready" });
    await clock.advance(1_000);
    expect(await never).toEqual({ merchantQrId: "vend-2", state: undefined });
  });

  it("ignore what cannot be read and what is about something else", () => {
    const states = new MachineStates(new VirtualClock());
    say(states, "dancing");
    hear(states, { state: "ready" }, "health");
    hear(states, "{");
    expect(states.stateOf("vend-1")).toBeUndefined();
  });

  const at = (agoS: number, clock: VirtualClock): string => new Date(clock.wallMs() - agoS * 1_000).toISOString();
  // [how it came, the age that its `at` tells in seconds (undefined: no `at`), the seconds for which it counts]
  it.each([
    ["live", 0, 300],
    ["live, by a machine whose clock is a year behind", 31_536_000, 300],
    ["live, by a machine whose clock is a year ahead", -31_536_000, 300],
    ["live, by a machine that does not believe its clock", undefined, 300],
    ["retained", 0, 300],
    ["retained", 100, 200],
    ["retained", 299, 1],
    ["retained", 300, 0],
    ["retained, of a machine that went with its broker last week", 604_800, 0],
    ["retained, by a machine whose clock is a year ahead", -31_536_000, 300],
    ["retained, by a machine that does not believe its clock", undefined, 300],
  ])("count for a while when they are repeated: %s, written %s s ago", async (way, agoS, countsS) => {
    const clock = new VirtualClock();
    const states = new MachineStates(clock);
    const written = agoS === undefined ? {} : { at: at(agoS, clock) };
    hear(states, { state: "ready", session: 1, validForS: 300, ...written }, "state", way.startsWith("retained"));
    if (countsS > 0) {
      await clock.advance(countsS * 1_000 - 1);
      expect(states.stateOf("vend-1")).toBe("ready");
      expect(states.counts()).toMatchObject({ ready: 1, lost: 0 });
      await clock.advance(1);
    }
    expect(states.stateOf("vend-1")).toBe("lost");
    expect(states.counts()).toMatchObject({ ready: 0, lost: 1 });
    // A live word brings it back, whatever was thought of it.
    hear(states, { state: "ready", session: 1, validForS: 300, ...written });
    expect(states.stateOf("vend-1")).toBe("ready");
  });

  it("go on for as long as they are repeated, and for ever where they are not meant to be", async () => {
    const clock = new VirtualClock();
    const states = new MachineStates(clock);
    for (let minutes = 0; minutes < 60; minutes += 4) {
      hear(states, { state: "ready", session: 1, validForS: 300, at: at(0, clock) });
      await clock.advance(240_000);
      expect(states.stateOf("vend-1")).toBe("ready");
    }
    // A machine of before, or one that was stopped by somebody.
    hear(states, { state: "out-of-service", session: 1, at: at(864_000, clock) }, "state", true);
    await clock.advance(864_000_000);
    expect(states.stateOf("vend-1")).toBe("out-of-service");
  });

  it("are not older than they say where the relay's own clock cannot be believed", () => {
    const clock = new VirtualClock();
    clock.plausible = false;
    const states = new MachineStates(clock);
    hear(states, { state: "ready", session: 1, validForS: 300, at: at(864_000, clock) }, "state", true);
    expect(states.stateOf("vend-1")).toBe("ready");
  });
});
