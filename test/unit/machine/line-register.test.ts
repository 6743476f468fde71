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
    const register = createLineRegister([]);
    const panel = register.deviceOwner();
    panel.claim([
      { pin: 17, holder: "RST of the panel waveshare-7.5-v2" },
      { pin: 25, holder: "DC of the panel waveshare-7.5-v2" },
    ]);
    const guard = register.owner();
    expect(() => guard.claim([{ pin: 17, holder: "output A1" }])).toThrow(
      "BCM 17 is RST of the panel waveshare-7.5-v2: it cannot be output A1 too",
    );
    panel.release();
    guard.claim([{ pin: 17, holder: "output A1" }]);
    expect(register.held()).toEqual([{ pin: 17, holder: "output A1" }]);
  });

  it("takes all lines of a claim or none", () => {
    const register = createLineRegister([]);
    register.deviceOwner().claim([{ pin: 24, holder: "BUSY of the panel" }]);
    const machine = register.owner();
    expect(() =>
      machine.claim([
        { pin: 5, holder: "button A1" },
        { pin: 24, holder: "button A2" },
      ]),
    ).toThrow(expect.objectContaining({ code: "line-in-use" }));
    expect(register.held().map(({ pin }) => pin)).toEqual([24]);
  });

  it("keeps the board's own lines for devices that belong there", () => {
    const register = createLineRegister([{ pin: 14, holder: "TXD of the UART" }]);
    const claim = [{ pin: 14, holder: "button A1" }];
    expect(() => register.owner().claim(claim)).toThrow("BCM 14 is TXD of the UART");
    register.deviceOwner().claim([{ pin: 14, holder: "TXD of the MDB adapter" }]);
    expect(() => register.owner().claim(claim)).toThrow("BCM 14 is TXD of the MDB adapter");
  });

  it("never has a line in two hands, whatever is claimed and given back in whatever order", () => {
    const step = record({
      who: integer({ min: 0, max: 2 }),
      does: constantFrom("claim", "release"),
      pin: integer({ min: 0, max: 4 }),
    });
    assert(
      property(array(step, { maxLength: 40 }), (script) => {
        const register = createLineRegister([]);
        const owners = [register.deviceOwner(), register.owner(), register.owner()];
        const expected = new Map<number, number>();
        for (const { who, does, pin } of script) {
          if (does === "release") {
            owners[who]?.release();
            for (const [line, by] of expected) if (by === who) expected.delete(line);
            continue;
          }
          const isFree = (expected.get(pin) ?? who) === who;
          const claim = (): void => owners[who]?.claim([{ pin, holder: "line" }]);
          if (isFree) {
            claim();
            expected.set(pin, who);
          } else expect(claim).toThrow();
        }
        expect(register.held().map(({ pin }) => pin)).toEqual([...expected.keys()].toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("a machine on a header where the panel has one of its lines", () => {
  it("opens nothing, says whose the line is, and comes when it is given back", async () => {
    const register = createLineRegister([]);
    const panel = register.deviceOwner();
    panel.claim([{ pin: 5, holder: "RST of the panel waveshare-7.5-v2" }]);
    const rig = createRig([relay], {}, (lines) => withClaims(lines, register.owner()));
    await rig.start();
    expect(rig.machine.readiness()).toMatchObject({ ready: false, fault: "no-hardware" });
    expect(JSON.stringify(rig.machine.readiness())).toContain("BCM 5 is RST of the panel waveshare-7.5-v2");
    expect(rig.inputs.isOpen(5)).toBe(false);
    panel.release();
    await rig.clock.advance(2_000);
    expect(rig.machine.readiness()).toEqual({ ready: true });
    expect(register.held()).toEqual([{ pin: 5, holder: "button A1" }]);
    await rig.machine.stop();
    expect(register.held()).toEqual([]);
  });
});
