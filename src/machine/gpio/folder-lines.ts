/** Outputs as files in a folder, one a line, holding 0 or 1: for guards that are processes, on machines without a header. */
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { GpioError } from "./header.ts";
import type { GpioLines, OutputSpec } from "./lines.ts";

export async function openFolderLines(folder: string): Promise<GpioLines> {
  await mkdir(folder, { recursive: true });
  const held: OutputSpec[] = [];
  const fileOf = (spec: OutputSpec): string => join(folder, String(spec.bcm));
  const set = (spec: OutputSpec, on: boolean): void => writeFileSync(fileOf(spec), on !== spec.activeLow ? "1" : "0");
  return {
    backEnd: "simulated",
    openOutput: async (spec) => {
      held.push(spec);
      set(spec, false);
      return {
        spec,
        set: (on) => set(spec, on),
        isOn: () => (readFileSync(fileOf(spec), "utf8") === "1") !== spec.activeLow,
      };
    },
    openInput: async (spec) => {
      throw new GpioError("line", `${spec.name}: a folder has no inputs`);
    },
    close: async () => {
      for (const spec of held.splice(0)) set(spec, false);
    },
  };
}
