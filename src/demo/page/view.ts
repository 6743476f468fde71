/** What the page shows of the demo's world at a moment, in a language: every sentence and every amount, ready to be drawn. Pure. */
import type { OutOfServiceReason } from "../../panel/port.ts";
import { type Language, languages } from "../../panel/languages.ts";
import type { LedgerRowView } from "../clients.ts";
import type { Happening, LogEntry } from "../happening.ts";
import { machineKinds } from "../machines/machines.ts";
import type { StoryState } from "../story-proof.ts";
import type { WorldState } from "../world-state.ts";
import type { PageTexts } from "./texts/texts.ts";

/** The door for a visitor's own phone, where there is one. */
export interface OwnPhone {
  /** "192.168.1.5:41234" */
  readonly place: string;
  readonly isSecure: boolean;
  /** A phone has its page open. */
  readonly isUsed: boolean;
  /** At the end of the code on the panel, for a phone without a camera. */
  readonly letters: string | undefined;
}

export interface ViewQuestion {
  readonly texts: PageTexts;
  readonly story: StoryState | undefined;
  readonly own?: OwnPhone | undefined;
  /** The last line of the log that the page has. */
  readonly after: number;
}

export interface PhoneLine {
  /** `hint aside`: is left out where there is little room. */
  readonly role: "say" | "hint" | "hint aside" | "big";
  readonly text: string;
}

const rowsShown = 6;

/** "25.00", with two digits: a ledger is read in columns. */
function amountOf(minor: number, locale: string): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(minor / 100);
}

function moneyOf(minor: number, currency: string, locale: string): string {
  return `${amountOf(minor, locale)} ${currency}`;
}

const paymentName = (reference: string): string => `…${reference.slice(-6)}`;

function isReason(texts: PageTexts, text: string): text is OutOfServiceReason {
  return Object.hasOwn(texts.reasons, text);
}

function isScene(texts: PageTexts, text: string): text is keyof PageTexts["scenes"] {
  return Object.hasOwn(texts.scenes, text);
}

export function happeningText(what: Happening, texts: PageTexts): string {
  switch (what.kind) {
    case "pressed":
      return texts.pressed(what.word === undefined ? what.label || what.id : texts.controls[what.word].label);
    case "switched": {
      const { label, whole, broken } = texts.switches[what.name];
      return texts.switched(label, what.broken ? broken : whole);
    }
    case "other-machine":
      return texts.otherMachine(texts.kinds[what.machine].name);
    case "serviced":
      return texts.serviced(what.lines.join(", "));
    case "fell":
      return texts.fell(what.what);
    case "scene":
      return texts.panelShows(isScene(texts, what.scene) ? texts.scenes[what.scene] : what.scene);
    case "readiness":
      return what.missing.length === 0
        ? texts.ready
        : texts.notReady(what.missing.map((one) => (isReason(texts, one) ? texts.reasons[one] : one)).join(", "));
    case "delivering":
      return texts.delivering(what.payment);
    case "delivery-ended":
      return texts.deliveryEnded[what.outcome](what.payment);
    case "moving-money":
      return texts.moving[what.effect](what.payment);
    case "sale-ended":
      return what.keptMinor === 0
        ? texts.nothingKept(what.payment)
        : texts.saleEnded(what.payment, moneyOf(what.keptMinor, what.currency, texts.locale));
    case "payment":
      return texts.payment[what.state](what.payment);
    case "line":
      return what.text;
    default:
      return texts.plain[what.kind];
  }
}

function logLine({ n, who, level, what, raw }: LogEntry, texts: PageTexts) {
  return {
    n,
    who,
    level,
    raw,
    speaker: texts.speakers[who],
    text: happeningText(what, texts),
    // A line that went wrong is shown to everybody.
    isTechnical: what.kind === "line" && level === "info",
  };
}

/** What a payment has come to, in money. */
function stateOf(row: LedgerRowView & { readonly ended: boolean }): keyof PageTexts["ledger"]["states"] {
  if (row.captured - row.refunded > 0) return "sold";
  if (row.ended) return row.authorized > 0 ? "given-back" : "not-paid";
  return row.authorized > 0 ? "reserved" : "asked";
}

function ledgerView({ ledger }: WorldState, { ledger: words, locale }: PageTexts) {
  const [first] = ledger;
  const columns = (rows: WorldState["ledger"]): readonly string[] =>
    [
      rows.reduce((sum, row) => sum + row.captured - row.refunded, 0),
      rows.reduce((sum, row) => sum + releasedOf(row), 0),
      rows.reduce((sum, row) => sum + row.refunded, 0),
    ].map((minor) => amountOf(minor, locale));
  return {
    none: words.none,
    head: [words.payment, words.sold, words.released, words.refunded, first?.currency ?? ""],
    rows: ledger
      .slice(-rowsShown)
      .toReversed()
      .map((row) => ({
        key: row.reference,
        ended: row.ended,
        cells: [paymentName(row.reference), ...columns([row]), words.states[stateOf(row)]],
      })),
    total: [words.all, ...columns(ledger), ""],
  };
}

/** What had been reserved and is free again. The provider counts a payment that nobody approved as cancelled, too: no money of anybody's. */
function releasedOf({ authorized, cancelled }: LedgerRowView): number {
  return Math.min(authorized, cancelled);
}

/** The app's own sentences, by the words of the simulated one. */
function messageText(text: string | undefined, { phone }: PageTexts): string {
  const known: Readonly<Record<string, string>> = {
    "This code is no longer valid.": phone.codeOver,
    "The payment is over.": phone.over,
    "The store sent no request.": phone.noRequest,
    "This is not a code that the app knows.": phone.unknownCode,
  };
  return text === undefined ? phone.over : (known[text] ?? text);
}

function phoneLines({ phone, ledger, machine }: WorldState, texts: PageTexts): readonly PhoneLine[] {
  const words = texts.phone;
  const say = (text: string): PhoneLine => ({ role: "say", text });
  const hint = (text = ""): PhoneLine => ({ role: "hint", text });
  const money = (minor: number): string => moneyOf(minor, phone.currency ?? "", texts.locale);
  switch (phone.screen) {
    case "home":
      return [say(words.ready), hint(words.readyHint)];
    case "nothing-to-scan":
      return [say(words.noCode), hint(words.noCodeHint)];
    case "waiting":
      return [say(words.choose), hint(phone.place)];
    case "cannot-connect":
      return [say(words.cannotConnect), hint(words.cannotConnectHint)];
    case "request":
      return [
        hint(phone.merchant),
        { role: "big", text: money(phone.amount ?? 0) },
        say(phone.description ?? ""),
        { role: "hint aside", text: words.orWait },
      ];
    case "paid": {
      const row = ledger.find(({ reference }) => reference === phone.reference);
      const kept = row === undefined ? 0 : row.captured - row.refunded;
      const isThere = machine.things.some(({ reference }) => reference === phone.reference);
      if (kept > 0)
        return [{ role: "big", text: "✓" }, say(words.paid(money(kept))), hint(isThere ? words.takeIt : "")];
      if (row?.ended === true)
        return [say(words.nothingPaid), hint(words.givenBack(money(row.cancelled + row.refunded)))];
      return [{ role: "big", text: "✓" }, say(words.approved), hint(words.reserved(money(phone.amount ?? 0)))];
    }
    case "declined":
      return [say(words.declined), hint(words.nothingPaid)];
    default:
      return [say(messageText(phone.text, texts))];
  }
}

function storyView(story: StoryState, { story: words, locale }: PageTexts) {
  const { chapters, end } = story;
  const shown = {
    title: words.title,
    isRunning: end === undefined,
    says:
      end === undefined || end.kind === "told"
        ? words.runs
        : end.kind === "stopped"
          ? words.stopped
          : words.failed(end.why),
    // While it is told, the panel has to be seen beside it.
    chapters: (end === undefined ? chapters.slice(-2) : chapters).map(({ chapter, isOver }) => ({
      happens: words.chapters[chapter].happens,
      ends: isOver ? words.chapters[chapter].ends : undefined,
      isNow: !isOver,
    })),
  };
  if (end?.kind !== "told") return { ...shown, end: undefined };
  const { proof } = end;
  const money = (minor: number): string => moneyOf(minor, proof.currency, locale);
  const isRight = proof.faults.length === 0 && proof.lostMinor === 0 && proof.open === 0;
  return {
    ...shown,
    says: "",
    end: {
      figures: [
        { name: words.sold, amount: money(proof.soldMinor), tone: "" },
        { name: words.givenBack, amount: money(proof.givenBackMinor), tone: "" },
        { name: words.lost, amount: money(proof.lostMinor), tone: isRight ? "good" : "bad" },
      ],
      proofTitle: words.proof,
      proof: [
        words.ledger(proof.payments, proof.open),
        words.journal(proof.journalSales, money(proof.journalKeptMinor)),
        words.tray(proof.things),
      ],
      wrong: proof.faults.length === 0 ? [] : [words.wrong(proof.faults)],
    },
  };
}

/** What stands on the phone: the page's, and a visitor's own. */
export function phoneViewOf(state: WorldState, texts: PageTexts) {
  return {
    user: state.phone.user,
    lines: phoneLines(state, texts).filter(({ text }) => text !== ""),
    canAnswer: state.phone.screen === "request",
    approve: texts.phone.approve,
    decline: texts.phone.decline,
  };
}

function ownPhoneView({ place, isSecure, isUsed, letters }: OwnPhone, { own }: PageTexts) {
  return {
    title: own.title,
    // Two codes beside each other are one too many for a camera that is held up to the panel.
    hasCode: !isUsed,
    lines: [
      ...(isUsed ? [own.inUse] : [own.scan, isSecure ? own.certificate : own.noCertificate]),
      own.open(place),
      ...(letters === undefined ? [] : [own.letters(letters)]),
    ],
  };
}

export function viewOf(state: WorldState, { texts, story, after, own }: ViewQuestion) {
  const { machine, panel, log } = state;
  const broken = state.switches.filter((one) => one.broken);
  return {
    panel: {
      version: panel.version,
      powered: panel.powered,
      text: panel.powered ? panel.text : texts.page.noPower,
      language: panel.powered ? panel.language : texts.locale,
    },
    lamp: { on: machine.lamp, text: machine.lamp ? texts.lamp.on : texts.lamp.off },
    kind: machine.kind,
    kinds: machineKinds.map((kind) => ({ kind, name: texts.kinds[kind].name })),
    hint: texts.kinds[machine.kind].hint,
    hasScanner: machine.hasScanner,
    controls: machine.controls.map(({ word, ...control }) => ({
      ...control,
      label: word === undefined ? control.label : `${texts.controls[word].label} ${control.label}`.trim(),
      detail: word === undefined ? control.detail : texts.controls[word].detail,
    })),
    tray: { empty: texts.kinds[machine.kind].tray, things: machine.things },
    phone: phoneViewOf(state, texts),
    own: own === undefined ? undefined : ownPhoneView(own, texts),
    switches: state.switches.map((one) => {
      const words = texts.switches[one.name];
      return { ...one, label: words.label, state: one.broken ? words.broken : words.whole };
    }),
    notices: broken.map(({ name }) => ({
      name,
      text: texts.switches[name].notice,
      mend: texts.switches[name].mend,
    })),
    ledger: ledgerView(state, texts),
    log: {
      from: log.from,
      last: log.last,
      lines: log.entries.filter(({ n }) => n > after).map((entry) => logLine(entry, texts)),
    },
    story: story === undefined ? undefined : storyView(story, texts),
  };
}

export type PageView = ReturnType<typeof viewOf>;

/** What a browser asks for, "nb-NO": the first that the page speaks. */
export function languageOf(wanted: string): Language {
  const code = wanted.toLowerCase().split("-")[0];
  // "no" and "nn" read bokmål.
  const meant = code === "no" || code === "nn" ? "nb" : code;
  return languages.find((one) => one === meant) ?? "en";
}
