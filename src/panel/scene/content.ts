/** From a scene to what has to be said: title, big value, lines, icon, code, products. No positions yet. Pure. */
import type { Language, Offer, Scene } from "../port.ts";
import type { Money } from "../../sale/money.ts";
import type { QrPicture } from "../../vipps/port.ts";
import { texts, type Texts } from "./texts.ts";

export type IconName = "check" | "cross" | "hourglass" | "phone" | "arrow-down" | "pause";

export interface SceneContent {
  readonly qr: QrPicture | undefined;
  readonly icon: IconName | undefined;
  readonly title: string;
  /** A price, a time of day: what is read from far away. */
  readonly big: string | undefined;
  readonly lines: readonly string[];
  readonly offers: readonly {
    readonly line: string;
    readonly name: string;
    readonly price: string;
    readonly soldOut: boolean;
  }[];
  readonly footer: string | undefined;
}

/** Money in the customer's own writing: "25 kr", "25,50 kr.", "2,50 €". */
export function moneyText(money: Money, locale: string): string {
  const isWhole = money.minor % 100 === 0;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    minimumFractionDigits: isWhole ? 0 : 2,
    maximumFractionDigits: 2,
  })
    .format(money.minor / 100)
    .replaceAll("\u00a0", " ")
    .replaceAll("\u202f", " ");
}

export function timeText(wallMs: number, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(
    wallMs,
  );
}

/** The part of a reference that a person can read out. */
function shortReference(reference: string | undefined): string | undefined {
  return reference?.slice(-8);
}

function offerRows(offers: readonly Offer[], words: Texts): SceneContent["offers"] {
  return offers.map((offer) => ({
    line: offer.line,
    name: offer.name,
    price: offer.soldOut ? words.soldOut : moneyText(offer.price, words.locale),
    soldOut: offer.soldOut,
  }));
}

function say(title: string, changes: Partial<SceneContent> = {}): SceneContent {
  return {
    qr: undefined,
    icon: undefined,
    title,
    big: undefined,
    lines: [],
    offers: [],
    footer: undefined,
    ...changes,
  };
}

function present(lines: readonly (string | undefined)[]): readonly string[] {
  return lines.filter((line) => line !== undefined && line !== "").map((line) => line ?? "");
}

function idle(scene: Extract<Scene, { kind: "idle" }>, words: Texts): SceneContent {
  const offers = offerRows(scene.offers, words);
  if (scene.code === undefined) return say(words.pressTitle, { lines: [words.pressHow], offers, icon: "phone" });
  const { qr } = scene.code;
  if (scene.code.kind === "shop")
    return say(words.shopTitle, { qr, lines: [words.shopHow], footer: "Vipps MobilePay" });
  const how = scene.canSelectFirst ? words.scanOrPress : words.scanHow;
  return say(words.scanTitle, { qr, lines: [how], offers, footer: "Vipps MobilePay" });
}

/** What this scene says in this language. `timeZone` is an IANA name. */
export function contentOf(scene: Scene, language: Language, timeZone: string): SceneContent {
  const words = texts[language];
  const money = (amount: Money): string => moneyText(amount, words.locale);
  switch (scene.kind) {
    case "starting":
      return say(words.starting, { icon: "hourglass", lines: [words.oneMoment] });
    case "idle":
      return idle(scene, words);
    case "choose":
      return say(words.chooseTitle, {
        lines: present([
          words.chooseHow,
          scene.reserved === undefined ? undefined : `${words.reserved} ${money(scene.reserved)}`,
        ]),
        offers: offerRows(scene.offers, words),
        footer: words.seconds(scene.secondsLeft),
      });
    case "choose-time":
      return say(words.timeTitle, {
        big: money(scene.price),
        lines: present([
          `${words.minutes(scene.minutes)}, ${words.validUntil.toLowerCase()} ${timeText(scene.untilWallMs, words.locale, timeZone)}`,
          scene.plateWanted ? `${words.plate}: ${scene.plate === "" ? "…" : scene.plate}` : undefined,
          words.timeHow,
        ]),
        footer: words.seconds(scene.secondsLeft),
      });
    case "pay":
      return say(words.payTitle, {
        qr: scene.qr,
        big: money(scene.price),
        lines: present([scene.product, scene.canShowCode ? words.payOrHold : words.payHow]),
        footer: words.seconds(scene.secondsLeft),
      });
    case "wait":
      return say(scene.toPhone ? words.approveTitle : words.waitTitle, {
        icon: scene.toPhone ? "phone" : "hourglass",
        big: money(scene.price),
        lines: present([scene.product, scene.toPhone ? words.approveHow : undefined]),
        footer: words.seconds(scene.secondsLeft),
      });
    case "deliver":
      return say(words.deliverTitle, { icon: "arrow-down", lines: present([scene.product, words.deliverHow]) });
    case "thanks":
      return say(words.thanksTitle, { icon: "check", lines: present([scene.product, money(scene.price)]) });
    case "valid-until":
      return say(words.validUntil, {
        icon: "check",
        big: timeText(scene.untilWallMs, words.locale, timeZone),
        lines: present([scene.plate === undefined ? undefined : `${words.plate}: ${scene.plate}`, money(scene.price)]),
      });
    case "sorry":
      return say(words.sorry[scene.reason], {
        icon: "cross",
        lines: present([
          words.money[scene.money],
          scene.money === "needs-attention" ? shortReference(scene.reference) : undefined,
        ]),
      });
    case "busy":
      return say(words.busyTitle, { icon: "pause", lines: [words.busyHow] });
    case "refused":
      return say(scene.reason === "age" ? words.ageTitle : words.identityTitle, {
        icon: "cross",
        lines: [words.nothingTaken],
      });
    case "out-of-service":
      return say(words.outTitle, { icon: "pause", lines: [words.out[scene.reason]], footer: scene.reason });
  }
}
