/** What the cells of the session table are made of: their input, their outcome, and the small steps that many of them share. */
import type { Catalogue } from "./catalogue.ts";
import type { CustomerSource, Effect } from "./effect.ts";
import type { Readiness, SessionEvent, SessionEventKind, SettlementEvent, Stamp } from "./event.ts";
import { effectId, type Reference } from "./ids.ts";
import type { Money } from "./money.ts";
import type { SalePolicy } from "./policy.ts";
import { requestFor, type Resolved, resolveSelection } from "./purchase.ts";
import type { MoneyFate, Selection, SorryReason } from "./selection.ts";
import { type Notice, type Quote, referenceOfSession, type Session } from "./session.ts";
import type { Purchase, Settlement } from "./settlement.ts";

export interface SessionInput {
  readonly session: Session;
  readonly at: Stamp;
  readonly policy: SalePolicy;
  /** As it is now, sold-out lines marked. */
  readonly catalogue: Catalogue;
  readonly readiness: Readiness;
  readonly inService: boolean;
  readonly pushRefused: boolean;
  readonly partialRefused: boolean;
}

export interface SessionOutcome {
  readonly session: Session;
  /** Undefined leaves the notice that is there; null takes it off. */
  readonly notice: Notice | null | undefined;
  readonly effects: readonly Effect[];
  readonly opens: { readonly settlement: Settlement; readonly customer: CustomerSource | null } | undefined;
  readonly orders: readonly { readonly reference: Reference; readonly event: SettlementEvent }[];
  readonly pushRefused: boolean;
  readonly ignoredBecause: string | undefined;
}

type Events = { readonly [E in SessionEvent as E["kind"]]: E };
type Sessions = { readonly [S in Session as S["kind"]]: S };
/** The events of these kinds, and the sessions. Mapped types, so that `rows[session.kind][event.kind](…)` is checked cell by cell. */
export type Of<E extends SessionEventKind> = { readonly [K in E]: { readonly kind: K } & Events[K] }[E];
export type StateOf<S extends Session["kind"]> = { readonly [K in S]: { readonly kind: K } & Sessions[K] }[S];
export type Cell<S extends Session["kind"], E extends SessionEventKind> = (
  input: SessionInput,
  session: StateOf<S>,
  event: Of<E>,
) => SessionOutcome;

/** How long "busy" is shown to somebody whose check-in was refused. */
export const busyNoticeMs = 4_000;

export function outcome(session: Session, changes: Partial<SessionOutcome> = {}): SessionOutcome {
  return {
    session,
    notice: undefined,
    effects: [],
    opens: undefined,
    orders: [],
    pushRefused: false,
    ignoredBecause: undefined,
    ...changes,
  };
}

export function ignored(because: string) {
  return (input: SessionInput): SessionOutcome => outcome(input.session, { ignoredBecause: because });
}

export function sessionTimer(afterMs: number): Effect {
  return { kind: "start-timer", name: "session", afterMs, jitter: false };
}

export const noTimer: Effect = { kind: "cancel-timer", name: "session" };
export const closeMachine: Effect = { kind: "close-machine-session" };

/** Nobody waits any more; the machine is told that no delivery will follow. */
export function over(notice: Notice, changes: Partial<SessionOutcome> = {}): SessionOutcome {
  return outcome({ kind: "none" }, { notice, effects: [noTimer, closeMachine], ...changes });
}

export function sorry(
  input: SessionInput,
  reason: SorryReason,
  money: MoneyFate,
  changes: Partial<SessionOutcome> = {},
): SessionOutcome {
  const reference = money === "nothing-taken" ? undefined : referenceOfSession(input.session);
  return over({ kind: "sorry", reason, money, reference }, changes);
}

export function giveUp(reference: Reference, reason: string): SessionOutcome["orders"] {
  return [{ reference, event: { kind: "given-up", reason } }];
}

export interface PaymentPlan {
  readonly how: "qr" | "check-in" | "scan";
  readonly purchase: Purchase | null;
  readonly amount: Money;
  readonly minimumAge: number | undefined;
  readonly catalogue: Catalogue;
  readonly quote?: Quote;
}

/** The intent to create the payment: under a reference that nobody used. */
export function newPayment(
  { at, policy }: SessionInput,
  plan: PaymentPlan,
): { readonly settlement: Settlement; readonly customer: CustomerSource | null } {
  const reference = at.freshReference;
  const flow = plan.how === "qr" ? "qr" : plan.how === "scan" ? "push" : policy.checkInFlow;
  const settlement: Settlement = {
    reference,
    state: { kind: "creating", uncertain: false },
    startedWallMs: at.wallMs,
    request: requestFor(policy, reference, flow, plan.amount, plan.purchase, plan.minimumAge, plan.catalogue),
    createId: effectId(`${reference.slice(reference.lastIndexOf("-") + 1)}-create`),
    reserveDearest: plan.purchase === null,
    purchase: plan.purchase,
    delivery: { kind: "none" },
    target: null,
    payment: null,
    effects: 0,
    reason: "",
    needsPerson: false,
    order: null,
    waitingOrders: [],
    history: null,
    revision: 0,
  };
  return { settlement, customer: plan.how === "qr" ? null : plan.how === "scan" ? "scan" : "check-in" };
}

export function startPayment(
  input: SessionInput,
  plan: PaymentPlan,
  orders: SessionOutcome["orders"] = [],
): SessionOutcome {
  const { at, policy } = input;
  const { how, purchase, amount, catalogue, quote = null } = plan;
  const opens = newPayment(input, plan);
  const { reference } = opens.settlement;
  const deadlineMono = at.monoMs + policy.payMs;
  const waiting = { isCreated: false, scanned: null, quote, catalogue, deadlineMono };
  const session: Session = { kind: "paying", how, reference, purchase, amount, ...waiting };
  return outcome(session, { notice: null, effects: [sessionTimer(policy.payMs)], opens, orders });
}

export function resolve(input: SessionInput, selection: Selection, snapshot: Catalogue): Resolved {
  return resolveSelection(selection, snapshot, input.catalogue, input.policy);
}
