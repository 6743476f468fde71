/** Goal: customers read the name of the app that they have. Method: a table of languages and places, before and after the day of the change. */
import { expect, it } from "vitest";
import type { Language } from "../../../src/panel/languages.ts";
import { texts } from "../../../src/panel/scene/texts/all.ts";
import { appName, hasOneName, type WalletNaming } from "../../../src/panel/wallets.ts";

const titleOf = (language: Language, naming: WalletNaming): string => {
  const words = texts[language];
  return words.idleTitle(appName(language, words.or, naming));
};

it.each<readonly [Language, WalletNaming, string]>([
  ["nb", {}, "Betal med Vipps"],
  ["nb", { local: "vipps" }, "Betal med Vipps"],
  ["da", { local: "mobilepay" }, "Betal med MobilePay"],
  ["fi", { local: "mobilepay" }, "Maksa MobilePaylla"],
  // Swedish is read in Finland too, where MobilePay is at home.
  ["sv", { local: "mobilepay" }, "Betala med MobilePay eller Vipps"],
  ["sv", {}, "Betala med Vipps"],
  ["da", { local: "vipps" }, "Betal med Vipps eller MobilePay"],
  ["fi", { local: "vipps" }, "Maksa Vippsillä tai MobilePaylla"],
  ["en", { local: "vipps" }, "Pay with Vipps or MobilePay"],
  ["en", { local: "mobilepay" }, "Pay with MobilePay or Vipps"],
  ["da", { local: "mobilepay", isOneName: true }, "Betal med Vipps"],
  ["fi", { local: "mobilepay", isOneName: true }, "Maksa Vippsillä"],
  ["en", { local: "mobilepay", isOneName: true }, "Pay with Vipps"],
])("in %s with %j the panel says %j", (language, naming, said) => {
  expect(titleOf(language, naming)).toBe(said);
});

it.each([
  ["2027-01-11T22:59:59Z", "Europe/Oslo", false],
  ["2027-01-11T23:00:00Z", "Europe/Oslo", true],
  ["2027-01-11T22:00:00Z", "Europe/Helsinki", true],
  ["2026-12-31T12:00:00Z", "Europe/Oslo", false],
  ["2030-02-01T12:00:00Z", "Europe/Oslo", true],
])("at %s in %s the apps have one name: %s", (at, timeZone, expected) => {
  expect(hasOneName("2027-01-12", Date.parse(at), timeZone)).toBe(expected);
});
