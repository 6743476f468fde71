/**
 * The counter: where another program on this machine orders payments and hands in paid web-shop orders. It puts events into the kiosk's
 * inbox and reads what was decided; it remembers nothing of its own.
 */
import type { Journal } from "../journal/port.ts";
import type {
  Counter,
  CounterView,
  HandIn,
  HandInAnswer,
  OrderAnswer,
  OrderRefusal,
} from "../machine/kiosk-api/port.ts";
import { productOnLine } from "../sale/catalogue.ts";
import type { SaleEvent, ServiceVend, Unstamped } from "../sale/event.ts";
import {
  type HandInStatus,
  orderOfSession,
  type OrderSelection,
  type OrderStatus,
  statusOfSale,
  statusOfSettlement,
  statusOfVend,
  statusOfEndedVend,
} from "../sale/order.ts";
import type { SaleHistory } from "../sale/record.ts";
import { referenceOfSession } from "../sale/session.ts";
import { catalogueNow, type SaleState } from "../sale/state.ts";
import { findHandIn, findOrder, handInId, orderDigest, wasHandedIn } from "./orders.ts";
import { readSaleHistory } from "./stored.ts";

/** What the counter needs of the loop. */
export interface CounterHooks {
  readonly journal: Journal;
  readonly state: () => SaleState;
  readonly view: () => Pick<CounterView, "state" | "reason" | "missing" | "scene">;
  readonly wallMs: () => number;
  /**
   * Decides the event, unless `onlyIf` says no at that moment. Resolves when what was decided is on the disk; rejects when it cannot be.
   */
  readonly decide: (event: Unstamped<SaleEvent>, onlyIf: () => boolean) => Promise<void>;
}

export interface KioskCounter extends Counter {
  /** Something was decided, or became known. */
  changed(): void;
  reported(sale: SaleHistory): void;
  /** The sale's answer to a hand-in. */
  replied(vendId: string, detail: string): void;
}

/** Ended sales are read from the month's file; those of today are asked for again and again. */
const recentMax = 64;

export function createCounter(hooks: CounterHooks): KioskCounter {
  return new SaleCounter(hooks);
}

class SaleCounter implements KioskCounter {
  readonly #hooks: CounterHooks;
  readonly #listeners = new Set<() => void>();
  readonly #recent = new Map<string, SaleHistory>();
  readonly #refusals = new Map<string, (detail: string) => void>();

  constructor(hooks: CounterHooks) {
    this.#hooks = hooks;
  }

  // ── payments ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async order(selection: OrderSelection): Promise<OrderAnswer> {
    const { orderId } = selection;
    const known = this.#known(selection);
    // Whether it is a conflict, only its turn in the loop can say: the journal may be ahead of the state for a moment.
    if (known?.kind === "known") return known;
    let isFirst = false;
    await this.#hooks.decide({ about: "session", event: { kind: "selected", selection } }, () => {
      isFirst = this.#known(selection) === undefined;
      return isFirst;
    });
    if (!isFirst) return this.#known(selection) ?? { kind: "conflict" };
    const status = this.status(orderId);
    return status === undefined ? { kind: "refused", refusal: this.#refusal() } : { kind: "taken", status };
  }

  #known(selection: OrderSelection): OrderAnswer | undefined {
    const { orderId } = selection;
    const digest = findOrder(this.#hooks.journal, orderId)?.digest ?? this.#digestOfSession(orderId);
    if (digest === undefined) return undefined;
    const status = this.status(orderId);
    return status === undefined || digest !== orderDigest(selection) ? { kind: "conflict" } : { kind: "known", status };
  }

  /** Of an order that is being paid from an earlier reservation, and so belongs to no payment on the disk yet. */
  #digestOfSession(orderId: string): string | undefined {
    const { session } = this.#hooks.state();
    if (session.kind !== "confirming" || session.purchase.selection.kind !== "order") return undefined;
    return session.purchase.selection.orderId === orderId ? orderDigest(session.purchase.selection) : undefined;
  }

  /** Why the decision that was just made was a refusal: read from the state, which a refusal leaves as it was. */
  #refusal(): OrderRefusal {
    const { session, inService, readiness } = this.#hooks.state();
    switch (session.kind) {
      case "none": {
        if (inService && readiness.oneTimeQr)
          return { reason: "not-allowed", detail: "the sale does not take this amount or currency" };
        const { reason, state } = this.#hooks.view();
        const code = state === "starting" ? "starting" : (reason ?? "config");
        return { reason: "not-ready", code, detail: `nothing can be sold now: ${code}` };
      }
      case "choosing":
        return { reason: "not-allowed", detail: "the sale does not take this amount or currency" };
      case "choosing-reserved":
        return {
          reason: "not-allowed",
          detail: `it is dearer than what is reserved for the customer at the machine (${session.funds.minor})`,
        };
      case "choosing-time":
      case "paying":
      case "confirming":
      case "delivering":
      case "service-vend":
        return { reason: "busy", detail: "another session is on: wait until the machine is ready again" };
    }
  }

  status(orderId: string): OrderStatus | undefined {
    const { journal, state } = this.#hooks;
    const { session, settlements, catalogue } = state();
    const ordered = orderOfSession(session);
    const reference = ordered?.orderId === orderId ? ordered.reference : findOrder(journal, orderId)?.reference;
    if (reference === undefined) return undefined;
    const open = settlements.get(reference)?.settlement;
    if (open !== undefined)
      return statusOfSettlement(open, catalogue.currency, referenceOfSession(session) === reference);
    const sale = this.#sale(reference);
    return sale === undefined ? undefined : statusOfSale(sale);
  }

  cancel(orderId: string): Promise<void> {
    const isOurs = (): boolean => orderOfSession(this.#hooks.state().session)?.orderId === orderId;
    return this.#hooks.decide({ about: "session", event: { kind: "selection-cancelled" } }, isOurs);
  }

  // ── web-shop orders ──────────────────────────────────────────────────────────────────────────────────────────────────

  async handIn(order: HandIn): Promise<HandInAnswer> {
    const { journal, wallMs, decide } = this.#hooks;
    const { orderId } = order;
    const id = handInId(orderId);
    const what = "line" in order ? { line: order.line } : { line: "", title: order.title };
    const vend: ServiceVend = { id, ...what, orderId, startedWallMs: wallMs() };
    let isFirst = false;
    let refusal: string | undefined;
    this.#refusals.set(id, (detail) => (refusal = detail));
    try {
      await decide({ about: "service-vend", vend }, () => {
        isFirst = !wasHandedIn(journal, orderId);
        return isFirst;
      });
    } finally {
      this.#refusals.delete(id);
    }
    const status = this.handInStatus(orderId);
    if (status !== undefined) return { kind: isFirst ? "taken" : "known", status };
    const isBusy = this.#hooks.state().session.kind !== "none";
    const detail = refusal ?? "the order was handed in before, and what became of it is not known any more";
    return { kind: "refused", refusal: { reason: isBusy ? "busy" : "not-allowed", detail } };
  }

  handInStatus(orderId: string): HandInStatus | undefined {
    const id = findHandIn(this.#hooks.journal, orderId)?.vendId ?? orderId;
    const { serviceVends } = this.#hooks.state();
    const vend = serviceVends.get(id);
    if (vend !== undefined) return statusOfVend(vend, this.#titleOf(vend));
    if (!wasHandedIn(this.#hooks.journal, orderId) && !this.#recent.has(id)) return undefined;
    const ended = this.#sale(id);
    return ended === undefined || ended.sale.outcome === "sold" ? undefined : statusOfEndedVend(ended);
  }

  #titleOf(vend: ServiceVend): string {
    return productOnLine(catalogueNow(this.#hooks.state()), vend.line)?.name ?? vend.title ?? vend.line;
  }

  handInOf(deliveryId: string): string | undefined {
    const vend = this.#hooks.state().serviceVends.get(deliveryId);
    return vend === undefined ? undefined : (vend.orderId ?? vend.id);
  }

  // ── all of it ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #sale(id: string): SaleHistory | undefined {
    const recent = this.#recent.get(id);
    if (recent !== undefined) return recent;
    const stored = this.#hooks.journal.get("sale", id);
    if (stored === undefined) return undefined;
    const sale = readSaleHistory(stored);
    this.reported(sale);
    return sale;
  }

  open(): ReturnType<Counter["open"]> {
    const { settlements, serviceVends } = this.#hooks.state();
    const payments = [...settlements.values()].flatMap(({ settlement: { purchase } }) =>
      purchase?.selection.kind === "order" ? [purchase.selection.orderId] : [],
    );
    return {
      payments: [...new Set(payments)],
      handIns: [...serviceVends.values()].map((vend) => vend.orderId ?? vend.id),
    };
  }

  view(): CounterView {
    const { session, readiness, inService, catalogue } = this.#hooks.state();
    const customerWaits = session.kind === "choosing" || session.kind === "choosing-reserved";
    return {
      ...this.#hooks.view(),
      currency: catalogue.currency,
      takesOrders: customerWaits || (session.kind === "none" && inService && readiness.oneTimeQr),
      customerWaits,
      orderId: orderOfSession(session)?.orderId,
    };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  reported(history: SaleHistory): void {
    const { id } = history.sale;
    this.#recent.delete(id);
    this.#recent.set(id, history);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > recentMax && oldest !== undefined) this.#recent.delete(oldest);
  }

  replied(vendId: string, detail: string): void {
    this.#refusals.get(vendId)?.(detail);
  }
}
