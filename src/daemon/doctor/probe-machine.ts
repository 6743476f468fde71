/** Gathers facts of what hangs on the computer, from its files, without taking a line or a device from whoever has it. */
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Config } from "../../config/schema.ts";
import { usesOf } from "../../config/pins.ts";
import { headerBase, readChips } from "../../machine/gpio/header.ts";
import { lineInfosOf } from "../../machine/gpio/line-info.ts";
import { lineUseOf } from "../../machine/gpio/line-users.ts";
import { findFramebuffer } from "../../panel/framebuffer/geometry.ts";
import { hidDevices } from "../device-facts.ts";
import { choosePanel } from "../panel.ts";
import type { Access, AdapterFacts, InputsFacts, LinesFacts, PanelFacts } from "./facts.ts";

async function accessTo(path: string): Promise<Access> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return "ok";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? "missing" : "forbidden";
  }
}

export interface MachineProbe {
  readonly root: string;
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function probePanel({ root, config, env }: MachineProbe): Promise<PanelFacts | undefined> {
  const { panel } = config;
  if (panel.output === "none") return undefined;
  if (panel.output === "image") {
    const file = panel.image_file ?? "";
    return { kind: "image", file, access: await accessTo(dirname(file)) };
  }
  const { file, geometry } = await choosePanel(config);
  if (file?.driver === "epaper") {
    const device = join(root, panel.device ?? file.spiDevice);
    return {
      kind: "epaper",
      model: file.id,
      device,
      access: await accessTo(device),
      canSetSpeed: await canSetSpeed(env),
      busyLevel: (await useOf(root, config, file.pins.busy))?.level,
      controller: file.controller.name,
    };
  }
  const name = panel.device ?? file?.framebuffer;
  const found = await findFramebuffer(join(root, "/sys"), name);
  // The glass as it is scanned; a rotation is the picture's.
  const isTurned = panel.rotation === 90 || panel.rotation === 270;
  const [widthPx, heightPx] = isTurned ? [geometry.heightPx, geometry.widthPx] : [geometry.widthPx, geometry.heightPx];
  return {
    kind: "framebuffer",
    wanted: { name, widthPx, heightPx },
    found:
      found.kind === "found"
        ? {
            kind: "found",
            device: found.geometry.device,
            widthPx: found.geometry.widthPx,
            heightPx: found.geometry.heightPx,
          }
        : found,
    access: found.kind === "found" ? await accessTo(join(root, "/dev", found.geometry.device)) : "missing",
  };
}

/** As panel/epaper/spi.ts does it: by koffi, or by spi-config of Debian's spi-tools. */
async function canSetSpeed(env: MachineProbe["env"]): Promise<boolean> {
  try {
    await import("koffi");
    return true;
  } catch {
    const folders = (env["PATH"] ?? "/usr/bin").split(delimiter);
    const found = await Promise.all(folders.map((folder) => accessTo(join(folder, "spi-config"))));
    return found.some((one) => one !== "missing");
  }
}

/** Level and holder of a line of the header, as far as this user may know. */
async function useOf(root: string, { delivery }: Config, bcm: number): ReturnType<typeof lineUseOf> {
  const sysfs = join(root, "/sys/class/gpio");
  const configured = delivery.driver === "gpio" ? delivery.base : undefined;
  const base = await readChips(sysfs).then(
    (chips) => headerBase(chips, configured),
    () => undefined,
  );
  return base === undefined ? undefined : lineUseOf(base + bcm, { sysfs, debugfs: join(root, "/sys/kernel/debug") });
}

/** @param infos the character device's word on who holds a line */
export async function probeLines(
  { root, config }: MachineProbe,
  infos: typeof lineInfosOf = lineInfosOf,
): Promise<LinesFacts | undefined> {
  const { delivery } = config;
  if (delivery.driver !== "gpio") return undefined;
  const uses = usesOf(delivery).filter(({ pin }, index, all) => all.findIndex((one) => one.pin === pin) === index);
  const backEnd = await backEndOf(root, delivery.back_end);
  if (backEnd === "simulated")
    return {
      backEnd,
      lines: uses.map(({ pin: bcm, holder: name }) => ({ name, bcm, level: undefined, holder: undefined })),
    };
  // Without koffi, or the right to open the device, what sysfs tells has to do.
  const held = await infos(uses.map(({ pin }) => pin)).catch(() => undefined);
  const lines = await Promise.all(
    uses.map(async ({ pin, holder: name }) => {
      const use = await useOf(root, config, pin);
      return { name, bcm: pin, level: use?.level, holder: use?.holder ?? held?.get(pin)?.holder };
    }),
  );
  return { backEnd, lines };
}

async function backEndOf(root: string, configured: string): Promise<string | undefined> {
  if (configured === "simulated") return configured;
  const hasSysfs = (await accessTo(join(root, "/sys/class/gpio/export"))) !== "missing";
  const hasDevice = (await accessTo(join(root, "/dev/gpiochip0"))) !== "missing";
  if (hasSysfs && configured !== "cdev") return "sysfs";
  return hasDevice && configured !== "sysfs" ? "cdev" : undefined;
}

export async function probeInputs({ config }: MachineProbe, list = hidDevices): Promise<InputsFacts | undefined> {
  if (config.input.length === 0) return undefined;
  const hid = await list();
  if ("fault" in hid) return { fault: hid.fault, inputs: [] };
  const inputs = config.input.map(({ name, kind, vendor_id: vendor, product_id: product }) => {
    const ids = vendor === undefined ? "found by its kind" : `${vendor}:${product ?? "any"}`;
    const wanted = `${vendor ?? ""}:${product ?? ""}`.toLowerCase();
    // Without ids a scanner in HID POS mode is meant, and only its descriptor tells.
    const isThere = vendor === undefined ? hid.ids.length > 0 : hid.ids.some((id) => id.startsWith(wanted));
    return { name: name ?? kind, ids, isThere };
  });
  return { fault: undefined, inputs };
}

export async function probeAdapter({ root, config }: MachineProbe): Promise<AdapterFacts | undefined> {
  const { delivery } = config;
  if (delivery.driver !== "mdb") return undefined;
  const isTcp = delivery.device.startsWith("tcp://");
  return { device: delivery.device, access: isTcp ? "ok" : await accessTo(join(root, delivery.device)) };
}
