/** The devices of this computer, as the check of a configuration wants to know them. Opens none of them. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceFacts } from "../config/devices.ts";
import { errorText } from "../kit/error-text.ts";
import { openNodeHidBus } from "../machine/hid/node-hid-bus.ts";
import { createSystemClock } from "../service/system-clock.ts";

/** @param asksHid whether the HID devices are listed, which loads a native module */
export async function deviceFacts(asksHid: boolean): Promise<DeviceFacts> {
  return {
    isThere: existsSync,
    framebuffers: await framebufferNames(),
    hid: asksHid ? await hidDevices() : undefined,
  };
}

const graphics = "/sys/class/graphics";

async function framebufferNames(): Promise<readonly string[]> {
  const entries = await readdir(graphics).catch(() => []);
  const names = entries
    .filter((entry) => /^fb\d+$/.test(entry))
    .map((entry) => readFile(join(graphics, entry, "name"), "utf8").catch(() => ""));
  return (await Promise.all(names)).map((name) => name.trim()).filter((name) => name !== "");
}

export async function hidDevices(): Promise<NonNullable<DeviceFacts["hid"]>> {
  const hex = (id: number): string => id.toString(16).padStart(4, "0");
  try {
    const bus = await openNodeHidBus(false, createSystemClock({ floorWallMs: 0, requireSynchronized: false }));
    return { ids: (await bus.list()).map(({ vendorId, productId }) => `${hex(vendorId)}:${hex(productId)}`) };
  } catch (error) {
    return { fault: errorText(error) };
  }
}
