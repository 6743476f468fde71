/** Converts wall time to local time, clock changes included. Pure; the zone's rules come from Intl (ECMA-402). */

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
const dayMs = 86_400_000;
const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/**
 * A time zone changes its offset at most once in this time: in this century's rules of the IANA database, changes are weeks apart. Formatting takes
 * microseconds and a quote needs it hundreds of times, so an offset that is the same at both ends of a slot is reused inside it.
 */
const slotMs = 6 * 3_600_000;
/** Two years of slots. */
const slotsMax = 3_000;

/** Reads wall times in one zone. Create it once: construction is costly. @throws RangeError for a zone that Intl does not know */
export function localClock(timeZone: string): (wallMs: number) => LocalTime {
  const read = formattedClock(timeZone);
  const offsets = new Map<number, number | undefined>();
  const offsetAt = (wallMs: number): number => {
    const { date, minute } = read(wallMs);
    return Date.parse(`${date}T00:00:00Z`) + minute * minuteMs - Math.floor(wallMs / minuteMs) * minuteMs;
  };
  const offsetOfSlot = (slot: number): number | undefined => {
    if (offsets.has(slot)) return offsets.get(slot);
    const offset = offsetAt(slot * slotMs);
    const steady = offset === offsetAt((slot + 1) * slotMs) ? offset : undefined;
    if (offsets.size >= slotsMax) offsets.clear();
    offsets.set(slot, steady);
    return steady;
  };
  return (wallMs) => {
    const offset = offsetOfSlot(Math.floor(wallMs / slotMs));
    return offset === undefined ? read(wallMs) : atOffset(wallMs, offset);
  };
}

function atOffset(wallMs: number, offset: number): LocalTime {
  const localMs = wallMs + offset;
  const days = Math.floor(localMs / dayMs);
  return {
    date: new Date(days * dayMs).toISOString().slice(0, 10),
    // 1970-01-01 was a Thursday.
    weekday: ((((days + 3) % 7) + 7) % 7) + 1,
    minute: Math.floor((localMs - days * dayMs) / minuteMs),
    msOfMinute: ((wallMs % minuteMs) + minuteMs) % minuteMs,
  };
}

function formattedClock(timeZone: string): (wallMs: number) => LocalTime {
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
