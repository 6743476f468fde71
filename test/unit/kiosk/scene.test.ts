/** Goal: the customer sees what is true of the sale, and a code only while it can be paid. Method: a table from state to scene. */
import { describe, expect, it } from "vitest";
import type { SceneFacts } from "../../../src/kiosk/port.ts";
import { plainSceneFacts, type SceneInputs, sceneOf } from "../../../src/kiosk/scene.ts";
import type { Scene } from "../../../src/panel/port.ts";
import { money } from "../../../src/sale/money.ts";
import type { Notice, Session } from "../../../src/sale/session.ts";
import type { Purchase } from "../../../src/sale/settlement.ts";
import { initialState, type SaleState } from "../../../src/sale/state.ts";
import { catalogue, policy } from "../sale/support.ts";
import { reference } from "./records.ts";

const nowMs = 10_000;
const price = money(2_500, "NOK");
const qr = (text: string) => ({ kind: "content", text }) as const;
const purchase: Purchase = {
  selection: { kind: "line", line: "A1" },
  productId: "water",
  name: "Water",
  line: "A1",
  vatRate: 1_500,
  price,
};
const ready = { checkIn: true, callbackQr: true, oneTimeQr: true };
const idleState: SaleState = { ...initialState(catalogue, new Map()), readiness: ready };
const timeSales = {
  minutesMin: 30,
  minutesMax: 90,
  minutesStep: 30,
  quote: (fromWallMs: number, minutes: number) => ({ price: price.minor, untilWallMs: fromWallMs + minutes * 60_000 }),
};

function see(state: Partial<SaleState>, inputs: Partial<SceneInputs> = {}): Scene {
  return sceneOf({
    state: { ...idleState, ...state },
    policy,
    facts: plainSceneFacts,
    monoMs: nowMs,
    wallMs: 1_000_000,
    isStarting: false,
    outOfService: undefined,
    callbackQr: qr("callback"),
    shopQr: undefined,
    paymentQr: undefined,
    ...inputs,
  });
}

const offers = [
  { name: "Water", price, line: "A1", soldOut: false },
  { name: "Cola", price: money(3_200, "NOK"), line: "A2", soldOut: false },
  { name: "Beer", price: money(6_900, "NOK"), line: "A3", soldOut: false },
  { name: "Nuts", price: money(2_900, "NOK"), line: "A4", soldOut: true },
];

describe("with nobody at the machine", () => {
  const idle = { kind: "idle", code: { kind: "callback", qr: qr("callback") }, canSelectFirst: true, offers } as const;

  it.each<readonly [string, Partial<SaleState>, Partial<SceneInputs>, Scene]>([
    ["all is well", {}, {}, idle],
    ["a check-in could not arrive", { readiness: { ...ready, callbackQr: false } }, {}, { ...idle, code: undefined }],
    ["no code is known yet", {}, { callbackQr: undefined }, { ...idle, code: undefined }],
    ["no payment could be made", { readiness: { ...ready, oneTimeQr: false } }, {}, { ...idle, canSelectFirst: false }],
    [
      "buttons need a scan first",
      {},
      { policy: { ...policy, selectFirst: false } },
      { ...idle, canSelectFirst: false },
    ],
    ["time is sold", {}, { policy: { ...policy, selectFirst: false, timeSales } }, idle],
    ["there is a web shop", {}, { shopQr: qr("shop") }, { ...idle, code: { kind: "shop", qr: qr("shop") } }],
    [
      "there is a web shop that could not be delivered for",
      { readiness: { ...ready, oneTimeQr: false } },
      { shopQr: qr("shop") },
      { ...idle, canSelectFirst: false },
    ],
    ["it is out of service", {}, { outOfService: "clock" }, { kind: "out-of-service", reason: "clock" }],
    ["it starts", {}, { isStarting: true, outOfService: "clock" }, { kind: "starting" }],
    [
      "the machine found a line empty",
      { lines: new Map([["A1", { state: "sold-out", sold: 0, sinceWallMs: 5 }]]) },
      {},
      { ...idle, offers: offers.map((offer) => (offer.line === "A1" ? { ...offer, soldOut: true } : offer)) },
    ],
  ])("when %s", (_, state, inputs, expected) => {
    expect(see(state, inputs)).toEqual(expected);
  });
});

describe("during a session", () => {
  const deadlineMono = nowMs + 29_001;
  const base = { reference, catalogue, deadlineMono };
  const paying = {
    kind: "paying",
    how: "qr",
    purchase,
    amount: price,
    isCreated: true,
    scanned: null,
    quote: null,
    ...base,
  } as const;
  const pay = { kind: "pay", qr: qr("pay"), product: "Water", price, secondsLeft: 30, canShowCode: true } as const;
  const wait = { kind: "wait", product: "Water", price, toPhone: false, secondsLeft: 30 } as const;

  it.each<readonly [string, Session, Partial<SaleState>, Partial<SceneInputs>, Scene]>([
    [
      "chooses",
      { kind: "choosing", eventId: "e", catalogue, deadlineMono },
      {},
      {},
      { kind: "choose", offers, reserved: undefined, secondsLeft: 30 },
    ],
    [
      "chooses from a reservation",
      { kind: "choosing-reserved", funds: price, ...base },
      {},
      {},
      { kind: "choose", offers, reserved: price, secondsLeft: 30 },
    ],
    [
      "chooses time",
      { kind: "choosing-time", eventId: null, catalogue, plate: "AB1", minutes: 60, deadlineMono },
      {},
      { policy: { ...policy, timeSales, plateWanted: true } },
      {
        kind: "choose-time",
        plate: "AB1",
        plateWanted: true,
        isPlateRefused: false,
        minutes: 60,
        fromWallMs: 1_000_000,
        untilWallMs: 1_000_000 + 3_600_000,
        price,
        secondsLeft: 30,
      },
    ],
    [
      "typed what no plate has",
      { kind: "choosing-time", eventId: null, catalogue, plate: "?B1", minutes: 60, deadlineMono },
      {},
      { policy: { ...policy, timeSales, plateWanted: true } },
      {
        kind: "choose-time",
        plate: "?B1",
        plateWanted: true,
        isPlateRefused: true,
        minutes: 60,
        fromWallMs: 1_000_000,
        untilWallMs: 1_000_000 + 3_600_000,
        price,
        secondsLeft: 30,
      },
    ],
    [
      "still sees the code while a scanned one is tried",
      { ...paying, scanned: reference },
      {},
      { paymentQr: qr("pay") },
      pay,
    ],
    ["pays by code", paying, {}, { paymentQr: qr("pay") }, pay],
    [
      "pays where no personal codes are taken",
      paying,
      {},
      { paymentQr: qr("pay"), policy: { ...policy, showCode: false } },
      { ...pay, canShowCode: false },
    ],
    [
      "pays where personal codes are refused",
      paying,
      { pushRefused: true },
      { paymentQr: qr("pay") },
      { ...pay, canShowCode: false },
    ],
    ["waits for the code", paying, {}, {}, wait],
    ["waits while the payment is made", { ...paying, isCreated: false }, {}, { paymentQr: qr("pay") }, wait],
    [
      "sees no code that cannot be paid",
      paying,
      { readiness: { ...ready, oneTimeQr: false } },
      { paymentQr: qr("pay") },
      wait,
    ],
    [
      "sees no code in its last moment",
      { ...paying, deadlineMono: nowMs },
      {},
      { paymentQr: qr("pay") },
      { ...wait, secondsLeft: 0 },
    ],
    [
      "sees no code after it",
      { ...paying, deadlineMono: nowMs - 5_000 },
      {},
      { paymentQr: qr("pay") },
      { ...wait, secondsLeft: 0 },
    ],
    ["approves in the app", { ...paying, how: "check-in" }, {}, { paymentQr: qr("pay") }, { ...wait, toPhone: true }],
    ["waits for the request to reach the app", { ...paying, how: "scan", isCreated: false }, {}, {}, wait],
    [
      "has the dearest price reserved",
      { ...paying, how: "check-in", purchase: null },
      {},
      {},
      { ...wait, product: undefined, toPhone: true },
    ],
    ["is confirmed", { kind: "confirming", reference, purchase, deadlineMono }, {}, {}, wait],
    [
      "gets it",
      { kind: "delivering", reference, purchase, untilWallMs: null },
      {},
      {},
      { kind: "deliver", product: "Water", form: "goods" },
    ],
    [
      "gets a service vend",
      { kind: "service-vend", id: "c1", name: "Tea" },
      {},
      {},
      { kind: "deliver", product: "Tea", form: "goods" },
    ],
  ])("the customer who %s", (_, session, state, inputs, expected) => {
    expect(see({ ...state, session }, inputs)).toEqual(expected);
  });

  it("keeps its own catalogue, and today's stock", () => {
    const session: Session = { kind: "choosing", eventId: "e", catalogue, deadlineMono };
    const lines = new Map([["A2", { state: "for-sale", sold: 2, sinceWallMs: null } as const]]);
    const scene = see({ session, lines, catalogue: { ...catalogue, products: [] } });
    expect(scene.kind === "choose" && scene.offers.filter(({ soldOut }) => soldOut).map(({ line }) => line)).toEqual([
      "A2",
      "A4",
    ]);
  });

  it.each<readonly [string, Session, Notice | null, string]>([
    ["says busy", { kind: "choosing", eventId: "e", catalogue, deadlineMono }, { kind: "busy" }, "busy"],
    ["until the notice is over", { kind: "choosing", eventId: "e", catalogue, deadlineMono }, null, "choose"],
    ["but never covers a code", paying, { kind: "busy" }, "pay"],
  ])("%s", (_, session, notice, kind) => {
    expect(see({ session, notice }, { paymentQr: qr("pay") }).kind).toBe(kind);
  });
});

describe("after a session", () => {
  const notices: readonly Notice[] = [
    { kind: "thanks", product: "Water", price },
    { kind: "valid-until", plate: "AB1", untilWallMs: 5, price },
    { kind: "sorry", reason: "not-delivered", money: "being-released", reference },
    { kind: "refused", reason: "age" },
    { kind: "busy" },
  ];

  it.each(notices)(
    "%o stays until it is taken away, whatever else is, and however long it took to be written",
    (notice) => {
      expect(see({ notice }, { outOfService: "clock" })).toEqual(notice);
      expect(see({ notice }, { monoMs: nowMs + 3_600_000 })).toEqual(notice);
      expect(see({ notice: null }).kind).toBe("idle");
    },
  );
});

describe("what the configuration adds to the words", () => {
  const facts: SceneFacts = { formOf: () => "falls", opensAt: "06:00" };

  it("is how the product comes", () => {
    const session = { kind: "delivering", reference, purchase, untilWallMs: null } as const;
    expect(see({ session }, { facts })).toMatchObject({ kind: "deliver", form: "falls" });
    const time: Purchase = {
      ...purchase,
      selection: { kind: "time", minutes: 30, price, line: "A1", plate: undefined },
    };
    expect(see({ session: { ...session, purchase: time } }, { facts })).toMatchObject({
      kind: "deliver",
      form: "time",
    });
  });

  it("is when it opens again, in quiet hours alone", () => {
    expect(see({}, { facts, outOfService: "quiet-hours" })).toEqual({
      kind: "out-of-service",
      reason: "quiet-hours",
      opensAt: "06:00",
    });
    expect(see({}, { facts, outOfService: "operator" })).toEqual({ kind: "out-of-service", reason: "operator" });
  });
});
