/** `kvitt machine try`: composes a guided first sale on this machine, and writes its page. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../config/schema.ts";
import { runDaemon } from "../daemon/daemon.ts";
import { createSystemEntropy } from "../service/entropy.ts";
import { createReadableLog } from "../service/service-log.ts";
import type { LogExcerpt } from "../service/port.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { readVersion } from "../service/version.ts";
import { CommandError, type CommandIo } from "./command.ts";
import { firstSale, patientLimits, trialPage, untriable } from "./first-sale.ts";
import { type Asking, withTerminal } from "./terminal-asking.ts";

export interface TrySettings {
  readonly config: Config;
  /** Where the page goes. */
  readonly page: string | undefined;
  readonly io: CommandIo;
}

/** Nobody asks the daemon of a trial for its log. */
const noLog = (): LogExcerpt => ({ since: "", lines: [] });

/** @returns 0 when every step was right @throws CommandError where this machine cannot be tried so */
export async function tryMachine({ config, page, io }: TrySettings, ask?: Asking): Promise<number> {
  const reason = untriable(config);
  if (reason !== undefined) throw new CommandError(reason, 1);
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const version = await readVersion();
  const log = createReadableLog("error", io.err);
  const talk = (asking: Asking) =>
    firstSale({
      config,
      asking,
      clock,
      entropy: createSystemEntropy(),
      signal: io.signal,
      limits: patientLimits,
      runDaemon: (trial, signal) =>
        runDaemon({ config: trial, env: {}, log, recentLog: noLog, version, signal, hurry: io.hurry }),
    });
  const steps = ask === undefined ? await withTerminal(io, talk) : await talk(ask);
  const text = trialPage(config, steps, { version, at: new Date(clock.wallMs()).toISOString() });
  const file = resolve(page ?? `kvitt-first-sale-${config.machine.id}.txt`);
  await writeFile(file, text);
  io.err(`\n${text}`);
  io.out(file);
  return steps.every(({ outcome }) => outcome === "ok") ? 0 : 1;
}
