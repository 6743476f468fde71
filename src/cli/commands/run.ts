/** `kvitt run`: the daemon. */
import { type DaemonOptions, runDaemon } from "../../daemon/daemon.ts";
import type { LogLevel } from "../../service/log.ts";
import { createServiceLog, formatOf, logWarnings, toStandardOutput } from "../../service/service-log.ts";
import { StopError } from "../../service/owned.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { readVersion } from "../../service/version.ts";
import { type CliCommand, CommandError } from "../command.ts";
import { parseFlagsOnly } from "../flags.ts";
import { openConfig } from "../open-config.ts";

const usage = `kvitt run --config FILE [--log-level debug|info|warn|error]

Runs the machine until SIGINT or SIGTERM, which let a delivery end; a second one does not. Exit code 4: it was stopped, and
not every part could be stopped in good order. The log goes to standard output: words at a terminal, otherwise
a line of JSON each; under systemd each has its priority for the journal.`;

function levelOf(text: string | undefined): LogLevel {
  const level = (["debug", "info", "warn", "error"] as const).find((one) => one === (text ?? "info"));
  if (level === undefined) throw new CommandError(`--log-level takes debug, info, warn or error, not "${text ?? ""}"`);
  return level;
}

/** Stopped, as it was told to, though not all of it in good order: no start that failed, which the unit would take it for (SuccessExitStatus=). */
const exitStoppedBadly = 4;

async function runStopped(options: DaemonOptions): Promise<void> {
  try {
    await runDaemon(options);
  } catch (error) {
    if (options.signal.aborted && error instanceof StopError)
      throw new CommandError(error.message, exitStoppedBadly, { cause: error });
    throw error;
  }
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const values = parseFlagsOnly(args, { config: { type: "string" }, "log-level": { type: "string" } });
    const config = await openConfig(values.config, io.env);
    const { log, recent } = createServiceLog({
      level: levelOf(values["log-level"]),
      format: formatOf(1, io),
      clock: createSystemClock({ floorWallMs: 0, requireSynchronized: false }),
      write: toStandardOutput(),
    });
    logWarnings(process, log);
    const version = await readVersion();
    await runStopped({ config, env: io.env, log, recentLog: recent, version, signal: io.signal, hurry: io.hurry });
    return 0;
  },
};
