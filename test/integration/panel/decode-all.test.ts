/** Every panel, upright and turned, shows codes that jsQR, zxing-cpp and (where it is installed) zbar read: short links and long ones. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createDrawing } from "../../../src/panel/draw.ts";
import { framePng } from "../../../src/panel/png.ts";
import { drawScene, glassOf } from "../../../src/panel/render.ts";
import { sampleScenes } from "../../../src/panel/scene/samples.ts";
import { readByJsqr, readByZxing } from "../../unit/panel/decoders.ts";
import { geometries } from "../../unit/panel/panels.ts";

const drawing = createDrawing();
const run = promisify(execFile);
const lengths = [32, 67, 120, 200];
const zbar = "zbarimg";

function hasZbar(): boolean {
  try {
    execFileSync(zbar, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function payScene(text: string) {
  const sample = sampleScenes({ callback: text, payment: text }).find(({ name }) => name === "pay");
  if (sample === undefined) throw new Error("no pay scene");
  return sample.scene;
}

describe.each(geometries)("$id", (geometry) => {
  it.each(lengths)("a link of %i bytes is read, or refused with advice", async (bytes) => {
    const text = "https://qr.vipps.no/".padEnd(bytes, "k7Xp2Qv9LmZr4Tb");
    const settings = { geometry, drawing, timeZone: "Europe/Oslo", language: "fi" } as const;
    const { frame, list } = await drawScene(payScene(text), settings);
    if (list.refusal !== undefined) {
      expect(bytes, list.refusal).toBeGreaterThan(67);
      return;
    }
    const shown = glassOf(frame, geometry.colours);
    expect(readByJsqr(shown)).toBe(text);
    expect(await readByZxing(shown)).toBe(text);
  });
});

it.runIf(hasZbar())("zbar reads them as well", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-codes-"));
  try {
    for (const geometry of geometries.filter((_, index) => index % 3 === 0)) {
      const text = "https://qr.vipps.no/".padEnd(67, "k7Xp2Qv9LmZr4Tb");
      const settings = { geometry, drawing, timeZone: "Europe/Oslo", language: "nb" } as const;
      const { frame } = await drawScene(payScene(text), settings);
      const file = join(folder, "code.png");
      await writeFile(file, framePng(glassOf(frame, geometry.colours)));
      const { stdout } = await run(zbar, ["--quiet", "--raw", file]);
      expect(stdout.trim(), geometry.id).toBe(text);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
