/**
 * Goal: every cell of the two tables is what it is on purpose, and one that changes nothing says why.
 * Method: one example of each state meets one example of each event; what becomes of it stands here as a table. `·` is ignored, `end` is over.
 */
import { describe, expect, it } from "vitest";
import type { SessionEvent, SettlementEvent } from "../../../src/sale/event.ts";
import { effectId, merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { money, noMinor } from "../../../src/sale/money.ts";
import type { Session } from "../../../src/sale/session.ts";
import { stepSession } from "../../../src/sale/session-table.ts";
import { newPayment } from "../../../src/sale/session-outcome.ts";
import type { Live, Purchase, Settlement, SettlementState } from "../../../src/sale/settlement.ts";
import { stepSettlement } from "../../../src/sale/settlement-table.ts";
import { catalogue, policy, view } from "./support.ts";

const reference = referenceOf(merchantQrId("kiosk-7"), "01J00000000000000000000001");
const at = { monoMs: 1_000, wallMs: 1_790_000_000_000, isWallBelieved: true, freshReference: reference };
const selection = { kind: "line", line: "A2" } as const;
const price = money(2_500, "NOK");
const purchase: Purchase = {
  selection: { kind: "line", line: "A1" },
  productId: "water",
  name: "Water",
  line: "A1",
  vatRate: 1_500,
  price,
};
const input = {
  at,
  policy,
  catalogue,
  readiness: { checkIn: true, callbackQr: true, oneTimeQr: true },
  inService: true,
  pushRefused: false,
  partialRefused: false,
};

const quote = (fromWallMs: number, minutes: number) => ({
  price: price.minor,
  untilWallMs: fromWallMs + minutes * 60_000,
});
const timeSales = { minutesMin: 30, minutesMax: 60, minutesStep: 30, quote };
const paying = {
  kind: "paying",
  how: "qr",
  reference,
  purchase,
  amount: price,
  isCreated: true,
  scanned: null,
  quote: null,
  catalogue,
  deadlineMono: 0,
} as const;

const sessions: Readonly<Record<Session["kind"], Session>> = {
  none: { kind: "none" },
  choosing: { kind: "choosing", eventId: "e1", catalogue, deadlineMono: 0 },
  "choosing-time": { kind: "choosing-time", eventId: null, catalogue, plate: "AB1", minutes: 30, deadlineMono: 0 },
  paying,
  "choosing-reserved": { kind: "choosing-reserved", reference, funds: money(3_200, "NOK"), catalogue, deadlineMono: 0 },
  confirming: { kind: "confirming", reference, purchase, deadlineMono: 0 },
  delivering: { kind: "delivering", reference, purchase, untilWallMs: null },
  "service-vend": { kind: "service-vend", id: "c1", name: "Tea" },
};

const sessionEvents: Readonly<Record<SessionEvent["kind"], SessionEvent>> = {
  "checked-in": { kind: "checked-in", eventId: "e2", ageMs: 0 },
  selected: { kind: "selected", selection },
  "selection-cancelled": { kind: "selection-cancelled" },
  "code-scanned": { kind: "code-scanned" },
  key: { kind: "key", key: "cancel" },
  "session-timer": { kind: "session-timer" },
  "machine-lost": { kind: "machine-lost" },
  "panel-failed": { kind: "panel-failed" },
  created: { kind: "created", reference },
  "create-failed": { kind: "create-failed", reference, code: undefined },
  payable: { kind: "payable", reference },
  "not-payable": { kind: "not-payable", reference },
  over: { kind: "over", reference, state: "EXPIRED" },
  "delivery-known": { kind: "delivery-known", reference, outcome: { kind: "delivered" }, policy: "capture" },
};

const keysOf = <K extends string>(all: Readonly<Record<K, unknown>>): readonly K[] =>
  Object.keys(all).filter((key): key is K => key in all);

function sessionCell(state: Session["kind"], event: SessionEvent["kind"]): string {
  const time = state === "choosing-time" ? { timeSales } : {};
  const outcome = stepSession(
    { ...input, policy: { ...policy, ...time }, session: sessions[state] },
    sessionEvents[event],
  );
  const { session, ignoredBecause, orders, notice } = outcome;
  const isIgnored = ignoredBecause !== undefined;
  if (isIgnored) expect(ignoredBecause, `${state} × ${event}`).toMatch(/\w+ \w+/);
  const more = [
    ...orders.map(({ event: order }) => order.kind),
    ...(notice === undefined || notice === null
      ? []
      : [notice.kind === "sorry" ? `${notice.reason} ${notice.money}` : notice.kind]),
  ];
  return [isIgnored ? "·" : session.kind, ...more].join(" ");
}

const id = effectId("capture-1");
const sent = { kind: "settling", step: { kind: "capture", id, amount: price.minor }, refusals: 0 } as const;
const paid = view(reference, "AUTHORIZED", { authorized: 2_500 });

const intent = newPayment(
  { ...input, session: { kind: "none" } },
  { how: "qr", purchase, amount: price, minimumAge: undefined, catalogue },
).settlement;
/** What the state is like when the event finds it, and what the boot knows of it. */
const settlements: Readonly<Record<SettlementState["kind"], readonly [Partial<Settlement>, Live["waiting"]]>> = {
  creating: [{}, "create"],
  awaiting: [{ state: { kind: "awaiting" } }, "view"],
  reserved: [{ state: { kind: "reserved" }, payment: paid, reserveDearest: true }, "session"],
  delivering: [
    {
      state: { kind: "delivering" },
      payment: paid,
      delivery: { kind: "started", deliveryId: "d1", untilWallMs: null },
    },
    "delivery",
  ],
  settling: [{ state: sent, payment: paid, target: price.minor, reason: "delivered" }, "adjust"],
  doubtful: [{ state: { kind: "doubtful", uncertain: true }, target: noMinor, reason: "cancelled" }, "view"],
};
const order = { commandId: "c1", kind: "refund", amount: null, startedWallMs: 0 } as const;

const settlementEvents: Readonly<Record<SettlementEvent["kind"], SettlementEvent>> = {
  created: { kind: "created" },
  "create-refused": { kind: "create-refused", status: 400, code: "4040" },
  "create-unknown": { kind: "create-unknown", retryAfterMs: undefined },
  viewed: { kind: "viewed", look: 1, payment: paid },
  "view-missing": { kind: "view-missing", look: 1 },
  "view-unknown": { kind: "view-unknown", look: 1, retryAfterMs: undefined },
  adjusted: { kind: "adjusted", id },
  "adjust-refused": { kind: "adjust-refused", id, status: 400, code: "6100" },
  "adjust-unknown": { kind: "adjust-unknown", id, performed: "maybe", retryAfterMs: undefined },
  "delivery-ended": { kind: "delivery-ended", deliveryId: "d1", outcome: { kind: "delivered" } },
  timer: { kind: "timer" },
  hint: { kind: "hint" },
  restarted: { kind: "restarted" },
  "given-up": { kind: "given-up", reason: "cancelled" },
  confirm: { kind: "confirm", purchase },
  deliver: { kind: "deliver", purchase, untilWallMs: null },
  ordered: { kind: "ordered", order },
};

function settlementCell(
  state: SettlementState["kind"],
  event: SettlementEvent["kind"],
  waiting?: Live["waiting"],
): string {
  const [changes, usual] = settlements[state];
  const live: Live = {
    waiting: waiting ?? usual,
    attempts: 0,
    look: 1,
    appearsUntilMono: 2_000,
    repeatFromMono: 0,
    chosen: null,
  };
  const outcome = stepSettlement({ settlement: { ...intent, ...changes }, live, at, policy }, settlementEvents[event]);
  const { settlement, effects, messages, isEnded, ignoredBecause } = outcome;
  if (ignoredBecause !== undefined) expect(ignoredBecause, `${state} × ${event}`).toMatch(/\w+ \w+/);
  const next = ignoredBecause !== undefined ? "·" : isEnded ? "end" : settlement.state.kind;
  const asked = effects
    .map((effect) => (effect.kind === "start-timer" ? `wait ${effect.afterMs}` : effect.kind))
    .filter((kind) => kind !== "cancel-timer");
  return [next, ...asked, ...messages.map(({ kind }) => `(${kind})`)].join(" ");
}

/** The state after it; then what the payment is told; then what the customer sees. */
const sessionTable: Readonly<Record<Session["kind"], Readonly<Record<SessionEvent["kind"], string>>>> = {
  none: {
    "checked-in": "choosing",
    selected: "paying",
    "selection-cancelled": "·",
    "code-scanned": "·",
    key: "·",
    "session-timer": "·",
    "machine-lost": "·",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "none given-up",
    "not-payable": "·",
    over: "·",
    "delivery-known": "·",
  },
  choosing: {
    "checked-in": "· busy",
    selected: "paying",
    "selection-cancelled": "none cancelled nothing-taken",
    "code-scanned": "·",
    key: "none cancelled nothing-taken",
    "session-timer": "none timed-out nothing-taken",
    "machine-lost": "none interrupted nothing-taken",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "choosing given-up",
    "not-payable": "·",
    over: "·",
    "delivery-known": "·",
  },
  "choosing-time": {
    "checked-in": "· busy",
    selected: "·",
    "selection-cancelled": "none cancelled nothing-taken",
    "code-scanned": "·",
    key: "none cancelled nothing-taken",
    "session-timer": "none timed-out nothing-taken",
    "machine-lost": "none interrupted nothing-taken",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "choosing-time given-up",
    "not-payable": "·",
    over: "·",
    "delivery-known": "·",
  },
  paying: {
    "checked-in": "·",
    selected: "paying given-up",
    "selection-cancelled": "none given-up cancelled nothing-taken",
    "code-scanned": "paying",
    key: "none given-up cancelled nothing-taken",
    "session-timer": "none given-up timed-out nothing-taken",
    "machine-lost": "none given-up interrupted nothing-taken",
    "panel-failed": "none given-up no-contact nothing-taken",
    created: "paying",
    "create-failed": "none no-contact nothing-taken",
    payable: "delivering deliver",
    "not-payable": "none interrupted being-released",
    over: "none timed-out nothing-taken",
    "delivery-known": "·",
  },
  "choosing-reserved": {
    "checked-in": "· busy",
    selected: "confirming confirm",
    "selection-cancelled": "none given-up cancelled being-released",
    "code-scanned": "·",
    key: "none given-up cancelled being-released",
    "session-timer": "none given-up timed-out being-released",
    "machine-lost": "none given-up interrupted being-released",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "·",
    "not-payable": "none interrupted being-released",
    over: "none cancelled nothing-taken",
    "delivery-known": "·",
  },
  confirming: {
    "checked-in": "· busy",
    selected: "·",
    "selection-cancelled": "none given-up cancelled being-released",
    "code-scanned": "·",
    key: "none given-up cancelled being-released",
    "session-timer": "none given-up timed-out being-released",
    "machine-lost": "none given-up interrupted being-released",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "delivering deliver",
    "not-payable": "none interrupted being-released",
    over: "none cancelled nothing-taken",
    "delivery-known": "·",
  },
  delivering: {
    "checked-in": "· busy",
    selected: "·",
    "selection-cancelled": "·",
    "code-scanned": "·",
    key: "·",
    "session-timer": "·",
    "machine-lost": "·",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "·",
    "not-payable": "·",
    over: "·",
    "delivery-known": "none thanks",
  },
  "service-vend": {
    "checked-in": "· busy",
    selected: "·",
    "selection-cancelled": "·",
    "code-scanned": "·",
    key: "·",
    "session-timer": "·",
    "machine-lost": "·",
    "panel-failed": "·",
    created: "·",
    "create-failed": "·",
    payable: "service-vend given-up",
    "not-payable": "·",
    over: "·",
    "delivery-known": "·",
  },
};

/** The state after it; then what is asked; then, in brackets, what the session is told. */
const settlementTable: Readonly<Record<SettlementState["kind"], Readonly<Record<SettlementEvent["kind"], string>>>> = {
  creating: {
    created: "awaiting wait 1000 (created)",
    "create-refused": "end (create-failed)",
    "create-unknown": "creating wait 1000",
    viewed: "·",
    "view-missing": "·",
    "view-unknown": "·",
    adjusted: "·",
    "adjust-refused": "·",
    "adjust-unknown": "·",
    "delivery-ended": "·",
    timer: "·",
    hint: "·",
    restarted: "doubtful look",
    "given-up": "doubtful",
    confirm: "·",
    deliver: "·",
    ordered: "creating reply",
  },
  awaiting: {
    created: "·",
    "create-refused": "·",
    "create-unknown": "·",
    viewed: "awaiting (payable)",
    "view-missing": "awaiting wait 1000",
    "view-unknown": "awaiting wait 1000",
    adjusted: "·",
    "adjust-refused": "·",
    "adjust-unknown": "·",
    "delivery-ended": "·",
    timer: "·",
    hint: "·",
    restarted: "settling look",
    "given-up": "settling cancel",
    confirm: "·",
    deliver: "·",
    ordered: "awaiting reply",
  },
  reserved: {
    created: "·",
    "create-refused": "·",
    "create-unknown": "·",
    viewed: "·",
    "view-missing": "·",
    "view-unknown": "·",
    adjusted: "·",
    "adjust-refused": "·",
    "adjust-unknown": "·",
    "delivery-ended": "·",
    timer: "·",
    hint: "reserved look",
    restarted: "settling look",
    "given-up": "settling cancel",
    confirm: "reserved look",
    deliver: "delivering deliver",
    ordered: "reserved reply",
  },
  delivering: {
    created: "·",
    "create-refused": "·",
    "create-unknown": "·",
    viewed: "·",
    "view-missing": "·",
    "view-unknown": "·",
    adjusted: "·",
    "adjust-refused": "·",
    "adjust-unknown": "·",
    "delivery-ended": "settling capture (delivery-known)",
    timer: "·",
    hint: "·",
    restarted: "settling look",
    "given-up": "·",
    confirm: "·",
    deliver: "·",
    ordered: "delivering reply",
  },
  settling: {
    created: "·",
    "create-refused": "·",
    "create-unknown": "·",
    viewed: "·",
    "view-missing": "·",
    "view-unknown": "·",
    adjusted: "settling look",
    "adjust-refused": "settling look",
    "adjust-unknown": "settling wait 1000",
    "delivery-ended": "·",
    timer: "·",
    hint: "·",
    restarted: "settling look",
    "given-up": "·",
    confirm: "·",
    deliver: "·",
    ordered: "settling",
  },
  doubtful: {
    created: "settling cancel",
    "create-refused": "doubtful look",
    "create-unknown": "doubtful look",
    viewed: "settling cancel",
    "view-missing": "doubtful wait 1000",
    "view-unknown": "doubtful wait 1000",
    adjusted: "·",
    "adjust-refused": "·",
    "adjust-unknown": "·",
    "delivery-ended": "·",
    timer: "·",
    hint: "·",
    restarted: "doubtful look",
    "given-up": "·",
    confirm: "·",
    deliver: "·",
    ordered: "doubtful",
  },
};

describe("the session table", () => {
  it.each(keysOf(sessions))("%s", (state) => {
    const row = Object.fromEntries(keysOf(sessionEvents).map((event) => [event, sessionCell(state, event)]));
    expect(row).toEqual(sessionTable[state]);
  });
});

describe("the settlement table", () => {
  it.each(keysOf(settlements))("%s", (state) => {
    const row = Object.fromEntries(keysOf(settlementEvents).map((event) => [event, settlementCell(state, event)]));
    expect(row).toEqual(settlementTable[state]);
  });

  // The same cell, when the settlement waits for something else.
  it.each([
    ["creating", "timer", "timer", "creating create"],
    ["creating", "hint", "timer", "creating create"],
    ["creating", "given-up", "timer", "doubtful look"],
    ["awaiting", "timer", "timer", "awaiting look"],
    ["awaiting", "hint", "timer", "awaiting look"],
    ["awaiting", "viewed", "session", "·"],
    ["awaiting", "viewed", "timer", "·"],
    ["awaiting", "deliver", "session", "·"],
    ["reserved", "viewed", "view", "reserved"],
    ["reserved", "view-missing", "view", "reserved wait 1000"],
    ["reserved", "view-unknown", "view", "reserved wait 1000"],
    ["reserved", "timer", "timer", "reserved look"],
    ["reserved", "hint", "view", "·"],
    ["settling", "viewed", "view", "settling capture"],
    ["settling", "viewed", "proof", "settling wait 1000"],
    ["settling", "view-missing", "view", "settling wait 1000"],
    ["settling", "view-unknown", "proof", "settling wait 1000"],
    ["settling", "timer", "timer", "settling look"],
    ["settling", "hint", "timer", "settling look"],
    ["settling", "adjusted", "view", "·"],
    ["settling", "adjust-refused", "proof", "·"],
    ["settling", "adjust-unknown", "timer", "·"],
    ["doubtful", "timer", "timer", "doubtful look"],
    ["doubtful", "hint", "timer", "doubtful look"],
    ["doubtful", "viewed", "timer", "·"],
  ] as const)("%s × %s while it waits for: %s", (state, event, waiting, cell) => {
    expect(settlementCell(state, event, waiting)).toBe(cell);
  });
});
