/**
 * Each controller's programs against a model of its chip that reads the bytes on the wire: what counts is the picture on the glass and that the
 * model finds no violation of the data sheet.
 */
import { describe, expect, it } from "vitest";
import { createController } from "../../../../src/panel/epaper/controllers.ts";
import { command, runSteps } from "../../../../src/panel/epaper/steps.ts";
import { createRig, finish, models, planesOf, wedge } from "./rig.ts";

/** Small enough to be quick, with a width of whole bytes; the 2.13" keep their 122 px. */
function sizeFor(name: string) {
  return name.startsWith("2.13") ? { heightPx: 20 } : { widthPx: 24, heightPx: 10 };
}

describe.each(Object.keys(models))("%s", (name) => {
  it("brings the picture to the glass with a full refresh and sleeps", async () => {
    const rig = createRig(name, sizeFor(name));
    const rows = wedge(rig.glass.widthPx, rig.glass.heightPx);
    const steps = [...rig.controller.full(planesOf(rig, rows)), ...rig.controller.sleep()];
    expect(await finish(rig.clock, runSteps(rig.bus, rig.clock, steps))).toEqual({ kind: "done" });
    expect(rig.chip.violations).toEqual([]);
    expect(rig.glass.rows()).toEqual(rows);
    expect(rig.chip.isAsleep).toBe(true);
  });

  it("wakes from deep sleep for the next picture", async () => {
    const rig = createRig(name, sizeFor(name));
    for (const offset of [0, 5]) {
      const rows = wedge(rig.glass.widthPx, rig.glass.heightPx, offset);
      const steps = [...rig.controller.full(planesOf(rig, rows)), ...rig.controller.sleep()];
      await finish(rig.clock, runSteps(rig.bus, rig.clock, steps));
      expect(rig.glass.rows()).toEqual(rows);
    }
    expect(rig.chip.violations).toEqual([]);
  });

  it("changes only what differs with a partial refresh, from the remembered picture, or has none", async () => {
    const rig = createRig(name, sizeFor(name));
    const { widthPx, heightPx } = rig.glass;
    const [before, after] = [wedge(widthPx, heightPx), wedge(widthPx, heightPx, 5)];
    const [beforePlanes, afterPlanes] = [planesOf(rig, before), planesOf(rig, after)];
    const partial = rig.controller.partial(beforePlanes, afterPlanes);
    expect(partial !== undefined).toBe(rig.controller.refreshes.has("partial"));
    if (partial === undefined) return;
    const run = (steps: readonly Parameters<typeof runSteps>[2][number][]) =>
      finish(rig.clock, runSteps(rig.bus, rig.clock, [...steps, ...rig.controller.sleep()]));
    await run(rig.controller.full(beforePlanes));
    expect(await run(partial)).toEqual({ kind: "done" });
    expect(rig.chip.violations).toEqual([]);
    expect(rig.glass.rows().map((row) => row.replaceAll(".", " "))).toEqual(after);
    // The ghosting rule: what left black by a partial refresh keeps a shadow until the next full one.
    expect(rig.glass.hasGhosts).toBe(true);
    await run(rig.controller.full(afterPlanes));
    expect(rig.glass.hasGhosts).toBe(false);
    expect(rig.glass.rows()).toEqual(after);
  });

  it("brings the picture to the glass with the fast waveform, in less time, or has none", async () => {
    const rig = createRig(name, sizeFor(name));
    const rows = wedge(rig.glass.widthPx, rig.glass.heightPx);
    const fast = rig.controller.fast(planesOf(rig, rows));
    expect(fast !== undefined).toBe(rig.controller.refreshes.has("fast"));
    if (fast === undefined) return;
    const timed = async (steps: readonly Parameters<typeof runSteps>[2][number][]) => {
      const startMs = rig.clock.monotonicMs();
      await finish(rig.clock, runSteps(rig.bus, rig.clock, [...steps, ...rig.controller.sleep()]));
      return rig.clock.monotonicMs() - startMs;
    };
    const fastMs = await timed(fast);
    expect(rig.chip.violations).toEqual([]);
    expect(rig.glass.rows()).toEqual(rows);
    expect(fastMs).toBeLessThan(await timed(rig.controller.full(planesOf(rig, rows))));
  });

  it("tells a BUSY that never falls from one that falls at once, and hangs on neither", async () => {
    for (const [isStuckBusy, kind] of [
      [true, "busy-never-released"],
      [false, "busy-released-at-once"],
    ] as const) {
      const rig = createRig(name, sizeFor(name));
      const { busyLevel } = rig.controller;
      rig.wires.faults.busyStuckAt = isStuckBusy === (busyLevel === 1) ? 1 : 0;
      const planes = planesOf(rig, wedge(rig.glass.widthPx, rig.glass.heightPx));
      const outcome = await finish(rig.clock, runSteps(rig.bus, rig.clock, rig.controller.full(planes)));
      expect(outcome).toMatchObject({ kind: "fault", fault: { kind } });
      expect(JSON.stringify(outcome)).toContain("wrong BUSY polarity");
    }
  });

  it("sends no transfer longer than the kernel takes", async () => {
    const rig = createRig(name);
    const planes = planesOf(rig, wedge(rig.glass.widthPx, rig.glass.heightPx));
    await finish(rig.clock, runSteps(rig.bus, rig.clock, rig.controller.full(planes)));
    expect(Math.max(...rig.wires.transfers)).toBeLessThanOrEqual(4_096);
    expect(rig.chip.violations).toEqual([]);
  });
});

describe("red", () => {
  it.each(["2.13 B V4", "7.5 B V2"])("goes to its own plane on the %s", async (name) => {
    const rig = createRig(name, sizeFor(name));
    const rows = wedge(rig.glass.widthPx, rig.glass.heightPx).map((row, y) =>
      y === 3 ? row.replaceAll("#", "R") : row,
    );
    await finish(rig.clock, runSteps(rig.bus, rig.clock, rig.controller.full(planesOf(rig, rows))));
    expect(rig.glass.rows()).toEqual(rows);
    expect(rig.chip.violations).toEqual([]);
  });
});

describe("a model of a chip", () => {
  const planted: readonly (readonly [string, string, readonly ReturnType<typeof command>[], string])[] = [
    ["2.13 V4", "a command in deep sleep", [command(0x10, 0x01), command(0x12)], "command 0x12 in deep sleep"],
    ["2.13 V4", "RAM without a window", [command(0x24, 0xff)], "RAM written without a window since the reset"],
    [
      "2.13 V4",
      "display with the analog part off",
      [command(0x22, 0x94), command(0x20)],
      "display without power-on (analog off)",
    ],
    [
      "2.13 V4",
      "a command while BUSY",
      [command(0x22, 0xf7), command(0x20), command(0x24, 0)],
      "command 0x24 while BUSY",
    ],
    ["2.13 V4", "an unknown command", [command(0x99)], "command 0x99 is not one of this controller"],
    ["7.5 V2", "a picture without power-on", [command(0x10, 0xff)], "image data without power-on"],
    ["7.5 V2", "a refresh without power-on", [command(0x12)], "refresh without power-on"],
    ["7.5 V2", "a refresh while BUSY", [command(0x04), command(0x12)], "command 0x12 while BUSY"],
    ["7.5 V2", "deep sleep with the power on", [command(0x07, 0xa5)], "deep sleep with the power still on"],
    [
      "7.5 V2",
      "a wrong resolution",
      [command(0x61, 0, 1, 0, 1), command(0x00, 0x1f)],
      "RESOLUTION_SETTING 1×1, the glass has 800×480",
    ],
  ];
  it.each(planted)("of the %s finds %s", async (name, _what, commands, violation) => {
    const rig = createRig(name);
    if (violation === "deep sleep with the power still on") {
      rig.chip.commandBytes(Uint8Array.of(0x04));
      await rig.clock.advance(1_000);
    }
    await finish(rig.clock, runSteps(rig.bus, rig.clock, commands));
    expect(rig.chip.violations).toContain(violation);
  });

  it("leaves old pixels standing when the remembered picture is not the one on the glass", async () => {
    const rig = createRig("7.5 V2", { widthPx: 16, heightPx: 2 });
    const shown = ["################", "                "];
    const wronglyRemembered = ["                ", "                "];
    const wanted = ["        ########", "                "];
    const run = (steps: readonly Parameters<typeof runSteps>[2][number][]) =>
      finish(rig.clock, runSteps(rig.bus, rig.clock, [...steps, ...rig.controller.sleep()]));
    await run(rig.controller.full(planesOf(rig, shown)));
    await run(rig.controller.partial(planesOf(rig, wronglyRemembered), planesOf(rig, wanted)) ?? []);
    expect(rig.glass.rows()).toEqual(shown);
  });
});

describe("createController", () => {
  it("refuses a controller that it does not drive, and says so", () => {
    expect(() => createController({ name: "it8951", parameters: {} }, 800, 600)).toThrow(/not one that we drive/);
    expect(() => createController({ name: "uc8179", parameters: { speed: 1 } }, 800, 480)).toThrow(/speed/);
  });
});
