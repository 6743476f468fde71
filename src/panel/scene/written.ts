/** How money, dates, times of day and durations are written in the customer's language. Pure. */
import { type Money, minorPerMajor } from "../../sale/money.ts";
import type { Texts } from "./texts/texts.ts";

/** A space at which no line is broken: "39 kr" is one thing. */
export const glue = "\u00a0";

export function glued(text: string): string {
  return text.replaceAll(" ", glue);
}

/** A time of day at the end stays together with the word before it ("kl. 09:00"). */
export function gluedTime(text: string): string {
  return text.replace(/ (?=\d{1,2}[.:]\d\d$)/, glue);
}

/** Money as the customer's language writes it: "25 kr", "25,50 kr.", "2,50 €". */
export function moneyText(money: Money, locale: string): string {
  const isWhole = money.minor % minorPerMajor === 0;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    minimumFractionDigits: isWhole ? 0 : 2,
    maximumFractionDigits: 2,
  })
    .format(money.minor / minorPerMajor)
    .replaceAll("\u00a0", " ")
    .replaceAll("\u202f", " ");
}

/** The same without the currency: "25", "25,50". */
export function amountText(money: Money, locale: string): string {
  const digits = money.minor % minorPerMajor === 0 ? 0 : 2;
  return new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(money.minor / minorPerMajor)
    .replaceAll("\u00a0", " ")
    .replaceAll("\u202f", " ");
}

/** "17. juni", with the day of the week. */
export function dateText(wallMs: number, locale: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "long", timeZone });
  // Day and month stay together.
  return format.format(wallMs).replace(/(?<=\d\.?) /, glue);
}

/** "14:32", "Thu 09:00", "17 June": a time of another day is not to be taken for one of today. */
export function whenText(fromWallMs: number, wallMs: number, words: Texts, timeZone: string): string {
  const day = (ms: number): string => dateText(ms, words.locale, timeZone);
  if (day(fromWallMs) === day(wallMs)) return timeText(wallMs, words, timeZone);
  const isSoon = Math.abs(wallMs - fromWallMs) < weekdaysMs;
  const { locale } = words;
  if (!isSoon)
    return glued(new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", timeZone }).format(wallMs));
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone }).format(wallMs);
  return glued(`${weekday} ${timeText(wallMs, words, timeZone)}`);
}

/** The name of a day of the week is clear for less than a week. */
const weekdaysMs = 6 * 24 * 60 * 60_000;

/** A time of day as the language writes it: "09:00", "09.00", "9.00". */
export function timeText(wallMs: number, { locale, hour }: Pick<Texts, "locale" | "hour">, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { hour, minute: "2-digit", hourCycle: "h23", timeZone }).format(wallMs);
}

/** The same of a time of day that is already local, "HH:MM". */
export function localTimeText(timeOfDay: string, words: Texts): string {
  return timeText(Date.parse(`1970-01-01T${timeOfDay}:00Z`), words, "UTC");
}

/** "2:22": its width hardly changes as it counts. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "45 min", "2 t", "1 t 30 min". */
export function durationText(minutes: number, words: Texts): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return words.minutes(rest);
  return rest === 0 ? words.hours(hours) : `${words.hours(hours)} ${words.minutes(rest)}`;
}
