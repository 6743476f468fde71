/** A tariff of a simulated meter; every quote is remembered, so that what was sold can be compared with what was asked for. */
import type { TimeSales } from "../../../src/sale/policy.ts";
import { quotesOf } from "../../../src/sale/tariff.ts";
import type { Surroundings } from "./port.ts";

export const perHour = 3_000;
export const roundTo = 100;

/** What a time costs by the plainest arithmetic there is: the tariff has one rate, so clock changes cost nobody anything. */
export function plainPrice(minutes: number): number {
  return Math.ceil((minutes * perHour) / 60 / roundTo) * roundTo;
}

export function flatTimeSales(world: Surroundings, minutesMax: number): TimeSales {
  return {
    minutesMin: 20,
    minutesMax,
    minutesStep: world.pick([10, 20]),
    quote: quotesOf({
      timeZone: "Europe/Oslo",
      perHour,
      rates: [],
      holidays: new Set(),
      first: undefined,
      dayMax: undefined,
      roundTo,
    }),
  };
}
