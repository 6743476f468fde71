/** `kvitt run`: the daemon. */
import { parseArgs } from "node:util";
import { faultText, loadConfig } from "../config/load.ts";
import { readVersion, runDaemon } from "../main.ts";
import { createLog, type LogLevel } from "../service/log.ts";
import { type CliCommand, CommandError } from "./command.ts";

const usage = `kvitt run --config FILE [--log-level debug|info|warn|error]

Runs the machine until SIGINT or SIGTERM. The log goes to standard output, a line of JSON each.`;

function levelOf(text: string | undefined): LogLevel {
  const level = (["debug", "info", "warn", "error"] as const).find((one) => one === (text ?? "info"));
  if (level === undefined) throw new CommandError(`--log-level takes debug, info, warn or error, not "${text ?? ""}"`);
  return level;
}

export const command: CliCommand = {
  summary: "run the machine",
  usage,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: "string" }, "log-level": { type: "string" } },
    });
    if (values.config === undefined) throw new CommandError("which configuration? kvitt run --config FILE");
    const loaded = await loadConfig(values.config);
    if (!loaded.ok)
      throw new CommandError(
        `${values.config} has ${loaded.faults.length} fault(s):\n\n${loaded.faults.map(faultText).join("\n")}`,
        1,
      );
    const log = createLog(levelOf(values["log-level"]));
    const version = await readVersion(import.meta.url);
    await runDaemon({ config: loaded.config, env: io.env, log, version, signal: io.signal });
    return 0;
  },
};
