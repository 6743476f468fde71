/** The sink from frame to glass, with the policy between: what stands on the glass afterwards, and whether the chip was left asleep. */
import { describe, expect, it } from "vitest";
import { createEpaperSink, type EpaperSink, type EpaperSinkOptions } from "../../../../src/panel/epaper/epaper-sink.ts";
import type { FrameHint } from "../../../../src/panel/sink.ts";
import { createRig, finish, models, picture, quiet, type Rig, wedge } from "./rig.ts";

const plain: FrameHint = { codeArea: undefined, isSafe: false };
const code: FrameHint = { codeArea: { xPx: 0, yPx: 0, widthPx: 16, heightPx: 8 }, isSafe: false };
const safe: FrameHint = { codeArea: undefined, isSafe: true };

function sinkOn(rig: Rig, name: string, more: Partial<EpaperSinkOptions> = {}): EpaperSink {
  return createEpaperSink({
    controller: models[name]?.description,
    widthPx: rig.glass.widthPx,
    heightPx: rig.glass.heightPx,
    openSpi: () => Promise.resolve(rig.wires.spi),
    lines: rig.wires.lines,
    clock: rig.clock,
    log: quiet,
    ...more,
  });
}

async function opened(name: string, more: Partial<EpaperSinkOptions> = {}) {
  const rig = createRig(name, { widthPx: 16, heightPx: 8 });
  const sink = sinkOn(rig, name, more);
  await finish(rig.clock, sink.open());
  const frame = (offset: number) => wedge(16, 8, offset);
  const present = (rows: readonly string[], hint = plain) => finish(rig.clock, sink.present(picture(rows), hint));
  return { rig, sink, frame, present };
}

describe("an e-paper sink", () => {
  it("drives every pixel for the first frame, whatever stood there", async () => {
    const { rig, frame, present, sink } = await opened("7.5 V2");
    expect(await present(frame(0))).toEqual({ kind: "presented" });
    expect(rig.glass.rows()).toEqual(frame(0));
    expect(rig.chip.isAsleep).toBe(true);
    expect(sink.absence()).toBeUndefined();
  });

  it("does not touch the glass for the same frame", async () => {
    const { rig, frame, present } = await opened("7.5 V2");
    await present(frame(0));
    await present(frame(0));
    expect(rig.glass.refreshes).toBe(1);
  });

  it("never shows a code over ghosts", async () => {
    const { rig, frame, present } = await opened("7.5 V2");
    await present(frame(0));
    await present(frame(3));
    expect(rig.glass.hasGhosts).toBe(true);
    await present(frame(5), code);
    expect(rig.glass.hasGhosts).toBe(false);
    expect(rig.glass.rows()).toEqual(frame(5));
  });

  it("refreshes the same picture in full when it becomes the safe one and ghosts are on it", async () => {
    const { rig, frame, present } = await opened("7.5 V2");
    await present(frame(0));
    await present(frame(3));
    await present(frame(3), safe);
    expect(rig.glass.hasGhosts).toBe(false);
    expect(rig.glass.refreshes).toBe(3);
  });

  it("drives the ghosts out after the configured number of partial refreshes", async () => {
    const { rig, frame, present } = await opened("7.5 V2", { limits: { partialsMax: 3 } });
    for (let turn = 0; turn < 4; turn += 1) await present(frame(turn));
    expect(rig.glass.partialsSinceFull).toBe(3);
    await present(frame(7));
    expect(rig.glass.partialsSinceFull).toBe(0);
    expect(rig.chip.violations).toEqual([]);
  });

  it("uses no red on a frame with a code", async () => {
    const { rig, present } = await opened("7.5 B V2");
    const rows = wedge(16, 8).map((row) => row.replaceAll("#", "R"));
    await present(rows);
    expect(rig.glass.rows().join("")).toContain("R");
    await present(rows, code);
    expect(rig.glass.rows()).toEqual(wedge(16, 8));
  });

  it("uses red beside a code whose place is known", async () => {
    const { rig, sink } = await opened("7.5 B V2");
    const rows = Array.from({ length: 8 }, () => "R".repeat(16));
    const hint = { ...code, codeArea: { xPx: 2, yPx: 1, widthPx: 5, heightPx: 3 } };
    await finish(rig.clock, sink.present(picture(rows), hint));
    const expected = rows.map((row, y) => (y >= 1 && y < 4 ? "RR#####RRRRRRRRR" : row));
    expect(rig.glass.rows()).toEqual(expected);
  });

  it("refreshes in full once a day by itself", async () => {
    const { rig, frame, present } = await opened("7.5 V2");
    await present(frame(0));
    await rig.clock.advance(25 * 60 * 60 * 1_000);
    expect(rig.glass.refreshes).toBe(2);
    expect(rig.chip.isAsleep).toBe(true);
  });

  it("fails instead of hanging when BUSY is stuck, and comes back by itself", async () => {
    const { rig, frame, present, sink } = await opened("7.5 V2");
    rig.wires.faults.busyStuckAt = 0;
    expect(await present(frame(0))).toMatchObject({ kind: "failed" });
    expect(sink.absence()).toContain("BUSY");
    rig.wires.faults.busyStuckAt = undefined;
    await rig.clock.advance(60_000);
    expect(sink.absence()).toBeUndefined();
    expect(rig.glass.rows()).toEqual(frame(0));
  });

  it("is not present once its driver has thrown, and comes back by itself", async () => {
    const celsius: { fault: Error | undefined } = { fault: undefined };
    const { rig, frame, present, sink } = await opened("7.5 V2", {
      readCelsius: () => {
        if (celsius.fault !== undefined) throw celsius.fault;
        return Promise.resolve(20);
      },
    });
    await present(frame(0));
    celsius.fault = new Error("the sensor's driver has a fault");
    expect(await present(frame(1))).toEqual({ kind: "failed", reason: "the sensor's driver has a fault" });
    expect(sink.absence()).toContain("a fault");
    celsius.fault = undefined;
    await rig.clock.advance(60_000);
    expect(sink.absence()).toBeUndefined();
    expect(rig.glass.rows().map((row) => row.replaceAll(".", " "))).toEqual(frame(1));
  });

  it("waits for an SPI device that is absent at start", async () => {
    const device = { isThere: false };
    const rig = createRig("7.5 V2", { widthPx: 16, heightPx: 8 });
    const sink = sinkOn(rig, "7.5 V2", {
      openSpi: () => (device.isThere ? Promise.resolve(rig.wires.spi) : Promise.reject(new Error("ENOENT"))),
    });
    await finish(rig.clock, sink.open());
    expect(await finish(rig.clock, sink.present(picture(wedge(16, 8)), safe))).toMatchObject({ kind: "failed" });
    device.isThere = true;
    await rig.clock.advance(60_000);
    expect(rig.glass.rows()).toEqual(wedge(16, 8));
  });

  it("refuses outside of the operating temperature, except to take a code away or to show the safe picture", async () => {
    const celsius = { now: 20 };
    const { rig, frame, present } = await opened("7.5 V2", { readCelsius: () => Promise.resolve(celsius.now) });
    await present(frame(0), code);
    celsius.now = -12;
    const refused = { kind: "failed", reason: "the panel is at -12 °C, outside of 0..50 °C" };
    expect(await present(frame(1), code)).toEqual(refused);
    expect(await present(frame(2))).toEqual({ kind: "presented" });
    expect(await present(frame(3))).toEqual(refused);
    expect(rig.glass.rows()).toEqual(frame(2));
    expect(await present(frame(4), safe)).toEqual({ kind: "presented" });
    expect(rig.glass.rows()).toEqual(frame(4));
  });

  it("uses no short waveform in the cold", async () => {
    const { rig, frame, present } = await opened("7.5 V2", { readCelsius: () => Promise.resolve(2) });
    await present(frame(0));
    await present(frame(3));
    expect(rig.glass.partialsSinceFull).toBe(0);
    expect(rig.glass.refreshes).toBe(2);
  });

  it("waits for the refresh that is on before it closes, and leaves the picture asleep", async () => {
    const { rig, frame, sink } = await opened("7.5 V2");
    const presenting = sink.present(picture(frame(0)), safe);
    await finish(rig.clock, sink.close());
    expect(await presenting).toEqual({ kind: "presented" });
    expect(rig.glass.rows()).toEqual(frame(0));
    expect(rig.chip.violations).toEqual([]);
    expect(rig.clock.timers()).toEqual([]);
    expect(await finish(rig.clock, sink.present(picture(frame(1)), plain))).toMatchObject({ kind: "failed" });
  });

  it.each([90, 180, 270] as const)("turns the frame by %i° for a glass that is mounted so", async (rotation) => {
    const rig = createRig("7.5 V2", { widthPx: 16, heightPx: 8 });
    const sink = sinkOn(rig, "7.5 V2", { rotation });
    await finish(rig.clock, sink.open());
    const [widthPx, heightPx] = rotation === 180 ? [16, 8] : [8, 16];
    const rows = wedge(widthPx, heightPx);
    await finish(rig.clock, sink.present(picture(rows), plain));
    const expected = Array.from({ length: 8 }, (_, y) =>
      Array.from({ length: 16 }, (_unused, x) => {
        if (rotation === 90) return rows[heightPx - 1 - x]?.[y];
        if (rotation === 180) return rows[heightPx - 1 - y]?.[widthPx - 1 - x];
        return rows[x]?.[widthPx - 1 - y];
      }).join(""),
    );
    expect(rig.glass.rows()).toEqual(expected);
  });

  it("is not present once it was given a frame of another size, and is again with the next that fits", async () => {
    const { present, frame, sink } = await opened("7.5 V2");
    await present(frame(0));
    const outcome = await present(wedge(8, 8));
    expect(outcome.kind === "failed" && outcome.reason).toMatch(/8×8 .* does not fit a glass of 16×8/);
    expect(sink.absence()).toContain("does not fit");
    await present(frame(1));
    expect(sink.absence()).toBeUndefined();
  });
});
