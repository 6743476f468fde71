/** `[tariff]`: what time costs. */
import { z } from "zod";
import { type Fault, line } from "./fields.ts";

const weekdayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"] as const;

const endOfDay = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time of day, for example "18:00" or "24:00"');

const rate = z.strictObject({
  days: z.array(z.enum(weekdayNames)).min(1).describe('Weekdays, and "holiday" for the dates in `holidays`.'),
  from: endOfDay.default("00:00").describe("From this time of day"),
  to: endOfDay.default("24:00").describe("until this one; before `from`: over midnight."),
  price_per_hour: z.int().min(0).describe("Minor units an hour; 0 is free."),
});

export const tariffSchema = z.strictObject({
  price_per_hour: z.int().min(0).describe("Minor units an hour, where no rate says otherwise; 0 is free."),
  minutes_min: z.int().min(1).max(1_440).default(30).describe("The shortest time."),
  minutes_max: z.int().min(1).max(44_640).default(480).describe("The longest time."),
  minutes_step: z.int().min(1).max(1_440).default(30).describe("What + and − change."),
  plate: z.boolean().default(true).describe("Whether a number plate is asked for."),
  line: line.optional().describe("The output that is on for the time that was bought."),
  rates: z
    .array(rate)
    .max(40)
    .default([])
    .describe("Other prices by weekday and time of day; the first that fits counts."),
  holidays: z
    .array(z.iso.date())
    .max(400)
    .default([])
    .describe('Local dates that are no weekday, such as "2026-12-25"; only rates with "holiday" count on them.'),
  first_minutes: z
    .int()
    .min(1)
    .max(1_440)
    .optional()
    .describe("So many minutes cost `first_price`, whenever they are."),
  first_price: z.int().min(0).optional().describe("Minor units."),
  day_max: z.int().min(1).optional().describe("The most that one local day costs, a multiple of `round_up_to`."),
  round_up_to: z
    .int()
    .min(1)
    .max(100_000)
    .default(1)
    .describe("Prices are rounded up to a multiple of this many minor units."),
});
export type TariffConfig = z.infer<typeof tariffSchema>;

/** "18:30" → 1110. */
export function minuteOf(text: string): number {
  const [hours = "0", minutes = "0"] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}

export function dayNumber(name: (typeof weekdayNames)[number]): number {
  return weekdayNames.indexOf(name) + 1;
}

/** The least that the shortest time can cost, by the cheapest price that it can fall under. */
function leastPrice({
  price_per_hour: usual,
  rates,
  minutes_min: least,
  first_minutes: first,
  first_price: ofFirst,
  round_up_to: step,
}: TariffConfig): number {
  const cheapest = Math.min(...[usual, ...rates.map((one) => one.price_per_hour)].filter((price) => price > 0));
  const flat = first === undefined ? 0 : (ofFirst ?? 0);
  const rest = Math.max(0, least - (first ?? 0));
  return Math.ceil((flat + (rest * cheapest) / 60) / step) * step;
}

/** @param floor what the provider takes at least, in minor units. */
export function tariffFaults(tariff: TariffConfig | undefined, floor: number): readonly Fault[] {
  if (tariff === undefined) return [];
  const faults: Fault[] = [];
  const at = (key: string, message: string): void => void faults.push({ path: ["tariff", key], message });
  const weekly = tariff.rates.filter(({ days }) => days.some((day) => day !== "holiday"));
  const costs = tariff.price_per_hour > 0 || weekly.some((one) => one.price_per_hour > 0);
  if (!costs) at("price_per_hour", "everything is free: give a price here, or in a rate for some weekday");
  if (tariff.minutes_max < tariff.minutes_min)
    at("minutes_max", `has to be at least minutes_min (${tariff.minutes_min})`);
  if ((tariff.first_minutes === undefined) !== (tariff.first_price === undefined))
    at("first_price", "first_minutes and first_price go together");
  tariff.rates.forEach((one, index) => {
    if (one.from === one.to)
      faults.push({
        path: ["tariff", "rates", index, "to"],
        message: `from ${one.from} to ${one.to} is no time at all: write "00:00" to "24:00" for a whole day`,
      });
  });
  if (tariff.rates.some(({ days }) => days.includes("holiday")) && tariff.holidays.length === 0)
    at("holidays", 'a rate is for "holiday", and there are none: write holidays = ["2026-12-25"]');
  if (costs && leastPrice(tariff) < floor)
    at(
      "minutes_min",
      `${tariff.minutes_min} minutes can cost ${leastPrice(tariff)}, and the provider takes no payment under ${floor}: sell longer times, or round_up_to = ${floor}`,
    );
  if (tariff.day_max !== undefined && tariff.day_max < floor)
    at("day_max", `the provider takes no payment under ${floor}`);
  if (tariff.day_max !== undefined && tariff.day_max % tariff.round_up_to !== 0)
    at("day_max", `has to be a multiple of round_up_to (${tariff.round_up_to}), or rounding up would pass it`);
  return faults;
}
