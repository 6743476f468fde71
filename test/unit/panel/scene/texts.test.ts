/** Goal: every customer reads the panel in one language. Method: every sentence of every pair of languages is compared; what is truly equal is listed. */
import { describe, expect, it } from "vitest";
import { type Language, languages } from "../../../../src/panel/languages.ts";
import { texts } from "../../../../src/panel/scene/texts/all.ts";
import type { Texts } from "../../../../src/panel/scene/texts/texts.ts";

/** Each sentence once, with the languages in which it is right. Nothing else may stand in two languages. */
const equal: Readonly<Record<string, readonly Language[]>> = {
  Starter: ["nb", "da"],
  "Varen kommer": ["nb", "da"],
  "Varen kom ikke": ["nb", "da"],
  "Gyldig til": ["nb", "da"],
  "Kan ikke betale her": ["nb", "da"],
  "3 t": ["nb", "da"],
  "3 h": ["fi", "en"],
  "3 min": ["nb", "sv", "da", "fi", "en"],
};

/** All sentences of a language by their place, with numbers filled in. */
function sentencesOf({ hours, minutes, ...rest }: Texts): ReadonlyMap<string, string> {
  const places = { ...rest, hours: hours(3), minutes: minutes(3) };
  return new Map(
    Object.entries(places).flatMap(([place, said]): readonly (readonly [string, string])[] =>
      typeof said === "string"
        ? [[place, said]]
        : Object.entries(said).map(([part, sentence]) => [`${place}.${part}`, sentence]),
    ),
  );
}

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
});
