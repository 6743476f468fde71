/** The drawing thread: the same picture as its twin, never the loop, and a frame even when the thread fails. */
import { pathToFileURL } from "node:url";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { afterEach, describe, expect, it } from "vitest";
import { colourPalette, createDrawing } from "../../../src/panel/draw.ts";
import { openDrawing } from "../../../src/panel/open-drawing.ts";
import { listScene } from "../../../src/panel/render.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { geometryNamed } from "../../unit/panel/panels.ts";

const twin = createDrawing();
const geometry = geometryNamed("hdmi-1920x1080-21in at 0°");
/** It stands still: a thread that needs long on a busy computer is not given up. */
const clock = new SimulatedClock();
const opened: { close?: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close?.();
});

function listOf(name: string) {
  const scene = sampleScenes().find((sample) => sample.name === name)?.scene ?? { kind: "starting" };
  return listScene(scene, { geometry, drawing: twin, timeZone: "Europe/Oslo", language: "nb" });
}

function open(workerUrl?: URL) {
  const log = createMemoryLog();
  const drawing = openDrawing(geometry, { clock, log, ...(workerUrl === undefined ? {} : { workerUrl }) });
  opened.push(drawing);
  return { drawing, log };
}

/** The processor's time that this thread has had: what other processes take from it does not count. */
function busyMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

describe("the drawing thread", () => {
  it("draws what its twin draws", async () => {
    const { drawing, log } = open();
    for (const name of ["pay", "idle", "thanks"]) {
      const list = listOf(name);
      const frame = await drawing.draw(list, colourPalette);
      const expected = await twin.draw(list, colourPalette);
      expect(Buffer.compare(Buffer.from(frame.rgba.buffer), Buffer.from(expected.rgba)), name).toBe(0);
    }
    expect(log.lines).toEqual([]);
  });

  it("draws into the memory of a frame that was given up, and leaves nothing of it", async () => {
    const { drawing, log } = open();
    const first = await drawing.draw(listOf("idle"), colourPalette);
    const { byteLength } = first.rgba;
    drawing.recycle?.(first);
    const second = await drawing.draw(listOf("pay"), colourPalette);
    expect([byteLength, first.rgba.byteLength]).toEqual([1_920 * 1_080 * 4, 0]);
    const expected = await twin.draw(listOf("pay"), colourPalette);
    expect(Buffer.compare(Buffer.from(second.rgba.buffer), Buffer.from(expected.rgba))).toBe(0);
    // Given up twice, or of another size: another memory is taken.
    drawing.recycle?.(first);
    drawing.recycle?.({ widthPx: 1, heightPx: 1, rgba: new Uint8ClampedArray(4) });
    const third = await drawing.draw(listOf("pay"), colourPalette);
    expect(Buffer.compare(Buffer.from(third.rgba.buffer), Buffer.from(expected.rgba))).toBe(0);
    expect(log.lines).toEqual([]);
  });

  it("makes the PNG of a screenshot, and leaves the frame as it is", async () => {
    const { drawing, log } = open();
    const frame = await drawing.draw(listOf("pay"), colourPalette);
    const png = await drawing.encode?.(frame);
    expect(frame.rgba.byteLength).toBe(1_920 * 1_080 * 4);
    const image = await loadImage(Buffer.from(png ?? []));
    const context = createCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(frame.rgba.buffer))).toBe(0);
    expect(log.lines).toEqual([]);
  });

  it("holds the event loop for no 10 ms while it draws 1920×1080", async () => {
    const { drawing } = open();
    const list = listOf("pay");
    await drawing.draw(list, colourPalette);
    const holds: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      let last = busyMs();
      let longest = 0;
      const beat = setInterval(() => {
        const now = busyMs();
        longest = Math.max(longest, now - last);
        last = now;
      }, 1);
      await drawing.draw(list, colourPalette);
      clearInterval(beat);
      // Drawing on the loop itself lets no beat through: what came after the last one counts as well.
      holds.push(Math.max(longest, busyMs() - last));
    }
    // The middle of five rounds: a collection of garbage may fall into one. Half of the limit: drawing on the loop itself takes about 12 ms.
    expect(holds.toSorted((one, other) => one - other)[2]).toBeLessThan(5);
  });

  async function brokenThread(): Promise<URL> {
    const folder = await mkdtemp(join(tmpdir(), "kvitt-"));
    const broken = join(folder, "broken.mjs");
    await writeFile(broken, "throw new Error('no font');\n");
    return pathToFileURL(broken);
  }

  it("is not started for the first pictures, where a start has other things to do", async () => {
    const ownClock = new SimulatedClock();
    const log = createMemoryLog();
    const workerUrl = await brokenThread();
    const drawing = openDrawing(geometry, { clock: ownClock, log, workerUrl, threadAfterMs: 3_000 });
    opened.push(drawing);
    const expected = await twin.draw(listOf("idle"), colourPalette);
    for (let picture = 0; picture < 2; picture += 1) {
      const frame = await drawing.draw(listOf("idle"), colourPalette);
      expect(Buffer.compare(Buffer.from(frame.rgba.buffer), Buffer.from(expected.rgba))).toBe(0);
    }
    expect(log.lines).toEqual([]);
    await ownClock.advance(3_000);
    await drawing.draw(listOf("idle"), colourPalette);
    // It was asked then: this one cannot start.
    expect(log.lines).toHaveLength(1);
  });

  it("gives a frame even when the thread cannot start, and says so", async () => {
    const { drawing, log } = open(await brokenThread());
    const frame = await drawing.draw(listOf("thanks"), colourPalette);
    expect(frame.widthPx).toBe(1_920);
    expect(log.lines.map(({ message }) => message)).toEqual([
      "the drawing thread failed; this frame is drawn on the event loop",
    ]);
  });
});
