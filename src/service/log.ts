/** The log: structured lines on standard output. Secrets are redacted by name, whatever a caller does. */
import { pino } from "pino";
import type { Log, LogFields } from "./port.ts";

/** Field names whose values never go out, at any depth of two. */
const secretNames = [
  "token",
  "customerToken",
  "access_token",
  "client_id",
  "client_secret",
  "clientSecret",
  "subscriptionKey",
  "secret",
  "password",
  "authorization",
  "Authorization",
  "phoneNumber",
  "msisdn",
  "personalQr",
  "qrCode",
] as const;

export type LogLevel = "debug" | "info" | "warn" | "error";

function wrap(inner: pino.Logger): Log {
  const say =
    (level: LogLevel) =>
    (fields: LogFields, message: string): void => {
      const { error, ...rest } = fields;
      inner[level](error === undefined ? rest : { ...rest, err: error }, message);
    };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (fields) => wrap(inner.child(fields)),
  };
}

/** `write` gets one line at a time; the default is standard output. */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
  };
  return wrap(
    write === undefined ? pino(options, pino.destination({ dest: 1, sync: true })) : pino(options, { write }),
  );
}

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** The log's twin: keeps lines for tests. */
export function createMemoryLog(
  lines: LogLine[] = [],
  bound: LogFields = {},
): Log & { readonly lines: readonly LogLine[] } {
  const say =
    (level: LogLevel) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, fields: { ...bound, ...fields }, message });
    };
  return {
    lines,
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (fields) => createMemoryLog(lines, { ...bound, ...fields }),
  };
}
