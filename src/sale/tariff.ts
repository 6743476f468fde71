/**
 * What time costs: rates by weekday and time of day, free time, a price for the first minutes, a most a day, in the meter's own time zone and over
 * both odd days of the year. Pure functions of the tariff and the moment. Paid minutes run only while time costs something.
 */
import { localClock, type LocalTime } from "./local-time.ts";
import { type Minor, minor } from "./money.ts";

export interface Rate {
  /** ISO weekdays, 1 to 7; 8 is a holiday, which is no weekday. */
  readonly days: readonly number[];
  /** Minutes of the local day, 0 to 1440, the end not included; a rate that goes over midnight is two. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Minor units an hour; 0 is free. */
  readonly perHour: number;
}

export interface Tariff {
  readonly timeZone: string;
  /** Where no rate says otherwise. */
  readonly perHour: number;
  /** The first one that fits counts. */
  readonly rates: readonly Rate[];
  /** Local dates, YYYY-MM-DD. */
  readonly holidays: ReadonlySet<string>;
  /** So many paid minutes cost that, whenever they are; undefined: as any others. */
  readonly first: { readonly minutes: number; readonly price: number } | undefined;
  /** The most that one local day costs: a multiple of `roundTo`, or rounding up would pass it. */
  readonly dayMax: number | undefined;
  /** Prices are rounded up to a multiple of this many minor units. */
  readonly roundTo: number;
}

export interface Quote {
  readonly price: Minor;
  readonly untilWallMs: number;
}

export const holidayNumber = 8;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMinutes = 1_440;
/** No time that anybody can buy has more pieces: 31 days of a few rates each, and a year of free days. */
const piecesMax = 20_000;

function rateAt(tariff: Tariff, { date, weekday, minute }: LocalTime): number {
  const day = tariff.holidays.has(date) ? holidayNumber : weekday;
  const found = tariff.rates.find(
    ({ days, fromMinute, toMinute }) => days.includes(day) && minute >= fromMinute && minute < toMinute,
  );
  return found?.perHour ?? tariff.perHour;
}

/** The minutes of a day at which the rate may change, and midnight. */
function boundariesOf({ rates }: Tariff): readonly number[] {
  const all = rates.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute]);
  return [...new Set([...all, dayMinutes])].toSorted((a, b) => a - b);
}

/** A clock change between the two; the moment itself is found by halving. */
function changeBetween(fromMs: number, toMs: number, localAt: (wallMs: number) => LocalTime): number | undefined {
  const offsetOf = (wallMs: number): number => {
    const { date, minute, msOfMinute } = localAt(wallMs);
    return Date.parse(`${date}T00:00:00Z`) + minute * minuteMs + msOfMinute - wallMs;
  };
  const offset = offsetOf(fromMs);
  if (offsetOf(toMs) === offset) return undefined;
  let [low, high] = [fromMs, toMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetOf(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

/** When the rate may next be another one. */
function pieceEnd(
  wallMs: number,
  now: LocalTime,
  boundaries: readonly number[],
  localAt: (wallMs: number) => LocalTime,
): number {
  const next = boundaries.find((minute) => minute > now.minute) ?? dayMinutes;
  const endMs = wallMs + (next - now.minute) * minuteMs - now.msOfMinute;
  return changeBetween(wallMs, endMs, localAt) ?? endMs;
}

/** The sum so far, in minor units, not rounded. A day's price ends at the most that a day costs. */
class Sum {
  readonly #tariff: Tariff;
  #paidMs = 0;
  #day = "";
  #ofDay = 0;
  #ofOtherDays = 0;

  constructor(tariff: Tariff) {
    this.#tariff = tariff;
  }

  add(date: string, ms: number, perHour: number): void {
    if (date !== this.#day) {
      this.#ofOtherDays += this.#capped();
      this.#day = date;
      this.#ofDay = 0;
    }
    const { first } = this.#tariff;
    // The price of the first minutes is whole from the first of them on.
    if (first !== undefined && this.#paidMs === 0) this.#ofDay += first.price;
    const inFirstMs = Math.max(0, Math.min((first?.minutes ?? 0) * minuteMs - this.#paidMs, ms));
    this.#paidMs += ms;
    this.#ofDay += ((ms - inFirstMs) * perHour) / hourMs;
  }

  #capped(): number {
    return Math.min(this.#ofDay, this.#tariff.dayMax ?? Number.POSITIVE_INFINITY);
  }

  price(): Minor {
    const { roundTo } = this.#tariff;
    // What floating point adds in the ninth place is nobody's money; of nothing it would leave less than nothing, -0.
    const steps = Math.max(0, Math.ceil((this.#ofOtherDays + this.#capped()) / roundTo - 1e-9));
    return minor(steps * roundTo);
  }
}

/** Made once of a tariff: what so many paid minutes from that moment cost, and until when they last. */
export function quotesOf(tariff: Tariff): (fromWallMs: number, minutes: number) => Quote {
  const localAt = localClock(tariff.timeZone);
  const boundaries = boundariesOf(tariff);
  return (fromWallMs, minutes) => {
    const sum = new Sum(tariff);
    let wallMs = fromWallMs;
    let leftMs = minutes * minuteMs;
    for (let piece = 0; leftMs > 0 && piece < piecesMax; piece += 1) {
      const now = localAt(wallMs);
      const endMs = pieceEnd(wallMs, now, boundaries, localAt);
      const perHour = rateAt(tariff, now);
      const ms = perHour === 0 ? endMs - wallMs : Math.min(leftMs, endMs - wallMs);
      if (perHour > 0) {
        sum.add(now.date, ms, perHour);
        leftMs -= ms;
      }
      wallMs += ms;
    }
    return { price: sum.price(), untilWallMs: wallMs };
  };
}
