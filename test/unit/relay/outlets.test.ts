/**
 * Goal: a scan finds its outlet, whatever sticker it was read from, and hears at once when the outlet takes nobody; nobody gets another's scans.
 * Method: the relay's view of the machines' states, told them as the broker tells them, on a virtual clock.
 */
import { describe, expect, it } from "vitest";
import { MachineStates, type Place } from "../../../src/relay/machine-states.ts";
import { merchantQrId } from "../../../src/sale/ids.ts";
import { settle, VirtualClock } from "../link/virtual-clock.ts";

const waitMs = 1_000;

async function makeStates() {
  const clock = new VirtualClock();
  const states = new MachineStates(clock);
  const say = (machine: string, message: object | undefined): void =>
    states.heard({
      topic: `kvitt/v1/123456/${machine}/state`,
      payload: Buffer.from(message === undefined ? "" : JSON.stringify(message)),
      retained: false,
    });
  async function place(code: string): Promise<Place> {
    const found = states.placeSoon(merchantQrId(code), waitMs);
    await clock.advance(waitMs);
    return found;
  }
  const state = async (code: string): Promise<string | undefined> => (await place(code)).state;
  say("other", { state: "ready" });
  await clock.advance(waitMs);
  return { clock, states, say, place, state };
}

const stations = { w1: { state: "free" }, w2: { state: "in-use" }, w3: { state: "closed" }, w4: { state: "selling" } };

describe("an outlet", () => {
  it("is as it says itself, while its machine is ready or selling", async () => {
    const { say, state } = await makeStates();
    for (const machine of ["ready", "selling"]) {
      say("wash", { state: machine, stations });
      for (const [name, { state: own }] of Object.entries(stations)) expect(await state(`wash--${name}`)).toBe(own);
    }
  });

  it.each(["init", "out-of-service", "lost"])("is %s when its machine is", async (machine) => {
    const { say, state } = await makeStates();
    say("wash", { state: machine, stations });
    expect(await state("wash--w1")).toBe(machine);
  });

  it("is lost with a machine that fell silent", async () => {
    const { say, state, clock } = await makeStates();
    say("wash", { state: "ready", stations, validForS: 300 });
    expect(await state("wash--w1")).toBe("free");
    await clock.advance(300_000);
    expect(await state("wash--w1")).toBe("lost");
  });

  it("is none where the machine does not name it; and a machine with outlets is none itself", async () => {
    const { say, state } = await makeStates();
    say("wash", { state: "ready", stations });
    say("vend", { state: "ready" });
    for (const code of ["wash--w9", "wash--w1--w2", "wash", "vend--w1", "wash--constructor"])
      expect([code, await state(code)]).toEqual([code, "no such station"]);
    expect(await state("vend")).toBe("ready");
    expect(await state("wash-2--w1"), "a machine that nobody knows").toBeUndefined();
  });
});

describe("a sticker that was there before", () => {
  it("is the outlet that its machine says", async () => {
    const { say, place } = await makeStates();
    say("wash", { state: "ready", stations, qr_ids: { "beacon-1": "w1", "beacon-2": "w2" } });
    expect(await place("beacon-1")).toEqual({ merchantQrId: "wash--w1", state: "free" });
    expect(await place("beacon-2")).toEqual({ merchantQrId: "wash--w2", state: "in-use" });
    say("wash", { state: "lost", qr_ids: { "beacon-1": "w1" } });
    expect(await place("beacon-1"), "the will has it too").toEqual({ merchantQrId: "wash--w1", state: "lost" });
    expect(await place("beacon-2"), "no more claimed").toEqual({ merchantQrId: "beacon-2", state: undefined });
    say("wash", undefined);
    expect(await place("beacon-1")).toEqual({ merchantQrId: "beacon-1", state: undefined });
  });

  it("is nobody's when two claim it, whichever of them is lost", async () => {
    const { say, state, place } = await makeStates();
    say("wash", { state: "lost", qr_ids: { "beacon-1": "w1" } });
    say("thief", { state: "ready", stations: { x: { state: "free" } }, qr_ids: { "beacon-1": "x" } });
    expect(await state("beacon-1")).toBe("claimed twice");
    say("thief", undefined);
    expect((await place("beacon-1")).merchantQrId).toBe("wash--w1");
  });

  it("is never of the name of a machine, nor of its outlets", async () => {
    const { say, place } = await makeStates();
    say("wash", { state: "lost" });
    say("thief", { state: "ready", stations: { x: { state: "free" } }, qr_ids: { wash: "x" } });
    expect(await place("wash")).toEqual({ merchantQrId: "wash", state: "lost" });
    say("thief", { state: "ready", stations: { x: { state: "free" } }, qr_ids: { "wash--w1": "x" } });
    expect((await place("wash--w1")).merchantQrId).toBe("wash--w1");
  });

  it("waits after a connection until all machines have been heard, because the name may be one's own", async () => {
    const { states, say, clock } = await makeStates();
    states.forget();
    say("thief", { state: "ready", stations: { x: { state: "free" } }, qr_ids: { wash: "x", free: "x" } });
    const [own, free] = ["wash", "free"].map((code) => states.placeSoon(merchantQrId(code), waitMs));
    await settle();
    say("wash", { state: "ready" });
    expect(await own).toEqual({ merchantQrId: "wash", state: "ready" });
    await clock.advance(waitMs);
    expect(await free).toEqual({ merchantQrId: "thief--x", state: "free" });
  });
});
