/**
 * Goal: what time costs, and until when it lasts, to the øre and the minute, over free hours, holidays and both odd days of the year. Method: a
 * table worked out by hand with a calendar; properties over any tariff and any moment.
 */
import { array, assert, constantFrom, integer, option, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { type Tariff, quotesOf } from "../../../src/sale/tariff.ts";

const monToFri = [1, 2, 3, 4, 5];

/** A town's: 08 to 18 on weekdays 30.00 an hour, Saturdays 10 to 15 20.00, free otherwise. */
const town: Tariff = {
  timeZone: "Europe/Oslo",
  perHour: 0,
  rates: [
    { days: monToFri, fromMinute: 480, toMinute: 1_080, perHour: 3_000 },
    { days: [6], fromMinute: 600, toMinute: 900, perHour: 2_000 },
  ],
  holidays: new Set(["2026-12-25"]),
  first: undefined,
  dayMax: undefined,
  roundTo: 1,
};
const fridayNight: Tariff = {
  ...town,
  holidays: new Set(),
  rates: [{ days: [5], fromMinute: 1_320, toMinute: 360, perHour: 3_000 }],
};
const always: Tariff = { ...town, perHour: 3_000, rates: [] };

function local(wallMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" }).format(wallMs);
}

describe("a tariff", () => {
  // 2026-11-23 is a Monday. Oslo: UTC+1 in winter, +2 in summer; clocks go back on 2026-10-25 at 03:00, forward on 2027-03-28 at 02:00.
  it.each<[string, Tariff, string, number, number, string]>([
    ["an hour by day", town, "2026-11-23T10:00:00+01:00", 60, 3_000, "2026-11-23 11:00"],
    ["half an hour", town, "2026-11-23T10:00:00+01:00", 30, 1_500, "2026-11-23 10:30"],
    ["paid time does not run in free hours", town, "2026-11-23T17:00:00+01:00", 120, 6_000, "2026-11-24 09:00"],
    [
      "bought in a free hour, it begins when time costs something",
      town,
      "2026-11-23T20:00:00+01:00",
      60,
      3_000,
      "2026-11-24 09:00",
    ],
    [
      "from Friday evening over Saturday's rate to Monday",
      town,
      "2026-11-27T17:00:00+01:00",
      420,
      3_000 + 10_000 + 3_000,
      "2026-11-30 09:00",
    ],
    ["a holiday is free here", town, "2026-12-24T17:00:00+01:00", 120, 3_000 + 2_000, "2026-12-26 11:00"],
    ["the night with 25 hours", always, "2026-10-24T12:00:00+02:00", 1_440, 72_000, "2026-10-25 11:00"],
    ["the night with 23 hours", always, "2027-03-27T12:00:00+01:00", 1_440, 72_000, "2027-03-28 13:00"],
    ["seconds are not lost", always, "2026-11-23T10:00:30+01:00", 60, 3_000, "2026-11-23 11:00"],
    [
      "the first hour has its own price",
      { ...always, first: { minutes: 60, price: 1_000 } },
      "2026-11-23T10:00:00+01:00",
      120,
      4_000,
      "2026-11-23 12:00",
    ],
    [
      "half of the first hour costs the whole of its price",
      { ...always, first: { minutes: 60, price: 1_000 } },
      "2026-11-23T10:00:00+01:00",
      30,
      1_000,
      "2026-11-23 10:30",
    ],
    [
      "a day costs no more than its most",
      { ...always, dayMax: 10_000 },
      "2026-11-23T10:00:00+01:00",
      600,
      10_000,
      "2026-11-23 20:00",
    ],
    [
      "and the next day begins anew",
      { ...always, dayMax: 10_000 },
      "2026-11-23T20:00:00+01:00",
      300,
      10_000 + 3_000,
      "2026-11-24 01:00",
    ],
    [
      "rounded up",
      { ...always, perHour: 2_500, roundTo: 100 },
      "2026-11-23T10:00:00+01:00",
      50,
      2_100,
      "2026-11-23 10:50",
    ],
    [
      "nothing is rounded up that is whole",
      { ...always, perHour: 2_700, roundTo: 100 },
      "2026-11-23T10:00:00+01:00",
      20,
      900,
      "2026-11-23 10:20",
    ],
    [
      "a rate of the night, when the clock goes back",
      { ...always, perHour: 0, rates: [{ days: [7], fromMinute: 60, toMinute: 240, perHour: 600 }] },
      "2026-10-25T00:30:00+02:00",
      240,
      2_400,
      "2026-10-25 04:00",
    ],
    [
      "a rate of the night, when the clock goes forward",
      { ...always, perHour: 0, rates: [{ days: [7], fromMinute: 60, toMinute: 240, perHour: 600 }] },
      "2027-03-28T00:30:00+01:00",
      120,
      1_200,
      "2027-03-28 04:00",
    ],
    [
      "Friday's night lasts until Saturday morning",
      fridayNight,
      "2026-11-27T23:30:00+01:00",
      60,
      3_000,
      "2026-11-28 00:30",
    ],
    ["Thursday's night is not Friday's", fridayNight, "2026-11-27T00:30:00+01:00", 60, 3_000, "2026-11-27 23:00"],
    ["and ends when it ends", fridayNight, "2026-11-28T05:30:00+01:00", 60, 3_000, "2026-12-04 22:30"],
    [
      "a night that begins on a holiday goes on over the next morning, and the holiday's own morning is the day before's",
      { ...fridayNight, holidays: new Set(["2026-11-27"]) },
      "2026-11-27T23:30:00+01:00",
      60,
      3_000,
      "2026-12-04 23:00",
    ],
  ])("%s", (_, tariff, from, minutes, price, until) => {
    const quote = quotesOf(tariff)(Date.parse(from), minutes);
    expect({ price: quote.price, until: local(quote.untilWallMs, tariff.timeZone) }).toEqual({ price, until });
  });

  it("in Helsinki and Copenhagen the same hours are other moments", () => {
    const from = Date.parse("2026-11-23T06:30:00Z");
    const untilIn = (timeZone: string): string =>
      new Date(quotesOf({ ...town, timeZone })(from, 60).untilWallMs).toISOString();
    expect(untilIn("Europe/Helsinki")).toBe("2026-11-23T07:30:00.000Z");
    expect(untilIn("Europe/Copenhagen")).toBe("2026-11-23T08:00:00.000Z");
  });
});

it("nothing costs nothing, not less than nothing", () => {
  const free = { ...always, first: { minutes: 15, price: 0 } };
  expect(quotesOf(free)(Date.parse("2026-10-24T20:00:00Z"), 1).price).toBe(0);
});

/** Slow and obvious: one minute after the other, each asked what it costs by the calendar on the wall. From a whole minute on. */
function minuteByMinute(tariff: Tariff, fromWallMs: number, minutes: number): { price: number; untilWallMs: number } {
  const { timeZone, holidays, rates, first, dayMax, roundTo } = tariff;
  const wall = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  const kindOf = (date: string): number => (holidays.has(date) ? 8 : new Date(`${date}T12:00:00Z`).getUTCDay() || 7);
  const perHourAt = (date: string, minute: number): number => {
    const [today, yesterday] = [
      date,
      new Date(Date.parse(`${date}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10),
    ].map(kindOf);
    for (const { days, fromMinute, toMinute, perHour } of rates) {
      const isOverMidnight = fromMinute > toMinute;
      const began = isOverMidnight ? minute >= fromMinute : minute >= fromMinute && minute < toMinute;
      if (began && days.includes(today ?? 0)) return perHour;
      if (isOverMidnight && minute < toMinute && days.includes(yesterday ?? 0)) return perHour;
    }
    return tariff.perHour;
  };
  const ofDays = new Map<string, number>();
  let [paid, at] = [0, fromWallMs];
  for (; paid < minutes; at += 60_000) {
    const [date = "", time = ""] = wall.format(at).split(" ");
    const perHour = perHourAt(date, Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
    if (perHour === 0) continue;
    const price = first !== undefined && paid < first.minutes ? (paid === 0 ? first.price : 0) : perHour / 60;
    ofDays.set(date, (ofDays.get(date) ?? 0) + price);
    paid += 1;
  }
  const sum = [...ofDays.values()].reduce((total, one) => total + Math.min(one, dayMax ?? Infinity), 0);
  return { price: Math.max(0, Math.ceil(sum / roundTo - 1e-6)) * roundTo, untilWallMs: at };
}

it("of a tariff that costs nothing, the quote ends all the same", () => {
  const from = Date.parse("2026-11-23T10:00:00Z");
  const { price, untilWallMs } = quotesOf({ ...always, perHour: 0 })(from, 60);
  expect(price).toBe(0);
  expect((untilWallMs - from) / 86_400_000).toBeLessThan(735);
});

describe("any tariff", () => {
  const rate = record({
    days: array(integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 }),
    span: array(integer({ min: 0, max: 1_440 }), { minLength: 2, maxLength: 2 }),
    perHour: constantFrom(0, 500, 2_000, 3_333),
    // Where the end lies before the beginning, over midnight.
  }).map(({ days, span: [from, to], perHour }) => ({ days, fromMinute: from ?? 0, toMinute: to ?? 0, perHour }));
  const tariffs = record({
    timeZone: constantFrom("Europe/Oslo", "Europe/Helsinki", "Europe/Copenhagen", "Atlantic/Reykjavik"),
    perHour: constantFrom(700, 2_400, 3_000),
    rates: array(rate, { maxLength: 4 }),
    holidays: constantFrom(new Set<string>(), new Set(["2026-10-25", "2026-12-25"])),
    first: option(record({ minutes: integer({ min: 1, max: 120 }), price: integer({ min: 0, max: 5_000 }) }), {
      nil: undefined,
    }),
    dayMax: option(integer({ min: 10, max: 300 }), { nil: undefined }),
    roundTo: constantFrom(1, 50, 100),
  }).map((drawn) => ({ ...drawn, dayMax: drawn.dayMax === undefined ? undefined : drawn.dayMax * 100 }));
  /** Around both odd days, and an ordinary one. */
  const moments = constantFrom("2026-10-24T20:00:00Z", "2027-03-27T20:00:00Z", "2026-11-23T20:00:00Z").chain((text) =>
    integer({ min: 0, max: 8 * 3_600 }).map((seconds) => Date.parse(text) + seconds * 1_000),
  );
  const times = integer({ min: 1, max: 3 * 1_440 });

  it("quotes what its minutes cost one after the other, over midnights, holidays and both odd days", () => {
    const wholeMinutes = moments.map((wallMs) => Math.floor(wallMs / 60_000) * 60_000);
    assert(
      property(tariffs, wholeMinutes, integer({ min: 1, max: 1_440 }), (tariff, from, minutes) => {
        const quote = quotesOf(tariff)(from, minutes);
        const model = minuteByMinute(tariff, from, minutes);
        expect(quote.untilWallMs).toBe(model.untilWallMs);
        expect(quote.price).toBe(model.price);
      }),
    );
  });

  it("more time never costs less, and never lasts shorter; it lasts at least what was paid", () => {
    assert(
      property(tariffs, moments, times, times, (tariff, from, one, other) => {
        const quote = quotesOf(tariff);
        const [less, more] = [quote(from, Math.min(one, other)), quote(from, Math.max(one, other))];
        expect(more.price).toBeGreaterThanOrEqual(less.price);
        expect(more.untilWallMs).toBeGreaterThanOrEqual(less.untilWallMs);
        expect(less.untilWallMs - from).toBeGreaterThanOrEqual(Math.min(one, other) * 60_000);
      }),
    );
  });

  it("prices are whole multiples, and no day costs more than its most", () => {
    assert(
      property(tariffs, moments, times, (tariff, from, minutes) => {
        const { price, untilWallMs } = quotesOf(tariff)(from, minutes);
        expect(price % tariff.roundTo).toBe(0);
        if (tariff.dayMax === undefined) return;
        const days = new Set<string>();
        for (let at = from; at < untilWallMs; at += 3_600_000) days.add(local(at, tariff.timeZone).slice(0, 10));
        days.add(local(untilWallMs - 1, tariff.timeZone).slice(0, 10));
        expect(price).toBeLessThanOrEqual(days.size * tariff.dayMax);
      }),
    );
  });

  it("without a first price, a most or rounding, what is bought in two parts costs and lasts the same", () => {
    assert(
      property(tariffs, moments, times, times, (drawn, from, one, other) => {
        const quote = quotesOf({ ...drawn, first: undefined, dayMax: undefined, roundTo: 1 });
        const whole = quote(from, one + other);
        const first = quote(from, one);
        const second = quote(first.untilWallMs, other);
        expect(second.untilWallMs).toBe(whole.untilWallMs);
        expect(Math.abs(first.price + second.price - whole.price)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
