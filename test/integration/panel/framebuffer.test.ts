/** The framebuffer driver on a made-up /sys and /dev: real files, so that what is read back is what a kernel would have got. */
import { mkdir, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFramebufferSink, type FramebufferSinkOptions } from "../../../src/panel/framebuffer/framebuffer-sink.ts";
import type { Log } from "../../../src/service/port.ts";
import { SimulatedClock } from "../../../src/service/simulated-clock.ts";

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

interface Device {
  readonly device?: string;
  readonly name?: string;
  readonly size?: string;
  readonly bits?: number;
  readonly stride?: number;
}

/** A root with /sys and /dev in it, gone after the test. */
async function createRoot() {
  const root = await mkdtemp(join(tmpdir(), "kvitt-fb-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "dev"), { recursive: true });
  const write = async (path: string, text: string) => {
    const full = join(root, path);
    await mkdir(join(full, ".."), { recursive: true });
    await writeFile(full, text);
  };
  const plug = async ({ device = "fb0", name = "vc4drmfb", size = "4,3", bits = 32, stride = 24 }: Device = {}) => {
    await write(`sys/class/graphics/${device}/name`, `${name}\n`);
    await write(`sys/class/graphics/${device}/virtual_size`, `${size}\n`);
    await write(`sys/class/graphics/${device}/bits_per_pixel`, `${bits}\n`);
    await write(`sys/class/graphics/${device}/stride`, `${stride}\n`);
    await writeFile(join(root, "dev", device), Buffer.alloc(stride * 3, 0x55));
  };
  const unplug = async (device = "fb0") => {
    await rm(join(root, "sys/class/graphics", device), { recursive: true });
    await unlink(join(root, "dev", device));
  };
  const glass = (device = "fb0") => readFile(join(root, "dev", device));
  return { root, write, plug, unplug, glass };
}

function sinkOn(root: string, more: Partial<FramebufferSinkOptions> = {}) {
  const clock = new SimulatedClock();
  const sink = createFramebufferSink({
    clock,
    log: quiet,
    sysRoot: join(root, "sys"),
    devRoot: join(root, "dev"),
    ...more,
  });
  onTestFinished(() => sink.close());
  return { clock, sink };
}

/** 4 × 3; each character a colour. */
function frame(rows: readonly string[]) {
  const colours: Readonly<Record<string, readonly number[]>> = {
    r: [255, 0, 0],
    g: [0, 255, 0],
    b: [0, 0, 255],
    w: [255, 255, 255],
  };
  const bytes = rows.flatMap((row) => Array.from(row).flatMap((c) => [...(colours[c] ?? [0, 0, 0]), 255]));
  return { widthPx: rows[0]?.length ?? 0, heightPx: rows.length, rgba: Uint8ClampedArray.from(bytes) };
}

const first = frame(["rgbw", "....", "wwww"]);

describe("a framebuffer sink", () => {
  it("writes XRGB8888 rows a stride apart and leaves alone what lies after the last", async () => {
    const { root, plug, glass } = await createRoot();
    await plug();
    const { sink } = sinkOn(root);
    await sink.open();
    expect(await sink.present(first)).toEqual({ kind: "presented", rowsWritten: 3 });
    const bytes = await glass();
    expect([...bytes.subarray(0, 16)]).toEqual([0, 0, 255, 255, 0, 255, 0, 255, 255, 0, 0, 255, 255, 255, 255, 255]);
    expect([...bytes.subarray(48, 64)]).toEqual(Array.from({ length: 16 }, () => 255));
    expect([...bytes.subarray(64)]).toEqual(Array.from({ length: 8 }, () => 0x55));
  });

  it("writes RGB565, low byte first", async () => {
    const { root, plug, glass } = await createRoot();
    await plug({ bits: 16, stride: 10 });
    const { sink } = sinkOn(root);
    await sink.open();
    await sink.present(first);
    expect([...(await glass()).subarray(0, 8)]).toEqual([0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00, 0xff, 0xff]);
  });

  it("writes nothing for an unchanged frame and only the changed row for another", async () => {
    const { root, plug } = await createRoot();
    await plug();
    const { sink } = sinkOn(root);
    await sink.open();
    await sink.present(first);
    expect(await sink.present(frame(["rgbw", "....", "wwww"]))).toEqual({ kind: "presented", rowsWritten: 0 });
    expect(await sink.present(frame(["rgbw", ".r..", "wwww"]))).toEqual({ kind: "presented", rowsWritten: 1 });
  });

  it("chooses by name, whatever the number", async () => {
    const { root, plug, glass } = await createRoot();
    await plug({ device: "fb0", name: "simpledrmfb" });
    await plug({ device: "fb10", name: "drm-rp1-dsidrmf" });
    const { sink } = sinkOn(root, { name: "drm-rp1-dsidrmf" });
    await sink.open();
    await sink.present(first);
    expect((await glass("fb0"))[0]).toBe(0x55);
    expect((await glass("fb10"))[2]).toBe(255);
  });

  it("waits for a device that is missing at start, and paints it whole each time it comes", async () => {
    const { root, plug, unplug, glass } = await createRoot();
    const { sink, clock } = sinkOn(root);
    await sink.open();
    expect(await sink.present(first)).toMatchObject({ kind: "failed" });
    expect(sink.absence()).toContain("there is no framebuffer");
    const painted = async () => {
      await clock.advance(2_000);
      // Takes its turn after the look at the device.
      return sink.present(first);
    };
    await plug();
    await painted();
    expect((await glass())[2]).toBe(255);
    await unplug();
    expect(await painted()).toMatchObject({ kind: "failed" });
    await plug();
    expect(await painted()).toMatchObject({ kind: "presented" });
    expect((await glass())[2]).toBe(255);
  });

  it("paints whole again when a connector changes, for a television that was off", async () => {
    const { root, write, plug, glass } = await createRoot();
    await plug();
    await write("sys/class/drm/card1-HDMI-A-1/status", "connected\n");
    const { sink, clock } = sinkOn(root);
    await sink.open();
    await sink.present(first);
    await clock.advance(2_000);
    await sink.present(first);
    await writeFile(join(root, "dev/fb0"), Buffer.alloc(72, 0x11));
    await write("sys/class/drm/card1-HDMI-A-1/status", "disconnected\n");
    await clock.advance(2_000);
    await sink.present(first);
    expect((await glass())[2]).toBe(255);
  });

  it("is present only while the last frame is on the glass: not on a display that came back in another mode", async () => {
    const { root, plug, unplug, glass } = await createRoot();
    await plug();
    const { sink, clock } = sinkOn(root);
    expect(sink.absence()).toBeDefined();
    await sink.open();
    expect(sink.absence()).toBeDefined();
    await sink.present(first);
    expect(sink.absence()).toBeUndefined();
    /** Until the sink has looked at the device. */
    const looked = async (absence: RegExp | undefined) => {
      await clock.advance(2_000);
      const isAs = (now: string | undefined) => (absence === undefined ? now === undefined : absence.test(now ?? ""));
      await expect.poll(() => isAs(sink.absence())).toBe(true);
    };
    await unplug();
    await looked(/there is no framebuffer/);
    await plug({ size: "3,2", stride: 24 });
    await looked(/a frame of 4×3 .* does not fit fb0 \(vc4drmfb\) of 3×2/);
    // Whatever stood there is gone: 3 pixels of 4 bytes, a stride of 24.
    expect([...(await glass()).subarray(0, 12), ...(await glass()).subarray(24, 36)]).toEqual(Array(24).fill(0));
    await unplug();
    await plug();
    await looked(undefined);
    expect((await glass())[2]).toBe(255);
  });

  it("says which depth it cannot drive, and how a missing one is to be found", async () => {
    const { root, plug } = await createRoot();
    await plug({ bits: 24, stride: 12 });
    const { sink } = sinkOn(root);
    await sink.open();
    expect(await sink.present(first)).toMatchObject({ reason: /24 bits a pixel; 16 .* and 32 .* are supported/ });
    const { sink: other } = sinkOn(root, { name: "vc4" });
    await other.open();
    expect(await other.present(first)).toMatchObject({
      reason: 'no framebuffer is called "vc4"; there are fb0 (vc4drmfb)',
    });
  });

  it("fails for a frame of another size", async () => {
    const { root, plug } = await createRoot();
    await plug();
    const { sink } = sinkOn(root);
    await sink.open();
    expect(await sink.present(frame(["rg"]))).toMatchObject({ kind: "failed", reason: /does not fit fb0/ });
  });

  it("turns the frame for a display that is mounted upright", async () => {
    const { root, plug, glass } = await createRoot();
    await plug();
    const { sink } = sinkOn(root, { rotation: 90 });
    await sink.open();
    await sink.present(frame(["r..", "g..", "b..", "w.."]));
    // The frame's left column, from the bottom up, is the glass's top row.
    expect([...(await glass()).subarray(0, 16)]).toEqual([
      255, 255, 255, 255, 255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255,
    ]);
  });

  it("dims the backlight at night, and the frame where there is none", async () => {
    const { root, write, plug, glass } = await createRoot();
    await plug();
    const state = { light: 0.5 };
    const { sink, clock } = sinkOn(root, { light: () => state.light });
    await sink.open();
    await sink.present(first);
    await clock.advance(2_000);
    await sink.present(first);
    expect((await glass())[2]).toBe(127);
    await write("sys/class/backlight/10-0045/max_brightness", "200\n");
    await write("sys/class/backlight/10-0045/brightness", "200\n");
    await write("sys/class/backlight/10-0045/bl_power", "0\n");
    const lit = sinkOn(root, { light: () => state.light });
    await lit.sink.open();
    await lit.clock.advance(2_000);
    await lit.sink.present(first);
    expect(await readFile(join(root, "sys/class/backlight/10-0045/brightness"), "utf8")).toBe("100");
    expect((await glass())[2]).toBe(255);
    state.light = 0;
    await lit.clock.advance(2_000);
    await lit.sink.present(first);
    expect(await readFile(join(root, "sys/class/backlight/10-0045/bl_power"), "utf8")).toBe("4");
  });

  it("hides the console's cursor, and shows it again at the end", async () => {
    const { root, plug, write } = await createRoot();
    await plug();
    await write("dev/tty1", "");
    const { sink } = sinkOn(root, { ttyPath: join(root, "dev/tty1") });
    await sink.open();
    expect(await readFile(join(root, "dev/tty1"), "utf8")).toBe("\u001b[?25l\u001b[9;0]");
    await sink.close();
    expect(await readFile(join(root, "dev/tty1"), "utf8")).toContain("\u001b[?25h");
  });

  it("leaves the console hidden where the last picture has to stay", async () => {
    const { root, plug, write } = await createRoot();
    await plug();
    await write("dev/tty1", "");
    const { sink } = sinkOn(root, { ttyPath: join(root, "dev/tty1"), keepsConsoleHidden: true });
    await sink.open();
    await sink.close();
    expect(await readFile(join(root, "dev/tty1"), "utf8")).not.toContain("\u001b[?25h");
  });
});
