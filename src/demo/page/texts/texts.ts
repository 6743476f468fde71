/**
 * Every sentence of the demo's page, by where it appears. Each language is a file next to this one and is complete, because the compiler asks for every
 * sentence. The panel's own sentences are not here but where the panel draws them.
 */
import type { OutOfServiceReason, SceneKind } from "../../../panel/port.ts";
import type { DeliveryEnd, MoneyMove, PaymentStep, PlainHappening, Speaker } from "../../happening.ts";
import type { ControlWord, MachineKind, SwitchName } from "../../machines/port.ts";
import type { StoryChapter } from "../../story-chapters.ts";

/** What the page's own program says; plain text, because it is sent to the browser. */
export interface StaticTexts {
  /** What the language calls itself. */
  readonly languageName: string;
  readonly about: string;
  readonly fairPlay: string;
  readonly tryIt: string;
  readonly language: string;
  readonly whichMachine: string;
  readonly machine: string;
  readonly buttons: string;
  readonly tray: string;
  readonly takeAll: string;
  readonly noPower: string;
  readonly breakThings: string;
  readonly phone: string;
  readonly wallet: string;
  readonly scan: string;
  readonly holdUp: string;
  readonly putAway: string;
  readonly log: string;
  readonly technical: string;
  readonly rawLine: string;
  readonly ledger: string;
  readonly reset: string;
  readonly playStory: string;
  readonly stopStory: string;
  readonly serverGone: string;
  readonly starting: string;
  readonly didNotWork: string;
}

export interface PhoneTexts {
  readonly ready: string;
  readonly readyHint: string;
  readonly noCode: string;
  readonly noCodeHint: string;
  readonly choose: string;
  readonly cannotConnect: string;
  readonly cannotConnectHint: string;
  readonly approve: string;
  readonly decline: string;
  readonly orWait: string;
  readonly approved: string;
  readonly reserved: (amount: string) => string;
  readonly paid: (amount: string) => string;
  readonly takeIt: string;
  readonly givenBack: (amount: string) => string;
  readonly nothingPaid: string;
  readonly declined: string;
  readonly over: string;
  readonly codeOver: string;
  readonly noRequest: string;
  readonly unknownCode: string;
}

export interface LedgerTexts {
  readonly none: string;
  readonly payment: string;
  readonly sold: string;
  readonly released: string;
  readonly refunded: string;
  readonly all: string;
  readonly states: Readonly<Record<"sold" | "given-back" | "not-paid" | "reserved" | "asked", string>>;
}

export interface StoryTexts {
  readonly title: string;
  readonly chapters: Readonly<Record<StoryChapter, { readonly happens: string; readonly ends: string }>>;
  readonly runs: string;
  readonly stopped: string;
  readonly failed: (why: string) => string;
  readonly sold: string;
  readonly givenBack: string;
  readonly lost: string;
  readonly proof: string;
  readonly ledger: (payments: number, open: number) => string;
  readonly journal: (sales: number, kept: string) => string;
  readonly tray: (things: readonly string[]) => string;
  readonly wrong: (faults: readonly string[]) => string;
}

/** Of `--lan`: the page's card, and the page on the visitor's own phone. */
export interface OwnPhoneTexts {
  readonly title: string;
  readonly scan: string;
  readonly certificate: string;
  readonly noCertificate: string;
  readonly inUse: string;
  readonly open: (place: string) => string;
  readonly letters: (end: string) => string;
  /** Plain text, because it is sent to the phone's browser. */
  readonly phone: {
    readonly camera: string;
    readonly stopCamera: string;
    readonly photo: string;
    readonly typed: string;
    readonly useTyped: string;
    readonly aim: string;
    readonly noCamera: string;
    readonly unread: string;
    readonly wrongLetters: string;
    readonly simulated: string;
  };
}

export interface PageTexts {
  readonly locale: string;
  readonly page: StaticTexts;
  readonly kinds: Readonly<
    Record<MachineKind, { readonly name: string; readonly hint: string; readonly tray: string }>
  >;
  readonly controls: Readonly<Record<ControlWord, { readonly label: string; readonly detail: string }>>;
  readonly switches: Readonly<
    Record<
      SwitchName,
      {
        readonly label: string;
        readonly whole: string;
        readonly broken: string;
        /** What the machine does about it, and what mends it. */
        readonly notice: string;
        readonly mend: string;
      }
    >
  >;
  readonly lamp: Readonly<Record<"on" | "off", string>>;
  readonly phone: PhoneTexts;
  readonly own: OwnPhoneTexts;
  readonly ledger: LedgerTexts;
  readonly speakers: Readonly<Record<Speaker, string>>;
  readonly plain: Readonly<Record<PlainHappening, string>>;
  readonly pressed: (label: string) => string;
  readonly switched: (label: string, state: string) => string;
  readonly otherMachine: (name: string) => string;
  readonly serviced: (lines: string) => string;
  readonly fell: (what: string) => string;
  readonly panelShows: (scene: string) => string;
  readonly scenes: Readonly<Record<SceneKind | "dark", string>>;
  readonly ready: string;
  readonly notReady: (why: string) => string;
  readonly reasons: Readonly<Record<OutOfServiceReason, string>>;
  readonly delivering: (payment: string) => string;
  readonly deliveryEnded: Readonly<Record<DeliveryEnd, (payment: string) => string>>;
  readonly moving: Readonly<Record<MoneyMove, (payment: string) => string>>;
  readonly saleEnded: (payment: string, kept: string) => string;
  readonly nothingKept: (payment: string) => string;
  readonly payment: Readonly<Record<PaymentStep, (payment: string) => string>>;
  readonly story: StoryTexts;
}
