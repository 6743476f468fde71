/** Wall time as people of a time zone read it, and back over the odd days of summer time. Pure; the zone's rules are Intl's (ECMA-402). */

export interface LocalTime {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** 1 is Monday, 7 is Sunday (ISO 8601). */
  readonly weekday: number;
  /** 0 to 1439. */
  readonly minute: number;
  /** Milliseconds of the minute that have passed. */
  readonly msOfMinute: number;
}

const minuteMs = 60_000;
const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Reads wall times of one zone. Making one is costly, reading is not. @throws RangeError for a zone that Intl does not know. */
export function localClock(timeZone: string): (wallMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  return (wallMs) => {
    const parts = new Map(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
    return {
      date: `${part("year")}-${part("month")}-${part("day")}`,
      weekday: weekdays.indexOf(part("weekday")) + 1,
      minute: Number(part("hour")) * 60 + Number(part("minute")),
      msOfMinute: ((wallMs % minuteMs) + minuteMs) % minuteMs,
    };
  };
}
