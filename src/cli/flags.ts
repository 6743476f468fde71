/** What all commands do with their arguments: flags that are told when they are wrong. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { type ConfigFault, faultText } from "../config/load.ts";
import { errorText } from "../kit/error-text.ts";
import { CommandError } from "./command.ts";

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

/** All faults of a file, as a person reads them. */
export function faultsText(path: string, faults: readonly ConfigFault[]): string {
  return `${path} has ${faults.length} fault(s):\n\n${faults.map(faultText).join("\n")}`;
}
