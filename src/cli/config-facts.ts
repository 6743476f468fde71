/** Collects the facts about this build and this computer that the configuration check needs. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigFacts } from "../config/check.ts";
import type { DeviceFacts } from "../config/devices.ts";
import { errorText } from "../kit/error-text.ts";
import { openNodeHidBus } from "../machine/hid/node-hid-bus.ts";
import { panelFolder } from "../panel/assets.ts";
import { listPanels } from "../panel/panel-file.ts";
import { findSecretFileSync, SecretFileError } from "../service/secret-file.ts";
import { createSystemClock } from "../service/system-clock.ts";

/** For a file that may be for another computer. @throws PanelFileError when a panel's file of this build cannot be read */
export async function configFacts(env: Readonly<Record<string, string | undefined>>): Promise<ConfigFacts> {
  return {
    panels: await listPanels(panelFolder(import.meta.url)),
    isThere: existsSync,
    secretFault: (path) => secretFault(path, env),
    devices: undefined,
  };
}

/** For the file of this very computer: its devices, too. @throws PanelFileError as above */
export async function factsHere(env: Readonly<Record<string, string | undefined>>): Promise<ConfigFacts> {
  return { ...(await configFacts(env)), devices: await deviceFacts() };
}

/** The devices of this computer, where nobody has to be asked to move. */
export async function deviceFacts(): Promise<DeviceFacts> {
  return { isThere: existsSync, framebuffers: await framebufferNames(), hid: await hidDevices() };
}

const graphics = "/sys/class/graphics";

async function framebufferNames(): Promise<readonly string[]> {
  const entries = await readdir(graphics).catch(() => []);
  const names = entries
    .filter((entry) => /^fb\d+$/.test(entry))
    .map((entry) => readFile(join(graphics, entry, "name"), "utf8").catch(() => ""));
  return (await Promise.all(names)).map((name) => name.trim()).filter((name) => name !== "");
}

async function hidDevices(): Promise<DeviceFacts["hid"]> {
  const hex = (id: number): string => id.toString(16).padStart(4, "0");
  try {
    const bus = await openNodeHidBus(false, createSystemClock({ floorWallMs: 0, requireSynchronized: false }));
    return { ids: (await bus.list()).map(({ vendorId, productId }) => `${hex(vendorId)}:${hex(productId)}`) };
  } catch (error) {
    return { fault: errorText(error) };
  }
}

/** The check may run as another user than kvitt: only a file that is readable by everybody is a fault. */
function secretFault(path: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  try {
    findSecretFileSync(path, env);
    return undefined;
  } catch (error) {
    if (error instanceof SecretFileError) return error.code === "secret-shared" ? error.message : undefined;
    throw error;
  }
}
