/** What a scene says: money and times as people of each language write them, and never a time of day that could be another day's. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import type { DeliveryForm, OutOfServiceReason, Scene } from "../../../../src/panel/port.ts";
import { contentOf, supportCode } from "../../../../src/panel/scene/content.ts";
import { moneyText } from "../../../../src/panel/scene/written.ts";
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

function chooseTime(minutes: number, isPlateRefused = false): Extract<Scene, { kind: "choose-time" }> {
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

const timeScene = chooseTime(90);

/** With plain spaces for those at which no line is broken. */
function spaced(text: string): string {
  return text.replaceAll("\u00a0", " ");
}

function saidBy(scene: Scene, language: Language): string {
  const { title, big, lines } = contentOf(scene, language, { timeZone: zone });
  return spaced([title, big, ...lines.map(({ text }) => text)].join(" | "));
}

it.each(["nb", "sv", "da", "fi", "en"] as const)("in %s a plate with ? says what to do", (language) => {
  expect(saidBy(chooseTime(90), language)).not.toContain("?");
  expect(saidBy(chooseTime(90, true), language)).toContain("?");
});

describe("a time that was bought", () => {
  it.each([
    ["nb", "1 t 30 min · gyldig til kl. 14:30"],
    ["sv", "1 tim 30 min · giltig till kl. 14:30"],
    ["da", "1 t 30 min · gyldig til kl. 14.30"],
    ["fi", "1 h 30 min · päättyy klo 14.30"],
    ["en", "1 h 30 min · valid until 14:30"],
  ] as const)("in %s within a day is told by the hour", (language, expected) => {
    expect(saidBy(chooseTime(90), language)).toContain(expected);
  });

  it("that ends on another day is told with its day", () => {
    expect(saidBy(chooseTime(15 * 60), "nb")).toContain("gyldig til ons. 17. juni kl. 14:30");
    expect(saidBy(chooseTime(14 * 60), "nb")).not.toContain("juni");
  });

  it.each(languages)("stands there with its day in %s once it is paid", (language) => {
    const paid: Scene = { kind: "valid-until", plate: undefined, untilWallMs, price: money(4_500, "NOK") };
    expect(contentOf(paid, language, { timeZone: zone }).big).toMatch(/^14[.:]30$/);
    expect(saidBy(paid, language)).toMatch(/17/);
  });

  it("is that of the machine's own time zone", () => {
    const paid: Scene = { kind: "valid-until", plate: undefined, untilWallMs, price: money(4_500, "NOK") };
    expect(contentOf(paid, "nb", { timeZone: "Europe/Helsinki" }).big).toBe("15:30");
  });
});

it.each(languages)("prices in %s have a short form that is the same number", (language) => {
  const offers = [100, 2_500, 2_850, 123_450].map((value) => ({
    name: "Kaffe",
    price: money(value, "NOK"),
    line: "1",
    soldOut: false,
  }));
  const { offers: rows } = contentOf({ kind: "choose", offers, reserved: undefined, secondsLeft: 9 }, language, {
    timeZone: zone,
  });
  for (const { price, shortPrice } of rows) {
    expect(shortPrice).toMatch(/^\d/);
    expect(price).toContain(shortPrice);
    expect(price, "no line is broken between the number and its currency").not.toContain(" ");
    expect(shortPrice).not.toMatch(/kr|NOK/);
  }
});

const night = Date.UTC(2026, 5, 18, 7, 0);

it.each([
  ["nb", "gyldig til tor. 18. juni kl. 09:00"],
  ["sv", "giltig till tors 18 juni kl. 09:00"],
  ["da", "gyldig til tors. 18. juni kl. 09.00"],
  ["fi", "päättyy to 18. kesäkuuta klo 9.00"],
  ["en", "valid until Thu 18 June, 09:00"],
] as const)("in %s the end on another day reads %j", (language, expected) => {
  const scene: Scene = { ...timeScene, fromWallMs: night - 15 * 3_600_000, untilWallMs: night };
  expect(saidBy(scene, language)).toContain(expected);
});

describe("out of service", () => {
  const said = (reason: OutOfServiceReason, language: Language, opensAt?: string): string => {
    const settings = { timeZone: zone, contact: "22 33 44 55" };
    const { title, lines, footer } = contentOf({ kind: "out-of-service", reason, opensAt }, language, settings);
    return spaced([title, ...lines.map(({ text }) => text), footer ?? ""].join(" | "));
  };

  it.each([
    ["nb", "Stengt | Åpner kl. 06:00 | "],
    ["sv", "Stängt | Öppnar kl. 06:00 | "],
    ["da", "Lukket | Åbner kl. 06.00 | "],
    ["fi", "Suljettu | Avautuu klo 6.00 | "],
    ["en", "Closed | Opens at 06:00 | "],
  ] as const)("in %s the night is no fault", (language, expected) => {
    expect(said("quiet-hours", language, "06:00")).toBe(expected);
  });

  it.each([
    ["nothing-for-sale", "Utsolgt | Alt er utsolgt akkurat nå. | "],
    ["operator", "Stengt | Automaten er stengt nå. | "],
    ["stopped", "Stengt | Automaten er slått av. | "],
  ] as const)("%s is no fault: no code, nobody to call", (reason, expected) => {
    expect(said(reason, "nb")).toBe(expected);
  });

  it("a fault has its code and who helps, and no word from the inside", () => {
    expect(said("mqtt", "nb")).toBe(
      "Ute av drift | Betaling virker ikke akkurat nå. | Hjelp: 22 33 44 55 | Feilkode E4",
    );
    expect(said("identity", "en")).toBe(
      "Out of service | There is a technical fault. | Help: 22 33 44 55 | Error code E6",
    );
  });

  it("every code is one reason's, and stands in the docs", () => {
    const page = readFileSync(new URL("../../../../docs/panels.md", import.meta.url), "utf8");
    const faults = ["clock", "machine", "provider", "mqtt", "relay", "identity", "config", "journal", "panel"] as const;
    const codes = faults.map((reason) => supportCode(reason));
    expect(new Set(codes).size).toBe(faults.length);
    for (const [index, reason] of faults.entries()) expect(page).toContain(`| ${codes[index]} | ${reason} |`);
    for (const reason of ["quiet-hours", "operator", "nothing-for-sale", "stopped"] as const)
      expect(supportCode(reason)).toBeUndefined();
  });
});

it("what comes is told by how it comes", () => {
  const how = (form: DeliveryForm): string => saidBy({ kind: "deliver", product: "Kaffe", form }, "nb");
  expect(how("falls")).toContain("falt ned");
  for (const form of ["goods", "drink", "time"] as const) expect(how(form)).not.toContain("falt");
  expect(how("time")).toContain("Tiden starter nå");
});

it("a name over two lines stands on one, and one in other letters is not left empty", () => {
  const scene: Scene = { kind: "deliver", product: "Kaffe\nmed melk ☕", form: "drink" };
  expect(saidBy(scene, "nb")).toContain("Kaffe med melk ?");
});
