/**
 * The sale: one pure function from state and event to state and effects. It routes events to the session table and the settlement
 * table, and lets the two talk. The kiosk journals what changed, then performs the effects, then feeds their answers back.
 */
import type { Catalogue } from "./catalogue.ts";
import { isForSale, type Product, productOnLine } from "./catalogue.ts";
import type { Effect } from "./effect.ts";
import type { SaleEvent, ServiceVend, SessionEvent, SettlementEvent, SettlementMessage, Stamp } from "./event.ts";
import type { Reference } from "./ids.ts";
import type { DeliveryOutcome, Selection } from "./selection.ts";
import { type Currency, type Money, noMinor } from "./money.ts";
import type { SalePolicy } from "./policy.ts";
import { recordOf, reopen, serviceRecord } from "./report.ts";
import { type NoticeContent, referenceOfSession } from "./session.ts";
import { busyNoticeMs } from "./session-outcome.ts";
import { stepSession } from "./session-table.ts";
import { openSettlement, type SettlementOutcome } from "./settlement-outcome.ts";
import { stepSettlement } from "./settlement-table.ts";
import type { LineState, SaleState } from "./state.ts";

export interface Decision {
  readonly state: SaleState;
  /** In order. Nothing is performed before what changed is on the disk. */
  readonly effects: readonly Effect[];
}

/** An empty sale at boot: not ready, nothing open. */
export function initialState(catalogue: Catalogue, lines: ReadonlyMap<string, LineState>): SaleState {
  return {
    session: { kind: "none" },
    notice: null,
    settlements: new Map(),
    serviceVends: new Map(),
    catalogue,
    lines,
    readiness: { callbackQr: false, oneTimeQr: false },
    inService: true,
    pushRefused: false,
    partialRefused: false,
  };
}

/** The catalogue with what the machine found out since: sold out, jammed, counted down. */
export function catalogueNow(state: SaleState): Catalogue {
  const products = state.catalogue.products.map((product) => {
    const line = state.lines.get(product.line);
    if (line === undefined) return product;
    const stock = product.stock === undefined ? undefined : Math.max(0, product.stock - line.sold);
    const soldOut = product.soldOut === true || line.state !== "for-sale";
    return stock === undefined ? { ...product, soldOut } : { ...product, soldOut, stock };
  });
  return { ...state.catalogue, products };
}

/** One event, decided. Pure. */
export function decide(state: SaleState, event: SaleEvent, policy: SalePolicy): Decision {
  return new Deciding(state, event.at, policy).run(event);
}

/** How many messages one event may set off; more is a fault of the tables, found by an assertion and not by a hang. */
const messagesMax = 16;

/** The working state of one `decide`: never leaves it. */
class Deciding {
  #state: SaleState;
  readonly #at: Stamp;
  readonly #policy: SalePolicy;
  readonly #effects: Effect[] = [];
  #messages = 0;

  constructor(state: SaleState, at: Stamp, policy: SalePolicy) {
    this.#state = state;
    this.#at = at;
    this.#policy = policy;
  }

  run(event: SaleEvent): Decision {
    switch (event.about) {
      case "session":
        this.#toSession(event.event);
        break;
      case "settlement":
        this.#toSettlement(event.reference, event.event);
        break;
      case "readiness":
        this.#state = { ...this.#state, readiness: event.readiness };
        break;
      case "operator":
        this.#state = { ...this.#state, inService: event.inService };
        if (event.inService) this.#serviced();
        break;
      case "serviced":
        this.#serviced();
        break;
      case "catalogue":
        this.#state = { ...this.#state, catalogue: event.catalogue, lines: withoutCounts(this.#state.lines) };
        break;
      case "line":
        this.#setLine(event.line, (line) => ({ ...line, state: event.state }));
        break;
      case "boot":
        this.#boot(event.settlements, event.serviceVends);
        break;
      case "hint-all":
        for (const reference of this.#state.settlements.keys()) {
          this.#messages = 0;
          this.#toSettlement(reference, { kind: "hint" });
        }
        break;
      case "notice-over":
        this.#state = { ...this.#state, notice: null };
        break;
      case "back-office":
        this.#backOffice(event);
        break;
      case "service-vend":
        this.#startServiceVend(event.vend);
        break;
      case "service-vend-ended":
        this.#endServiceVend(event.id, event.outcome);
        break;
    }
    return { state: this.#state, effects: this.#effects };
  }

  /** Somebody was at the machine: what was jammed or empty is tried again, and found out anew when it still is. */
  #serviced(): void {
    const { lines } = this.#state;
    if ([...lines.values()].every(({ state }) => state === "for-sale")) return;
    this.#state = {
      ...this.#state,
      lines: new Map([...lines].map(([name, line]) => [name, { ...line, state: "for-sale" }])),
    };
  }

  #note(text: string): void {
    this.#effects.push({ kind: "note", text });
  }

  #countMessage(): void {
    this.#messages += 1;
    if (this.#messages > messagesMax) throw new Error("the sale's tables talk in a circle: this is a fault in kvitt");
  }

  #toSession(event: SessionEvent): void {
    this.#countMessage();
    const { session, readiness, inService, pushRefused, partialRefused } = this.#state;
    const outcome = stepSession(
      {
        session,
        at: this.#at,
        policy: this.#policy,
        catalogue: catalogueNow(this.#state),
        readiness,
        inService,
        pushRefused,
        partialRefused,
      },
      event,
    );
    if (outcome.ignoredBecause !== undefined) this.#note(`${session.kind} × ${event.kind}: ${outcome.ignoredBecause}`);
    this.#state = {
      ...this.#state,
      session: outcome.session,
      pushRefused: pushRefused || outcome.pushRefused,
    };
    this.#effects.push(...outcome.effects);
    this.#setNotice(outcome.notice);
    for (const order of outcome.orders) this.#toSettlement(order.reference, order.event);
    if (outcome.opens !== undefined) {
      const { settlement, customer } = outcome.opens;
      this.#take(settlement.reference, openSettlement(settlement, customer));
    }
  }

  #setNotice(notice: NoticeContent | null | undefined): void {
    if (notice === undefined) return;
    if (notice === null) {
      if (this.#state.notice !== null) this.#effects.push({ kind: "cancel-timer", name: "notice" });
      this.#state = { ...this.#state, notice: null };
      return;
    }
    const afterMs = notice.kind === "busy" ? busyNoticeMs : this.#policy.showMs;
    this.#state = { ...this.#state, notice: { ...notice, untilMono: this.#at.monoMs + afterMs } };
    this.#effects.push({ kind: "start-timer", name: "notice", afterMs, jitter: false });
  }

  #toSettlement(reference: Reference, event: SettlementEvent): void {
    this.#countMessage();
    const open = this.#state.settlements.get(reference);
    if (open === undefined) {
      this.#note(`${event.kind} for ${reference}: it is not open`);
      return;
    }
    const outcome = stepSettlement(
      { settlement: open.settlement, live: open.live, at: this.#at, policy: this.#policy },
      event,
    );
    if (outcome.ignoredBecause !== undefined)
      this.#note(`${open.settlement.state.kind} × ${event.kind}: ${outcome.ignoredBecause}`);
    this.#countDelivery(open.settlement.delivery.kind, outcome);
    this.#take(reference, outcome);
  }

  /** A delivered product is one fewer in stock. */
  #countDelivery(before: string, outcome: SettlementOutcome): void {
    const { delivery, purchase } = outcome.settlement;
    if (before === "delivered" || delivery.kind !== "delivered" || purchase === null || purchase.line === "") return;
    this.#setLine(purchase.line, (line) => ({ ...line, sold: line.sold + 1 }));
  }

  #take(reference: Reference, outcome: SettlementOutcome): void {
    const settlements = new Map(this.#state.settlements);
    const { settlement, live } = outcome;
    if (outcome.isEnded) settlements.delete(reference);
    else settlements.set(reference, { settlement, live });
    const partialRefused = this.#state.partialRefused || settlement.reason === "partial-capture-refused";
    this.#state = { ...this.#state, settlements, partialRefused };
    this.#effects.push(...outcome.effects);
    for (const message of outcome.messages) this.#tellSession(message);
    if (outcome.isEnded) this.#reportEnd(outcome);
  }

  /** Only the session that waits for this payment hears of it; an approval that nobody waits for is given up at once. */
  #tellSession(message: SettlementMessage): void {
    if (referenceOfSession(this.#state.session) === message.reference) this.#toSession(message);
    else if (message.kind === "payable")
      this.#toSettlement(message.reference, { kind: "given-up", reason: "no-session" });
  }

  #reportEnd(outcome: SettlementOutcome): void {
    const record = recordOf(outcome.settlement, this.#policy.currency, this.#at.wallMs);
    this.#effects.push({ kind: "report", record });
    const { order } = outcome.settlement;
    if (order === null) return;
    this.#effects.push({
      kind: "reply",
      commandId: order.commandId,
      outcome: outcome.settlement.needsPerson ? "refused" : "done",
      detail: `captured ${record.captured}, refunded ${record.refunded}, cancelled ${record.cancelled} (${record.reason})`,
    });
  }

  #setLine(line: string, change: (before: LineState) => LineState): void {
    const lines = new Map(this.#state.lines);
    lines.set(line, change(lines.get(line) ?? { state: "for-sale", sold: 0 }));
    this.#state = { ...this.#state, lines };
  }

  #boot(settlements: Extract<SaleEvent, { about: "boot" }>["settlements"], serviceVends: readonly ServiceVend[]): void {
    const live = {
      waiting: "timer",
      attempts: 0,
      look: 0,
      appearsUntilMono: 0,
      repeatFromMono: 0,
      chosen: null,
    } as const;
    for (const settlement of settlements) {
      this.#messages = 0;
      const open = new Map(this.#state.settlements);
      open.set(settlement.reference, { settlement, live });
      this.#state = { ...this.#state, settlements: open };
      this.#toSettlement(settlement.reference, { kind: "restarted" });
    }
    for (const vend of serviceVends) {
      const open = new Map(this.#state.serviceVends);
      open.set(vend.id, vend);
      this.#state = { ...this.#state, serviceVends: open };
      this.#endServiceVend(vend.id, { kind: "unknown", reason: "restarted" });
    }
  }

  #backOffice(event: Extract<SaleEvent, { about: "back-office" }>): void {
    const refuse = (detail: string): void => {
      this.#effects.push({ kind: "reply", commandId: event.commandId, outcome: "refused", detail });
    };
    const order = { commandId: event.commandId, kind: event.order, amount: event.amount ?? null } as const;
    if (this.#state.settlements.has(event.reference)) {
      const mayStop = event.order === "cancel" && referenceOfSession(this.#state.session) === event.reference;
      if (mayStop) this.#toSession({ kind: "selection-cancelled" });
      this.#toSettlement(event.reference, { kind: "ordered", order });
      return;
    }
    if (event.record === undefined) {
      refuse("this machine knows no sale with this reference");
      return;
    }
    const { captured, refunded } = event.record;
    if (event.order === "refund" && (event.amount ?? noMinor) > captured - refunded) {
      refuse(`only ${captured - refunded} is left to refund`);
      return;
    }
    const settlement = reopen(event.record, order);
    if (settlement === undefined) {
      refuse("a service vend has no payment");
      return;
    }
    const opened = openSettlement(settlement, null);
    const settlements = new Map(this.#state.settlements);
    settlements.set(settlement.reference, { settlement: opened.settlement, live: opened.live });
    this.#state = { ...this.#state, settlements };
    this.#toSettlement(settlement.reference, { kind: "restarted" });
  }

  #startServiceVend(vend: ServiceVend): void {
    const { catalogue, session } = this.#state;
    const product = productOnLine(catalogueNow(this.#state), vend.line);
    const refusal = session.kind === "none" ? refusalOfVend(vend, product) : "a customer session is on";
    if (refusal !== undefined) {
      this.#effects.push({ kind: "reply", commandId: vend.id, outcome: "refused", detail: refusal });
      return;
    }
    const { name, price, selection } = contentOfVend(vend, product, catalogue.currency);
    const serviceVends = new Map(this.#state.serviceVends);
    serviceVends.set(vend.id, vend);
    this.#state = { ...this.#state, serviceVends, session: { kind: "service-vend", id: vend.id, name } };
    this.#setNotice(null);
    const deliveryId = vend.id;
    this.#effects.push({ kind: "deliver", reference: undefined, deliveryId, selection, price, untilWallMs: null });
  }

  #endServiceVend(id: string, outcome: DeliveryOutcome): void {
    const vend = this.#state.serviceVends.get(id);
    if (vend === undefined) {
      this.#note(`the end of service vend ${id}: it is not open`);
      return;
    }
    const serviceVends = new Map(this.#state.serviceVends);
    serviceVends.delete(id);
    const isOn = this.#state.session.kind === "service-vend" && this.#state.session.id === id;
    this.#state = { ...this.#state, serviceVends, session: isOn ? { kind: "none" } : this.#state.session };
    const product = productOnLine(this.#state.catalogue, vend.line);
    if (outcome.kind === "delivered" && product !== undefined)
      this.#setLine(vend.line, (line) => ({ ...line, sold: line.sold + 1 }));
    const { name, price } = contentOfVend(vend, product, this.#policy.currency);
    const record = serviceRecord(vend, outcome, name, this.#policy.currency, this.#at.wallMs);
    this.#effects.push({ kind: "report", record });
    const isDone = outcome.kind === "delivered";
    const detail = isDone ? "delivered" : `${outcome.kind}: ${outcome.reason}`;
    this.#effects.push({ kind: "reply", commandId: id, outcome: isDone ? "done" : "refused", detail });
    if (!isOn) return;
    this.#setNotice(
      isDone
        ? { kind: "thanks", product: name, price }
        : { kind: "sorry", reason: "not-delivered", money: "nothing-taken", reference: undefined },
    );
  }
}

function refusalOfVend(vend: ServiceVend, product: Product | undefined): string | undefined {
  if (product !== undefined) return isForSale(product) ? undefined : `line ${vend.line} is sold out or jammed`;
  return vend.title === undefined ? `there is no product on line ${vend.line}` : undefined;
}

/** What a delivery without a payment is called and worth, and what the machine is asked for. */
function contentOfVend(
  vend: ServiceVend,
  product: Product | undefined,
  currency: Currency,
): { readonly name: string; readonly price: Money; readonly selection: Selection } {
  const line: Selection = { kind: "line", line: vend.line };
  if (product !== undefined) return { name: product.name, price: product.price, selection: line };
  const price = { minor: noMinor, currency };
  if (vend.title === undefined) return { name: vend.line, price, selection: line };
  const { title } = vend;
  const selection: Selection = { kind: "order", orderId: vend.orderId ?? vend.id, amount: price, title, lines: [] };
  return { name: title, price, selection };
}

/** Stock was counted anew; what the machine found out about its coils stays true. */
function withoutCounts(lines: ReadonlyMap<string, LineState>): ReadonlyMap<string, LineState> {
  return new Map([...lines].map(([line, state]) => [line, { ...state, sold: 0 }]));
}
