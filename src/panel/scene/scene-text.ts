/**
 * What stands on the glass in words, for people who do not see the picture: the alternative text of a screenshot. Everything that does not change by
 * the second, in the order in which it is read. Pure.
 */
import type { Language } from "../languages.ts";
import type { SceneContent } from "./content.ts";

/** Not drawn: a code needs no name for those who see it. */
const codeWord: Readonly<Record<Language, string>> = {
  nb: "QR-kode",
  sv: "QR-kod",
  da: "QR-kode",
  fi: "QR-koodi",
  en: "QR code",
};

/** @param hasCode whether the code is really drawn: a panel can be too small for it */
export function sceneText(content: SceneContent, language: Language, hasCode: boolean): string {
  const { sign, title, secondTitle, big, lines, offers, board, footer } = content;
  const said = [
    sign,
    title,
    secondTitle,
    big,
    ...lines.map(({ text }) => text),
    offers.map(({ line, name, price }) => `${line} ${name} ${price}`).join("; "),
    ...(board?.rows ?? []).map(({ id, name, state, price }) =>
      [`${id} ${name}: ${state}`, price].filter((part) => part !== undefined).join(", "),
    ),
    hasCode ? codeWord[language] : undefined,
    footer,
  ];
  return said
    .flatMap((part) => (part === undefined || part === "" ? [] : [sentence(part)]))
    .join(" ")
    .replaceAll("\u00a0", " ");
}

/** With a mark at its end, so that a voice pauses. */
function sentence(text: string): string {
  return /[.!?:…]$/.test(text) ? text : `${text}.`;
}
