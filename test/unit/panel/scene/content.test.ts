/** What a scene says: money and times as people of each language write them, and never a time of day that could be another day's. */
import { describe, expect, it } from "vitest";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import type { Scene } from "../../../../src/panel/port.ts";
import { contentOf, moneyText } from "../../../../src/panel/scene/content.ts";
import { texts } from "../../../../src/panel/scene/texts/all.ts";
import { money } from "../../../../src/sale/money.ts";

const zone = "Europe/Oslo";
/** 14:30 in Oslo. */
const untilWallMs = Date.UTC(2026, 5, 17, 12, 30);

it.each([
  ["nb", 2_500, "NOK", "25 kr"],
  ["nb", 2_850, "NOK", "28,50 kr"],
  ["sv", 2_850, "EUR", "28,50 €"],
  ["da", 2_850, "DKK", "28,50 kr."],
  ["fi", 250, "EUR", "2,50 €"],
  ["en", 250, "EUR", "€2.50"],
] as const)("money in %s: %i of %3$s is %4$s", (language, value, currency, expected) => {
  expect(moneyText(money(value, currency), texts[language].locale)).toBe(expected);
});

function chooseTime(minutes: number, isPlateRefused = false): Scene {
  return {
    kind: "choose-time",
    plate: "AB 12345",
    plateWanted: true,
    isPlateRefused,
    minutes,
    fromWallMs: untilWallMs - minutes * 60_000,
    untilWallMs,
    price: money(4_500, "NOK"),
    secondsLeft: 55,
  };
}

function saidBy(scene: Scene, language: Language): string {
  const { title, big, lines } = contentOf(scene, language, zone);
  return [title, big, ...lines.map(({ text }) => text)].join(" | ");
}

it.each(["nb", "sv", "da", "fi", "en"] as const)("in %s a plate with ? says what to do", (language) => {
  expect(saidBy(chooseTime(90), language)).not.toContain("?");
  expect(saidBy(chooseTime(90, true), language)).toContain("?");
});

describe("a time that was bought", () => {
  it.each([
    ["nb", "1 t 30 min · gyldig til 14:30"],
    ["sv", "1 tim 30 min · giltigt till 14:30"],
    ["da", "1 t 30 min · gyldig til 14.30"],
    ["fi", "1 h 30 min · päättyy klo 14.30"],
    ["en", "1 h 30 min · valid until 14:30"],
  ] as const)("in %s within a day is told by the hour", (language, expected) => {
    expect(saidBy(chooseTime(90), language)).toContain(expected);
  });

  it("that ends on another day is told with its day", () => {
    expect(saidBy(chooseTime(15 * 60), "nb")).toContain("17. juni 14:30");
    expect(saidBy(chooseTime(14 * 60), "nb")).not.toContain("juni");
  });

  it.each(languages)("stands there with its day in %s once it is paid", (language) => {
    const paid: Scene = { kind: "valid-until", plate: undefined, untilWallMs, price: money(4_500, "NOK") };
    expect(contentOf(paid, language, zone).big).toMatch(/^14[.:]30$/);
    expect(saidBy(paid, language)).toMatch(/17/);
  });

  it("is that of the machine's own time zone", () => {
    const paid: Scene = { kind: "valid-until", plate: undefined, untilWallMs, price: money(4_500, "NOK") };
    expect(contentOf(paid, "nb", "Europe/Helsinki").big).toBe("15:30");
  });
});

it.each(languages)("prices in %s have a short form that is the same number", (language) => {
  const offers = [100, 2_500, 2_850, 123_450].map((value) => ({
    name: "Kaffe",
    price: money(value, "NOK"),
    line: "1",
    soldOut: false,
  }));
  const { offers: rows } = contentOf({ kind: "choose", offers, reserved: undefined, secondsLeft: 9 }, language, zone);
  for (const { price, shortPrice } of rows) {
    expect(shortPrice).toMatch(/^\d/);
    expect(price).toContain(shortPrice);
    expect(shortPrice).not.toMatch(/kr|NOK/);
  }
});
