/**
 * Everything that can happen next in a world: requests that land, are lost or come late, answers, timers, the phone, the machine, the back office,
 * the portal, clocks, and the plug. Each with a sentence for the story.
 */
import type { SaleEvent, SettlementEvent, Unstamped } from "../../src/sale/event.ts";
import type { Reference } from "../../src/sale/ids.ts";
import { money } from "../../src/sale/money.ts";
import type { PaymentView } from "../../src/sale/payment.ts";
import { appearanceMs, inFlightMs } from "../../src/sale/policy.ts";
import type { DeliveryOutcome, Selection } from "../../src/sale/selection.ts";
import type { Settlement } from "../../src/sale/settlement.ts";
import { initialState } from "../../src/sale/state.ts";
import { type Answer, phone, portal, type ProviderRequest, take } from "./provider.ts";
import {
  answered,
  boot,
  catalogueOf,
  type Flight,
  keptOf,
  type Model,
  type Order,
  referenceNumber,
  tell,
  type World,
} from "./world.ts";

export interface Step {
  readonly label: string;
  readonly world: World;
}

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
    const end = (outcome: DeliveryOutcome, fell: boolean): World => {
      const ended: World = {
        ...world,
        deliveries: without(world.deliveries, index),
        fell: new Map([...world.fell, [deliveryId, { reference: reference ?? null, price: price.minor, fell }]]),
      };
      return tell(
        model,
        ended,
        reference === undefined
          ? { about: "service-vend-ended", id: deliveryId, outcome }
          : { about: "settlement", reference, event: { kind: "delivery-ended", deliveryId, outcome } },
      );
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
  if (scope.begins.includes("press") ? mayBegin || isChoosing : isChoosing && !scope.begins.includes("mdb"))
    for (const line of scope.lines) say(`press ${line}`, { kind: "selected", selection: { kind: "line", line } });
  if ((mayBegin || isChoosing) && scope.begins.includes("mdb"))
    for (const selection of vendRequests)
      say(`MDB: VEND REQUEST ${selection.price.minor}`, { kind: "selected", selection });
  if ((mayBegin || isChoosing) && scope.begins.includes("counter"))
    say("the counter orders a pizza", { kind: "selected", selection: pizza(world.begun + 1) });
  if (mayBegin && scope.begins.includes("key"))
    for (const key of ["plus", "minus", "ok"]) say(`key ${key}`, { kind: "key", key });
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

/** Two that a reservation can pay for, one of no product, and one that is dearer than every product. */
const vendRequests = [
  { kind: "priced", price: money(2_500, "NOK"), item: "A1", request: 1 },
  { kind: "priced", price: money(1_900, "NOK"), item: undefined, request: 2 },
  { kind: "priced", price: money(3_600, "NOK"), item: "A9", request: 3 },
] as const satisfies readonly Selection[];

function pizza(count: number): Selection {
  return { kind: "order", orderId: `pizza-${count}`, amount: money(12_900, "NOK"), title: "Pizza", lines: [] };
}

function replySteps(world: World): Step[] {
  return world.replies.map((id) => ({ label: `the broker takes the answer to ${id}`, world: answered(world, id) }));
}

function hasUnanswered({ state }: Settlement): boolean {
  return (state.kind === "creating" && state.uncertain) || (state.kind === "settling" && state.step !== null);
}

/** What the provider and the clock do by themselves. */
function worldSteps(model: Model, world: World): Step[] {
  const { scope } = model;
  const steps: Step[] = [];
  // A key matters only while a request may come twice.
  const mayComeTwice =
    world.late.length > 0 || [...world.sale.settlements.values()].some(({ settlement }) => hasUnanswered(settlement));
  if (world.forgets < scope.forgets && mayComeTwice && Object.keys(world.provider.keys).length > 0)
    steps.push({
      label: "the provider forgets all keys",
      world: { ...world, forgets: world.forgets + 1, provider: { ...world.provider, keys: {} } },
    });
  if (!world.isWallRight) steps.push({ label: "the clock is right again", world: { ...world, isWallRight: true } });
  else if (world.clockFaults < scope.clockFaults)
    steps.push({
      label: "the clock is a day behind, and is not believed",
      world: { ...world, clockFaults: world.clockFaults + 1, isWallRight: false },
    });
  return steps;
}

function operatorSteps(model: Model, world: World): Step[] {
  const { scope } = model;
  const steps: Step[] = [];
  if (world.orders.length < scope.orders && scope.orderKinds.includes("deliver"))
    steps.push(deliverOrder(model, world));
  for (let count = 1; count <= world.begun; count += 1) {
    const reference = referenceNumber(count);
    const payment = world.provider.payments[reference];
    if (world.orders.length < scope.orders)
      for (const [kind, amount] of [
        ["refund", undefined],
        ["refund", 1_000],
        ["cancel", undefined],
      ] as const)
        if (scope.orderKinds.includes(kind)) steps.push(order(model, world, { kind, reference, amount, payment }));
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
    decided: 0,
    answers: 0,
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

function deliverOrder(model: Model, world: World): Step {
  const id = `order-${world.orders.length + 1}`;
  const placed: Order = {
    id,
    kind: "deliver",
    reference: null,
    amount: undefined,
    keptThen: 0,
    refundedThen: 0,
    decided: 0,
    answers: 0,
  };
  const vend = { id, line: "A1", orderId: null, startedWallMs: 0 };
  return {
    label: "the back office: deliver A1",
    world: tell(model, { ...world, orders: [...world.orders, placed] }, { about: "service-vend", vend }),
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
        fell.set(deliveryId, {
          reference: reference ?? null,
          price: price.minor,
          fell: moved.some((one) => one.deliveryId === deliveryId),
        });
      const dark: World = {
        ...world,
        sale: initialState(catalogueOf(model.scope), new Map()),
        flights: [],
        late: [...world.late, ...late],
        timers: new Set(),
        deliveries: [],
        fell,
        isMachineOpen: false,
        cuts: world.cuts + 1,
      };
      steps.push({
        label: `POWER CUT (${late.length} requests still on their way, ${moved.length} things fell)`,
        world: boot(model, dark),
      });
    }
  return steps;
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
    ...replySteps(world),
    ...worldSteps(model, world),
    ...cutSteps(model, world),
    ...timeSteps(world),
  ];
}
