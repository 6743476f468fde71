/**
 * What time costs: rates by weekday and time of day, free time, a price for the first minutes, a daily maximum, in the meter's own time zone and
 * across clock changes. Pure functions of the tariff and the moment. Paid minutes run only while time costs something.
 */
import { localClock, type LocalTime } from "./local-time.ts";
import { type Minor, minor } from "./money.ts";

export interface Rate {
  /** ISO weekdays, 1 to 7; 8 is a holiday, which is not a weekday. */
  readonly days: readonly number[];
  /**
   * Minutes of the local day, 0 to 1440, the end not included. A rate that ends before it begins runs past midnight and belongs to the day on
   * which it begins (OCPI 2.2.1, 11.4.6). One whose end equals its start never applies.
   */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Minor units an hour; 0 is free. */
  readonly perHour: number;
}

export interface Tariff {
  readonly timeZone: string;
  /** Applies where no rate matches. */
  readonly perHour: number;
  /** The first match applies. */
  readonly rates: readonly Rate[];
  /** Local dates, YYYY-MM-DD. */
  readonly holidays: ReadonlySet<string>;
  /** Price of the first paid minutes, at any time of day; undefined: charged like the rest. */
  readonly first: { readonly minutes: number; readonly price: number } | undefined;
  /** Highest price of one local day: a multiple of `roundTo`, or rounding up would exceed it. */
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
const dayMs = 86_400_000;
const dayMinutes = 1_440;
/** Two years. Bounds the work of a quote; a tariff whose times can last longer is refused when the configuration is read. */
const horizonMs = 2 * 366 * dayMs;

/** A part of a day with one rate. */
export interface DayPiece {
  readonly fromMinute: number;
  /** Not included. */
  readonly toMinute: number;
  readonly perHour: number;
  /** Index of the rate; undefined where none matches. */
  readonly rate: number | undefined;
}

/** Whether a rate applies at a minute of the day. @param today 1 to 8 @param yesterday 1 to 8, for rates that began before midnight */
function isInRate({ days, fromMinute, toMinute }: Rate, minute: number, today: number, yesterday: number): boolean {
  if (fromMinute <= toMinute) return days.includes(today) && minute >= fromMinute && minute < toMinute;
  return (days.includes(today) && minute >= fromMinute) || (days.includes(yesterday) && minute < toMinute);
}

/** Splits a day, 00:00 to 24:00, into parts of one rate each. @param today 1 to 8 @param yesterday 1 to 8 */
export function dayPieces(
  { rates, perHour }: Pick<Tariff, "rates" | "perHour">,
  today: number,
  yesterday: number,
): readonly DayPiece[] {
  const changes = new Set([0, ...rates.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute])]);
  const starts = [...changes].filter((minute) => minute < dayMinutes).toSorted((a, b) => a - b);
  return starts.map((fromMinute, index) => {
    const rate = rates.findIndex((one) => isInRate(one, fromMinute, today, yesterday));
    const found = rates[rate];
    return {
      fromMinute,
      toMinute: starts[index + 1] ?? dayMinutes,
      perHour: found?.perHour ?? perHour,
      rate: found === undefined ? undefined : rate,
    };
  });
}

/** Caches the parts of a day by its kind and that of the day before: at most 64 entries. */
function createWeek(tariff: Tariff): (time: LocalTime) => readonly DayPiece[] {
  const known = new Map<number, readonly DayPiece[]>();
  const kindOf = (date: string, weekday: number): number => (tariff.holidays.has(date) ? holidayNumber : weekday);
  let last: { readonly date: string; readonly pieces: readonly DayPiece[] } | undefined;
  return ({ date, weekday }) => {
    if (last?.date === date) return last.pieces;
    const today = kindOf(date, weekday);
    const yesterday = kindOf(dayBefore(date), weekday === 1 ? 7 : weekday - 1);
    const key = today * 10 + yesterday;
    const pieces = known.get(key) ?? withoutSeams(dayPieces(tariff, today, yesterday));
    known.set(key, pieces);
    last = { date, pieces };
    return pieces;
  };
}

/** Joins neighbouring parts with the same price. */
function withoutSeams(pieces: readonly DayPiece[]): readonly DayPiece[] {
  const joined: DayPiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.perHour === piece.perHour) joined.splice(-1, 1, { ...last, toMinute: piece.toMinute });
    else joined.push(piece);
  }
  return joined;
}

/** The day before, YYYY-MM-DD: calendar arithmetic, independent of time zones. */
function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - dayMs).toISOString().slice(0, 10);
}

/** The moment of a clock change between two moments of one local day, found by bisection; undefined if there is none. */
function changeBetween(startMs: number, endMs: number, localAt: (wallMs: number) => LocalTime): number | undefined {
  const timeOfDayMs = (wallMs: number): number => {
    const { minute, msOfMinute } = localAt(wallMs);
    return minute * minuteMs + msOfMinute;
  };
  const start = timeOfDayMs(startMs);
  const isSteadyUntil = (wallMs: number): boolean => timeOfDayMs(wallMs) === (start + wallMs - startMs) % dayMs;
  if (isSteadyUntil(endMs)) return undefined;
  let [low, high] = [startMs, endMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isSteadyUntil(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** Running total in minor units, not rounded, with each day capped at the daily maximum. */
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
    // The price of the first minutes is due in full as soon as the first of them begins.
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
    // Ignores floating-point noise, which must not round up; Math.max turns -0 into 0.
    const steps = Math.max(0, Math.ceil((this.#ofOtherDays + this.#capped()) / roundTo - 1e-9));
    return minor(steps * roundTo);
  }
}

/** Prepares a tariff; the result quotes what a number of paid minutes from a moment costs, and when they end. */
export function quotesOf(tariff: Tariff): (fromWallMs: number, minutes: number) => Quote {
  const localAt = localClock(tariff.timeZone);
  const piecesOf = createWeek(tariff);
  return (fromWallMs, minutes) => {
    const sum = new Sum(tariff);
    let wallMs = fromWallMs;
    let leftMs = minutes * minuteMs;
    while (leftMs > 0 && wallMs - fromWallMs < horizonMs) {
      const now = localAt(wallMs);
      const piece = piecesOf(now).find(({ toMinute }) => now.minute < toMinute);
      const perHour = piece?.perHour ?? tariff.perHour;
      const pieceEndMs = wallMs + ((piece?.toMinute ?? dayMinutes) - now.minute) * minuteMs - now.msOfMinute;
      const endMs = changeBetween(wallMs, pieceEndMs, localAt) ?? pieceEndMs;
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
