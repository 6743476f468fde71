/**
 * The sale: one pure function from state and event to state and effects. It routes events to the session table and the settlement
 * table, and lets the two talk. The kiosk journals what changed, then performs the effects, then feeds their answers back.
 *
 * The tables talk through a queue: what one step decided is in the state, whole, before the next step looks at it. So no step ever
 * decides on a settlement or a session that another step of the same event has moved on.
 */
import { answerOf, hasMoved, type OrderAnswer, refusalByTheBooks, refusalOfAmount, reopened } from "./back-office.ts";
import type { Effect } from "./effect.ts";
import type { SaleEvent, ServiceVend, SessionEvent, SettlementEvent, SettlementMessage, Stamp } from "./event.ts";
import type { Reference } from "./ids.ts";
import type { SalePolicy } from "./policy.ts";
import type { SaleHistory } from "./record.ts";
import { reportOf } from "./report.ts";
import { endServiceVend, startServiceVend, type VendDecision } from "./service-vend.ts";
import { isWaitedFor, type Notice, referenceOfSession } from "./session.ts";
import { busyNoticeMs, type SessionOutcome } from "./session-outcome.ts";
import { stepSession } from "./session-table.ts";
import { currencyOf, type Live, type Settlement, type SettlementOrder } from "./settlement.ts";
import { openSettlement, type SettlementOutcome } from "./settlement-outcome.ts";
import { stepSettlement } from "./settlement-table.ts";
import { catalogueNow, countSold, lineBecame, type SaleState, serviced, withNewCatalogue } from "./state.ts";

export interface Decision {
  readonly state: SaleState;
  /** In order. Nothing is performed before what changed is on the disk. */
  readonly effects: readonly Effect[];
}

/** One event, decided. Pure. */
export function decide(state: SaleState, event: SaleEvent, policy: SalePolicy): Decision {
  return new Deciding(state, event.at, policy).run(event);
}

/** What one table has for the other. Whether the session waits for the payment is asked when the message's turn comes. */
type Message =
  | { readonly to: "session"; readonly event: SessionEvent }
  | { readonly to: "waiting-session"; readonly event: SettlementMessage }
  | { readonly to: "settlement"; readonly reference: Reference; readonly event: SettlementEvent };

/** How many messages one event may set off; more is a fault of the tables, found by an assertion and not by a hang. */
const messagesMax = 16;

/** Of a settlement that nobody waits for: found by this boot in the journal, or reopened by an order. */
const liveOfReopened: Live = {
  waiting: "timer",
  attempts: 0,
  look: 0,
  appearsUntilMono: 0,
  repeatFromMono: 0,
  chosen: null,
};

/** The working state of one `decide`: never leaves it. */
class Deciding {
  #state: SaleState;
  readonly #at: Stamp;
  readonly #policy: SalePolicy;
  readonly #effects: Effect[] = [];
  readonly #queue: Message[] = [];
  #isStepping = false;

  constructor(state: SaleState, at: Stamp, policy: SalePolicy) {
    this.#state = state;
    this.#at = at;
    this.#policy = policy;
  }

  run(event: SaleEvent): Decision {
    switch (event.about) {
      case "session":
        this.#say({ to: "session", event: event.event });
        break;
      case "settlement":
        this.#say({ to: "settlement", reference: event.reference, event: event.event });
        break;
      case "readiness":
        this.#state = { ...this.#state, readiness: event.readiness };
        break;
      case "operator":
        this.#state = { ...this.#state, inService: event.inService };
        if (event.inService) this.#state = serviced(this.#state);
        break;
      case "serviced":
        this.#state = serviced(this.#state, event.line);
        break;
      case "catalogue":
        this.#state = withNewCatalogue(this.#state, event.catalogue);
        break;
      case "line":
        this.#state = lineBecame(this.#state, event.line, event.state, this.#at.wallMs);
        break;
      case "boot":
        this.#boot(event.settlements, event.serviceVends);
        break;
      case "hint-all":
        for (const reference of this.#state.settlements.keys())
          this.#say({ to: "settlement", reference, event: { kind: "hint" } });
        break;
      case "notice-over":
        this.#state = { ...this.#state, notice: null };
        break;
      case "back-office":
        this.#backOffice(event);
        break;
      case "service-vend":
        this.#takeVend(startServiceVend(this.#state, event.vend));
        break;
      case "service-vend-ended": {
        const vend = this.#state.serviceVends.get(event.id);
        if (vend === undefined) this.#note(undefined, `the end of service vend ${event.id}: it is not open`);
        else this.#takeVend(endServiceVend(this.#state, vend, event.outcome, this.#policy.currency, this.#at));
        break;
      }
    }
    return { state: this.#state, effects: this.#effects };
  }

  /** Steps through what the message sets off, until neither table has anything to say to the other. From within a step it waits its turn. */
  #say(first: Message): void {
    this.#queue.push(first);
    if (this.#isStepping) return;
    this.#isStepping = true;
    let steps = 0;
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      steps += 1;
      if (steps > messagesMax) throw new Error("the sale's tables talk in a circle: this is a fault in kvitt");
      this.#step(message);
    }
    this.#isStepping = false;
  }

  #step(message: Message): void {
    switch (message.to) {
      case "session":
        this.#stepSession(message.event);
        return;
      case "waiting-session":
        this.#tellSession(message.event);
        return;
      case "settlement":
        this.#stepSettlement(message.reference, message.event);
        return;
    }
  }

  #stepSession(event: SessionEvent): void {
    const { session, readiness, inService, pushRefused, partialRefused } = this.#state;
    const catalogue = catalogueNow(this.#state);
    const input = { session, at: this.#at, policy: this.#policy, catalogue, readiness, inService };
    const outcome = stepSession({ ...input, pushRefused, partialRefused }, event);
    if (outcome.ignoredBecause !== undefined)
      this.#note(referenceOfSession(session), `${session.kind} × ${event.kind}: ${outcome.ignoredBecause}`);
    this.#takeSession(outcome);
  }

  #takeSession({ session, pushRefused, effects, notice, opens, orders }: SessionOutcome): void {
    this.#state = { ...this.#state, session, pushRefused: this.#state.pushRefused || pushRefused };
    this.#effects.push(...effects);
    this.#setNotice(notice);
    // The new payment first: an order may be to give up the one that it takes the place of.
    if (opens !== undefined) this.#takeSettlement(openSettlement(opens.settlement, opens.customer));
    for (const { reference, event } of orders) this.#say({ to: "settlement", reference, event });
  }

  #stepSettlement(reference: Reference, event: SettlementEvent): void {
    const open = this.#state.settlements.get(reference);
    if (open === undefined) {
      this.#note(reference, `${event.kind}: it is not open`);
      return;
    }
    const { settlement, live } = open;
    const outcome = stepSettlement({ settlement, live, at: this.#at, policy: this.#policy }, event);
    if (outcome.ignoredBecause !== undefined)
      this.#note(reference, `${settlement.state.kind} × ${event.kind}: ${outcome.ignoredBecause}`);
    this.#countDelivery(settlement, outcome.settlement);
    this.#takeSettlement(outcome);
  }

  /** A delivered product is one fewer in stock. */
  #countDelivery(before: Settlement, { delivery, purchase }: Settlement): void {
    if (before.delivery.kind === "delivered" || delivery.kind !== "delivered") return;
    if (purchase !== null && purchase.line !== "") this.#state = countSold(this.#state, purchase.line);
  }

  #takeSettlement(outcome: SettlementOutcome): void {
    const { settlement, live, effects, messages, isEnded, orderRefusal } = outcome;
    const settlements = new Map(this.#state.settlements);
    if (isEnded) settlements.delete(settlement.reference);
    else settlements.set(settlement.reference, { settlement, live });
    const partialRefused = this.#state.partialRefused || settlement.reason === "partial-capture-refused";
    this.#state = { ...this.#state, settlements, partialRefused };
    this.#effects.push(...effects);
    if (isEnded) this.#end(settlement, orderRefusal);
    for (const event of messages) this.#say({ to: "waiting-session", event });
  }

  /** Only the session that waits for this payment hears of it; an approval that nobody waits for is given up at once. */
  #tellSession(message: SettlementMessage): void {
    const { reference } = message;
    if (isWaitedFor(this.#state.session, reference)) this.#stepSession(message);
    else if (message.kind === "payable")
      this.#say({ to: "settlement", reference, event: { kind: "given-up", reason: "no-session" } });
  }

  #takeVend({ state, effects, notice }: VendDecision): void {
    this.#state = state;
    this.#effects.push(...effects);
    this.#setNotice(notice);
  }

  #note(reference: Reference | undefined, text: string): void {
    this.#effects.push({ kind: "note", reference, text });
  }

  #setNotice(notice: Notice | null | undefined): void {
    if (notice === undefined) return;
    if (notice === null) {
      if (this.#state.notice !== null) this.#effects.push({ kind: "cancel-timer", name: "notice" });
      this.#state = { ...this.#state, notice: null };
      return;
    }
    const afterMs = notice.kind === "busy" ? busyNoticeMs : this.#policy.showMs;
    this.#state = { ...this.#state, notice };
    this.#effects.push({ kind: "start-timer", name: "notice", afterMs, jitter: false });
  }

  /** What ended goes into the books; then the next order about this payment has its turn. */
  #end(settlement: Settlement, refusal: string | undefined): void {
    const { order, waitingOrders } = settlement;
    let { history } = settlement;
    if (order === null || hasMoved(settlement)) {
      const report = reportOf(settlement, this.#policy.currency, this.#at.wallMs);
      this.#effects.push({ kind: "report", ...report });
      history = report.history;
    }
    if (order !== null) this.#reply(order.commandId, answerOf(settlement, refusal));
    if (history !== null) this.#carryOut(waitingOrders, history);
  }

  /** Carries out the first of these orders that the books allow; the others wait for its end. */
  #carryOut(orders: readonly SettlementOrder[], history: SaleHistory): void {
    for (const [index, order] of orders.entries()) {
      const because = refusalByTheBooks(order, history);
      const settlement = because === undefined ? reopened(history, order, orders.slice(index + 1)) : undefined;
      if (settlement !== undefined) {
        this.#reopen(settlement);
        return;
      }
      this.#reply(order.commandId, { outcome: "refused", detail: because ?? "there is no such payment" });
    }
  }

  #reply(commandId: string, { outcome, detail }: OrderAnswer): void {
    this.#effects.push({ kind: "reply", commandId, outcome, detail });
  }

  #boot(settlements: readonly Settlement[], serviceVends: readonly ServiceVend[]): void {
    for (const settlement of settlements) this.#reopen(settlement);
    for (const vend of serviceVends) {
      this.#state = { ...this.#state, serviceVends: new Map([...this.#state.serviceVends, [vend.id, vend]]) };
      const outcome = { kind: "unknown", reason: "restarted" } as const;
      this.#takeVend(endServiceVend(this.#state, vend, outcome, this.#policy.currency, this.#at));
    }
  }

  #reopen(settlement: Settlement): void {
    const { reference } = settlement;
    const settlements = new Map([...this.#state.settlements, [reference, { settlement, live: liveOfReopened }]]);
    this.#state = { ...this.#state, settlements };
    this.#say({ to: "settlement", reference, event: { kind: "restarted" } });
  }

  #backOffice(event: Extract<SaleEvent, { about: "back-office" }>): void {
    const { commandId, reference, amount, history } = event;
    const open = this.#state.settlements.get(reference)?.settlement;
    const because =
      open === undefined && history === undefined
        ? "this machine knows no sale with this reference"
        : refusalOfAmount(amount, open === undefined ? history?.sale.currency : currencyOf(open));
    if (because !== undefined) {
      this.#reply(commandId, { outcome: "refused", detail: because });
      return;
    }
    const startedWallMs = this.#at.wallMs;
    const order: SettlementOrder = { commandId, kind: event.order, amount: amount?.minor ?? null, startedWallMs };
    if (open === undefined) {
      if (history !== undefined) this.#carryOut([order], history);
      return;
    }
    const isOfSession = referenceOfSession(this.#state.session) === reference;
    if (event.order === "cancel" && isOfSession) this.#say({ to: "session", event: { kind: "selection-cancelled" } });
    this.#say({ to: "settlement", reference, event: { kind: "ordered", order } });
  }
}
