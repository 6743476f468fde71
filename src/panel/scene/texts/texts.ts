/**
 * Every sentence that customers read, by where it appears. Each language is a file next to this one and is complete, because the compiler asks for
 * every sentence. Sentences are short and plain, and promise nothing that the machine cannot keep. Scanning happens in the app, never "with the
 * camera": whoever sticks a false code over a true one counts on the camera. Where the wording comes from: docs/sentences.md.
 */
import type { DeliveryForm, MoneyFate, SorryReason, StationState } from "../../port.ts";
import type { AppName } from "../../wallets.ts";

/** What customers are told of a fault; for the rest there is the code. */
export type FaultKind = "payment" | "machine" | "technical";

export interface Texts {
  readonly locale: string;
  /** Hours with a leading zero ("09.00") or without ("9.00"). */
  readonly hour: "2-digit" | "numeric";
  /** Between the names of two apps. */
  readonly or: string;
  readonly starting: string;
  readonly oneMoment: string;
  readonly idleTitle: (app: AppName) => string;
  readonly scanHow: (app: AppName) => string;
  readonly scanOrPress: (app: AppName) => string;
  readonly shopHow: (app: AppName) => string;
  /** Above the outlets, each of which has a code of its own. */
  readonly boardHow: (app: AppName) => string;
  readonly boardOrPress: (app: AppName) => string;
  readonly lookAtPhone: (station: string) => string;
  /** "selling" is said as "in-use". */
  readonly station: Readonly<Record<Exclude<StationState, "selling">, string>>;
  /** Where there is little room, and under a number. */
  readonly finishedShort: string;
  readonly inUseUntil: (when: string) => string;
  readonly until: (when: string) => string;
  /** Before the lowest of several prices. */
  readonly from: (price: string) => string;
  /** Before the two words that stand in the app as well. */
  readonly appShows: (words: string) => string;
  readonly pressTitle: string;
  readonly pressHow: (app: AppName) => string;
  readonly chooseTitle: string;
  readonly chooseHow: string;
  readonly reserved: (amount: string) => string;
  readonly payTitle: (app: AppName) => string;
  readonly payOrHold: string;
  readonly waitTitle: string;
  readonly approveTitle: string;
  readonly approveHow: (app: AppName) => string;
  readonly deliver: Readonly<Record<DeliveryForm, { readonly title: string; readonly how: string }>>;
  readonly thanksTitle: string;
  /** Above a time of day. */
  readonly validUntil: string;
  /** Before `atTime` or `onDay`. */
  readonly validUntilWhen: (when: string) => string;
  readonly atTime: (time: string) => string;
  readonly onDay: (day: string, time: string) => string;
  readonly plate: (plate: string) => string;
  readonly timeTitle: string;
  readonly timeHow: string;
  /** ? stands in the plate for what was typed. */
  readonly plateRefused: string;
  readonly busyTitle: string;
  readonly busyHow: string;
  readonly ageTitle: string;
  readonly identityTitle: string;
  readonly outTitle: string;
  readonly closedTitle: string;
  readonly closedHow: string;
  readonly offHow: string;
  readonly opensAt: (time: string) => string;
  readonly soldOutTitle: string;
  readonly soldOutHow: string;
  readonly fault: Readonly<Record<FaultKind, string>>;
  readonly faultCode: (code: string) => string;
  readonly help: (contact: string) => string;
  readonly soldOut: string;
  /** In the last row of a table that has no room for all products. */
  readonly more: (count: number) => string;
  readonly timeLeft: string;
  readonly hours: (count: number) => string;
  readonly minutes: (count: number) => string;
  readonly sorry: Readonly<Record<SorryReason, string>>;
  readonly money: Readonly<Record<MoneyFate, string>>;
}
