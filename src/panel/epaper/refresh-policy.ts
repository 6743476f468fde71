/**
 * Chooses the kind of refresh that a picture gets. Pure. Vendors ask for 180 s between refreshes on average, and for at least one a day (Waveshare
 * FAQ). A session breaks the first rule in bursts, so it is a budget. The budget never keeps a picture off the glass, because a code that can no
 * longer be paid must go; it only prefers the gentler refresh and reports when it is overdrawn.
 */
import type { RefreshKind } from "./controller.ts";

export interface RefreshLimits {
  /** After this many partial refreshes a full one drives the ghosts out. */
  readonly partialsMax: number;
  /** How often a token comes back… */
  readonly budgetIntervalMs: number;
  /** …and how many there are at most. */
  readonly budgetBurst: number;
  /** After this long without a full refresh, the same picture gets one. */
  readonly fullAtLeastEveryMs: number;
  /** Below this only full refreshes, because short waveforms leave grey. In °C. */
  readonly shortWaveformsFromCelsius: number;
  /** Outside of these the glass does not change or is damaged. In °C. */
  readonly operatingCelsius: { readonly min: number; readonly max: number };
  /** The refresh for a code: `full`, or `fast` if the panel has such a waveform. Never `partial`: its ghosts disturb scanners. */
  readonly codeRefresh: "full" | "fast";
}

export const refreshLimits: RefreshLimits = {
  partialsMax: 10,
  budgetIntervalMs: 180_000,
  budgetBurst: 40,
  fullAtLeastEveryMs: 24 * 60 * 60 * 1_000,
  shortWaveformsFromCelsius: 5,
  operatingCelsius: { min: 0, max: 50 },
  codeRefresh: "full",
};

export interface RefreshQuestion {
  readonly abilities: ReadonlySet<RefreshKind>;
  /** Whether it is known what is on the glass. It is not after start, a fault, or an interrupted refresh. */
  readonly isGlassKnown: boolean;
  readonly isSamePicture: boolean;
  readonly containsCode: boolean;
  /** There is a code on the glass, or there may be. */
  readonly mayShowCode: boolean;
  /** The picture that has to be there when nobody is left to change it. */
  readonly isSafe: boolean;
  readonly usesRed: boolean;
  readonly partialsSinceFull: number;
  readonly sinceFullMs: number;
  readonly hasToken: boolean;
  /** Undefined if there is no sensor. */
  readonly celsius: number | undefined;
}

export type RefreshAnswer =
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: RefreshKind; readonly why: string };

export function chooseRefresh(question: RefreshQuestion, limits: RefreshLimits): RefreshAnswer {
  const { celsius } = question;
  const { min, max } = limits.operatingCelsius;
  // At any temperature a code is taken away and the safe picture shown: a stale code is worse than a pale picture.
  const mustTry = question.isSafe || (question.mayShowCode && !question.containsCode);
  if (celsius !== undefined && !mustTry && (celsius < min || celsius > max))
    return { kind: "refused", reason: `the panel is at ${celsius} °C, outside of ${min}..${max} °C` };
  if (!question.isGlassKnown) return { kind: "full", why: "what stands on the glass is not known" };
  const isOverdue = question.sinceFullMs >= limits.fullAtLeastEveryMs;
  const isGhosted = question.partialsSinceFull > 0;
  if (question.isSamePicture && !isOverdue && !(isGhosted && (question.containsCode || question.isSafe)))
    return { kind: "none" };
  if (question.isSafe) return { kind: "full", why: "a safe picture" };
  if (isOverdue) return { kind: "full", why: "the daily full refresh" };
  const areShortAllowed = celsius === undefined || celsius >= limits.shortWaveformsFromCelsius;
  const isFastPossible = areShortAllowed && question.abilities.has("fast");
  if (question.containsCode)
    return limits.codeRefresh === "fast" && isFastPossible
      ? { kind: "fast", why: "a code" }
      : { kind: "full", why: "a code" };
  const isPartialPossible = areShortAllowed && question.abilities.has("partial") && !question.usesRed;
  if (!isPartialPossible)
    return isFastPossible ? { kind: "fast", why: "no code" } : { kind: "full", why: "no short waveform" };
  if (question.partialsSinceFull >= limits.partialsMax && question.hasToken)
    return { kind: "full", why: `${question.partialsSinceFull} partial refreshes` };
  // Overdrawn, the ghosts may grow to twice as many: then they outweigh the wear.
  if (question.partialsSinceFull >= 2 * limits.partialsMax) return { kind: "full", why: "too many partial refreshes" };
  return { kind: "partial", why: "no code" };
}
