/**
 * Goal: what belongs to the machine and not to a form: buttons, inhibit, door, post delay, lost inputs and outputs, one delivery at a time
 * and each once. Method: the driver over inputs and actuators in memory, on the simulated clock.
 */
import { describe, expect, it } from "vitest";
import type { RelayLine } from "../../../src/machine/gpio/settings.ts";
import { createRig, input, output } from "./gpio-rig.ts";

const button = input("button A1", 5);
const cancelButton = input("cancel", 6);
const inhibit = input("inhibit", 23);
const door = input("door", 24);
const lamp = output("lamp", 25);
const relay: RelayLine = {
  form: "relay",
  line: "A1",
  button,
  output: output("A1", 17),
  onMs: 500,
  acknowledge: undefined,
};
const selected = { kind: "selected", selection: { kind: "line", line: "A1" } };

describe("buttons", () => {
  it("a press counts once its level stood still; chatter and holding do not", async () => {
    const rig = createRig([relay]);
    await rig.start();
    for (const active of [true, false, true, false, true]) {
      rig.inputs.set(button.bcm, active);
      await rig.clock.advance(5);
    }
    expect(rig.events).toEqual([]);
    await rig.clock.advance(30);
    expect(rig.events).toEqual([selected]);
    await rig.clock.advance(50_000);
    rig.inputs.set(button.bcm, false);
    await rig.clock.advance(30);
    expect(rig.events).toEqual([selected]);
  });

  it.each([
    [
      "a press that is over before the process looks",
      [
        [true, 400],
        [false, 100],
      ],
      1,
    ],
    [
      "two presses that are over",
      [
        [true, 900],
        [false, 600],
        [true, 400],
        [false, 100],
      ],
      2,
    ],
    ["a press that goes on", [[true, 400]], 1],
    [
      "one after chatter",
      [
        [true, 410],
        [false, 405],
        [true, 400],
        [false, 100],
      ],
      1,
    ],
    [
      "chatter alone",
      [
        [true, 410],
        [false, 405],
        [true, 400],
        [false, 390],
        [true, 380],
        [false, 360],
      ],
      0,
    ],
    [
      "two edges that have lost the one between them",
      [
        [true, 900],
        [true, 110],
        [false, 100],
      ],
      0,
    ],
  ] as const)("edges that come late count by their times: %s", async (_name, changes, presses) => {
    const rig = createRig([relay]);
    await rig.start();
    await rig.clock.advance(1_000);
    rig.inputs.setLate(button.bcm, changes);
    await rig.clock.advance(1_000);
    expect(rig.events).toEqual(Array.from({ length: presses }, () => selected));
  });

  it("times that are no more than when something was read prove nothing", async () => {
    const rig = createRig([relay], {}, (inputs) => ({
      backEnd: "sysfs",
      openOutput: (spec) => inputs.openOutput(spec),
      openInput: (spec, onEdge, onFailure) => inputs.openInput(spec, onEdge, onFailure),
      close: () => inputs.close(),
    }));
    await rig.start();
    await rig.clock.advance(1_000);
    rig.inputs.setLate(button.bcm, [
      [true, 400],
      [false, 100],
    ]);
    await rig.clock.advance(1_000);
    expect(rig.events).toEqual([]);
  });

  it("one that is held as the machine starts says nothing", async () => {
    const rig = createRig([relay]);
    rig.inputs.set(button.bcm, true);
    await rig.start();
    await rig.clock.advance(1_000);
    expect(rig.events).toEqual([]);
  });

  it("cancel takes the selection back", async () => {
    const rig = createRig([relay], { cancelButton });
    await rig.start();
    rig.inputs.set(cancelButton.bcm, true);
    await rig.clock.advance(30);
    expect(rig.events).toEqual([{ kind: "selection-cancelled" }]);
  });
});

describe("inhibit", () => {
  it("is readiness, from the start and with every stable change", async () => {
    const rig = createRig([relay], { inhibit });
    rig.inputs.set(inhibit.bcm, true);
    await rig.start();
    expect(rig.machine.readiness()).toMatchObject({ ready: false, fault: "inhibited" });
    rig.inputs.set(inhibit.bcm, false);
    await rig.clock.advance(30);
    rig.inputs.set(inhibit.bcm, true);
    await rig.clock.advance(5);
    rig.inputs.set(inhibit.bcm, false);
    await rig.clock.advance(30);
    expect(rig.faults()).toEqual(["ready"]);
  });

  it("a paid delivery waits for its end, and nothing is sold when it does not come", async () => {
    for (const [freeAtMs, kind, starts] of [
      [4_000, "delivered", 1],
      [6_000, "not-delivered", undefined],
    ] as const) {
      const rig = createRig([relay], { inhibit });
      await rig.start();
      rig.inputs.set(inhibit.bcm, true);
      const delivery = rig.deliver();
      await rig.clock.advance(freeAtMs);
      rig.inputs.set(inhibit.bcm, false);
      await rig.clock.advance(2_000);
      expect(delivery.outcome?.kind).toBe(kind);
      expect(rig.actuators.starts.get("A1")).toBe(starts);
    }
  });

  it("aborted while it waits, nothing moved", async () => {
    const rig = createRig([relay], { inhibit });
    await rig.start();
    rig.inputs.set(inhibit.bcm, true);
    const delivery = rig.deliver();
    await rig.clock.advance(1_000);
    rig.stop.abort(new Error("stopped"));
    await rig.clock.advance(100);
    expect(delivery.outcome).toEqual({ kind: "not-delivered", reason: "stopped" });
  });

  it("that comes while a closure runs is what machines do that take the credit", async () => {
    const rig = createRig([relay], { inhibit });
    await rig.start();
    const delivery = rig.deliver();
    await rig.clock.advance(100);
    rig.inputs.set(inhibit.bcm, true);
    await rig.clock.advance(500);
    expect(delivery.outcome?.kind).toBe("delivered");
  });
});

describe("door, post delay, lamp", () => {
  it("an open door sells nothing and begins nothing", async () => {
    const rig = createRig([relay], { door });
    await rig.start();
    rig.inputs.set(door.bcm, true);
    await rig.clock.advance(30);
    const delivery = rig.deliver();
    await rig.clock.advance(1_000);
    expect(delivery.outcome).toEqual({ kind: "not-delivered", reason: "the door is open" });
    expect(rig.actuators.starts.size).toBe(0);
    rig.inputs.set(door.bcm, false);
    await rig.clock.advance(30);
    expect(rig.faults()).toEqual(["door-open", "ready"]);
  });

  it("a door that was open while the process was busy has been open", async () => {
    const rig = createRig([relay], { door });
    await rig.start();
    await rig.clock.advance(10_000);
    rig.inputs.setLate(door.bcm, [
      [true, 5_000],
      [false, 1_000],
    ]);
    await rig.clock.advance(30);
    expect(rig.faults()).toEqual(["door-open", "ready"]);
  });

  it("the machine rests after a delivery, and the next one waits for it", async () => {
    const rig = createRig([relay], { postDelayMs: 3_000 });
    await rig.start();
    rig.deliver();
    await rig.clock.advance(500);
    expect(rig.machine.readiness()).toMatchObject({ fault: "post-delay" });
    const next = rig.deliver();
    await rig.clock.advance(2_900);
    expect(rig.actuators.starts.get("A1")).toBe(1);
    await rig.clock.advance(700);
    expect(next.outcome?.kind).toBe("delivered");
    expect(rig.actuators.starts.get("A1")).toBe(2);
  });

  it("the lamp blinks once a call, and ends off", async () => {
    const rig = createRig([relay], { lamp });
    await rig.start();
    await rig.machine.identify();
    await rig.machine.identify();
    await rig.clock.advance(20_000);
    expect(rig.actuators.starts.get("lamp")).toBe(10);
    expect(rig.actuators.anyOn).toBe(false);
  });
});

describe("one delivery at a time, each once", () => {
  it("the same delivery asked for twice is begun once and answered twice", async () => {
    const rig = createRig([relay]);
    await rig.start();
    const deliveries = [rig.deliver({ deliveryId: "same" }), rig.deliver({ deliveryId: "same" })];
    await rig.clock.advance(500);
    const late = rig.deliver({ deliveryId: "same" });
    await rig.clock.advance(1_000);
    expect([...deliveries, late].map(({ outcome }) => outcome?.kind)).toEqual(["delivered", "delivered", "delivered"]);
    expect(rig.actuators.starts.get("A1")).toBe(1);
  });

  it("another one while it moves is refused, and so is a line that is not there", async () => {
    const rig = createRig([relay]);
    await rig.start();
    rig.deliver();
    const second = rig.deliver();
    await rig.clock.advance(500);
    const nowhere = rig.deliver({}, "Z9");
    await rig.clock.advance(1_000);
    expect(second.outcome).toEqual({ kind: "not-delivered", reason: "line A1 is still moving" });
    expect(nowhere.outcome).toEqual({ kind: "not-delivered", reason: "there is no line Z9" });
    expect(rig.actuators.starts.get("A1")).toBe(1);
  });
});

describe("a button that nobody can press", () => {
  it("because it is down from the start is reported, and chooses nothing until it was up", async () => {
    const rig = createRig([relay]);
    rig.inputs.set(button.bcm, true);
    await rig.start();
    await rig.clock.advance(5_000);
    expect(rig.machine.inputs?.()).toMatchObject([{ name: "button A1", present: false }]);
    expect(rig.machine.inputs?.()[0]?.detail).toMatch(/BCM 5 is down since its line was opened, for 5 s.*active_low/);
    expect(rig.machine.readiness()).toEqual({ ready: true });
    rig.inputs.set(button.bcm, false);
    await rig.clock.advance(30);
    expect(rig.machine.inputs?.()).toEqual([{ name: "button A1", present: true, detail: "BCM 5" }]);
    expect(rig.events).toEqual([{ kind: "readiness", readiness: { ready: true } }]);
    rig.inputs.set(button.bcm, true);
    await rig.clock.advance(30);
    expect(rig.events.at(-1)).toEqual(selected);
  });

  it("because it is held for a minute is reported, and it is said when it comes free", async () => {
    const rig = createRig([relay]);
    await rig.start();
    rig.inputs.set(button.bcm, true);
    await rig.clock.advance(50_000);
    expect(rig.machine.inputs?.()).toMatchObject([{ present: true }]);
    await rig.clock.advance(11_000);
    expect(rig.machine.inputs?.()).toMatchObject([{ present: false }]);
    rig.inputs.set(button.bcm, false);
    await rig.clock.advance(30);
    expect(rig.machine.inputs?.()).toMatchObject([{ present: true }]);
    expect(rig.events.filter(({ kind }) => kind === "readiness")).toHaveLength(2);
    await rig.machine.stop();
    expect(rig.clock.timers()).toEqual([]);
  });
});

describe("what cannot be had", () => {
  it("inputs and outputs are asked for again until they are there", async () => {
    for (const break_ of [
      (rig: ReturnType<typeof createRig>, fault: string | undefined) => (rig.inputs.openFault = fault),
      (rig: ReturnType<typeof createRig>, fault: string | undefined) => rig.actuators.setTrouble(fault),
    ]) {
      const rig = createRig([relay]);
      break_(rig, "BCM 5 belongs to somebody else");
      await rig.start();
      expect(rig.machine.readiness()).toEqual({
        ready: false,
        fault: "no-hardware",
        detail: "BCM 5 belongs to somebody else",
      });
      break_(rig, undefined);
      await rig.clock.advance(2_000);
      expect(rig.machine.readiness()).toEqual({ ready: true });
      rig.inputs.set(button.bcm, true);
      await rig.clock.advance(30);
      expect(rig.events.at(-1)).toEqual(selected);
    }
  });

  it("an input that went away stops the selling, and comes back", async () => {
    const rig = createRig([relay]);
    await rig.start();
    rig.inputs.remove(button.bcm);
    expect(rig.machine.readiness()).toMatchObject({
      fault: "fault",
      detail: "the input button A1 (BCM 5) went away: no such device",
    });
    await rig.clock.advance(2_000);
    expect(rig.machine.readiness()).toEqual({ ready: true });
  });

  it("an input that goes away while the others are being opened is opened again, and not taken for silent", async () => {
    const rig = createRig([relay], { inhibit });
    rig.inputs.onOpening = (bcm) => {
      if (bcm === button.bcm) rig.inputs.remove(inhibit.bcm);
    };
    await rig.start();
    expect(rig.machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    rig.inputs.onOpening = () => {};
    await rig.clock.advance(2_000);
    expect(rig.machine.readiness()).toEqual({ ready: true });
  });

  it("stopping puts outputs off, frees the lines and tells nobody any more", async () => {
    const rig = createRig([relay], { inhibit });
    await rig.start();
    rig.deliver();
    await rig.clock.advance(100);
    await rig.machine.stop();
    await rig.machine.stop();
    rig.inputs.set(inhibit.bcm, true);
    await rig.clock.advance(60_000);
    expect(rig.actuators.anyOn).toBe(false);
    expect(rig.inputs.isOpen(button.bcm)).toBe(false);
    expect(rig.events).toEqual([]);
    expect(rig.clock.timers()).toEqual([]);
  });
});
