/**
 * Times on the wire: RFC 3339 §5.6 `date-time`, with any number of fractional digits (the provider writes seven). Strict, because JavaScript's
 * own parser is not: it turns 30 February into 2 March, reads a time without an offset as UTC, and takes 24:00:00.
 */

const pattern = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const minuteMs = 60_000;

/**
 * Milliseconds since 1970 UTC, truncated (not rounded); undefined when the text is not a date-time, names a day that does not exist, or
 * has no offset. A leap second (`:60`) is refused: no clock here can show one.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = "", sign] = match.slice(7, 9);
  const [offsetHour = 0, offsetMinute = 0] = match.slice(9, 11).map((digits) => Number(digits ?? 0));
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  // Not Date.UTC: it moves the years 0 to 99 into the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, "0")));
  const offsetMs = (offsetHour * 60 + offsetMinute) * minuteMs;
  return date.getTime() - (sign === "-" ? -offsetMs : offsetMs);
}

/** RFC 3339 in UTC with milliseconds. */
export function formatTimestamp(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/**
 * Milliseconds since 1970 of an HTTP date (RFC 9110 §5.6.7, IMF-fixdate: "Mon, 23 Nov 2026 10:00:00 GMT"); undefined for anything else, the
 * obsolete forms included. JavaScript's parser would take "5" for a year, and the 30th of February for a day.
 */
export function parseHttpDate(text: string): number | undefined {
  const wallMs = Date.parse(text);
  return !Number.isNaN(wallMs) && new Date(wallMs).toUTCString() === text ? wallMs : undefined;
}
