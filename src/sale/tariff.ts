/**
 * What time costs: rates by weekday and time of day, free time, a price for the first minutes, a most a day, in the meter's own time zone and over
 * both odd days of the year. Pure functions of the tariff and the moment. Paid minutes run only while time costs something.
 */
import { localClock, type LocalTime } from "./local-time.ts";
import { type Minor, minor } from "./money.ts";

export interface Rate {
  /** ISO weekdays, 1 to 7; 8 is a holiday, which is no weekday. */
  readonly days: readonly number[];
  /**
   * Minutes of the local day, 0 to 1440, the end not included. A rate that ends before it begins goes over midnight and belongs to the day on
   * which it begins; one that ends as it begins never holds: OCPI 2.2.1, 11.4.6, TariffRestrictions, of `day_of_week` with an `end_time` before its `start_time`.
   */
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
const dayMs = 86_400_000;
const dayMinutes = 1_440;
/** Two years: what is bought ends before, or the tariff is refused where it is read. It bounds the work of a quote. */
const horizonMs = 2 * 366 * dayMs;

/** A stretch of a day with one price. */
export interface DayPiece {
  readonly fromMinute: number;
  /** Not included. */
  readonly toMinute: number;
  readonly perHour: number;
  /** Which rate it is, from 0; undefined where none fits. */
  readonly rate: number | undefined;
}

/** Whether the rate holds at a minute of a day. @param today 1 to 8 @param yesterday 1 to 8, for a rate that began before midnight */
function isInRate({ days, fromMinute, toMinute }: Rate, minute: number, today: number, yesterday: number): boolean {
  if (fromMinute <= toMinute) return days.includes(today) && minute >= fromMinute && minute < toMinute;
  return (days.includes(today) && minute >= fromMinute) || (days.includes(yesterday) && minute < toMinute);
}

/** A whole day, from 00:00 to 24:00, in stretches of one rate each. @param today 1 to 8 @param yesterday 1 to 8 */
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

/** The days' pieces by what kind of day it is and which it follows: made when first asked for, 72 at most. */
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

/** Neighbours of one price are one piece. */
function withoutSeams(pieces: readonly DayPiece[]): readonly DayPiece[] {
  const joined: DayPiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.perHour === piece.perHour) joined.splice(-1, 1, { ...last, toMinute: piece.toMinute });
    else joined.push(piece);
  }
  return joined;
}

/** YYYY-MM-DD of the day before: calendar arithmetic, which no time zone changes. */
function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - dayMs).toISOString().slice(0, 10);
}

/** A clock change between the two, which lie in one local day; the moment itself is found by halving. */
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
