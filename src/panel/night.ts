/** When a backlit panel is dimmed. Pure. */
import { type DailyWindow, isInWindow, timeOfDayIn } from "../kit/time-of-day.ts";

export interface Night extends DailyWindow {
  /** 0 … 1 */
  readonly light: number;
}

/** How bright the panel should be at a given time, 0 … 1. `timeZone` is an IANA name. A night that ends when it begins never comes. */
export function nightLight(night: Night, timeZone: string): (wallMs: number) => number {
  const timeOfDay = timeOfDayIn(timeZone);
  return (wallMs) => (isInWindow(night, timeOfDay(wallMs)) ? night.light : 1);
}
