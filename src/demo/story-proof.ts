/** What is counted when the story has been told, and how far it is. Pure. */
import type { LedgerRowView } from "./clients.ts";
import type { Drop } from "./machines/port.ts";
import type { StoryChapter } from "./story-chapters.ts";
import { isEnded } from "./world-state.ts";

/** What the machine's journal says became of a payment, in minor units. */
export interface Journalled {
  readonly captured: number;
  readonly refunded: number;
}

/** What is counted after a story. Amounts in minor units. */
export interface Proof {
  readonly currency: string;
  /** Kept for what came out. */
  readonly soldMinor: number;
  /** Had been reserved or taken, and is the customers' again: not what was cancelled before anybody approved it. */
  readonly givenBackMinor: number;
  /** Kept without anything coming out, or come out without being paid. */
  readonly lostMinor: number;
  readonly payments: number;
  readonly open: number;
  /** Of the same payments, in the machine's journal. */
  readonly journalSales: number;
  readonly journalKeptMinor: number;
  readonly things: readonly string[];
  /** What does not agree. */
  readonly faults: readonly string[];
}

/** Counts a ledger against what came out and what the machine's journal says. Pure. */
export function proofOf(
  ledger: readonly LedgerRowView[],
  drops: readonly Drop[],
  journal: ReadonlyMap<string, Journalled>,
  faults: readonly string[],
): Proof {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const worthOf = (all: readonly Drop[]): number => sum(all.map(({ priceMinor }) => priceMinor));
  const references = new Set(ledger.map(({ reference }) => reference));
  const unpaid = drops.filter(({ reference }) => reference === undefined || !references.has(reference));
  const gaps = ledger.map((row) => {
    const came = worthOf(drops.filter(({ reference }) => reference === row.reference));
    return Math.abs(row.captured - row.refunded - came);
  });
  const journalled = ledger.flatMap(({ reference }) => journal.get(reference) ?? []);
  return {
    currency: ledger[0]?.currency ?? "NOK",
    soldMinor: sum(ledger.map(({ captured, refunded }) => captured - refunded)),
    givenBackMinor: sum(
      ledger.map(({ authorized, cancelled, refunded }) => Math.min(authorized, cancelled) + refunded),
    ),
    lostMinor: sum(gaps) + worthOf(unpaid),
    payments: ledger.length,
    open: ledger.filter((row) => !isEnded(row)).length,
    journalSales: journalled.length,
    journalKeptMinor: sum(journalled.map(({ captured, refunded }) => captured - refunded)),
    things: drops.map(({ what }) => what),
    faults,
  };
}

export interface StoryState {
  /** Those that are over, and the one that is played. */
  readonly chapters: readonly { readonly chapter: StoryChapter; readonly isOver: boolean }[];
  readonly end:
    | undefined
    | { readonly kind: "stopped" }
    | { readonly kind: "failed"; readonly why: string }
    | { readonly kind: "told"; readonly proof: Proof };
}
