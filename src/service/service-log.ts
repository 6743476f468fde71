/** The log of a process that runs for months: bounded, in the form that its reader takes, and with its last hour at hand. */
import { fstatSync } from "node:fs";
import { pino } from "pino";
import { createLog, type LogLevel } from "./log.ts";
import { boundLines } from "./log-bound.ts";
import { formatFor, formatLine, type LineFormat } from "./log-lines.ts";
import { createLogRing } from "./log-ring.ts";
import type { Clock, Log, LogExcerpt } from "./port.ts";

export interface ServiceLogSettings {
  readonly level: LogLevel;
  readonly format: LineFormat;
  readonly clock: Pick<Clock, "monotonicMs" | "wallMs">;
  /** Gets one line at a time, with its line feed. */
  readonly write: (text: string) => void;
}

export interface ServiceLog {
  readonly log: Log;
  /** What was said in the last hour. */
  readonly recent: () => LogExcerpt;
}

export function createServiceLog({ level, format, clock, write }: ServiceLogSettings): ServiceLog {
  const ring = createLogRing(clock);
  const bounded = boundLines(clock, (line) => {
    ring.keep(line);
    write(`${formatLine(line, format)}\n`);
  });
  return { log: createLog(level, (line) => bounded(line.trimEnd())), recent: () => ring.excerpt() };
}

/** A log of words, for a command that a person has started. @param write gets one line at a time, without a line feed */
export function createReadableLog(level: LogLevel, write: (text: string) => void): Log {
  return createLog(level, (line) => write(formatLine(line.trimEnd(), "readable")));
}

/** Written at once: what is said last before a crash is what is wanted most. */
export function toStandardOutput(): (text: string) => void {
  const destination = pino.destination({ dest: 1, sync: true });
  return (text) => void destination.write(text);
}

/** How lines go out on the stream with this number (1 standard output, 2 standard error). */
export function formatOf(
  fd: 1 | 2,
  { isTty, env }: { readonly isTty: boolean; readonly env: Readonly<Record<string, string | undefined>> },
): LineFormat {
  const { dev, ino } = fstatSync(fd);
  return formatFor({ isTty, journalStream: env["JOURNAL_STREAM"], stream: `${dev}:${ino}` });
}

/**
 * Node says warnings of its own and of packages on standard error, where journald takes them for errors (DEP0169 of mqtt's url.parse, once a start). They
 * go where everything goes; what is merely deprecated concerns nobody who runs a machine. @param source `process`
 */
export function logWarnings(
  source: {
    removeAllListeners(event: "warning"): unknown;
    on(event: "warning", listener: (warning: Error) => void): unknown;
  },
  log: Log,
): void {
  // Node's own listener is the one that prints (node:internal/process/warning, onWarning).
  source.removeAllListeners("warning");
  source.on("warning", (warning) => {
    const level = warning.name === "DeprecationWarning" ? "debug" : "warn";
    log[level]({ warning: warning.message }, `Node says: ${warning.name}`);
  });
}
