/**
 * What the kernel says about its framebuffers, in plain files (Linux, Documentation/fb/framebuffer.rst and /sys/class/graphics/fbN/). They are told
 * apart by name, as the numbering of cards on a Pi 5 is not stable.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface FramebufferGeometry {
  /** "fb0". */
  readonly device: string;
  /** "vc4drmfb", "bochs-drmdrmfb". */
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: PixelFormat;
  /** Bytes from one row to the next; at least as many as a row has. */
  readonly strideBytes: number;
}

/** `rgb565`: 16 bits, little endian. `xrgb8888`: bytes blue, green, red, unused. */
export type PixelFormat = "rgb565" | "xrgb8888";

export type FoundFramebuffer =
  | { readonly kind: "found"; readonly geometry: FramebufferGeometry }
  /** There is no such device at present: no monitor at boot, or it was unplugged. */
  | { readonly kind: "absent"; readonly reason: string }
  /** It is there but cannot be used. */
  | { readonly kind: "unusable"; readonly reason: string };

/** Searches `sysRoot`/class/graphics. `name` is the contents of the file `name` or the device ("fb1"); without it the lowest number is taken. */
export async function findFramebuffer(sysRoot: string, name: string | undefined): Promise<FoundFramebuffer> {
  const folder = join(sysRoot, "class/graphics");
  const entries = await readdir(folder).catch(() => []);
  const devices = entries
    .filter((entry) => /^fb\d+$/.test(entry))
    .sort((one, other) => Number(one.slice(2)) - Number(other.slice(2)));
  const names: string[] = [];
  for (const device of devices) {
    const deviceName = (await read(join(folder, device, "name"))) ?? "";
    names.push(`${device} (${deviceName})`);
    if (name === undefined || name === deviceName || name === device)
      return geometryOf(join(folder, device), device, deviceName);
  }
  return {
    kind: "absent",
    reason:
      names.length === 0
        ? `there is no framebuffer in ${folder}: no display connected, or no driver loaded`
        : `no framebuffer is called "${name ?? ""}"; there are ${names.join(", ")}`,
  };
}

async function geometryOf(folder: string, device: string, name: string): Promise<FoundFramebuffer> {
  const [virtualSize, modes, bits, stride] = await Promise.all(
    ["virtual_size", "modes", "bits_per_pixel", "stride"].map((file) => read(join(folder, file))),
  );
  // The virtual size may hold several screens one below the other. The mode is what is shown: "U:800x480p-60".
  const size = /^[A-Z]:(\d+)x(\d+)/.exec(modes ?? "") ?? /^(\d+),(\d+)/.exec(virtualSize ?? "");
  const [widthPx, heightPx] = [Number(size?.[1]), Number(size?.[2])];
  if (!isCount(widthPx) || !isCount(heightPx))
    return { kind: "unusable", reason: `${folder}/virtual_size says "${virtualSize ?? ""}" instead of "width,height"` };
  const format = formatOf(bits);
  if (format === undefined)
    return {
      kind: "unusable",
      reason: `${device} (${name}) has ${bits ?? "an unknown number of"} bits a pixel; 16 (RGB565) and 32 (XRGB8888) are supported`,
    };
  const rowBytes = widthPx * bytesPerPixel(format);
  const strideBytes = Number(stride ?? rowBytes);
  if (!isCount(strideBytes) || strideBytes < rowBytes)
    return { kind: "unusable", reason: `${folder}/stride says "${stride ?? ""}"; a row alone has ${rowBytes} bytes` };
  return { kind: "found", geometry: { device, name, widthPx, heightPx, format, strideBytes } };
}

export function bytesPerPixel(format: PixelFormat): 2 | 4 {
  return format === "rgb565" ? 2 : 4;
}

function formatOf(bits: string | undefined): PixelFormat | undefined {
  if (bits === "16") return "rgb565";
  if (bits === "32") return "xrgb8888";
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value <= 65_536;
}

async function read(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text?.trim();
}
