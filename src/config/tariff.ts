/** `[tariff]`: what time costs. */
import * as z from "zod";
import { implausibleFault } from "../sale/catalogue-check.ts";
import { currencies, type Currency, paymentMinorMax } from "../sale/money.ts";
import { dayPieces, holidayNumber, type Rate } from "../sale/tariff.ts";
import { clockTime, type Fault, line, minorUnits } from "./fields.ts";

const weekdayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"] as const;

const endOfDay = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time of day, for example "18:00" or "24:00"');

const rate = z.strictObject({
  days: z.array(z.enum(weekdayNames)).min(1).describe('Weekdays, and "holiday" for the dates in `holidays`.'),
  from: clockTime.default("00:00").describe("Start, a local time of day."),
  to: endOfDay
    .default("24:00")
    .describe("End. Before `from` means past midnight; the rate then belongs to the day on which it begins."),
  price_per_hour: minorUnits(0).describe("Price per hour; 0 is free."),
});

export const tariffSchema = z.strictObject({
  price_per_hour: minorUnits(0).describe("Price per hour where no rate applies; 0 is free."),
  minutes_min: z.int().min(1).max(1_440).default(30).describe("Shortest time sold."),
  minutes_max: z.int().min(1).max(44_640).default(480).describe("Longest time sold."),
  minutes_step: z.int().min(1).max(1_440).default(30).describe("Step of the + and − keys."),
  plate: z.boolean().default(true).describe("Whether customers enter a number plate."),
  line: line.optional().describe('Output that is on for the time bought; form = "timed".'),
  rates: z
    .array(rate)
    .max(40)
    .default([])
    .describe("Prices by weekday and time of day; the first matching rate applies."),
  holidays: z
    .array(z.iso.date())
    .max(400)
    .default([])
    .describe('Local dates treated as "holiday" instead of a weekday, such as "2026-12-25".'),
  first_minutes: z
    .int()
    .min(1)
    .max(1_440)
    .optional()
    .describe("The first minutes, which cost `first_price` at any time of day."),
  first_price: minorUnits(0).optional().describe("Price of the first minutes."),
  day_max: minorUnits(1).optional().describe("Highest price for one local calendar day, a multiple of `round_up_to`."),
  round_up_to: z
    .int()
    .min(1)
    .max(100_000)
    .default(1)
    .describe("Prices are rounded up to a multiple of this many minor units."),
});
export type TariffConfig = z.infer<typeof tariffSchema>;

/** "18:30" → 1110. */
function minuteOf(text: string): number {
  const [hours = "0", minutes = "0"] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}

function dayNumber(name: (typeof weekdayNames)[number]): number {
  return weekdayNames.indexOf(name) + 1;
}

/** Converts the rates for the sale. */
export function ratesOf(tariff: TariffConfig): readonly Rate[] {
  return tariff.rates.map(({ days, from, to, price_per_hour: perHour }) => ({
    days: days.map(dayNumber),
    fromMinute: minuteOf(from),
    toMinute: minuteOf(to),
    perHour,
  }));
}

/** Lowest possible price of the shortest time, at the cheapest hourly price. */
function leastPrice(
  { minutes_min: least, first_minutes: first, first_price: ofFirst, round_up_to: step }: TariffConfig,
  cheapest: number,
): number {
  const flat = first === undefined ? 0 : (ofFirst ?? 0);
  const rest = Math.max(0, least - (first ?? 0));
  return Math.ceil((flat + (rest * cheapest) / 60) / step) * step;
}

/** What a tariff charges over a week, with and without holidays. */
interface Calendar {
  /** Hourly prices above zero that can apply. */
  readonly prices: readonly number[];
  /** Paid minutes of a week without holidays. */
  readonly paidMinutes: number;
  /** Indexes of rates that never apply. */
  readonly deadRates: readonly number[];
}

const weekdays = [1, 2, 3, 4, 5, 6, 7];

function calendarOf(tariff: TariffConfig): Calendar {
  const sold = { rates: ratesOf(tariff), perHour: tariff.price_per_hour };
  const week = weekdays.flatMap((today) => dayPieces(sold, today, today === 1 ? 7 : today - 1));
  // A holiday may follow or precede any day, including another holiday.
  const around = tariff.holidays.length === 0 ? [] : [...weekdays, holidayNumber];
  const withHolidays = around.flatMap((day) => [
    ...dayPieces(sold, holidayNumber, day),
    ...dayPieces(sold, day, holidayNumber),
  ]);
  const all = [...week, ...withHolidays];
  const live = new Set(all.map(({ rate: index }) => index));
  const paid = week.filter(({ perHour }) => perHour > 0);
  return {
    prices: [...new Set(all.map(({ perHour }) => perHour))].filter((price) => price > 0),
    paidMinutes: paid.reduce((sum, { fromMinute, toMinute }) => sum + toMinute - fromMinute, 0),
    deadRates: sold.rates.flatMap((_, index) => (live.has(index) ? [] : [index])),
  };
}

/** How far ahead time can be bought: beyond a year nobody knows the rates. */
const furthestDays = 366;

interface AroundTariff {
  readonly currency: Currency;
  /** Why plate and time cannot be entered; undefined if they can. */
  readonly typingFault: string | undefined;
  /** Why `line` cannot be on for that many minutes; undefined if it can. */
  readonly timeFault: (
    line: string,
    minutes: number,
  ) => { readonly message: string; readonly instead?: string } | undefined;
}

/** Checks across keys, over every hour of the week. */
export function tariffFaults(tariff: TariffConfig | undefined, around: AroundTariff): readonly Fault[] {
  if (tariff === undefined) return [];
  const faults: Fault[] = [];
  const at = (key: string, message: string, instead?: string): void =>
    void faults.push({ path: ["tariff", key], message, instead });
  if (around.typingFault !== undefined)
    at("plate", around.typingFault, '[[input]] with kind = "keypad" and its vendor_id (kvitt scanner list shows it)');
  if (tariff.line !== undefined) {
    const fault = around.timeFault(tariff.line, tariff.minutes_max);
    if (fault !== undefined) at("line", fault.message, fault.instead);
  }
  if (tariff.minutes_max < tariff.minutes_min)
    at("minutes_max", `has to be at least minutes_min (${tariff.minutes_min})`, `minutes_max = ${tariff.minutes_min}`);
  if ((tariff.first_minutes === undefined) !== (tariff.first_price === undefined))
    at("first_price", "first_minutes and first_price go together");
  if (tariff.rates.some(({ days }) => days.includes("holiday")) && tariff.holidays.length === 0)
    at("holidays", 'a rate is for "holiday", and there are none', 'holidays = ["2026-12-25"]');
  return [...faults, ...rateFaults(tariff), ...priceFaults(tariff, around.currency)];
}

function rateFaults(tariff: TariffConfig): readonly Fault[] {
  const { deadRates } = calendarOf(tariff);
  return tariff.rates.flatMap((one, index): readonly Fault[] => {
    const path = ["tariff", "rates", index];
    if (one.from === one.to)
      return [
        {
          path: [...path, "to"],
          message: `from ${one.from} to ${one.to} is no time at all: write from = "00:00" and to = "24:00" for a whole day`,
          instead: 'to = "24:00"',
        },
      ];
    const needsHolidays = tariff.holidays.length === 0 && one.days.every((day) => day === "holiday");
    if (!deadRates.includes(index) || needsHolidays) return [];
    return [
      {
        path: [...path, "days"],
        message:
          "this rate never counts: the rates before it cover all of its hours, and the first that fits counts. Move it before them",
      },
    ];
  });
}

function priceFaults(tariff: TariffConfig, currency: Currency): readonly Fault[] {
  const { prices, paidMinutes } = calendarOf(tariff);
  const faults: Fault[] = [];
  const at = (path: Fault["path"], message: string, instead?: string): void =>
    void faults.push({ path: ["tariff", ...path], message, instead });
  const floor = currencies[currency].paymentMinorMin;
  const paidPrices: readonly (readonly [Fault["path"], number | undefined])[] = [
    [["price_per_hour"], tariff.price_per_hour],
    [["first_price"], tariff.first_price],
    [["day_max"], tariff.day_max],
    ...tariff.rates.map((one, index): readonly [Fault["path"], number] => [
      ["rates", index, "price_per_hour"],
      one.price_per_hour,
    ]),
  ];
  for (const [path, price] of paidPrices) {
    const fault = price === undefined || price === 0 ? undefined : implausibleFault(price, currency);
    if (fault !== undefined) at(path, fault.message, `${String(path.at(-1))} = ${fault.instead}`);
  }
  if (paidMinutes === 0) {
    at(
      ["price_per_hour"],
      "no hour of the week costs anything, as everything is free or a free rate stands before the paid ones: give a price here, or move the paid rate to the front",
    );
    return faults;
  }
  const least = leastPrice(tariff, Math.min(...prices));
  if (least < floor)
    at(
      ["minutes_min"],
      `${tariff.minutes_min} minutes can cost ${least}, and the provider takes no payment under ${floor}: sell longer times, or round up`,
      `round_up_to = ${floor}`,
    );
  const weeks = Math.ceil(tariff.minutes_max / paidMinutes);
  const days = weeks * 7 + tariff.holidays.length;
  if (days > furthestDays && tariff.minutes_max >= tariff.minutes_min)
    at(
      ["minutes_max"],
      `${tariff.minutes_max} paid minutes can last ${days} days, as a week has ${paidMinutes} of them: sell at most a year`,
      `minutes_max = ${Math.max(1, Math.floor((furthestDays - tariff.holidays.length) / 7) * paidMinutes)}`,
    );
  const dearest = Math.max(...prices);
  const most = (tariff.first_price ?? 0) + Math.ceil((tariff.minutes_max * dearest) / 60);
  if (tariff.day_max === undefined && most > paymentMinorMax)
    at(
      ["minutes_max"],
      `${tariff.minutes_max} minutes can cost ${most}, and the provider takes at most ${paymentMinorMax}`,
    );
  if (tariff.day_max !== undefined && tariff.day_max < floor)
    at(["day_max"], `the provider takes no payment under ${floor}`, `day_max = ${floor}`);
  if (tariff.day_max !== undefined && tariff.day_max % tariff.round_up_to !== 0)
    at(
      ["day_max"],
      `has to be a multiple of round_up_to (${tariff.round_up_to}), or rounding up would pass it`,
      `day_max = ${Math.ceil(tariff.day_max / tariff.round_up_to) * tariff.round_up_to}`,
    );
  return faults;
}
