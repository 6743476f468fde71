/** What all commands do with their arguments: flags that are told when they are wrong, and the configuration that they name. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { type ConfigFault, faultText, loadConfig, type Loaded, loadUnchecked } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { errorText } from "../kit/error-text.ts";
import { CommandError, type CommandIo } from "./command.ts";
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

/** `--port`: 0 takes a free one. @throws CommandError */
export function portOf(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CommandError(`--port takes 0 to 65535, not "${text}"`);
}

/** The machine's configuration, checked whole, or all its faults. */
export async function openConfig(path: string | undefined, env: CommandIo["env"]): Promise<Config> {
  const file = named(path);
  return configOf(file, await loadConfig(file, await configFacts(env)));
}

/** The same for what has to work on a machine that does not come up: each value is right, the whole may not be. */
export async function openUncheckedConfig(path: string | undefined): Promise<Config> {
  const file = named(path);
  return configOf(file, await loadUnchecked(file));
}

function named(path: string | undefined): string {
  if (path === undefined) throw new CommandError("which configuration? add --config FILE");
  return path;
}

function configOf(path: string, loaded: Loaded): Config {
  if (loaded.ok) return loaded.config;
  throw new CommandError(faultsText(path, loaded.faults), 1);
}

/** All faults of a file, as a person reads them. */
export function faultsText(path: string, faults: readonly ConfigFault[]): string {
  return `${path} has ${faults.length} fault(s):\n\n${faults.map(faultText).join("\n")}`;
}
