/**
 * Everything that can happen next around the shipped `decide`: requests that land, are lost or come late, answers, timers, the phone, the machine,
 * the back office, the portal, and the plug. A world is plain data; `nextWorlds` lists its successors, each with a sentence for the trace.
 */
import { journalChanges } from "../../src/kiosk/changes.ts";
import { readSaleHistory, readServiceVend, readSettlement } from "../../src/kiosk/stored.ts";
import type { JsonValue } from "../../src/journal/port.ts";
import type { Catalogue } from "../../src/sale/catalogue.ts";
import type { Effect } from "../../src/sale/effect.ts";
import type { SaleEvent, SettlementEvent, Stamp, Unstamped } from "../../src/sale/event.ts";
import { merchantQrId, type Reference, referenceOf } from "../../src/sale/ids.ts";
import { type Minor, money } from "../../src/sale/money.ts";
import type { PaymentView } from "../../src/sale/payment.ts";
import { appearanceMs, inFlightMs, type SalePolicy } from "../../src/sale/policy.ts";
import type { decide } from "../../src/sale/sale.ts";
import type { DeliveryOutcome } from "../../src/sale/selection.ts";
import { initialState, type SaleState } from "../../src/sale/state.ts";
import { policy } from "../unit/sale/support.ts";
import { type Answer, emptyProvider, phone, portal, type Provider, type ProviderRequest, take } from "./provider.ts";

/** What one exploration may use up. Everything else is explored without a bound. */
export interface Scope {
  readonly name: string;
  readonly payments: number;
  /** Requests or answers that are lost, late, stale or locked. */
  readonly faults: number;
  readonly cuts: number;
  /** Orders of the back office. */
  readonly orders: number;
  /** Deeds in the provider's portal. */
  readonly portal: number;
  readonly partialCapture: boolean;
  readonly policy: Partial<SalePolicy>;
  /** How a customer can begin. */
  readonly begins: readonly ("press" | "check-in" | "scan-code")[];
  readonly deliveries: readonly DeliveryOutcome["kind"][];
}

interface Flight {
  readonly request: ProviderRequest;
  /** `sent`: on its way. `answered`: it landed, and its answer is on its way. */
  readonly phase: "sent" | "answered";
  readonly answer: Answer | null;
}

interface Order {
  readonly id: string;
  readonly kind: "refund" | "cancel";
  readonly reference: Reference;
  readonly amount: Minor | undefined;
  /** What the provider had kept and given back when it was ordered. */
  readonly keptThen: number;
  readonly refundedThen: number;
  readonly answers: number;
  readonly outcome: "done" | "refused" | undefined;
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
  /** Payments begun; also the next reference. */
  readonly begun: number;
  readonly checkIns: number;
  /** By delivery id: whether something fell. */
  readonly fell: ReadonlyMap<string, { readonly reference: Reference; readonly price: number; readonly fell: boolean }>;
  readonly orders: readonly Order[];
  readonly faults: number;
  readonly cuts: number;
  readonly portalDeeds: number;
  readonly portalTouched: ReadonlySet<string>;
  readonly nowMono: number;
  readonly violation: string | null;
}

export interface Step {
  readonly label: string;
  readonly world: World;
}

const machine = merchantQrId("kiosk-7");
const wallMs = 1_790_000_000_000;

export const catalogue: Catalogue = {
  currency: "NOK",
  version: "1",
  products: [
    { id: "water", name: "Water", price: money(2_500, "NOK"), vatRate: 1_500, line: "A1" },
    { id: "cola", name: "Cola", price: money(3_500, "NOK"), vatRate: 1_500, line: "A2" },
  ],
};

/** The shipped decision, or a broken one. */
export type Decide = typeof decide;

export interface Model {
  readonly scope: Scope;
  readonly decide: Decide;
}

export function policyOf(scope: Scope): SalePolicy {
  return { ...policy, ...scope.policy };
}

function referenceNumber(count: number): Reference {
  return referenceOf(machine, `01J0000000${String(count).padStart(16, "0")}`);
}

export function firstWorld(model: Model): World {
  const world: World = {
    sale: initialState(catalogue, new Map()),
    provider: emptyProvider,
    flights: [],
    late: [],
    timers: new Set(),
    deliveries: [],
    disk: new Map(),
    begun: 0,
    checkIns: 0,
    fell: new Map(),
    orders: [],
    faults: 0,
    cuts: 0,
    portalDeeds: 0,
    portalTouched: new Set(),
    nowMono: 0,
    violation: null,
  };
  return tell(model, world, { about: "readiness", readiness: { callbackQr: true, oneTimeQr: true } });
}

function withViolation(world: World, violation: string): World {
  return world.violation === null ? { ...world, violation } : world;
}

/** As the kiosk's loop does it: an order of the back office is decided by what the books say now. */
function stamped(world: World, event: Unstamped<SaleEvent>, at: Stamp): SaleEvent {
  if (event.about !== "back-office") return { ...event, at };
  const stored = world.disk.get(`sale/${event.reference}`);
  return { ...event, at, history: stored === undefined ? undefined : readSaleHistory(stored) };
}

/** One event: decided, journalled, performed. */
function tell(model: Model, world: World, event: Unstamped<SaleEvent>): World {
  const at: Stamp = {
    monoMs: world.nowMono,
    wallMs,
    isWallBelieved: true,
    freshReference: referenceNumber(world.begun + 1),
  };
  const { state, effects } = model.decide(world.sale, stamped(world, event, at), policyOf(model.scope));
  const disk = new Map(world.disk);
  for (const one of journalChanges(world.sale, state, effects, {}))
    if (one.kind === "put") disk.set(`${one.table}/${one.key}`, one.value);
    else if (one.kind === "delete") disk.delete(`${one.table}/${one.key}`);
  const isNew = [...state.settlements.keys()].includes(at.freshReference);
  const next: World = { ...world, sale: state, disk, begun: world.begun + (isNew ? 1 : 0) };
  return effects.reduce<World>(perform, next);
}

function perform(world: World, effect: Effect): World {
  switch (effect.kind) {
    case "create":
    case "look":
    case "capture":
    case "refund":
    case "cancel":
      return send(world, effect);
    case "deliver":
      return startDelivery(world, effect);
    case "start-timer":
      return { ...world, timers: new Set([...world.timers, effect.name]) };
    case "cancel-timer":
      return { ...world, timers: new Set([...world.timers].filter((name) => name !== effect.name)) };
    case "reply":
      return reply(world, effect);
    case "report":
    case "note":
    case "open-machine-session":
    case "close-machine-session":
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

function startDelivery(world: World, effect: Extract<Effect, { kind: "deliver" }>): World {
  const { reference, price } = effect;
  const next = { ...world, deliveries: [...world.deliveries, effect] };
  if (reference === undefined) return next;
  const payment = world.provider.payments[reference];
  const left = payment === undefined ? 0 : payment.authorized - payment.captured - payment.cancelled - payment.refunded;
  const isRaced = world.portalTouched.has(reference);
  if (!isRaced && (payment?.state !== "AUTHORIZED" || left < price.minor))
    return withViolation(next, `a delivery starts for ${reference}, which cannot be paid`);
  const isSecond =
    [...world.fell.values()].some((one) => one.reference === reference) ||
    world.deliveries.some((one) => one.reference === reference);
  return isSecond ? withViolation(next, `a second delivery starts for ${reference}`) : next;
}

function keptOf(payment: PaymentView | undefined): number {
  return payment === undefined ? 0 : payment.captured - payment.refunded;
}

/** One true answer a command: `done` is held against the ledger of this moment. */
function reply(world: World, effect: Extract<Effect, { kind: "reply" }>): World {
  const order = world.orders.find(({ id }) => id === effect.commandId);
  if (order === undefined) return withViolation(world, `a reply to ${effect.commandId}, which nobody ordered`);
  const answered: Order = { ...order, answers: order.answers + 1, outcome: effect.outcome };
  const next = { ...world, orders: world.orders.map((one) => (one === order ? answered : one)) };
  if (answered.answers > 1) return withViolation(next, `${order.id} is answered twice`);
  if (effect.outcome !== "done" || world.portalTouched.has(order.reference)) return next;
  const payment = world.provider.payments[order.reference];
  const kept = keptOf(payment);
  const open = payment === undefined ? 0 : payment.authorized - payment.captured - payment.cancelled;
  if (order.kind === "cancel" && payment?.state === "AUTHORIZED" && (open > 0 || payment.cancelled === 0))
    return withViolation(next, `${order.id} says done, and ${open} is reserved, ${payment.cancelled} cancelled`);
  if (order.kind === "refund" && order.amount === undefined && kept > 0)
    return withViolation(next, `${order.id} says done, and ${kept} is still kept`);
  const refunded = (payment?.refunded ?? 0) - order.refundedThen;
  if (order.kind === "refund" && order.amount !== undefined && refunded < order.amount)
    return withViolation(next, `${order.id} says done, and only ${refunded} of ${order.amount} was given back`);
  return next;
}

// ── what can happen next ───────────────────────────────────────────────────────────────────────────────────────────────

const unknown: Answer = { kind: "refused", status: 0, code: undefined };

/** The event that the kiosk makes of an answer; `unknown` for none. */
function eventOf(request: ProviderRequest, answer: Answer): SettlementEvent {
  const isUnknown = answer === unknown;
  switch (request.kind) {
    case "create":
      if (isUnknown) return { kind: "create-unknown", retryAfterMs: undefined };
      return answer.kind === "refused"
        ? { kind: "create-refused", status: answer.status, code: answer.code }
        : { kind: "created" };
    case "look":
      if (answer.kind === "view") return { kind: "viewed", look: request.look, payment: answer.payment };
      return isUnknown
        ? { kind: "view-unknown", look: request.look, retryAfterMs: undefined }
        : { kind: "view-missing", look: request.look };
    case "capture":
    case "refund":
    case "cancel":
      if (isUnknown) return { kind: "adjust-unknown", id: request.id, performed: "maybe", retryAfterMs: undefined };
      if (answer.kind === "refused" && answer.status === 423)
        return { kind: "adjust-unknown", id: request.id, performed: "no", retryAfterMs: undefined };
      return answer.kind === "refused"
        ? { kind: "adjust-refused", id: request.id, status: answer.status, code: answer.code }
        : { kind: "adjusted", id: request.id };
  }
}

const without = <T>(list: readonly T[], index: number): readonly T[] => list.filter((_, at) => at !== index);

function flightSteps(model: Model, world: World): Step[] {
  const steps: Step[] = [];
  const { scope } = model;
  for (const [index, flight] of world.flights.entries()) {
    const { request } = flight;
    const name = `${request.kind} ${request.reference.slice(-2)}`;
    const gone: World = { ...world, flights: without(world.flights, index) };
    const answer = (from: World, given: Answer): World =>
      tell(model, from, { about: "settlement", reference: request.reference, event: eventOf(request, given) });
    if (flight.phase === "answered") {
      if (flight.answer !== null)
        steps.push({
          label: `answer to ${name}: ${JSON.stringify(flight.answer)}`,
          world: answer(gone, flight.answer),
        });
      if (world.faults < scope.faults && request.kind !== "look")
        steps.push({
          label: `answer to ${name} is lost`,
          world: answer({ ...gone, faults: world.faults + 1 }, unknown),
        });
      continue;
    }
    const landed = take(world.provider, request, scope);
    const arrived: Flight = { request, phase: "answered", answer: landed.answer };
    steps.push({
      label: `${name} lands`,
      world: { ...world, provider: landed.provider, flights: world.flights.with(index, arrived) },
    });
    if (world.faults >= scope.faults) continue;
    const faulty: World = { ...gone, faults: world.faults + 1 };
    steps.push({ label: `${name} is lost`, world: answer(faulty, unknown) });
    if (request.kind === "look") {
      const old = world.provider.before[request.reference];
      if (old !== undefined)
        steps.push({
          label: `${name} reads a replica that lags`,
          world: answer(faulty, { kind: "view", payment: old }),
        });
      continue;
    }
    steps.push({
      label: `${name} times out and is still on its way`,
      world: answer({ ...faulty, late: [...faulty.late, request] }, unknown),
    });
    if (request.kind !== "create")
      steps.push({
        label: `${name} is refused: locked`,
        world: answer(faulty, { kind: "refused", status: 423, code: undefined }),
      });
  }
  return steps;
}

function lateSteps(model: Model, world: World): Step[] {
  return world.late.map((request, index) => ({
    label: `the late ${request.kind} lands after all`,
    world: {
      ...world,
      late: without(world.late, index),
      provider: take(world.provider, request, model.scope).provider,
    },
  }));
}

function timerSteps(model: Model, world: World): Step[] {
  return [...world.timers].map((name) => {
    const fired: World = { ...world, timers: new Set([...world.timers].filter((one) => one !== name)) };
    const event: Unstamped<SaleEvent> =
      name === "session"
        ? { about: "session", event: { kind: "session-timer" } }
        : name === "notice"
          ? { about: "notice-over" }
          : { about: "settlement", reference: referenceIn(world, name), event: { kind: "timer" } };
    return { label: `timer ${name.slice(-7)}`, world: tell(model, fired, event) };
  });
}

function referenceIn(world: World, name: string): Reference {
  for (let count = 1; count <= world.begun; count += 1)
    if (referenceNumber(count) === name) return referenceNumber(count);
  throw new Error(`no payment is called ${name}`);
}

function deliverySteps(model: Model, world: World): Step[] {
  const steps: Step[] = [];
  for (const [index, effect] of world.deliveries.entries()) {
    const { reference, deliveryId, price } = effect;
    if (reference === undefined) continue;
    const end = (outcome: DeliveryOutcome, fell: boolean): World => {
      const ended: World = {
        ...world,
        deliveries: without(world.deliveries, index),
        fell: new Map([...world.fell, [deliveryId, { reference, price: price.minor, fell }]]),
      };
      return tell(model, ended, {
        about: "settlement",
        reference,
        event: { kind: "delivery-ended", deliveryId, outcome },
      });
    };
    for (const kind of model.scope.deliveries)
      switch (kind) {
        case "delivered":
          steps.push({ label: "it falls", world: end({ kind }, true) });
          break;
        case "not-delivered":
          steps.push({ label: "it jams", world: end({ kind, reason: "jam" }, false) });
          break;
        case "unknown":
          steps.push({ label: "it falls, and nobody knows", world: end({ kind, reason: "blind" }, true) });
          steps.push({ label: "it jams, and nobody knows", world: end({ kind, reason: "blind" }, false) });
          break;
      }
  }
  return steps;
}

function customerSteps(model: Model, world: World): Step[] {
  const { scope } = model;
  const steps: Step[] = [];
  const say = (label: string, event: Extract<SaleEvent, { about: "session" }>["event"]): void => {
    const next = tell(model, world, { about: "session", event });
    if (next.sale !== world.sale) steps.push({ label, world: next });
  };
  const mayBegin = world.begun < scope.payments;
  const { session } = world.sale;
  const isChoosing = session.kind === "choosing" || session.kind === "choosing-reserved";
  if ((mayBegin && scope.begins.includes("press")) || isChoosing)
    for (const line of ["A1", "A2"]) say(`press ${line}`, { kind: "selected", selection: { kind: "line", line } });
  if (mayBegin && scope.begins.includes("scan-code") && session.kind === "paying")
    say("hold a personal code to the scanner", { kind: "code-scanned" });
  if (session.kind !== "none") say("cancel", { kind: "selection-cancelled" });
  if (mayBegin && scope.begins.includes("check-in") && world.checkIns < scope.payments + 1)
    steps.push({
      label: "check in",
      world: tell(
        model,
        { ...world, checkIns: world.checkIns + 1 },
        {
          about: "session",
          event: { kind: "checked-in", eventId: `scan-${world.checkIns + 1}`, ageMs: 500 },
        },
      ),
    });
  for (const [reference, payment] of Object.entries(world.provider.payments))
    if (payment.state === "CREATED")
      for (const action of ["approve", "decline"] as const)
        steps.push({
          label: `the customer: ${action} ${reference.slice(-2)}`,
          world: { ...world, provider: phone(world.provider, reference, action) },
        });
  return steps;
}

function operatorSteps(model: Model, world: World): Step[] {
  const { scope } = model;
  const steps: Step[] = [];
  for (let count = 1; count <= world.begun; count += 1) {
    const reference = referenceNumber(count);
    const payment = world.provider.payments[reference];
    if (world.orders.length < scope.orders)
      for (const [kind, amount] of [
        ["refund", undefined],
        ["refund", 1_000],
        ["cancel", undefined],
      ] as const)
        steps.push(order(model, world, { kind, reference, amount, payment }));
    if (world.portalDeeds >= scope.portal || payment === undefined) continue;
    for (const deed of ["cancel-all", "refund-all"] as const) {
      const provider = portal(world.provider, reference, deed);
      if (provider === world.provider) continue;
      steps.push({
        label: `in the portal: ${deed}`,
        world: {
          ...world,
          provider,
          portalDeeds: world.portalDeeds + 1,
          portalTouched: new Set([...world.portalTouched, reference]),
        },
      });
    }
  }
  return steps;
}

function order(
  model: Model,
  world: World,
  what: {
    readonly kind: "refund" | "cancel";
    readonly reference: Reference;
    readonly amount: number | undefined;
    readonly payment: PaymentView | undefined;
  },
): Step {
  const id = `order-${world.orders.length + 1}`;
  const amount = what.amount === undefined ? undefined : money(what.amount, "NOK").minor;
  const placed: Order = {
    id,
    kind: what.kind,
    reference: what.reference,
    amount,
    keptThen: keptOf(what.payment),
    refundedThen: what.payment?.refunded ?? 0,
    answers: 0,
    outcome: undefined,
  };
  const event: Unstamped<SaleEvent> = {
    about: "back-office",
    commandId: id,
    order: what.kind,
    reference: what.reference,
    amount: what.amount === undefined ? undefined : money(what.amount, "NOK"),
  };
  return {
    label: `the back office: ${what.kind} ${what.amount ?? "all"} of ${what.reference.slice(-2)}`,
    world: tell(model, { ...world, orders: [...world.orders, placed] }, event),
  };
}

/** The plug is pulled. Each request that was out either never left, or is on its way; the machine either had moved, or not. */
function cutSteps(model: Model, world: World): Step[] {
  if (world.cuts >= model.scope.cuts) return [];
  const waiting = world.flights.flatMap((one) =>
    one.phase === "sent" && one.request.kind !== "look" ? [one.request] : [],
  );
  const steps: Step[] = [];
  for (const late of subsets(waiting))
    for (const moved of subsets(world.deliveries)) {
      const fell = new Map(world.fell);
      for (const { deliveryId, reference, price } of world.deliveries)
        if (reference !== undefined)
          fell.set(deliveryId, {
            reference,
            price: price.minor,
            fell: moved.some((one) => one.deliveryId === deliveryId),
          });
      const dark: World = {
        ...world,
        sale: initialState(catalogue, new Map()),
        flights: [],
        late: [...world.late, ...late],
        timers: new Set(),
        deliveries: [],
        fell,
        cuts: world.cuts + 1,
      };
      steps.push({
        label: `POWER CUT (${late.length} requests still on their way, ${moved.length} things fell)`,
        world: boot(model, dark),
      });
    }
  return steps;
}

/** The journal's own form: what is on the disk is read back by the shipped readers. */
function boot(model: Model, world: World): World {
  const of = (table: string): JsonValue[] =>
    [...world.disk].flatMap(([key, value]) => (key.startsWith(`${table}/`) ? [value] : []));
  const ready = tell(model, world, { about: "readiness", readiness: { callbackQr: true, oneTimeQr: true } });
  const settlements = of("settlement").map(readSettlement);
  const serviceVends = of("service-vend").map(readServiceVend);
  return settlements.length + serviceVends.length === 0
    ? ready
    : tell(model, ready, { about: "boot", settlements, serviceVends });
}

function subsets<T>(list: readonly T[]): readonly (readonly T[])[] {
  return list.reduce<readonly (readonly T[])[]>((found, one) => [...found, ...found.map((set) => [...set, one])], [[]]);
}

/** Time passes without anything else: what is late cannot land any more, and codes that nobody approved end. */
function timeSteps(world: World): Step[] {
  // A call is given up after twenty seconds: none is out for minutes.
  if (world.flights.length > 0) return [];
  const steps: Step[] = [];
  const lives = [...world.sale.settlements.values()].map(({ live }) => live);
  const waitsFor = (limit: (live: (typeof lives)[number]) => number): boolean =>
    lives.some((live) => limit(live) > world.nowMono);
  const lateCreates = world.late.filter(({ kind }) => kind === "create");
  if (lateCreates.length < world.late.length || waitsFor(({ repeatFromMono }) => repeatFromMono))
    steps.push({
      label: "two minutes pass",
      world: { ...world, nowMono: world.nowMono + inFlightMs, late: lateCreates },
    });
  const isOpen = Object.values(world.provider.payments).some(({ state }) => state === "CREATED");
  if (lateCreates.length > 0 || waitsFor(({ appearsUntilMono }) => appearsUntilMono) || isOpen) {
    let { provider } = world;
    for (const reference of Object.keys(provider.payments)) provider = phone(provider, reference, "let-it-expire");
    steps.push({
      label: "half an hour passes",
      world: { ...world, provider, nowMono: world.nowMono + appearanceMs, late: [] },
    });
  }
  return steps;
}

export function nextWorlds(model: Model, world: World): readonly Step[] {
  return [
    ...flightSteps(model, world),
    ...lateSteps(model, world),
    ...timerSteps(model, world),
    ...deliverySteps(model, world),
    ...customerSteps(model, world),
    ...operatorSteps(model, world),
    ...cutSteps(model, world),
    ...timeSteps(world),
  ];
}
