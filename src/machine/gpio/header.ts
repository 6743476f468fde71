/**
 * Where the header's GPIO lines begin in sysfs. Since kernel 6.6 the numbers are given out at run time (raspberrypi/linux PR 5638), so they
 * are found by the chip's label and never written into code; kernels from 6.17 on also have `chipN` entries, which are passed over.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CodedError } from "../../kit/coded-error.ts";

export interface GpioChip {
  readonly entry: string;
  readonly label: string;
  readonly base: number;
  readonly lines: number;
}

/** The header's controller by model: Pi 5 and CM5, Pi 4 and CM4, Pi 0 to 3. */
export const headerLabels = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"] as const;

const headerLineCounts: readonly number[] = [54, 58];
/** Expanders and controllers that are no header, whatever their size. */
const notHeaders = /exp-gpio|brcmvirt|brcmstb/;

export class GpioError extends CodedError<"no-sysfs" | "no-header" | "no-onoff" | "no-cdev" | "line-in-use" | "line"> {}

/** The chips that sysfs lists. `folder` is /sys/class/gpio, unless a test has its own. */
export async function readChips(folder = "/sys/class/gpio"): Promise<readonly GpioChip[]> {
  let entries: readonly string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw new GpioError(
      "no-sysfs",
      `${folder} is not there: this kernel has no GPIO in sysfs (CONFIG_GPIO_SYSFS), or there is no GPIO`,
      { cause: error },
    );
  }
  const chips: GpioChip[] = [];
  for (const entry of entries.filter((name) => name.startsWith("gpiochip")).toSorted()) {
    const read = async (name: string): Promise<string> => (await readFile(join(folder, entry, name), "utf8")).trim();
    chips.push({
      entry,
      label: await read("label"),
      base: Number(await read("base")),
      lines: Number(await read("ngpio")),
    });
  }
  return chips;
}

/** Pure: the number of the header's first line. `configured` is the configuration's `base`. */
export function headerBase(chips: readonly GpioChip[], configured: number | undefined): number {
  if (configured !== undefined) return configured;
  for (const label of headerLabels) {
    const chip = chips.find((one) => one.label === label);
    if (chip !== undefined) return chip.base;
  }
  // A kernel that names its chip otherwise: the header is the only chip with this many lines (BCM2835 54, BCM2711 58).
  const candidates = chips.filter(({ lines, label }) => headerLineCounts.includes(lines) && !notHeaders.test(label));
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only.base;
  const found = chips.map(({ label, base }) => `${label} at ${base}`).join(", ") || "none";
  throw new GpioError(
    "no-header",
    `no GPIO header was found: looked for ${headerLabels.join(", ")}, found ${found}. If you know better, write base = NUMBER under [delivery]`,
  );
}
