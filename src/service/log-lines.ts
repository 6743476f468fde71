/** A line of the log in the three ways in which it goes out: JSON for programs, JSON with a priority for journald, and words for a person at a terminal. */

/** As `createLog` writes it: an object of JSON whose first member is the level. */
type Line = string;

export type LineFormat = "json" | "journal" | "readable";

/** sd-daemon(3): "<3>" and so on in front of a line is its priority, one of syslog(3)'s. journald takes it off again (SyslogLevelPrefix=, systemd.exec(5)). */
const priorities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** The level at the front of a line. */
export function levelOf(line: Line): string {
  return /^\{"level":"([a-z]+)"/.exec(line)?.[1] ?? "info";
}

/**
 * How lines go out on a standard output.
 * @param journalStream $JOURNAL_STREAM: "device:inode" of the stream that systemd has connected to the journal (systemd.exec(5))
 * @param stream the same of the stream that is written to
 */
export function formatFor(output: {
  readonly isTty: boolean;
  readonly journalStream: string | undefined;
  readonly stream: string | undefined;
}): LineFormat {
  if (output.isTty) return "readable";
  return output.journalStream !== undefined && output.journalStream === output.stream ? "journal" : "json";
}

/** @param line without the line feed at its end */
export function formatLine(line: Line, format: LineFormat): string {
  switch (format) {
    case "json":
      return line;
    case "journal":
      return `<${priorities[levelOf(line)] ?? 6}>${line}`;
    case "readable":
      return readable(line);
  }
}

/** `22:04:23.120 WARN  link: a message was not published (topic=…, reason=…)`. What is no line of ours stays as it is. */
function readable(line: Line): string {
  const fields = objectIn(line);
  if (fields === undefined) return line;
  const { level, time, room, msg, err, ...rest } = fields;
  const at = typeof time === "string" ? time.slice(11, 23) : "";
  const where = typeof room === "string" ? `${room}: ` : "";
  const more = Object.entries({ ...rest, ...errorIn(err) }).map(([name, value]) => `${name}=${valueText(value)}`);
  const tail = more.length === 0 ? "" : ` (${more.join(", ")})`;
  return `${at} ${textOf(level).toUpperCase().padEnd(5)} ${where}${textOf(msg)}${tail}`;
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** An error as pino writes it has type, message and stack. */
function errorIn(error: unknown): Readonly<Record<string, unknown>> {
  if (error === undefined) return {};
  const hasMessage = typeof error === "object" && error !== null && "message" in error;
  return { error: hasMessage ? error.message : error };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function valueText(value: unknown): string {
  return typeof value === "string" && /^[^\s=,()"]+$/.test(value) ? value : (JSON.stringify(value) ?? "");
}
