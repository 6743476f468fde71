/**
 * Which refresh a picture gets. Pure.
 *
 * Vendors ask for 180 s between refreshes on average and one a day at least (Waveshare FAQ); a session breaks the first in bursts. So it is a budget,
 * and the budget never keeps a picture off the glass: a code that can no longer be paid must go. It only chooses the gentler refresh, and says when
 * it is overdrawn.
 */
import type { RefreshKind } from "./controller.ts";

export interface RefreshLimits {
  /** After so many partial refreshes, ghosts are driven out with a full one. */
  readonly partialsMax: number;
  /** A token comes back this often... */
  readonly budgetIntervalMs: number;
  /** ...up to so many. */
  readonly budgetBurst: number;
  /** After this long without one, a full refresh of the same picture. */
  readonly fullAtLeastEveryMs: number;
  /** Below it only full refreshes: short waveforms leave grey. In °C. */
  readonly shortWaveformsFromCelsius: number;
  /** Outside of these the glass does not change, or is harmed. In °C. */
  readonly operatingCelsius: { readonly min: number; readonly max: number };
  /** How a code comes to the glass: `full`, or `fast` where the panel has such a waveform; never `partial`, whose ghosts scanners see. */
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
  /** Whether what is on the glass is known: not after start, a fault, or a refresh that was cut short. */
  readonly isGlassKnown: boolean;
  readonly isSamePicture: boolean;
  readonly containsCode: boolean;
  /** A code stands on the glass, or may. */
  readonly mayShowCode: boolean;
  /** The picture that must stand there when nobody is left to change it. */
  readonly isSafe: boolean;
  readonly usesRed: boolean;
  readonly partialsSinceFull: number;
  readonly sinceFullMs: number;
  readonly hasToken: boolean;
  /** Undefined where nobody measures it. */
  readonly celsius: number | undefined;
}

export type RefreshAnswer =
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: RefreshKind; readonly why: string };

export function chooseRefresh(question: RefreshQuestion, limits: RefreshLimits): RefreshAnswer {
  const { celsius } = question;
  const { min, max } = limits.operatingCelsius;
  // A code goes at any temperature, and the safe picture comes: a stale code is worse than a pale picture.
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
