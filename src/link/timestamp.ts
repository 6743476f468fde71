/** Times on the wire: ISO 8601 in UTC, with any number of fractional digits. The provider writes seven. */

/** RFC 3339 §5.6 `date-time`; an absent offset is read as UTC, because the provider's times are UTC by documentation. */
const pattern = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?$/;

/** Milliseconds since 1970 UTC, cut (not rounded) to whole ones; undefined when the text is no time. */
export function parseTimestamp(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = "", offset = "Z"] = match;
  const value = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${offset.toUpperCase()}`);
  return Number.isNaN(value) ? undefined : value;
}

/** ISO 8601 UTC with milliseconds. */
export function formatTimestamp(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
