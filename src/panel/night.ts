/** When a panel that shines is dimmed. Pure. */

export interface Night {
  /** Times of day, "22:00". */
  readonly from: string;
  readonly to: string;
  /** 0 … 1 */
  readonly light: number;
}

/** How bright the panel should be at a time, 0 … 1. `timeZone` is an IANA name. A night from a time to the same one never comes. */
export function nightLight(night: Night, timeZone: string): (wallMs: number) => number {
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const { from, to, light } = night;
  return (wallMs) => {
    const now = format.format(wallMs);
    const isNight = from <= to ? now >= from && now < to : now >= from || now < to;
    return isNight ? light : 1;
  };
}
