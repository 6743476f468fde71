/** Goal: every customer reads the panel in one language. Method: every sentence of every pair of languages is compared; what is truly equal is listed. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sentencesPage } from "../../../../scripts/sentences-docs.ts";
import { drawableText } from "../../../../src/kit/panel-letters.ts";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import { texts } from "../../../../src/panel/scene/texts/all.ts";
import { sentencesOf } from "../../../../src/panel/scene/texts/list.ts";

/** Each sentence once, with the languages in which it is right. Nothing else may stand in two languages. */
const equal: Readonly<Record<string, readonly Language[]>> = {
  eller: ["nb", "sv", "da"],
  Starter: ["nb", "da"],
  "Betal med APP": ["nb", "da"],
  "Varen kommer": ["nb", "da"],
  "Gyldig til": ["nb", "da"],
  "gyldig til ENDE": ["nb", "da"],
  "kl. TID": ["nb", "sv", "da"],
  "DAG kl. TID": ["nb", "sv", "da"],
  Ledig: ["nb", "sv", "da"],
  "Appen viser: ORD ORD": ["nb", "da"],
  "til TID": ["nb", "da"],
  "fra 39 kr": ["nb", "da"],
  "3 t": ["nb", "da"],
  "3 h": ["fi", "en"],
  "3 min": ["nb", "sv", "da", "fi", "en"],
};

const byLanguage = languages.map((language) => [language, sentencesOf(texts[language])] as const);

function languagesThatSay(sentence: string): readonly Language[] {
  return byLanguage.flatMap(([language, said]) => ([...said.values()].includes(sentence) ? [language] : []));
}

describe("the sentences", () => {
  it("stand at the same places in every language, and none is empty", () => {
    const places = [...sentencesOf(texts.nb).keys()].toSorted();
    expect(places.length).toBeGreaterThan(60);
    for (const [language, said] of byLanguage) {
      expect([...said.keys()].toSorted(), language).toEqual(places);
      for (const [place, sentence] of said) expect(sentence.trim(), `${language} ${place}`).not.toBe("");
    }
  });

  it("no language borrows one from another, except those that are truly equal", () => {
    const everything = new Set(byLanguage.flatMap(([, said]) => [...said.values()]));
    const shared = [...everything].flatMap((sentence) => {
      const by = languagesThatSay(sentence);
      return by.length > 1 ? [[sentence, by] as const] : [];
    });
    expect(Object.fromEntries(shared)).toEqual(equal);
  });

  it("are written for the country that its language names", () => {
    for (const language of languages) expect(texts[language].locale).toMatch(new RegExp(`^${language}-[A-Z]{2}$`));
  });

  it("never send anybody to the camera, whom a false code waits for, and never name an app that nobody has", () => {
    for (const [language, said] of byLanguage)
      for (const [place, sentence] of said) {
        expect(sentence, `${language} ${place}`).not.toMatch(/kamera|camera/i);
        expect(sentence, `${language} ${place}`).not.toContain("Vipps MobilePay");
      }
  });

  it("consist of letters that the panel's font has", () => {
    for (const [, said] of byLanguage)
      for (const sentence of said.values()) expect(drawableText(sentence)).toBe(sentence);
  });

  it("are all in the docs, with where their wording comes from", () => {
    const page = readFileSync(new URL("../../../../docs/sentences.md", import.meta.url), "utf8");
    expect(page).toBe(sentencesPage());
  });
});
