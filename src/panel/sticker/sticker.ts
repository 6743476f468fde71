/** One sticker: what to do, the code, where it belongs, who helps. From data to data in millimetres; pure. */
import { createHash } from "node:crypto";
import type { Money } from "../../sale/money.ts";
import type { Language } from "../languages.ts";
import { type PrintPlan, planPrintedQr } from "../qr/print-planner.ts";
import { moneyText } from "../scene/written.ts";
import type { TextMeasure } from "../scene/text-fit.ts";
import { texts } from "../scene/texts/all.ts";
import { appName, type WalletNaming } from "../wallets.ts";
import { type PrintItem, type PrintPage, type PrintStyle, setText } from "./print-item.ts";

/** What one sticker is for. A machine has one; a list of them is printed the same way. */
export interface StickerWanted {
  /** The code's id at the provider. */
  readonly id: string;
  /** As the customer's app shows it after the scan. */
  readonly place: string;
  /** The code's content: the provider's, unchanged. */
  readonly link: string;
  /** What is sold, where it is one thing. */
  readonly offer: { readonly name: string; readonly price: Money } | undefined;
}

export interface StickerSettings {
  /** The symbol's side, without its quiet zone. */
  readonly symbolMm: number;
  /** Most important first; more than three do not find room. */
  readonly languages: readonly [Language, ...Language[]];
  readonly wallets: WalletNaming;
  /** Who helps. */
  readonly contact: string | undefined;
  readonly measure: TextMeasure;
}

export interface Sticker {
  readonly id: string;
  readonly place: string;
  readonly link: string;
  readonly plan: PrintPlan;
  /** Six characters that change with anything on it: to tell an old one, or another's, from the one that was printed. */
  readonly revision: string;
  /** Trimmed size, and what is on it. */
  readonly page: PrintPage;
}

export type StickerPlanning =
  | { readonly kind: "planned"; readonly sticker: Sticker }
  | { readonly kind: "refused"; readonly reason: string; readonly advice: string };

/** Languages on one sticker. */
const stickerLanguagesMax = 3;
const widthMmMin = 62;
const paddingMm = 4;
const gapMm = 2;
const type = { title: 7, otherTitle: 4.6, how: 3.6, place: 4.6, foot: 2.8 } as const;

/** Lines of text before and after the code. */
interface Words {
  readonly above: readonly SetLine[];
  readonly below: readonly SetLine[];
}
type SetLine = Pick<PrintStyle, "sizeMm" | "weight"> & {
  readonly text: string;
  /** Stands a little below the line before. */
  readonly isApart?: boolean;
};

export function planSticker(wanted: StickerWanted, settings: StickerSettings): StickerPlanning {
  const planning = planPrintedQr(wanted.link, settings.symbolMm);
  if (planning.kind === "refused") return planning;
  const { plan } = planning;
  const words = wordsOf(wanted, settings);
  const revision = revisionOf(wanted, words, plan);
  const foot: SetLine = { text: `${wanted.id} · ${revision}`, sizeMm: type.foot, weight: "medium" };
  const page = layOut({ ...words, below: [...words.below, foot] }, plan, settings.measure);
  return { kind: "planned", sticker: { id: wanted.id, place: wanted.place, link: wanted.link, plan, revision, page } };
}

function wordsOf({ place, offer }: StickerWanted, { languages, wallets, contact }: StickerSettings): Words {
  const shown = languages.slice(0, stickerLanguagesMax);
  const said = (sentence: (language: Language) => string): readonly string[] => [...new Set(shown.map(sentence))];
  const titles = said((language) => texts[language].payTitle(appName(language, texts[language].or, wallets)));
  const hows = said((language) => texts[language].scanHow(appName(language, texts[language].or, wallets)));
  const { locale, help } = texts[languages[0]];
  return {
    above: titles.map((text, index) => ({
      text,
      sizeMm: index === 0 ? type.title : type.otherTitle,
      weight: index === 0 ? "bold" : "medium",
    })),
    below: [
      ...hows.map((text): SetLine => ({ text, sizeMm: type.how, weight: "medium" })),
      { text: place, sizeMm: type.place, weight: "bold", isApart: true },
      ...(offer === undefined
        ? []
        : [
            { text: `${offer.name}, ${moneyText(offer.price, locale)}`, sizeMm: type.place, weight: "medium" } as const,
          ]),
      ...(contact === undefined ? [] : [{ text: help(contact), sizeMm: type.how, weight: "medium" } as const]),
    ],
  };
}

/** Of everything on it but itself. People compare it: six characters of base 32 (RFC 4648), thirty bits. */
function revisionOf({ id, link }: StickerWanted, words: Words, { symbolMm }: PrintPlan): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([id, link, words, symbolMm]))
    .digest();
  return Array.from(hash.subarray(0, 6), (byte) => base32[byte % base32.length]).join("");
}
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function layOut({ above, below }: Words, plan: PrintPlan, measure: TextMeasure): PrintPage {
  const widthMm = Math.ceil(Math.max(widthMmMin, plan.sideMm + paddingMm));
  const items: PrintItem[] = [];
  let yMm = paddingMm;
  const put = (lines: readonly SetLine[]): void => {
    for (const { text, sizeMm, weight, isApart } of lines) {
      if (isApart === true) yMm += gapMm;
      const column = { xMm: paddingMm, yMm, widthMm: widthMm - 2 * paddingMm };
      const set = setText(text, column, { sizeMm, weight, align: "centre", measure });
      items.push(...set.items);
      yMm += set.heightMm + gapMm / 2;
    }
  };
  put(above);
  // On whole modules: a picture of whole pixels a module then has no grey edges.
  const code = {
    xMm: Math.floor((widthMm - plan.sideMm) / 2 / plan.moduleMm) * plan.moduleMm,
    yMm: Math.ceil(yMm / plan.moduleMm) * plan.moduleMm,
  };
  items.push({ kind: "qr", ...code, plan });
  yMm = code.yMm + plan.sideMm + gapMm / 2;
  put(below);
  return { widthMm, heightMm: Math.ceil(yMm - gapMm / 2 + paddingMm), items };
}
