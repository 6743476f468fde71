/**
 * Every sentence that customers read, by where it appears. Each language is a file next to this one and is complete, because the compiler asks for
 * every sentence. Sentences are short and plain, and promise nothing that the machine cannot keep.
 */
import type { MoneyFate, OutOfServiceReason, SorryReason } from "../../port.ts";

export interface Texts {
  readonly locale: string;
  readonly starting: string;
  readonly oneMoment: string;
  readonly scanTitle: string;
  readonly scanHow: string;
  readonly scanOrPress: string;
  readonly shopTitle: string;
  readonly shopHow: string;
  readonly pressTitle: string;
  readonly pressHow: string;
  readonly chooseTitle: string;
  readonly chooseHow: string;
  readonly reserved: string;
  readonly payTitle: string;
  readonly payHow: string;
  readonly payOrHold: string;
  readonly waitTitle: string;
  readonly approveTitle: string;
  readonly approveHow: string;
  readonly deliverTitle: string;
  readonly deliverHow: string;
  readonly thanksTitle: string;
  readonly validUntil: string;
  readonly plate: string;
  readonly timeTitle: string;
  readonly timeHow: string;
  /** ? stands in the plate for what was typed. */
  readonly plateRefused: string;
  readonly busyTitle: string;
  readonly busyHow: string;
  readonly ageTitle: string;
  readonly identityTitle: string;
  readonly nothingTaken: string;
  readonly outTitle: string;
  readonly soldOut: string;
  readonly timeLeft: string;
  readonly hours: (count: number) => string;
  readonly minutes: (count: number) => string;
  readonly sorry: Readonly<Record<SorryReason, string>>;
  readonly money: Readonly<Record<MoneyFate, string>>;
  readonly out: Readonly<Record<OutOfServiceReason, string>>;
}
