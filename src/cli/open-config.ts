/** The configuration that a command's --config names. */
import { loadConfig, type Loaded, loadUnchecked } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { CommandError, type CommandIo } from "./command.ts";
import { configFacts } from "./config-facts.ts";
import { faultsText } from "./flags.ts";

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
