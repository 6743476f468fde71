/** From a configuration to a dressed panel: the operator's sign is read whole at start, or the fault names the key. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCanvas } from "@napi-rs/canvas";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/schema.ts";
import { createLineRegister } from "../../../src/machine/gpio/line-register.ts";
import { choosePanel, openSink, readLook } from "../../../src/daemon/panel.ts";
import { createMemoryLog } from "../../../src/service/log.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

const vending = await readFile(new URL("../../fixtures/config/vending.toml", import.meta.url), "utf8");

function configWith(lines: string): Config {
  const loaded = parseConfig(vending.replace('model = "waveshare-7.5-v2"', lines));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-panel-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("the geometry", () => {
  it("is the model's, turned, and read from where the configuration says", async () => {
    const { geometry } = await choosePanel(
      configWith('model = "waveshare-2.13-v4"\nrotation = 90\nreading_distance_mm = 400'),
    );
    expect(geometry).toMatchObject({ widthPx: 250, heightPx: 122, readingDistanceMm: 400, isLive: false });
  });

  it("is one's own where no model is named, at arm's length", async () => {
    const own = 'output = "framebuffer"\nwidth_px = 1024\nheight_px = 600\nwidth_mm = 154\nheight_mm = 86';
    const { geometry, file } = await choosePanel(configWith(own));
    expect(geometry).toMatchObject({ widthPx: 1_024, widthMm: 154, readingDistanceMm: 500, isLive: true });
    expect(file).toBeUndefined();
  });

  it("of an unknown model is refused, naming the known ones", async () => {
    await expect(choosePanel(configWith('model = "waveshare-2.13"'))).rejects.toThrow("waveshare-2.13-v4");
  });
});

describe("the operator's sign", () => {
  it("is read, with name and colour", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "sign.png");
      await writeFile(file, createCanvas(40, 20).toBuffer("image/png"));
      const look = await readLook(
        configWith(
          `output = "image"\nimage_file = "/dev/null"\nmodel = "hdmi-1280x720"\nbrand_name = "Kaffe"\nbrand_logo = "${file}"\naccent = "#0f4c81"`,
        ),
      );
      expect(look).toMatchObject({ name: "Kaffe", accent: "#0f4c81" });
      expect(look.logo?.length).toBeGreaterThan(24);
    });
  });

  it.each([
    ["is missing", undefined],
    ["is no picture", Buffer.from("GIF89a")],
    ["is half a picture", createCanvas(40, 20).toBuffer("image/png").subarray(0, 30)],
  ])("that %s stops the start with the key's name", async (_, bytes) => {
    await inFolder(async (folder) => {
      const file = join(folder, "sign.png");
      if (bytes !== undefined) await writeFile(file, bytes);
      const config = configWith(`model = "hdmi-1280x720"\nbrand_logo = "${file}"`);
      await expect(readLook(config)).rejects.toMatchObject({ code: "panel-setup" });
      await expect(readLook(config)).rejects.toThrow("panel.brand_logo");
    });
  });
});

it("a picture file takes frames by day and night", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "panel.png");
    const config = configWith(
      `model = "hdmi-1280x720"\noutput = "image"\nimage_file = "${file}"\nnight_from = "22:00"\nnight_to = "06:00"`,
    );
    const sink = await openSink(config, await choosePanel(config), {
      clock: new SimulatedClock(),
      log: createMemoryLog(),
      register: createLineRegister([]),
      isService: false,
    });
    await sink.open();
    const frame = { widthPx: 2, heightPx: 1, rgba: new Uint8ClampedArray(8).fill(255) };
    expect(await sink.present(frame, { codeArea: undefined, isSafe: false })).toEqual({ kind: "presented" });
    expect((await readFile(file)).subarray(1, 4).toString()).toBe("PNG");
    await sink.close();
  });
});
