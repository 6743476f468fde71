/** The way to the header that this machine has: sysfs by onoff, the GPIO character device where the kernel has no sysfs any more. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../service/port.ts";
import { openCdevLines } from "./cdev-lines.ts";
import { openFolderLines } from "./folder-lines.ts";
import type { GpioLines } from "./lines.ts";
import { openSysfsLines } from "./sysfs-lines.ts";

/** Plain data, so that it can be handed to the guard's process. */
export interface LinesChoice {
  readonly backEnd: "auto" | "sysfs" | "cdev" | "simulated";
  /** Number of the header's first line in sysfs, where its label does not tell. */
  readonly base?: number | undefined;
  readonly sysfsFolder?: string | undefined;
  /** For `simulated`. */
  readonly simulatedFolder?: string | undefined;
}

/** @throws GpioError that says what was looked for, what was found and what to write. */
export async function openLines(choice: LinesChoice, clock: Clock): Promise<GpioLines> {
  const { backEnd, base, sysfsFolder: folder = "/sys/class/gpio", simulatedFolder } = choice;
  switch (backEnd) {
    case "simulated":
      return openFolderLines(simulatedFolder ?? "gpio", clock);
    case "sysfs":
      return openSysfsLines({ base, clock, folder });
    case "cdev":
      return openCdevLines({ clock });
    case "auto": {
      const hasSysfs = await access(join(folder, "export")).then(
        () => true,
        () => false,
      );
      return hasSysfs ? openSysfsLines({ base, clock, folder }) : openCdevLines({ clock });
    }
  }
}
