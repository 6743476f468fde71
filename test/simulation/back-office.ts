/** The back office: signed orders, also doubled, late, expired and forged, and whether what was answered is true. */
import * as z from "zod";
import { jsonContentType } from "../../src/link/messages.ts";
import type { CommandOrder } from "../../src/link/port.ts";
import { signCommand } from "../../src/link/command-signature.ts";
import type { Outgoing } from "../../src/link/mqtt-settings.ts";
import { machineTopic } from "../../src/link/topics.ts";
import { formatTimestamp } from "../../src/kit/timestamp.ts";
import type { Catalogue } from "../../src/sale/catalogue.ts";
import { isReference, type MerchantQrId, type Reference } from "../../src/sale/ids.ts";
import { money } from "../../src/sale/money.ts";
import type { Provider } from "../../src/simulator/provider.ts";
import type { DeviceClock } from "./device-clock.ts";
import type { Surroundings } from "./machines/port.ts";

export const commandKey = new TextEncoder().encode("the machine's own key, 32 bytes or more");
const wrongKey = new TextEncoder().encode("somebody else's key, 32 bytes or more....");
const reply = z.looseObject({ id: z.string(), outcome: z.enum(["done", "refused", "expired"]) });

export interface Sent {
  readonly id: string;
  readonly order: CommandOrder;
  readonly counter: number;
  readonly deadlineWallMs: number;
  /** Signed with the machine's key. */
  readonly isGenuine: boolean;
  /** Cannot be right whatever the machine stands like. */
  readonly isWrong: boolean;
  /** How often the world had been interrupted when it was sent: an answer may be lost with a life. */
  readonly interruptions: number;
  readonly replies: Set<string>;
  outcome: "done" | "refused" | "expired" | undefined;
}

export interface BackOfficeSettings {
  readonly world: Surroundings;
  readonly provider: Provider;
  readonly address: { readonly msn: string; readonly merchantQrId: MerchantQrId };
  readonly catalogue: Catalogue;
  readonly lines: readonly string[];
  /** False when the broker cannot be reached. */
  readonly publish: (message: Outgoing) => boolean;
  readonly deviceClock: Pick<DeviceClock, "wallMs" | "setAgoMs">;
  readonly interruptions: () => number;
  /** Whether a customer's session is on. */
  readonly isSelling: () => boolean;
  /** Whether exactly one product may be sold. */
  readonly isSingle: boolean;
  /** What became of an ordered release, by the updater itself. */
  readonly outcomeOfUpdate: (commandId: string) => "done" | "refused" | undefined;
}

export class BackOffice {
  readonly sent = new Map<string, Sent>();
  readonly #settings: BackOfficeSettings;
  #counter = 0;
  /** Of this computer. */
  #counterOfFirst = 0;
  #webOrders = 0;

  constructor(settings: BackOfficeSettings) {
    this.#settings = settings;
  }

  /** Whether the machine was told to stop selling, and said that it does. */
  get isOutForSure(): boolean {
    const last = this.#newest(({ kind }) => kind === "out-of-service" || kind === "in-service");
    return last?.order.kind === "out-of-service" && last.outcome === "done";
  }

  /** The catalogue that the machine said it sells from; undefined where that is not sure. */
  get catalogueForSure(): Catalogue | undefined {
    const last = this.#newest(({ kind }) => kind === "set-catalogue");
    return last?.order.kind === "set-catalogue" && last.outcome === "done" ? last.order.catalogue : undefined;
  }

  /** Another computer took the machine's place: it knows nothing of what the first one was told. */
  machineReplaced(): void {
    this.#counterOfFirst = this.#counter + 1;
  }

  /** Of those that the machine may obey, the one that it obeys last: by the counter, whatever came first. */
  #newest(is: (order: CommandOrder) => boolean): Sent | undefined {
    return [...this.sent.values()]
      .filter(
        ({ order, isGenuine, isWrong, counter }) =>
          counter >= this.#counterOfFirst && isGenuine && !isWrong && is(order),
      )
      .toSorted((one, other) => one.counter - other.counter)
      .at(-1);
  }

  /** Somebody at a desk gives an order. */
  orderSomething(): void {
    const { world } = this.#settings;
    const order = this.#drawOrder();
    if (order === undefined) return;
    const genuine = !world.chance(0.05);
    const validMs = world.pick([60_000, 600_000, 600_000, 3_600_000, -5_000]);
    this.send(order, { validMs, isGenuine: genuine, copies: world.chance(0.25) ? 2 : 1, isLate: world.chance(0.1) });
  }

  /** A refund or a cancel of something that is under way. */
  hurry(text: string): void {
    const { world } = this.#settings;
    const reference = this.#referenceOf(text);
    const order: CommandOrder = world.chance(0.6)
      ? { kind: "refund", reference, amount: undefined }
      : { kind: "cancel", reference };
    const how = { validMs: 600_000, isGenuine: true, copies: world.chance(0.3) ? 2 : 1, isLate: false };
    const delayMs = world.entropy.fraction() * 4_000;
    world.clock.startTimer("hurry", delayMs, () => this.send({ order, isWrong: false }, how));
  }

  send(
    drawn: { readonly order: CommandOrder; readonly isWrong: boolean },
    how: { readonly validMs: number; readonly isGenuine: boolean; readonly copies: number; readonly isLate: boolean },
  ): void {
    const { world, address, publish, interruptions } = this.#settings;
    const { order, isWrong } = drawn;
    this.#counter += 1;
    const id = `command-${this.#counter}`;
    const deadlineWallMs = world.clock.wallMs() + how.validMs;
    const body = { id, counter: this.#counter, deadline: formatTimestamp(deadlineWallMs), ...address, order };
    const signature = signCommand(body, how.isGenuine ? commandKey : wrongKey);
    const payload = JSON.stringify({ ...body, signature });
    const message: Outgoing = {
      topic: machineTopic(address, "command"),
      payload,
      qos: 1,
      retain: false,
      contentType: jsonContentType,
    };
    const one: Sent = {
      id,
      order,
      counter: this.#counter,
      deadlineWallMs,
      isGenuine: how.isGenuine,
      isWrong,
      interruptions: interruptions(),
      replies: new Set(),
      outcome: undefined,
    };
    const go = (): void => {
      const isThrough = publish(message);
      if (!isThrough) return;
      world.tell(`back office: ${id} ${JSON.stringify(order).slice(0, 120)}${how.isGenuine ? "" : " (forged)"}`);
      this.#countSent(one, how.isLate);
      this.sent.set(id, one);
    };
    const delayMs = how.isLate ? 5_000 + world.entropy.fraction() * 90_000 : 0;
    for (let copy = 0; copy < how.copies; copy += 1)
      world.clock.startTimer("command", delayMs + copy * world.entropy.fraction() * 30_000, go);
  }

  /** What makes an order awkward, by kind. */
  #countSent({ id, order, isGenuine }: Sent, isLate: boolean): void {
    const { world, provider, isSelling } = this.#settings;
    if (this.sent.has(id)) world.count("command doubled");
    if (!isGenuine) world.count("command forged");
    if (isLate) world.count("command late");
    if (order.kind === "set-catalogue" && isSelling()) world.count("command set-catalogue, in mid-sale");
    if (order.kind !== "refund" && order.kind !== "cancel") return;
    const row = provider.ledger().find(({ reference }) => reference === order.reference);
    if (row?.state === "AUTHORIZED" && row.captured + row.cancelled < row.authorized)
      world.count(`command ${order.kind}, while the sale is being settled`);
  }

  #drawOrder(): { readonly order: CommandOrder; readonly isWrong: boolean } | undefined {
    const { world, provider } = this.#settings;
    const right = (order: CommandOrder) => ({ order, isWrong: false });
    const rows = [...provider.state.payments.values()];
    const row = rows.length === 0 ? undefined : world.pick(rows);
    const kind = world.pick([
      "refund",
      "refund",
      "refund",
      "cancel",
      "cancel",
      "deliver",
      "deliver",
      "set-catalogue",
      "set-catalogue",
      "out-of-service",
      "in-service",
      "serviced",
      "identify",
      "screenshot",
      "logs",
      "restart",
      "reboot",
    ] as const);
    switch (kind) {
      case "refund":
      case "cancel": {
        if (row === undefined) return undefined;
        const reference = this.#referenceOf(row.reference);
        if (kind === "cancel") return right({ kind, reference });
        const currency = world.chance(0.1) ? "EUR" : row.currency;
        const minor = world.pick([0, 100, Math.floor(row.value / 2), row.value, row.value, row.value + 100]);
        if (world.chance(0.4)) return right({ kind, reference, amount: undefined });
        return {
          order: { kind, reference, amount: money(minor, currency) },
          isWrong: minor === 0 || currency !== row.currency,
        };
      }
      case "deliver": {
        this.#webOrders += world.chance(0.6) ? 1 : 0;
        const line = world.pick(this.#settings.lines);
        return right({ kind, line, orderId: world.chance(0.6) ? `web-${this.#webOrders}` : undefined });
      }
      case "set-catalogue":
        return this.#drawCatalogue();
      case "serviced":
        return right({ kind, line: world.chance(0.5) ? world.pick(this.#settings.lines) : undefined });
      case "out-of-service":
        // Somebody sends it back to work soon: a machine that is closed all day tells nothing.
        world.clock.startTimer("back to work", 20_000 + world.entropy.fraction() * 120_000, () =>
          this.send(
            { order: { kind: "in-service" }, isWrong: false },
            { validMs: 600_000, isGenuine: true, copies: 1, isLate: false },
          ),
        );
        return right({ kind });
      case "in-service":
      case "identify":
      case "screenshot":
      case "logs":
      case "restart":
      case "reboot":
        return right({ kind });
    }
  }

  #referenceOf(text: string): Reference {
    if (!isReference(text)) throw new Error(`"${text}" is no reference`);
    return text;
  }

  #drawCatalogue(): { readonly order: CommandOrder; readonly isWrong: boolean } | undefined {
    const { world, catalogue, isSingle } = this.#settings;
    if (catalogue.products.length === 0) return undefined;
    const fault = world.pick(["none", "none", "none", "currency", "price", "name"] as const);
    // Where a scan pays at once, nobody could say which of two is meant.
    const isDoubled = isSingle && fault === "none" && world.chance(0.3);
    const version = `office-${this.#counter + 1}`;
    const dearer = world.pick([400, 800, 1_200]);
    const products = catalogue.products.map((product, index) => {
      const price = money(product.price.minor + dearer, fault === "currency" ? "EUR" : product.price.currency);
      if (index > 0) return { ...product, price };
      if (fault === "price") return { ...product, price: money(0, "NOK") };
      return fault === "name" ? { ...product, price, name: "a\u0000b" } : { ...product, price };
    });
    const another = this.#settings.lines.find((line) => products.every((product) => product.line !== line)) ?? "";
    const more = isDoubled ? products.map((product) => ({ ...product, id: `${product.id}-2`, line: another })) : [];
    const currency = fault === "currency" ? "EUR" : catalogue.currency;
    const changed: Catalogue = { currency, version, products: [...products, ...more] };
    return { order: { kind: "set-catalogue", catalogue: changed }, isWrong: fault !== "none" || isDoubled };
  }

  // ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  heard(payload: string): void {
    const { world } = this.#settings;
    const parsed = reply.parse(JSON.parse(payload));
    const one = this.sent.get(parsed.id);
    if (one === undefined) return world.violate(`an answer to a command that nobody sent: ${parsed.id}`);
    const isCopy = one.replies.has(payload);
    one.replies.add(payload);
    if (isCopy) return;
    if (one.replies.size > 1) {
      // What was refused before it reached the journal and comes again after a restart is refused again, by whatever reason is first then.
      // One that was refused because the time was not known is carried out then: docs/reliability.md, "What is not promised".
      const wasWithoutClock = [...one.replies].some((text) => text.includes('"reason":"clock"'));
      const isOnlyRefused = one.outcome !== "done" && (parsed.outcome !== "done" || wasWithoutClock);
      const isAfterRestart = one.interruptions !== this.#settings.interruptions();
      // A picture or a log is in the first answer alone: what comes again after a restart says just that.
      const isWithout = ["screenshot", "logs"].includes(one.order.kind) && one.outcome === parsed.outcome;
      // Another computer answers for itself.
      const isOfAnother = one.counter < this.#counterOfFirst;
      if (!isOfAnother && !(isAfterRestart && (isOnlyRefused || isWithout)))
        world.violate(`one answer a command: ${parsed.id} got ${[...one.replies].join(" and ")}`);
      return;
    }
    one.outcome = parsed.outcome;
    world.tell(`answer: ${payload.slice(0, 200)}`);
    world.count(`command ${one.order.kind}: ${parsed.outcome}`);
    this.#checkAnswer(one);
  }

  #checkAnswer({ id, order, isGenuine, isWrong, deadlineWallMs, outcome }: Sent): void {
    const { world, deviceClock } = this.#settings;
    // The clock may have leapt since it was judged.
    const isSteady = deviceClock.setAgoMs > 60_000;
    if (outcome === "expired" && isSteady && deviceClock.wallMs() < deadlineWallMs - 1_000)
      world.violate(`${id} is called expired before its deadline`);
    const became = order.kind === "update" ? this.#settings.outcomeOfUpdate(id) : undefined;
    if (became !== undefined && outcome !== "expired" && became !== outcome)
      world.violate(`every command has one true answer: ${id} is called ${outcome}, and the update is ${became}`);
    if (outcome !== "done") return;
    if (order.kind === "update" && became === undefined)
      world.violate(`every command has one true answer: ${id} is called done, and nobody knows yet`);
    if (!isGenuine) world.violate(`a forged command was carried out: ${id}`);
    if (isWrong) world.violate(`what cannot be right was answered done: ${id} ${JSON.stringify(order)}`);
    if (order.kind === "refund") this.#checkRefund(id, order);
    if (order.kind === "cancel") this.#checkCancel(id, order.reference);
  }

  #checkRefund(id: string, { reference, amount }: Extract<CommandOrder, { kind: "refund" }>): void {
    const { world, provider } = this.#settings;
    const row = provider.ledger().find((one) => one.reference === reference);
    const isAllBack = amount !== undefined || row?.captured === row?.refunded;
    if (row === undefined || row.captured === 0 || !isAllBack || row.refunded < this.refundsDone(reference))
      world.violate(
        `every command has one true answer: ${id} is called done, and the ledger says ${JSON.stringify(row)}`,
      );
  }

  #checkCancel(id: string, reference: string): void {
    const { world, provider } = this.#settings;
    const row = provider.ledger().find((one) => one.reference === reference);
    if (row?.state === "AUTHORIZED" && row.authorized > row.captured + row.cancelled)
      world.violate(
        `every command has one true answer: ${id} is called done, and the ledger says ${JSON.stringify(row)}`,
      );
  }

  /** What was answered to be given back of this payment, where every order named its amount. */
  refundsDone(reference: string): number {
    let sum = 0;
    for (const { order, outcome } of this.sent.values())
      if (order.kind === "refund" && order.reference === reference && outcome === "done")
        sum += order.amount?.minor ?? 0;
    return sum;
  }

  /** Another computer got it: nobody knows whether this machine ever will. */
  swallowed(payload: string): void {
    this.#swallowed.add(reply.pick({ id: true }).parse(JSON.parse(payload)).id);
  }

  readonly #swallowed = new Set<string>();

  faultsAtEnd(): readonly string[] {
    const { interruptions } = this.#settings;
    return [...this.sent.values()]
      .filter((one) => one.outcome === undefined && one.interruptions === interruptions())
      .filter(({ id }) => !this.#swallowed.has(id))
      .map(({ id, order }) => `every command has one true answer: ${id} (${order.kind}) has none`);
  }
}
