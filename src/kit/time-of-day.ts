/** Times of day and windows of them, which may go over midnight: quiet hours, a night, a tariff's hours. */

/** From a time of day ("22:00") up to, but not including, another. `from` after `to` goes over midnight; two equal times are no window. */
export interface DailyWindow {
  readonly from: string;
  readonly to: string;
}

/** Whether a time of day ("HH:MM", 24 hours) lies in the window. */
export function isInWindow({ from, to }: DailyWindow, timeOfDay: string): boolean {
  return from <= to ? timeOfDay >= from && timeOfDay < to : timeOfDay >= from || timeOfDay < to;
}

/** Reads the time of day, "HH:MM", at a wall time. @param timeZone an IANA name. @throws RangeError for a name that is none */
export function timeOfDayIn(timeZone: string): (wallMs: number) => string {
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  return (wallMs) => format.format(wallMs);
}
