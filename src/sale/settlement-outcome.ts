/** What the cells of the settlement table are made of: their input, their outcome, and the small steps that many of them share. */
import { backOffCeilingMs } from "../kit/back-off.ts";
import type { CustomerSource, Effect } from "./effect.ts";
import type { SettlementEvent, SettlementEventKind, SettlementMessage, Stamp } from "./event.ts";
import type { Minor } from "./money.ts";
import { askAgain, type SalePolicy } from "./policy.ts";
import type { Live, Settlement } from "./settlement.ts";

export interface SettlementInput {
  readonly settlement: Settlement;
  readonly live: Live;
  readonly at: Stamp;
  readonly policy: SalePolicy;
}

export type WithoutReference<M> = M extends unknown ? Omit<M, "reference"> : never;

export interface SettlementOutcome {
  readonly settlement: Settlement;
  readonly live: Live;
  readonly effects: readonly Effect[];
  /** For the session, if it is the one that waits for this payment. */
  readonly messages: readonly SettlementMessage[];
  readonly isEnded: boolean;
  /** Why the order that it was reopened for could not be carried out, by the provider's ledger. */
  readonly orderRefusal: string | undefined;
  readonly ignoredBecause: string | undefined;
}

type Events = { readonly [E in SettlementEvent as E["kind"]]: E };
/** The events of these kinds. A mapped type, so that `row[event.kind](input, event)` is checked kind by kind. */
export type Of<E extends SettlementEventKind> = { readonly [K in E]: { readonly kind: K } & Events[K] }[E];
export type Cell<E extends SettlementEventKind> = (input: SettlementInput, event: Of<E>) => SettlementOutcome;

export function outcome(
  input: SettlementInput,
  changes: Partial<Settlement>,
  live: Partial<Live>,
  effects: readonly Effect[],
  messages: readonly WithoutReference<SettlementMessage>[] = [],
): SettlementOutcome {
  const settlement = { ...input.settlement, ...changes };
  return {
    settlement,
    live: { ...input.live, ...live },
    effects,
    messages: messages.map((message) => ({ ...message, reference: settlement.reference })),
    isEnded: false,
    orderRefusal: undefined,
    ignoredBecause: undefined,
  };
}

export function ignored(because: string) {
  return (input: SettlementInput): SettlementOutcome => ({ ...outcome(input, {}, {}, []), ignoredBecause: because });
}

export function ended(result: SettlementOutcome): SettlementOutcome {
  const timer: Effect = { kind: "cancel-timer", name: result.settlement.reference };
  return { ...result, effects: [...result.effects, timer], isEnded: true };
}

/** Continues with `next` on top of what `first` changed; effects and messages of both count. */
export function andThen(
  first: SettlementOutcome,
  input: SettlementInput,
  next: (input: SettlementInput) => SettlementOutcome,
): SettlementOutcome {
  const second = next({ ...input, settlement: first.settlement, live: first.live });
  return {
    ...second,
    effects: [...first.effects, ...second.effects],
    messages: [...first.messages, ...second.messages],
  };
}

export function lookFor(input: SettlementInput, waiting: "view" | "proof"): SettlementOutcome {
  const number = input.live.look + 1;
  return outcome(input, {}, { look: number, waiting }, [
    { kind: "look", reference: input.settlement.reference, look: number },
  ]);
}

export function look(input: SettlementInput): SettlementOutcome {
  return lookFor(input, "view");
}

export function wait(input: SettlementInput, waitMs: number): SettlementOutcome {
  return outcome(input, {}, { waiting: "timer", attempts: input.live.attempts + 1 }, [
    { kind: "start-timer", name: input.settlement.reference, afterMs: waitMs, jitter: true },
  ]);
}

export function later(
  input: SettlementInput,
  retryAfterMs: number | undefined,
  waitMsMax = Number.POSITIVE_INFINITY,
): SettlementOutcome {
  const ownWaitMs = Math.min(waitMsMax, backOffCeilingMs(askAgain, input.live.attempts));
  return wait(input, Math.max(ownWaitMs, Math.min(retryAfterMs ?? 0, 3_600_000)));
}

/** An answer to a GET counts only when it is the newest one and something waits for it. */
export function isStale(input: SettlementInput, event: { readonly look: number }): boolean {
  return event.look !== input.live.look || (input.live.waiting !== "view" && input.live.waiting !== "proof");
}

export const stale = ignored("the answer to an older GET: a newer one is on its way, or nothing waits for it");

export function end(input: SettlementInput, changes: Partial<Settlement> = {}): SettlementOutcome {
  return ended(outcome(input, changes, {}, []));
}

export function endForPerson(input: SettlementInput, reason: string): SettlementOutcome {
  return end(input, { needsPerson: true, reason });
}

/** From now on only the sums count: `target` is kept, everything else goes back. */
export function settle(input: SettlementInput, target: Minor | null, reason: string): SettlementOutcome {
  return outcome(
    input,
    { state: { kind: "settling", step: null, refusals: 0 }, target, reason },
    { attempts: 0, chosen: null },
    [],
  );
}

export function settleAndLook(input: SettlementInput, target: Minor | null, reason: string): SettlementOutcome {
  return andThen(settle(input, target, reason), input, look);
}

/** The first step of a settlement: the intent, before anything left. */
export function openSettlement(settlement: Settlement, customer: CustomerSource | null): SettlementOutcome {
  const live: Live = { waiting: "create", attempts: 0, look: 0, appearsUntilMono: 0, repeatFromMono: 0, chosen: null };
  const { reference, createId: id, request } = settlement;
  const effects: readonly Effect[] = request === null ? [] : [{ kind: "create", reference, id, request, customer }];
  return {
    settlement,
    live,
    effects,
    messages: [],
    isEnded: false,
    orderRefusal: undefined,
    ignoredBecause: undefined,
  };
}

/** A pause between two tries ends early or late; while an answer is out, nothing is asked again. */
export function whenPausing(go: (input: SettlementInput) => SettlementOutcome) {
  return (input: SettlementInput): SettlementOutcome =>
    input.live.waiting === "timer" ? go(input) : ignored("a request is on its way")(input);
}
