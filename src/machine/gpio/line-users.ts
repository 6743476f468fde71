/** Who holds the header's lines, and what they are now, as far as the kernel tells without anybody touching them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface LineUse {
  /** 0 or 1, as on the wire. */
  readonly level: 0 | 1;
  readonly direction: "in" | "out";
  /** The kernel's word for it: "sysfs", "kvitt", "spi0 CS0". */
  readonly holder: string;
}

/**
 * Pure: debugfs' list of the lines that somebody holds, by number (Documentation/driver-api/gpio/index.rst; drivers/gpio/gpiolib.c,
 * gpiolib_dbg_show): ` gpio-529 (GPIO17              |sysfs               ) out lo`.
 */
export function parseDebugList(text: string): ReadonlyMap<number, LineUse> {
  const found = new Map<number, LineUse>();
  for (const line of text.split("\n")) {
    const match = /^ ?gpio-(\d+) \((.*)\|(.*)\) (in|out)\s+(hi|lo)\b/.exec(line.trimEnd());
    if (match === null) continue;
    const [, number = "", , holder = "", direction, level] = match;
    found.set(Number(number), {
      level: level === "hi" ? 1 : 0,
      direction: direction === "in" ? "in" : "out",
      holder: holder.trim(),
    });
  }
  return found;
}

async function readText(...path: readonly string[]): Promise<string | undefined> {
  return readFile(join(...path), "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** Root reads it in debugfs; others see what was exported in sysfs. Undefined: nobody holds it, or nobody may know. */
export async function lineUseOf(
  number: number,
  folders: { readonly sysfs: string; readonly debugfs: string },
): Promise<LineUse | undefined> {
  const list = await readText(folders.debugfs, "gpio");
  const listed = list === undefined ? undefined : parseDebugList(list).get(number);
  if (listed !== undefined) return listed;
  const value = await readText(folders.sysfs, `gpio${number}`, "value");
  const direction = await readText(folders.sysfs, `gpio${number}`, "direction");
  if (value === undefined) return undefined;
  return { level: value === "1" ? 1 : 0, direction: direction === "in" ? "in" : "out", holder: "sysfs" };
}
