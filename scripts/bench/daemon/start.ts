/** From the start of the process to the callback code in the frame, beside headless Chromium from its start to the picture of one static page. */
import { spawn } from "node:child_process";
import { existsSync, linkSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { readCode } from "../../../src/demo/camera.ts";
import { type Device, type Installation, pause, startDevice, usual } from "./device.ts";
import { endedChildrenMs, familyOf, memoryOf, processorMsOf } from "./process.ts";
import type { World } from "./world.ts";

export interface Run {
  readonly wallMs: number;
  readonly processorMs: number;
}

const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const codeText = "https://qr.vipps.no/box/123456/demo-1/v01?m=1234567890";

/** A page with a code and three lines, as static as a page can be. */
async function staticPage(folder: string): Promise<string> {
  const qrcode: unknown = createRequire(import.meta.url)("qrcode");
  const draw = isQrcode(qrcode) ? await qrcode.toString(codeText, { type: "svg", width: 360 }) : "";
  const path = join(folder, "page.html");
  writeFileSync(
    path,
    `<!doctype html><meta charset="utf-8"><style>body{font:32px sans-serif;display:flex;gap:32px;margin:32px}</style>${draw}<div><h1>Skann</h1><p>Velg en vare</p><p>Betal</p></div>`,
  );
  return path;
}

function isQrcode(value: unknown): value is { toString(text: string, options: object): Promise<string> } {
  return typeof value === "object" && value !== null && "toString" in value;
}

function chromium(folder: string, more: readonly string[]) {
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=800,480"];
  return spawn(chromiumPath ?? "chromium", [...flags, `--user-data-dir=${join(folder, "profile")}`, ...more], {
    stdio: "ignore",
  });
}

/** Undefined without Chromium. */
export async function chromiumRun(): Promise<Run | undefined> {
  if (chromiumPath === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "kvitt-page-"));
  try {
    const page = await staticPage(folder);
    const shot = join(folder, "shot.png");
    const [beforeMs, startedMs] = [endedChildrenMs(), performance.now()];
    const child = chromium(folder, [`--screenshot=${shot}`, `file://${page}`]);
    await new Promise((resolve) => child.once("exit", resolve));
    // The picture's own time: Chromium takes a while to end after it.
    const wallMs = statSync(shot).mtimeMs - performance.timeOrigin - startedMs;
    return { wallMs, processorMs: endedChildrenMs() - beforeMs };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The same page held open: PSS of all its processes together. Undefined without Chromium. */
export async function chromiumMemoryMb(settleMs: number): Promise<{ pssMb: number; processes: number } | undefined> {
  if (chromiumPath === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "kvitt-page-"));
  const child = chromium(folder, ["--remote-debugging-port=0", `file://${await staticPage(folder)}`]);
  try {
    await pause(settleMs);
    const family = familyOf(child.pid ?? 0);
    return { pssMb: family.reduce((sum, pid) => sum + memoryOf(pid).pssMb, 0), processes: family.length };
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Every picture that comes onto the glass, kept under a name of its own with its time. */
function album(device: Device): {
  readonly pictures: { readonly path: string; readonly atMs: number }[];
  close(): void;
} {
  const pictures: { path: string; atMs: number }[] = [];
  const folder = dirname(device.glass);
  const watcher = watch(folder, (_event, name) => {
    if (name !== "panel.png") return;
    const path = join(folder, `seen-${pictures.length}`);
    try {
      linkSync(device.glass, path);
      pictures.push({ path, atMs: performance.now() });
    } catch {
      // Gone again already; the next one comes.
    }
  });
  return { pictures, close: () => watcher.close() };
}

/** One start with an empty journal, to the first picture with a code that a decoder reads. */
export async function daemonRun(installation: Installation, world: World): Promise<Run> {
  const device = await startDevice(installation, world, usual);
  const seen = album(device);
  try {
    const end = device.startedMs + 60_000;
    for (let next = 0; performance.now() < end;) {
      const picture = seen.pictures[next];
      if (picture === undefined) {
        await pause(2);
        continue;
      }
      const processorMs = processorMsOf(device.pid);
      next += 1;
      if ((await readCode(new Uint8Array(readFileSync(picture.path)))) !== undefined)
        return { wallMs: picture.atMs - device.startedMs, processorMs };
    }
    throw new Error(`no code came onto the glass within a minute: ${device.said().slice(-2_000)}`);
  } finally {
    seen.close();
    await device.stop();
  }
}
