/** What all commands do with their arguments: flags that are told when they are wrong, and the configuration that they name. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { type ConfigFault, faultText, loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { errorText } from "../kit/error-text.ts";
import { CommandError } from "./command.ts";
import { configFacts } from "./config-facts.ts";

/** `node:util`'s parseArgs; what it refuses is wrong use, with exit code 2. */
export function parseFlags<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new CommandError(errorText(cause), 2, { cause });
  }
}

/** For commands that take flags alone: a stray word is more likely a forgotten dash than nothing. */
export function parseFlagsOnly<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  const { values, positionals } = parseFlags(args, options);
  if (positionals.length > 0) throw new CommandError(`"${positionals.join(" ")}" is not understood here`);
  return values;
}

/** The machine's configuration, or all its faults. */
export async function openConfig(path: string | undefined): Promise<Config> {
  if (path === undefined) throw new CommandError("which configuration? add --config FILE");
  const loaded = await loadConfig(path, await configFacts());
  if (loaded.ok) return loaded.config;
  throw new CommandError(faultsText(path, loaded.faults), 1);
}

/** All faults of a file, as a person reads them. */
export function faultsText(path: string, faults: readonly ConfigFault[]): string {
  return `${path} has ${faults.length} fault(s):\n\n${faults.map(faultText).join("\n")}`;
}
