/** What has to hold at every single moment: watched at the doors between the kiosk and its journal, its machine and its provider. */
import * as z from "zod";
import type { Journal, JournalChange } from "../../src/journal/port.ts";
import type { Machine } from "../../src/machine/port.ts";
import type { HttpRequest } from "../../src/vipps/transport.ts";
import type { Rig } from "./machines/port.ts";
import { plainPrice } from "./machines/tariff.ts";
import type { World } from "./world.ts";

const createBody = z.looseObject({
  reference: z.string(),
  customer: z.looseObject({ customerToken: z.string().optional(), personalQr: z.string().optional() }).optional(),
});

/** What a life of the daemon cannot forget: it is looked at over all of them. */
export class Duties {
  readonly #world: World;
  /** Check-ins and commands that were taken, by the key under which the journal remembers them. */
  readonly #taken = new Map<string, number>();
  /** Payments for which a scan asked at once. */
  readonly #atOnce = new Set<string>();
  readonly #starts = new Map<string, number>();
  readonly #overcharged = new Set<string>();
  /** Customers' tokens, by who was told no. */
  readonly refusedTokens = new Set<string>();
  readonly #published = new Set<string>();
  readonly #quotes: {
    readonly minutes: number;
    readonly price: number;
    readonly lastsMs: number;
    readonly monoMs: number;
  }[] = [];
  /** Until when bought time is valid, as the machine was told, by delivery's payment. */
  readonly validUntil = new Map<string, number>();
  hasJournalFailed = false;
  /** Whether the machine did not know the time, since this day began. */
  wasClockLost = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Another computer took this machine's place: it cannot know what the first one did. */
  forgetTaken(): void {
    this.#taken.clear();
  }

  /** @param right what the kiosk gets, broken parts included */
  journal(right: Journal): Journal {
    return {
      commit: async (changes) => {
        try {
          await right.commit(changes);
        } catch (error) {
          this.hasJournalFailed = true;
          throw error;
        }
        this.hasJournalFailed = false;
        for (const change of changes) this.#committed(change);
      },
      carry: async (changes) => {
        await right.carry(changes);
        for (const change of changes) this.#committed(change);
      },
      get: (table, key) => right.get(table, key),
      secret: (key) => right.secret(key),
      entries: (table) => right.entries(table),
      close: () => right.close(),
    };
  }

  #committed(change: JournalChange): void {
    const world = this.#world;
    if (change.kind === "put" && change.table === "seen") {
      const times = (this.#taken.get(change.key) ?? 0) + 1;
      this.#taken.set(change.key, times);
      if (times > 1) world.violate(`taken once: ${change.key} was taken ${times} times`);
    }
    if (change.kind === "delete" && change.table === "unsent" && !world.sales.has(change.key))
      world.violate(`a sale stays in the outbox until the broker has it: ${change.key} does not`);
  }

  /** Around the driver itself, inside of whatever is broken on purpose: what really moves. */
  hands(machine: Machine, rig: Rig): Machine {
    const world = this.#world;
    /** What moves in this life, by what it has to wait for. */
    const moving = new Set<string>();
    return {
      start: (onEvent) => machine.start(onEvent),
      readiness: () => machine.readiness(),
      deliver: async (order, signal) => {
        const { deliveryId, reference } = order;
        const times = (this.#starts.get(deliveryId) ?? 0) + 1;
        this.#starts.set(deliveryId, times);
        if (times > 1) world.violate(`never twice: delivery ${deliveryId} started ${times} times`);
        if (!world.disk.holds(deliveryId)) world.violate(`delivery ${deliveryId} starts before its id is on the disk`);
        world.tell(`machine: delivery ${deliveryId} starts`);
        if (reference === undefined) world.count("delivery without a payment");
        this.#checkPayment(order);
        this.#checkTime(order);
        rig.ordered(order);
        const turn = this.#checkOutlet(order);
        if (turn !== undefined && moving.has(turn))
          world.violate(`outlets that wait for each other move at once: ${turn}`);
        if (turn !== undefined) moving.add(turn);
        const outcome = await machine.deliver(order, signal);
        if (turn !== undefined) moving.delete(turn);
        world.count(`delivery, ${rig.kind}: ${outcome.kind}`);
        if (reference !== undefined && this.#atOnce.has(reference))
          world.count(`pay at once: ${rig.kind}, ${outcome.kind}`);
        rig.ended?.(order, outcome);
        return outcome;
      },
      resume: (order) => {
        world.count("timed output resumed");
        return machine.resume(order);
      },
      openSession: (funds) => machine.openSession(funds),
      closeSession: () => machine.closeSession(),
      identify: () => machine.identify(),
      inputs: () => machine.inputs?.() ?? [],
      stop: () => machine.stop(),
    };
  }

  /** What this delivery has to wait for, where there are several outlets. */
  #checkOutlet({ reference, selection }: Parameters<Machine["deliver"]>[0]): string | undefined {
    const { outlets } = this.#world;
    if (outlets === undefined || selection.kind !== "line") return undefined;
    this.#world.count("outlets: a delivery");
    if (reference !== undefined) return outlets.checkDelivery(reference, selection.line)?.waitsFor;
    return outlets.all.find(({ lines }) => lines.includes(selection.line))?.waitsFor;
  }

  /** Promise 2, at the very moment: a delivery starts only for a payment that can be taken now, or for an order that was signed. */
  #checkPayment({ deliveryId, reference, price, selection }: Parameters<Machine["deliver"]>[0]): void {
    const world = this.#world;
    if (reference === undefined) {
      if (!world.isService(deliveryId)) world.violate(`delivery ${deliveryId} is nobody's: no payment, no command`);
      return;
    }
    const row = world.provider.ledger().find((one) => one.reference === reference);
    const left = row === undefined ? 0 : row.authorized - row.captured - row.cancelled - row.refunded;
    const payment = [...world.provider.state.payments.values()].find((one) => one.reference === reference);
    const age = selection.kind === "line" ? world.ageOf(selection.line) : 0;
    if ((payment?.minimumUserAge ?? 0) < age)
      world.violate(`delivery ${deliveryId} is for people of ${age}, and the provider was not told`);
    if (row?.state !== "AUTHORIZED" || left < price.minor)
      world.violate(`delivery ${deliveryId} started for a payment that cannot be taken: ${JSON.stringify(row)}`);
  }

  /** The relay answered a check-in with a refusal: the app has told the customer no. */
  refused(token: string): void {
    if (this.#published.has(token)) this.#world.count("check-in refused though the broker had it");
    else this.refusedTokens.add(token);
  }

  /** The relay gave the broker a check-in for the machine. */
  published(token: string): void {
    this.#published.add(token);
    if (this.refusedTokens.has(token)) this.#world.violate("a check-in that was refused goes on to the machine");
  }

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  quoted(wallMs: number, minutes: number, quote: { readonly price: number; readonly untilWallMs: number }): void {
    this.#quotes.push({
      minutes,
      price: quote.price,
      lastsMs: quote.untilWallMs - wallMs,
      monoMs: this.#world.clock.monotonicMs(),
    });
    if (this.#quotes.length > 500) this.#quotes.shift();
  }

  /** What is sold is what was quoted, and lasts as long as was paid for, counted from the quote by a clock that never jumps. */
  #checkTime({ selection, price, untilWallMs, reference }: Parameters<Machine["deliver"]>[0]): void {
    const world = this.#world;
    if (selection.kind !== "time") return;
    if (price.minor !== plainPrice(selection.minutes))
      world.violate(
        `${selection.minutes} minutes were sold for ${price.minor}, and cost ${plainPrice(selection.minutes)}`,
      );
    if (untilWallMs === undefined) return world.violate("time was sold without an end");
    if (reference !== undefined) this.validUntil.set(reference, untilWallMs);
    const nowMs = world.clock.monotonicMs();
    const lastsMs = untilWallMs - world.deviceClock.wallMs();
    const isQuoted = this.#quotes.some((quote) => {
      if (quote.minutes !== selection.minutes || quote.price !== price.minor) return false;
      const goneMs = selection.line === undefined ? nowMs - quote.monoMs : 0;
      // A quartz that is off by 3,000 ppm is off by a second in the minutes between quote and approval.
      return Math.abs(lastsMs + goneMs - quote.lastsMs) < 2_000;
    });
    if (!isQuoted) world.violate(`validUntil is what was paid for: ${selection.minutes} minutes last ${lastsMs} ms`);
    if (!world.deviceClock.isPlausible()) world.violate("time was sold under a clock that nobody believes");
  }

  // ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  request({ method, url, headers, body }: HttpRequest): void {
    const world = this.#world;
    const key = headers["Idempotency-Key"] ?? headers["idempotency-key"];
    const isKnown = key !== undefined && (world.disk.holds(key) || world.isOfGoneDisk(key));
    if (method === "POST" && url.includes("/epayment/") && key !== undefined && !isKnown)
      world.violate(`money moves before its id is on the disk: ${url.slice(-60)} with ${key}`);
    if (body === undefined) return;
    const text = new TextDecoder().decode(body);
    if (method === "POST" && url.endsWith("/epayment/v1/payments")) this.#asked(text);
    for (const token of this.refusedTokens)
      if (text.includes(token)) world.violate("a customer whose check-in was refused is charged");
  }

  /** A payment is created. */
  #asked(text: string): void {
    const world = this.#world;
    const { reference, customer } = createBody.parse(JSON.parse(text));
    const { personalQr } = customer ?? {};
    if (personalQr !== undefined && !world.heldUp.has(personalQr))
      world.violate(`the provider is asked about a code that nobody held up: ${personalQr}`);
    if (personalQr !== undefined && world.readers !== undefined) world.count("readers: a code came through");
    if (customer?.customerToken !== undefined) world.outlets?.checkPayment(reference, customer.customerToken);
    if (customer?.customerToken === undefined || world.policy.checkInStyle !== "pay-at-once") return;
    this.#atOnce.add(reference);
    world.count(`pay at once: ${world.rig.kind}, asked`);
  }

  /** Promise 1 at every moment, not only in the end: never more is kept than what has fallen. */
  checkKept(): void {
    const world = this.#world;
    for (const row of world.provider.state.payments.values()) {
      const kept = row.captured - row.refunded;
      if (kept === 0 || world.portal.has(row.reference) || this.#overcharged.has(row.reference)) continue;
      const value = world.drops
        .filter(({ reference }) => reference === row.reference)
        .reduce((sum, { priceMinor }) => sum + priceMinor, 0);
      if (kept <= value) continue;
      this.#overcharged.add(row.reference);
      world.violate(
        `nobody pays for nothing: payment …${row.reference.slice(-8)} kept ${kept} for ${value} for a while`,
      );
    }
  }

  /** A token is gone when its session is: nothing is open, and after a moment no token stands in any file. */
  checkTokens(): void {
    const world = this.#world;
    if (
      !world.daemon.isOn ||
      world.daemon.kiosk === undefined ||
      world.disk.fault !== undefined ||
      this.hasJournalFailed
    )
      return;
    const { openSettlements, state, inbox } = world.daemon.kiosk.health();
    if (openSettlements > 0 || inbox > 0 || state === "selling" || state === "init") return;
    const text = world.disk.everything();
    for (const token of world.provider.state.customerTokens.keys())
      if (text.includes(token)) world.lie("a customer token is on the disk after its session");
  }
}
