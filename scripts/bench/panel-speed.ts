/** How long a scene takes from data to the bytes of the glass, and how long the event loop is held meanwhile. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packBand } from "../../src/panel/framebuffer/pack.ts";
import type { FramebufferGeometry } from "../../src/panel/framebuffer/geometry.ts";
import { packPlanes } from "../../src/panel/epaper/rows.ts";
import { createController } from "../../src/panel/epaper/controllers.ts";
import { createDrawing } from "../../src/panel/draw.ts";
import { openDrawing } from "../../src/panel/open-drawing.ts";
import { geometryOf, loadPanel } from "../../src/panel/panel-file.ts";
import type { Scene } from "../../src/panel/port.ts";
import type { Frame } from "../../src/panel/frame.ts";
import { defaultQrPolicy, planQr } from "../../src/panel/qr/planner.ts";
import { drawScene, listScene, paletteFor } from "../../src/panel/render.ts";
import { codeArea } from "../../src/panel/scene/layout.ts";
import { sampleContents, sampleScenes } from "../../src/panel/scene/samples.ts";
import { Surface } from "../../src/panel/framebuffer/surface.ts";
import type { PanelGeometry } from "../../src/panel/geometry.ts";
import { createLog } from "../../src/service/log.ts";
import { createSystemClock } from "../../src/service/system-clock.ts";

const folder = new URL("../../hardware/panels/", import.meta.url);
const timeZone = "Europe/Oslo";
const rounds = 60;
const warmUps = 30;

interface Times {
  /** What the work itself takes; the others also hold what the machine did besides. */
  readonly fastestMs: number;
  readonly medianMs: number;
  readonly highMs: number;
}

async function timed(work: () => unknown): Promise<Times> {
  for (let round = 0; round < warmUps; round += 1) await work();
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    await work();
    all.push(performance.now() - start);
  }
  return timesOf(all);
}

function timesOf(all: readonly number[]): Times {
  const sorted = all.toSorted((a, b) => a - b);
  return {
    fastestMs: sorted[0] ?? 0,
    medianMs: sorted[Math.floor(rounds / 2)] ?? 0,
    highMs: sorted[Math.floor(rounds * 0.95)] ?? 0,
  };
}

function line(what: string, { fastestMs, medianMs, highMs }: Times, limit: string): string {
  return `| ${what} | ${fastestMs.toFixed(2)} | ${medianMs.toFixed(2)} | ${highMs.toFixed(2)} | ${limit} |`;
}

/** The pay scene, another price each time: nothing of it can be kept from the round before. */
function payScene(turn: number): Scene {
  const pay = sampleScenes().find(({ name }) => name === "pay")?.scene;
  if (pay?.kind !== "pay") throw new Error("no pay scene");
  return { ...pay, qr: { kind: "content", text: `${sampleContents.payment}${turn % 10}` }, secondsLeft: turn % 600 };
}

export async function run(print: (line: string) => void): Promise<void> {
  print("| step | fastest ms | median ms | 95th percentile ms | limit |");
  print("|---|---|---|---|---|");
  const paper = await loadPanel("waveshare-7.5-v2", folder);
  const screen = geometryOf(await loadPanel("hdmi-1920x1080-21in", folder));
  if (paper.driver !== "epaper") throw new Error("waveshare-7.5-v2 is no e-paper panel");
  const glass = geometryOf(paper);
  const drawing = createDrawing();
  let turn = 0;
  const next = (): Scene => payScene((turn += 1));

  const area = codeArea(glass);
  print(
    line(
      "800×480, plan the code",
      await timed(() => planQr(`${sampleContents.payment}${(turn += 1) % 10}`, glass, area, defaultQrPolicy)),
      "",
    ),
  );
  const settings = { geometry: glass, drawing, timeZone, language: "nb" } as const;
  print(line("800×480, lay out the scene", await timed(() => listScene(next(), settings)), ""));
  const controller = createController(paper.controller, paper.widthPx, paper.heightPx);
  const whole = await timed(async () => {
    const { frame } = await drawScene(next(), settings);
    packPlanes(frame, controller.geometry, { rotation: 0, codeArea: undefined });
  });
  print(line("800×480 1 bit, plan + draw + pack", whole, "3"));

  const large = { geometry: screen, drawing, timeZone, language: "nb" } as const;
  const rgb565: FramebufferGeometry = {
    device: "fb0",
    name: "bench",
    widthPx: 1_920,
    heightPx: 1_080,
    format: "rgb565",
    strideBytes: 3_840,
  };
  const bytes = new Uint8Array(rgb565.strideBytes * rgb565.heightPx);
  const full = await timed(async () => {
    const { frame } = await drawScene(next(), large);
    packBand(frame, rgb565, { rotation: 0, light: 1, shift: { x: 0, y: 0 } }, 0, rgb565.heightPx, bytes);
  });
  print(line("1920×1080 RGB565, full scene and pack", full, "30"));
  print(line("1920×1080, longest hold of the event loop while a thread draws", await holds(screen), "10"));
  const taken = await presentHolds(screen);
  print(line("1920×1080, longest hold while a framebuffer of 32 bits takes the next scene", taken.times, "10"));
  print(`The same scene again writes ${taken.rowsUnchanged} rows.`);
}

/** The longest gap in a 1 ms beat while this is done. */
async function longestGap(work: () => Promise<unknown>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const beat = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  }, 1);
  await work();
  clearInterval(beat);
  return longest;
}

/** A file in place of the device: what is packed and compared is the same. */
async function presentHolds(
  geometry: PanelGeometry,
): Promise<{ readonly times: Times; readonly rowsUnchanged: number }> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-bench-"));
  const device: FramebufferGeometry = {
    device: "fb0",
    name: "bench",
    widthPx: geometry.widthPx,
    heightPx: geometry.heightPx,
    format: "xrgb8888",
    strideBytes: geometry.widthPx * 4,
  };
  const path = join(folder, "fb0");
  await writeFile(path, new Uint8Array(device.strideBytes * device.heightPx));
  const surface = await Surface.open(path, device);
  const view = { rotation: 0, light: 1, shift: { x: 0, y: 0 } } as const;
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const drawing = openDrawing(geometry, { clock, log: createLog("error") });
  const gaps: number[] = [];
  let rowsUnchanged = 0;
  for (let round = 0; round < warmUps + rounds; round += 1) {
    const { frame } = await drawScene(payScene(round), { geometry, drawing, timeZone, language: "nb" });
    const gap = await longestGap(() => surface.draw(frame, view));
    if (round >= warmUps) gaps.push(gap);
    rowsUnchanged = await surface.draw(frame, view);
    drawing.recycle?.(frame);
  }
  await drawing.close?.();
  await surface.close();
  await rm(folder, { recursive: true });
  return { times: timesOf(gaps), rowsUnchanged };
}

/** What else could run meanwhile: a 1 ms beat, and the longest gap in it. */
async function holds(geometry: PanelGeometry): Promise<Times> {
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const drawing = openDrawing(geometry, { clock, log: createLog("error") });
  const gaps: number[] = [];
  let shown: Frame | undefined;
  for (let round = 0; round < rounds + warmUps; round += 1) {
    const list = listScene(payScene(round), { geometry, drawing, timeZone, language: "nb" });
    const gap = await longestGap(async () => {
      const frame = await drawing.draw(list, paletteFor(geometry.colours));
      // As the panel does with the frame that was replaced.
      if (shown !== undefined) drawing.recycle?.(shown);
      shown = frame;
    });
    if (round >= warmUps) gaps.push(gap);
  }
  await drawing.close?.();
  return timesOf(gaps);
}

if (import.meta.filename === process.argv[1]) await run((text) => console.log(text));
