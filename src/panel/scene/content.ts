/** From a scene to its content: title, large value, lines, icon, code, products. No positions yet. Pure. */
import { drawableText } from "../../kit/panel-letters.ts";
import { readableText } from "../../kit/readable-text.ts";
import type { Language, Offer, OutOfServiceReason, Scene, StationSign } from "../port.ts";
import type { Money } from "../../sale/money.ts";
import type { QrPicture } from "../../vipps/port.ts";
import { type AppName, appName, type WalletNaming } from "../wallets.ts";
import { type BoardContent, boardContent, signText } from "./board-content.ts";
import { texts } from "./texts/all.ts";
import {
  amountText,
  clockText,
  dateText,
  durationText,
  glue,
  glued,
  gluedTime,
  localTimeText,
  moneyText,
  timeText,
  whenText,
} from "./written.ts";
import type { FaultKind, Texts } from "./texts/texts.ts";

export type IconName = "check" | "cross" | "hourglass" | "phone" | "arrow-down" | "pause";

/** The purpose of a line: the product, what to do next, the same in a second language, or what happens to the customer's money (never left out). */
export type LineRole = "detail" | "how" | "second" | "fate";

/** What the words depend on beside the scene and the language. */
export interface WordSettings {
  /** An IANA name. */
  readonly timeZone: string;
  /** Title and directions in this language as well, for glass that cannot alternate. */
  readonly second?: Language | undefined;
  readonly wallets?: WalletNaming | undefined;
  /** Who helps: a telephone number, an address. */
  readonly contact?: string | undefined;
}

export interface SceneContent {
  readonly qr: QrPicture | undefined;
  readonly icon: IconName | undefined;
  readonly tone: "plain" | "good" | "bad";
  /** Which outlet this is about: "W2 · Washer 2". */
  readonly sign: string | undefined;
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
  /** In the table's last row where not all products that can be bought have room: "and 3 more: press the number". */
  readonly moreOffers: (count: number) => string;
  readonly board: BoardContent | undefined;
  readonly footer: string | undefined;
  /** Only for glass that can change every second; elsewhere it would soon be wrong. */
  readonly timeLeft: string | undefined;
}

/** The part of a reference that is short enough to read out. */
function shortReference(reference: string | undefined): string | undefined {
  return reference?.slice(-8);
}

function offerRows(offers: readonly Offer[], words: Texts): SceneContent["offers"] {
  return offers.map((offer) => ({
    line: shownText(offer.line),
    name: shownText(offer.name),
    price: offer.soldOut ? words.soldOut : glued(moneyText(offer.price, words.locale)),
    shortPrice: offer.soldOut ? "–" : glued(amountText(offer.price, words.locale)),
    soldOut: offer.soldOut,
  }));
}

function say(title: string, changes: Partial<SceneContent> = {}): SceneContent {
  return {
    qr: undefined,
    icon: undefined,
    tone: "plain",
    sign: undefined,
    title,
    secondTitle: undefined,
    big: undefined,
    lines: [],
    offers: [],
    moreOffers: String,
    board: undefined,
    footer: undefined,
    timeLeft: undefined,
    ...changes,
  };
}

type Line = SceneContent["lines"][number];

/** Names and plates come from outside. One that cannot be drawn must not prevent the whole scene. */
function lines(...given: readonly (readonly [LineRole, string | undefined])[]): readonly Line[] {
  return given.flatMap(([role, from]) => {
    const text = shownText(from ?? "");
    return text === "" ? [] : [{ text, role }];
  });
}

/** One line of letters that the font has. */
export function shownText(text: string): string {
  return drawableText(readableText(text));
}

function idle(scene: Extract<Scene, { kind: "idle" }>, words: Texts, app: AppName): SceneContent {
  const offers = offerRows(scene.offers, words);
  const moreOffers = words.more;
  if (scene.code === undefined) {
    if (offers.length === 0)
      return say(words.idleTitle(app), { icon: "phone", lines: lines(["how", words.pressHow(app)]) });
    return say(words.pressTitle, { lines: lines(["how", words.pressHow(app)]), offers, moreOffers });
  }
  const { qr } = scene.code;
  // The app's name is in the title: customers look for it, and it says where to scan.
  const title = words.idleTitle(app);
  if (scene.code.kind === "shop") return say(title, { qr, lines: lines(["how", words.shopHow(app)]) });
  const how = scene.canSelectFirst ? words.scanOrPress : words.scanHow;
  return say(title, { qr, lines: lines(["how", how(app)]), offers, moreOffers });
}

type Closure =
  | { readonly kind: "closed" | "sold-out" | "off" }
  | { readonly kind: "fault"; readonly fault: FaultKind; readonly code: string };

/** Closed is not broken. A fault has a code that says nothing to customers and all to support (docs/panels.md has the table). */
const closures: Readonly<Record<OutOfServiceReason, Closure>> = {
  "quiet-hours": { kind: "closed" },
  operator: { kind: "closed" },
  "nothing-for-sale": { kind: "sold-out" },
  stopped: { kind: "off" },
  clock: { kind: "fault", fault: "technical", code: "E1" },
  machine: { kind: "fault", fault: "machine", code: "E2" },
  provider: { kind: "fault", fault: "payment", code: "E3" },
  mqtt: { kind: "fault", fault: "payment", code: "E4" },
  relay: { kind: "fault", fault: "payment", code: "E5" },
  identity: { kind: "fault", fault: "technical", code: "E6" },
  config: { kind: "fault", fault: "technical", code: "E7" },
  journal: { kind: "fault", fault: "technical", code: "E8" },
  panel: { kind: "fault", fault: "technical", code: "E9" },
};

/** The code of a fault as customers read it out; undefined where nothing is broken. */
export function supportCode(reason: OutOfServiceReason): string | undefined {
  const closure = closures[reason];
  return closure.kind === "fault" ? closure.code : undefined;
}

function outOfService(
  { reason, opensAt }: Extract<Scene, { kind: "out-of-service" }>,
  words: Texts,
  contact: string | undefined,
): SceneContent {
  const closure = closures[reason];
  switch (closure.kind) {
    case "closed": {
      const how = opensAt === undefined ? words.closedHow : words.opensAt(localTimeText(opensAt, words));
      return say(words.closedTitle, { icon: "pause", lines: lines(["how", how]) });
    }
    case "sold-out":
      return say(words.soldOutTitle, { icon: "pause", lines: lines(["how", words.soldOutHow]) });
    case "off":
      return say(words.closedTitle, { icon: "pause", lines: lines(["how", words.offHow]) });
    case "fault":
      return say(words.outTitle, {
        icon: "pause",
        lines: lines(["how", words.fault[closure.fault]], ["detail", helpOf(words, contact)]),
        footer: words.faultCode(closure.code),
      });
  }
}

function helpOf(words: Texts, contact: string | undefined): string | undefined {
  return contact === undefined ? undefined : words.help(contact);
}

function board(scene: Extract<Scene, { kind: "board" }>, words: Texts, app: AppName, timeZone: string): SceneContent {
  const call = scene.calls.at(-1);
  const content = boardContent(scene, {
    words,
    shown: shownText,
    money: (amount) => glued(moneyText(amount, words.locale)),
    when: (fromWallMs, wallMs) => whenText(fromWallMs, wallMs, words, timeZone),
  });
  if (call === undefined) {
    const how = scene.canSelect ? words.boardOrPress : words.boardHow;
    return say(words.idleTitle(app), { lines: lines(["how", how(app)]), board: content });
  }
  return say(words.lookAtPhone(shownText(signText(call.id))), {
    lines: lines(["detail", call.words === undefined ? undefined : words.appShows(call.words)]),
    board: content,
  });
}

/** Which outlet, and the words that the customer's app shows as well. */
function signed(content: SceneContent, { station, words: pair }: Scene, words: Texts): SceneContent {
  const sign = station === undefined ? undefined : signOf(station);
  const line = pair === undefined ? [] : lines(["detail", words.appShows(pair)]);
  return { ...content, sign, lines: [...content.lines, ...line] };
}

function signOf({ id, name }: StationSign): string {
  return [signText(id), name]
    .map(shownText)
    .filter((text) => text !== "")
    .join(" · ");
}

/** The content of a scene in a language, and with `second` in two. */
export function contentOf(scene: Scene, language: Language, settings: WordSettings): SceneContent {
  const first = signed(inLanguage(scene, language, settings), scene, texts[language]);
  const { second } = settings;
  if (second === undefined || second === language) return first;
  const other = inLanguage(scene, second, settings);
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

function inLanguage(scene: Scene, language: Language, { timeZone, wallets, contact }: WordSettings): SceneContent {
  const words = texts[language];
  const app = appName(language, words.or, wallets ?? {});
  const money = (amount: Money): string => glued(moneyText(amount, words.locale));
  const time = (wallMs: number): string => timeText(wallMs, words, timeZone);
  const date = (wallMs: number): string => dateText(wallMs, words.locale, timeZone);
  // The time of day alone is only clear within the same day.
  const until = (fromWallMs: number, wallMs: number): string =>
    words.validUntilWhen(
      date(fromWallMs) === date(wallMs)
        ? glued(words.atTime(time(wallMs)))
        : gluedTime(words.onDay(date(wallMs), time(wallMs))),
    );
  const left = (seconds: number): string => glued(`${words.timeLeft} ${clockText(seconds)}`);
  switch (scene.kind) {
    case "starting":
      return say(words.starting, { icon: "hourglass", lines: lines(["how", words.oneMoment]) });
    case "idle":
      return idle(scene, words, app);
    case "board":
      return board(scene, words, app, timeZone);
    case "choose":
      return say(words.chooseTitle, {
        lines: lines(
          ["how", words.chooseHow],
          ["detail", scene.reserved === undefined ? undefined : words.reserved(money(scene.reserved))],
        ),
        offers: offerRows(scene.offers, words),
        moreOffers: words.more,
        timeLeft: left(scene.secondsLeft),
      });
    case "choose-time":
      return say(words.timeTitle, {
        big: money(scene.price),
        lines: lines(
          [
            "detail",
            `${glued(durationText(scene.minutes, words))}${glue}· ${until(scene.fromWallMs, scene.untilWallMs)}`,
          ],
          ["detail", scene.plateWanted ? glued(words.plate(scene.plate === "" ? "…" : scene.plate)) : undefined],
          [
            "how",
            scene.isPlateRefused ? words.plateRefused : words.timeHow.replace(/\+ (\S+) −/, `+${glue}$1${glue}−`),
          ],
        ),
        timeLeft: left(scene.secondsLeft),
      });
    case "pay":
      return say(words.payTitle(app), {
        qr: scene.qr,
        big: money(scene.price),
        lines: lines(["detail", scene.product], ["how", scene.canShowCode ? words.payOrHold : undefined]),
        timeLeft: left(scene.secondsLeft),
      });
    case "wait":
      return say(scene.toPhone ? words.approveTitle : words.waitTitle, {
        icon: scene.toPhone ? "phone" : "hourglass",
        big: money(scene.price),
        lines: lines(["detail", scene.product], ["how", scene.toPhone ? words.approveHow(app) : undefined]),
        timeLeft: left(scene.secondsLeft),
      });
    case "deliver": {
      const { title, how } = words.deliver[scene.form];
      return say(title, { icon: "arrow-down", lines: lines(["detail", scene.product], ["how", how]) });
    }
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
          ["detail", scene.plate === undefined || scene.plate === "" ? undefined : glued(words.plate(scene.plate))],
          ["detail", money(scene.price)],
        ),
      });
    case "sorry": {
      const needsHelp = scene.money === "needs-attention";
      return say(words.sorry[scene.reason], {
        icon: "cross",
        tone: "bad",
        lines: lines(["fate", words.money[scene.money]], ["detail", needsHelp ? helpOf(words, contact) : undefined]),
        big: needsHelp ? shortReference(scene.reference) : undefined,
      });
    }
    case "busy":
      return say(words.busyTitle, { icon: "pause", lines: lines(["how", words.busyHow]) });
    case "refused":
      return say(scene.reason === "age" ? words.ageTitle : words.identityTitle, {
        icon: "cross",
        tone: "bad",
        lines: lines(["fate", words.money["nothing-taken"]]),
      });
    case "out-of-service":
      return outOfService(scene, words, contact);
  }
}
