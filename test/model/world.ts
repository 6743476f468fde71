/**
 * A world around the shipped `decide`: the sale, what is on the disk, the provider, what is on its way, and what fell. Plain data. An event is decided,
 * journalled in the journal's own form, and performed. What can happen next is in steps.ts.
 */
import { journalChanges } from "../../src/kiosk/changes.ts";
import { replyPrefix } from "../../src/kiosk/journal-keys.ts";
import { replyOf } from "../../src/kiosk/replies.ts";
import { readSaleHistory, readServiceVend, readSettlement } from "../../src/kiosk/stored.ts";
import type { JsonValue } from "../../src/journal/port.ts";
import type { Catalogue } from "../../src/sale/catalogue.ts";
import type { Effect } from "../../src/sale/effect.ts";
import type { SaleEvent, Stamp, Unstamped } from "../../src/sale/event.ts";
import { merchantQrId, type Reference, referenceOf } from "../../src/sale/ids.ts";
import { type Minor, money } from "../../src/sale/money.ts";
import type { PaymentView } from "../../src/sale/payment.ts";
import type { SalePolicy } from "../../src/sale/policy.ts";
import type { decide } from "../../src/sale/sale.ts";
import type { DeliveryOutcome } from "../../src/sale/selection.ts";
import { initialState, type SaleState } from "../../src/sale/state.ts";
import { policy } from "../unit/sale/support.ts";
import { type Answer, emptyProvider, type Provider, type ProviderRequest } from "./provider.ts";

/** What one exploration may use up. Everything else is explored without a bound. */
export interface Scope {
  readonly name: string;
  readonly payments: number;
  /** Requests or answers that are lost, late, stale or locked. */
  readonly faults: number;
  readonly cuts: number;
  /** How often the provider forgets all Idempotency-Keys. */
  readonly forgets: number;
  /** How often the wall clock is far off, and known to be. */
  readonly clockFaults: number;
  /** Orders of the back office. */
  readonly orders: number;
  readonly orderKinds: readonly ("refund" | "cancel" | "deliver")[];
  /** Deeds in the provider's portal. */
  readonly portal: number;
  readonly partialCapture: boolean;
  readonly policy: Partial<SalePolicy>;
  /** How many products there are; all, where it is left out. */
  readonly products?: number;
  /** How a customer can begin. */
  readonly begins: readonly ("press" | "check-in" | "scan-code" | "key" | "counter" | "mdb")[];
  /** What a customer can press. */
  readonly lines: readonly string[];
  readonly deliveries: readonly DeliveryOutcome["kind"][];
}

export interface Flight {
  readonly request: ProviderRequest;
  /** `sent`: on its way. `answered`: it landed, and its answer is on its way. */
  readonly phase: "sent" | "answered";
  readonly answer: Answer | null;
}

export interface Order {
  readonly id: string;
  readonly kind: "refund" | "cancel" | "deliver";
  /** Null for a delivery without a payment. */
  readonly reference: Reference | null;
  readonly amount: Minor | undefined;
  /** What the provider had kept and given back when it was ordered. */
  readonly keptThen: number;
  readonly refundedThen: number;
  /** How often the sale answered, and how often the broker got an answer. */
  readonly decided: number;
  readonly answers: number;
}

export interface World {
  readonly sale: SaleState;
  readonly provider: Provider;
  readonly flights: readonly Flight[];
  /** Requests that this machine does not wait for any more, and that may still land. */
  readonly late: readonly ProviderRequest[];
  readonly timers: ReadonlySet<string>;
  readonly deliveries: readonly Extract<Effect, { kind: "deliver" }>[];
  /** By table and key: what is on the disk. */
  readonly disk: ReadonlyMap<string, JsonValue>;
  /** Answers that the broker does not have yet, by command. */
  readonly replies: readonly string[];
  /** Time that was bought, by reference: how much, and when it was quoted. */
  readonly bought: ReadonlyMap<string, { readonly minutes: number; readonly quotedMs: number }>;
  /** Whether the machine was told to let the customer select up to an amount, and not yet that this is over. */
  readonly isMachineOpen: boolean;
  /** Payments begun; also the next reference. */
  readonly begun: number;
  readonly checkIns: number;
  /** By delivery id: whether something fell. */
  readonly fell: ReadonlyMap<
    string,
    { readonly reference: Reference | null; readonly price: number; readonly fell: boolean }
  >;
  readonly orders: readonly Order[];
  readonly faults: number;
  readonly cuts: number;
  readonly forgets: number;
  readonly clockFaults: number;
  readonly isWallRight: boolean;
  readonly portalDeeds: number;
  readonly portalTouched: ReadonlySet<string>;
  readonly nowMono: number;
  readonly violation: string | null;
}

/** A clock that is known to be wrong is a day behind. */
const wrongByMs = 86_400_000;

const machine = merchantQrId("kiosk-7");
const wallMsAtStart = 1_790_000_000_000;

const allProducts: Catalogue = {
  currency: "NOK",
  version: "1",
  products: [
    { id: "water", name: "Water", price: money(2_500, "NOK"), vatRate: 1_500, line: "A1" },
    { id: "cola", name: "Cola", price: money(3_500, "NOK"), vatRate: 1_500, line: "A2" },
  ],
};

export function catalogueOf({ products }: Scope): Catalogue {
  return { ...allProducts, products: allProducts.products.slice(0, products) };
}

/** The shipped decision, or a broken one. */
export type Decide = typeof decide;

export interface Model {
  readonly scope: Scope;
  readonly decide: Decide;
  /** What a decision changes on the disk; the shipped one unless a test breaks it. */
  readonly changesOf?: typeof journalChanges;
}

export function policyOf(scope: Scope): SalePolicy {
  return { ...policy, ...scope.policy };
}

/** Where no time is sold, the wall clock stands still: nothing depends on it, and there are fewer states. */
export function rightWallMs({ scope }: Model, nowMono: number): number {
  return wallMsAtStart + (scope.policy.timeSales === undefined ? 0 : nowMono);
}

export function referenceNumber(count: number): Reference {
  return referenceOf(machine, `01J0000000${String(count).padStart(16, "0")}`);
}

export function firstWorld(model: Model): World {
  const world: World = {
    sale: initialState(catalogueOf(model.scope), new Map()),
    provider: emptyProvider,
    flights: [],
    late: [],
    timers: new Set(),
    deliveries: [],
    disk: new Map(),
    replies: [],
    bought: new Map(),
    isMachineOpen: false,
    begun: 0,
    checkIns: 0,
    fell: new Map(),
    orders: [],
    faults: 0,
    cuts: 0,
    forgets: 0,
    clockFaults: 0,
    isWallRight: true,
    portalDeeds: 0,
    portalTouched: new Set(),
    nowMono: 0,
    violation: null,
  };
  return tell(model, world, { about: "readiness", readiness: { checkIn: true, callbackQr: true, oneTimeQr: true } });
}

export function withViolation(world: World, violation: string): World {
  return world.violation === null ? { ...world, violation } : world;
}

/** As the kiosk's loop does it: an order of the back office is decided by what the books say now. */
function stamped(world: World, event: Unstamped<SaleEvent>, at: Stamp): SaleEvent {
  if (event.about !== "back-office") return { ...event, at };
  const stored = world.disk.get(`sale/${event.reference}`);
  return { ...event, at, history: stored === undefined ? undefined : readSaleHistory(stored) };
}

/** One event: decided, journalled, performed. */
export function tell(model: Model, world: World, event: Unstamped<SaleEvent>): World {
  const at: Stamp = {
    monoMs: world.nowMono,
    wallMs: rightWallMs(model, world.nowMono) - (world.isWallRight ? 0 : wrongByMs),
    isWallBelieved: world.isWallRight,
    freshReference: referenceNumber(world.begun + 1),
  };
  const { state, effects } = model.decide(world.sale, stamped(world, event, at), policyOf(model.scope));
  const disk = new Map(world.disk);
  for (const one of (model.changesOf ?? journalChanges)(world.sale, state, effects, {}))
    if (one.kind === "put") disk.set(`${one.table}/${one.key}`, one.value);
    else if (one.kind === "delete") disk.delete(`${one.table}/${one.key}`);
  const isNew = [...state.settlements.keys()].includes(at.freshReference);
  const next: World = { ...world, sale: state, disk, begun: world.begun + (isNew ? 1 : 0) };
  return effects.reduce<World>((from, effect) => perform(model, from, effect), next);
}

function perform(model: Model, world: World, effect: Effect): World {
  switch (effect.kind) {
    case "create":
      return send(withBoughtTime(world, effect.reference), effect);
    case "look":
    case "capture":
    case "refund":
    case "cancel":
      return send(world, effect);
    case "deliver":
      return startDelivery(model, { ...world, isMachineOpen: false }, effect);
    case "start-timer":
      return { ...world, timers: new Set([...world.timers, effect.name]) };
    case "cancel-timer":
      return { ...world, timers: new Set([...world.timers].filter((name) => name !== effect.name)) };
    case "reply":
      return reply(model, world, effect);
    case "open-machine-session":
    case "close-machine-session":
      return { ...world, isMachineOpen: effect.kind === "open-machine-session" };
    case "report":
    case "note":
      return world;
  }
}

function send(world: World, request: ProviderRequest): World {
  const isTwice =
    request.kind !== "look" &&
    world.flights.some((one) => one.request.kind !== "look" && one.request.reference === request.reference);
  const next: World = { ...world, flights: [...world.flights, { request, phase: "sent", answer: null }] };
  const isTooLong = request.kind !== "look" && request.id.length > 50;
  if (isTooLong) return withViolation(next, "an Idempotency-Key is longer than 50 characters");
  return isTwice ? withViolation(next, `two requests that move ${request.reference} are out at once`) : next;
}

/** What was asked for is remembered apart from the sale's own memory of it. */
function withBoughtTime(world: World, reference: Reference): World {
  const { session } = world.sale;
  if (world.bought.has(reference) || session.kind !== "paying") return world;
  const selection = session.purchase?.selection;
  if (selection?.kind !== "time") return world;
  const bought = new Map([...world.bought, [reference, { minutes: selection.minutes, quotedMs: world.nowMono }]]);
  return { ...world, bought };
}

/** Until when what was bought is valid, by the right clock; undefined where no time was bought. */
export function validUntilMs(model: Model, world: World, reference: string): number | undefined {
  const bought = world.bought.get(reference);
  return bought === undefined ? undefined : rightWallMs(model, bought.quotedMs) + bought.minutes * 60_000;
}

function startDelivery(model: Model, world: World, effect: Extract<Effect, { kind: "deliver" }>): World {
  const { reference, price } = effect;
  const next = { ...world, deliveries: [...world.deliveries, effect] };
  const isAgain =
    world.fell.has(effect.deliveryId) || world.deliveries.some((one) => one.deliveryId === effect.deliveryId);
  if (isAgain) return withViolation(next, `${effect.deliveryId} is started twice`);
  if (reference === undefined) return next;
  const payment = world.provider.payments[reference];
  const left = payment === undefined ? 0 : payment.authorized - payment.captured - payment.cancelled - payment.refunded;
  const isRaced = world.portalTouched.has(reference);
  if (!isRaced && (payment?.state !== "AUTHORIZED" || left < price.minor))
    return withViolation(next, `a delivery starts for ${reference}, which cannot be paid`);
  const until = validUntilMs(model, world, reference);
  if ((effect.untilWallMs ?? undefined) !== until)
    return withViolation(next, `${reference} would be valid until ${effect.untilWallMs}, and ${until} was paid for`);
  const isSecond =
    [...world.fell.values()].some((one) => one.reference === reference) ||
    world.deliveries.some((one) => one.reference === reference);
  return isSecond ? withViolation(next, `a second delivery starts for ${reference}`) : next;
}

export function keptOf(payment: PaymentView | undefined): number {
  return payment === undefined ? 0 : payment.captured - payment.refunded;
}

/** One true answer a command: `done` is held against the ledger of this moment. */
function reply(model: Model, world: World, effect: Extract<Effect, { kind: "reply" }>): World {
  const order = world.orders.find(({ id }) => id === effect.commandId);
  if (order === undefined) return withViolation(world, `a reply to ${effect.commandId}, which nobody ordered`);
  const decided: Order = { ...order, decided: order.decided + 1 };
  const orders = world.orders.map((one) => (one === order ? decided : one));
  const next = { ...world, orders, replies: [...world.replies, order.id] };
  if (decided.decided > 1) return withViolation(next, `${order.id} is answered twice`);
  const lie = effect.outcome === "done" ? lieOfDone(world, order) : lieOfRefusal(world, order);
  if (lie !== undefined) return withViolation(next, lie);
  // What is on its way to the broker can only be lost by a power cut.
  return world.cuts < model.scope.cuts ? next : answered(next, order.id);
}

function lieOfDone(world: World, { id, kind, reference, amount, refundedThen }: Order): string | undefined {
  if (reference === null) {
    return world.fell.get(id)?.fell === true ? undefined : `${id} says done, and nothing fell`;
  }
  if (world.portalTouched.has(reference)) return undefined;
  const payment = world.provider.payments[reference];
  const kept = keptOf(payment);
  const open = payment === undefined ? 0 : payment.authorized - payment.captured - payment.cancelled;
  if (kind === "cancel" && payment?.state === "AUTHORIZED" && (open > 0 || payment.cancelled === 0))
    return `${id} says done, and ${open} is reserved, ${payment.cancelled} cancelled`;
  if (kind === "cancel" && payment === undefined) return `${id} says done, and there is no payment`;
  if (kind === "refund" && amount === undefined && kept > 0) return `${id} says done, and ${kept} is still kept`;
  const refunded = (payment?.refunded ?? 0) - refundedThen;
  if (kind === "refund" && amount !== undefined && refunded < amount)
    return `${id} says done, and only ${refunded} of ${amount} was given back`;
  return undefined;
}

/** A refusal is a lie where what was ordered could still be done: then nobody would order it again. */
function lieOfRefusal(world: World, { id, kind, reference }: Order): string | undefined {
  if (reference === null || kind !== "cancel" || world.portalTouched.has(reference)) return undefined;
  const isUnderWay = world.sale.settlements.has(reference);
  const payment = world.provider.payments[reference];
  const open = payment === undefined ? 0 : payment.authorized - payment.captured - payment.cancelled;
  return !isUnderWay && payment?.state === "AUTHORIZED" && open > 0
    ? `${id} is refused for good, and ${open} is still reserved`
    : undefined;
}

/** The broker has the answer, and the journal forgets it. */
export function answered(world: World, id: string): World {
  const disk = new Map(world.disk);
  disk.delete(`fact/${replyPrefix}${id}`);
  const orders = world.orders.map((one) => (one.id === id ? { ...one, answers: one.answers + 1 } : one));
  return { ...world, disk, orders, replies: world.replies.filter((one) => one !== id) };
}

/** The journal's own form: what is on the disk is read back by the shipped readers. */
export function boot(model: Model, world: World): World {
  const facts = [...world.disk].filter(([key]) => key.startsWith(`fact/${replyPrefix}`));
  const replies = facts.map(([key, value]) => replyOf(key.slice(`fact/${replyPrefix}`.length), value).id);
  const of = (table: string): JsonValue[] =>
    [...world.disk].flatMap(([key, value]) => (key.startsWith(`${table}/`) ? [value] : []));
  const ready = tell(
    model,
    { ...world, replies },
    { about: "readiness", readiness: { checkIn: true, callbackQr: true, oneTimeQr: true } },
  );
  const settlements = of("settlement").map(readSettlement);
  const serviceVends = of("service-vend").map(readServiceVend);
  return settlements.length + serviceVends.length === 0
    ? ready
    : tell(model, ready, { about: "boot", settlements, serviceVends });
}
