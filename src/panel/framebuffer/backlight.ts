/** The display's backlight, through /sys/class/backlight (Linux, Documentation/ABI/stable/sysfs-class-backlight). */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Backlight {
  readonly name: string;
  /** 0 = off, 1 = full brightness. Anything above 0 is at least one step. */
  set(light: number): Promise<void>;
}

/** FB_BLANK_UNBLANK and FB_BLANK_POWERDOWN (linux/fb.h). */
const unblank = "0";
const powerDown = "4";

/** The first backlight; undefined for an HDMI monitor, which has none. Then the frame itself is darkened. */
export async function findBacklight(sysRoot: string): Promise<Backlight | undefined> {
  const folder = join(sysRoot, "class/backlight");
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const [name] = [...names].sort((one, other) => one.localeCompare(other));
  if (name === undefined) return undefined;
  const max = Number.parseInt(await readFile(join(folder, name, "max_brightness"), "utf8").catch(() => ""), 10);
  if (!Number.isSafeInteger(max) || max < 1) return undefined;
  return {
    name,
    set: async (light) => {
      const step = Math.max(1, Math.round(Math.min(1, light) * max));
      if (light > 0) await writeFile(join(folder, name, "brightness"), String(step));
      await writeFile(join(folder, name, "bl_power"), light > 0 ? unblank : powerDown);
    },
  };
}
