/** From a scene to its content: title, large value, lines, icon, code, products. No positions yet. Pure. */
import { readableText } from "../../kit/readable-text.ts";
import type { Language, Offer, Scene } from "../port.ts";
import { type Money, minorPerMajor } from "../../sale/money.ts";
import type { QrPicture } from "../../vipps/port.ts";
import { texts } from "./texts/all.ts";
import type { Texts } from "./texts/texts.ts";

export type IconName = "check" | "cross" | "hourglass" | "phone" | "arrow-down" | "pause";

/** The purpose of a line: the product, what to do next, the same in a second language, or what happens to the customer's money (never left out). */
export type LineRole = "detail" | "how" | "second" | "fate";

export interface SceneContent {
  readonly qr: QrPicture | undefined;
  readonly icon: IconName | undefined;
  readonly tone: "plain" | "good" | "bad";
  readonly title: string;
  /** The title in the panel's second language, when two are shown at once. */
  readonly secondTitle: string | undefined;
  /** A price or a time of day, to be read from a distance. */
  readonly big: string | undefined;
  readonly lines: readonly { readonly text: string; readonly role: LineRole }[];
  readonly offers: readonly {
    readonly line: string;
    readonly name: string;
    readonly price: string;
    /** Without the currency, for tables that are too narrow for it. */
    readonly shortPrice: string;
    readonly soldOut: boolean;
  }[];
  readonly footer: string | undefined;
  /** Only for glass that can change every second; elsewhere it would soon be wrong. */
  readonly timeLeft: string | undefined;
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
function amountText(money: Money, locale: string): string {
  const digits = money.minor % minorPerMajor === 0 ? 0 : 2;
  return new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(money.minor / minorPerMajor)
    .replaceAll("\u00a0", " ")
    .replaceAll("\u202f", " ");
}

/** "17. juni", with the day of the week. */
function dateText(wallMs: number, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "long", timeZone }).format(wallMs);
}

export function timeText(wallMs: number, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(
    wallMs,
  );
}

/** The part of a reference that is short enough to read out. */
function shortReference(reference: string | undefined): string | undefined {
  return reference?.slice(-8);
}

function offerRows(offers: readonly Offer[], words: Texts): SceneContent["offers"] {
  return offers.map((offer) => ({
    line: readableText(offer.line),
    name: readableText(offer.name),
    price: offer.soldOut ? words.soldOut : moneyText(offer.price, words.locale),
    shortPrice: offer.soldOut ? words.soldOut : amountText(offer.price, words.locale),
    soldOut: offer.soldOut,
  }));
}

function say(title: string, changes: Partial<SceneContent> = {}): SceneContent {
  return {
    qr: undefined,
    icon: undefined,
    tone: "plain",
    title,
    secondTitle: undefined,
    big: undefined,
    lines: [],
    offers: [],
    footer: undefined,
    timeLeft: undefined,
    ...changes,
  };
}

type Line = SceneContent["lines"][number];

/** Names and plates come from outside. One that cannot be drawn must not prevent the whole scene. */
function lines(...given: readonly (readonly [LineRole, string | undefined])[]): readonly Line[] {
  return given.flatMap(([role, from]) => {
    const text = readableText(from ?? "");
    return text === "" ? [] : [{ text, role }];
  });
}

const wallet = "Vipps MobilePay";

function idle(scene: Extract<Scene, { kind: "idle" }>, words: Texts): SceneContent {
  const offers = offerRows(scene.offers, words);
  if (scene.code === undefined)
    return say(words.pressTitle, {
      lines: lines(["how", words.pressHow]),
      offers,
      footer: wallet,
      ...(offers.length === 0 ? { icon: "phone" } : {}),
    });
  const { qr } = scene.code;
  if (scene.code.kind === "shop")
    return say(words.shopTitle, { qr, lines: lines(["how", words.shopHow]), footer: wallet });
  const how = scene.canSelectFirst ? words.scanOrPress : words.scanHow;
  return say(words.scanTitle, { qr, lines: lines(["how", how]), offers, footer: wallet });
}

/**
 * The content of a scene in a language. `timeZone` is an IANA name. With `second`, title and directions are given in that language as well, for
 * glass that cannot alternate.
 */
export function contentOf(scene: Scene, language: Language, timeZone: string, second?: Language): SceneContent {
  const first = inLanguage(scene, language, timeZone);
  if (second === undefined || second === language) return first;
  const other = inLanguage(scene, second, timeZone);
  const added = other.lines
    .filter(
      (line) => (line.role === "how" || line.role === "fate") && !first.lines.some(({ text }) => text === line.text),
    )
    .map(({ text }): Line => ({ text, role: "second" }));
  return {
    ...first,
    secondTitle: other.title === first.title ? undefined : other.title,
    lines: [...first.lines, ...added],
  };
}

function inLanguage(scene: Scene, language: Language, timeZone: string): SceneContent {
  const words = texts[language];
  const money = (amount: Money): string => moneyText(amount, words.locale);
  const time = (wallMs: number): string => timeText(wallMs, words.locale, timeZone);
  const date = (wallMs: number): string => dateText(wallMs, words.locale, timeZone);
  // The time of day alone is only clear within the same day.
  const until = (fromWallMs: number, wallMs: number): string =>
    date(fromWallMs) === date(wallMs) ? time(wallMs) : `${date(wallMs)} ${time(wallMs)}`;
  const left = (seconds: number): string => `${words.timeLeft} ${clockText(seconds)}`;
  switch (scene.kind) {
    case "starting":
      return say(words.starting, { icon: "hourglass", lines: lines(["how", words.oneMoment]) });
    case "idle":
      return idle(scene, words);
    case "choose":
      return say(words.chooseTitle, {
        lines: lines(
          ["how", words.chooseHow],
          ["detail", scene.reserved === undefined ? undefined : `${words.reserved} ${money(scene.reserved)}`],
        ),
        offers: offerRows(scene.offers, words),
        timeLeft: left(scene.secondsLeft),
      });
    case "choose-time":
      return say(words.timeTitle, {
        big: money(scene.price),
        lines: lines(
          [
            "detail",
            `${durationText(scene.minutes, words)} · ${words.validUntil.toLowerCase()} ${until(scene.fromWallMs, scene.untilWallMs)}`,
          ],
          ["detail", scene.plateWanted ? `${words.plate}: ${scene.plate === "" ? "…" : scene.plate}` : undefined],
          ["how", scene.isPlateRefused ? words.plateRefused : words.timeHow],
        ),
        timeLeft: left(scene.secondsLeft),
      });
    case "pay":
      return say(words.payTitle, {
        qr: scene.qr,
        big: money(scene.price),
        lines: lines(["detail", scene.product], ["how", scene.canShowCode ? words.payOrHold : words.payHow]),
        timeLeft: left(scene.secondsLeft),
      });
    case "wait":
      return say(scene.toPhone ? words.approveTitle : words.waitTitle, {
        icon: scene.toPhone ? "phone" : "hourglass",
        big: money(scene.price),
        lines: lines(["detail", scene.product], ["how", scene.toPhone ? words.approveHow : undefined]),
        timeLeft: left(scene.secondsLeft),
      });
    case "deliver":
      return say(words.deliverTitle, {
        icon: "arrow-down",
        lines: lines(["detail", scene.product], ["how", words.deliverHow]),
      });
    case "thanks":
      return say(words.thanksTitle, {
        icon: "check",
        tone: "good",
        // A web-shop order that is not in the catalogue was paid elsewhere: its price is unknown here.
        lines: lines(["detail", scene.product], ["detail", scene.price.minor === 0 ? undefined : money(scene.price)]),
      });
    case "valid-until":
      return say(words.validUntil, {
        icon: "check",
        tone: "good",
        big: time(scene.untilWallMs),
        lines: lines(
          ["detail", date(scene.untilWallMs)],
          ["detail", scene.plate === undefined || scene.plate === "" ? undefined : `${words.plate}: ${scene.plate}`],
          ["detail", money(scene.price)],
        ),
      });
    case "sorry":
      return say(words.sorry[scene.reason], {
        icon: "cross",
        tone: "bad",
        lines: lines(["fate", words.money[scene.money]]),
        big: scene.money === "needs-attention" ? shortReference(scene.reference) : undefined,
      });
    case "busy":
      return say(words.busyTitle, { icon: "pause", lines: lines(["how", words.busyHow]) });
    case "refused":
      return say(scene.reason === "age" ? words.ageTitle : words.identityTitle, {
        icon: "cross",
        tone: "bad",
        lines: lines(["fate", words.nothingTaken]),
      });
    case "out-of-service":
      return say(words.outTitle, {
        icon: "pause",
        lines: lines(["how", words.out[scene.reason]]),
        footer: scene.reason,
      });
  }
}

/** "2:22": its width hardly changes as it counts. */
function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "45 min", "2 t", "1 t 30 min". */
function durationText(minutes: number, words: Texts): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return words.minutes(rest);
  return rest === 0 ? words.hours(hours) : `${words.hours(hours)} ${words.minutes(rest)}`;
}
