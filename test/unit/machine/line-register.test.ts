/**
 * Goal: no line of the header is ever in two hands, and who comes second is told who has it. Method: the register by itself under any
 * order of claims, and a GPIO machine that finds a line taken by the panel.
 */
import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineRegister, withClaims } from "../../../src/machine/gpio/line-register.ts";
import type { RelayLine } from "../../../src/machine/gpio/settings.ts";
import { createRig, input, output } from "./gpio-rig.ts";

const relay: RelayLine = {
  line: "A1",
  form: "relay",
  button: input("button A1", 5),
  output: output("A1", 17),
  onMs: 500,
  acknowledge: undefined,
};

describe("the register of lines", () => {
  it("gives a line to one owner, and names it to the next", () => {
    const register = createLineRegister();
    const panel = register.owner("the panel waveshare-7.5-v2");
    panel.claim([
      { bcm: 17, what: "RST" },
      { bcm: 25, what: "DC" },
    ]);
    const guard = register.owner("the guard of the outputs");
    expect(() => guard.claim([{ bcm: 17, what: "output A1" }])).toThrow(
      "BCM 17 is RST of the panel waveshare-7.5-v2 and cannot be output A1 of the guard of the outputs too",
    );
    panel.release();
    guard.claim([{ bcm: 17, what: "output A1" }]);
    expect(register.held()).toEqual([{ bcm: 17, what: "output A1", owner: "the guard of the outputs" }]);
  });

  it("takes all lines of a claim or none", () => {
    const register = createLineRegister();
    register.owner("the panel").claim([{ bcm: 24, what: "BUSY" }]);
    const machine = register.owner("the machine");
    expect(() =>
      machine.claim([
        { bcm: 5, what: "button A1" },
        { bcm: 24, what: "button A2" },
      ]),
    ).toThrow(expect.objectContaining({ code: "line-in-use" }));
    expect(register.held().map(({ bcm }) => bcm)).toEqual([24]);
  });

  it("never has a line in two hands, whatever is claimed and given back in whatever order", () => {
    const step = record({
      who: integer({ min: 0, max: 2 }),
      does: constantFrom("claim", "release"),
      bcm: integer({ min: 0, max: 4 }),
    });
    assert(
      property(array(step, { maxLength: 40 }), (script) => {
        const register = createLineRegister();
        const owners = ["panel", "guard", "machine"].map((name) => register.owner(name));
        const expected = new Map<number, number>();
        for (const { who, does, bcm } of script) {
          if (does === "release") {
            owners[who]?.release();
            for (const [line, by] of expected) if (by === who) expected.delete(line);
            continue;
          }
          const isFree = (expected.get(bcm) ?? who) === who;
          const claim = (): void => owners[who]?.claim([{ bcm, what: "line" }]);
          if (isFree) {
            claim();
            expected.set(bcm, who);
          } else expect(claim).toThrow();
        }
        expect(register.held().map(({ bcm }) => bcm)).toEqual([...expected.keys()].toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("a machine on a header where the panel has one of its lines", () => {
  it("opens nothing, says whose the line is, and comes when it is given back", async () => {
    const register = createLineRegister();
    const panel = register.owner("the panel waveshare-7.5-v2");
    panel.claim([{ bcm: 5, what: "RST" }]);
    const rig = createRig([relay], {}, (lines) => withClaims(lines, register.owner("the machine")));
    await rig.start();
    expect(rig.machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    expect(JSON.stringify(rig.machine.readiness())).toContain("BCM 5 is RST of the panel waveshare-7.5-v2");
    expect(rig.inputs.isOpen(5)).toBe(false);
    panel.release();
    await rig.clock.advance(2_000);
    expect(rig.machine.readiness()).toEqual({ ready: true });
    expect(register.held()).toEqual([{ bcm: 5, what: "button A1", owner: "the machine" }]);
    await rig.machine.stop();
    expect(register.held()).toEqual([]);
  });
});
