/** Every scene with plausible content, for previews, the gallery, tests and the bench. */
import { money } from "../../sale/money.ts";
import type { BoardStation, Offer, Scene, StationState } from "../port.ts";

export interface SampleScene {
  readonly name: string;
  readonly scene: Scene;
}

/** Links in the provider's formats: the short callback link and the longer one of one-time codes. */
export const sampleContents = {
  callback: "https://qr.vipps.no/28/2/05/031/kX2pQ7vLm",
  payment: "https://qr.vipps.no/box/0b5a4b9e-2f0c-4a7e-9a53-7d4cf2a8d1b6/pay-in",
} as const;

const offers: readonly Offer[] = [
  { name: "Kaffe", price: money(2_500, "NOK"), line: "1", soldOut: false },
  { name: "Cappuccino", price: money(3_200, "NOK"), line: "2", soldOut: false },
  { name: "Sjokolade", price: money(2_850, "NOK"), line: "3", soldOut: false },
  { name: "Peanøtter med havsalt", price: money(3_900, "NOK"), line: "4", soldOut: true },
  { name: "Kvikk Lunsj", price: money(2_400, "NOK"), line: "B1", soldOut: false },
  { name: "Brus 0,5 l", price: money(3_600, "NOK"), line: "B2", soldOut: false },
];

/** 2026-06-17 14:30 in Oslo. */
const untilWallMs = Date.UTC(2026, 5, 17, 12, 30);
const price = money(3_200, "NOK");
const product = "Cappuccino";

const kinds: readonly StationState[] = [
  "free",
  "in-use",
  "free",
  "finished",
  "in-use",
  "free",
  "out-of-service",
  "free",
];

function outlets(count: number, prefix: string, name: string): readonly BoardStation[] {
  return Array.from({ length: count }, (_, index) => {
    const state = kinds[index % kinds.length] ?? "free";
    return {
      id: `${prefix}${index + 1}`,
      name: `${name} ${index + 1}`,
      price: money(3_900, "NOK"),
      isFrom: false,
      state,
      untilWallMs: state === "in-use" ? untilWallMs + index * 420_000 : undefined,
    };
  });
}

const laundry = { kind: "board", fromWallMs: untilWallMs, canSelect: false, calls: [] } as const;
const words = "bjørn måne";
const station = { id: "w2", name: "Vaskemaskin 2" } as const;

/** `contents` are what the codes contain. */
export function sampleScenes(
  contents: { readonly callback: string; readonly payment: string } = sampleContents,
): readonly SampleScene[] {
  const callback = { kind: "content", text: contents.callback } as const;
  const payment = { kind: "content", text: contents.payment } as const;
  const named: Readonly<Record<string, Scene>> = {
    starting: { kind: "starting" },
    idle: { kind: "idle", code: { kind: "callback", qr: callback }, canSelectFirst: true, offers },
    "idle-scan": { kind: "idle", code: { kind: "callback", qr: callback }, canSelectFirst: false, offers: [] },
    "idle-shop": { kind: "idle", code: { kind: "shop", qr: callback }, canSelectFirst: false, offers: [] },
    "idle-select": { kind: "idle", code: undefined, canSelectFirst: true, offers },
    board: { ...laundry, stations: outlets(8, "w", "Vaskemaskin") },
    "board-called": { ...laundry, stations: outlets(8, "w", "Vaskemaskin"), calls: [{ id: "w3", words }] },
    "board-zones": {
      ...laundry,
      stations: [
        {
          id: "a",
          name: "Sone A (korttid)",
          price: money(1_000, "NOK"),
          isFrom: true,
          state: "open",
          untilWallMs: undefined,
        },
        {
          id: "b",
          name: "Sone B (hele dagen)",
          price: money(2_500, "NOK"),
          isFrom: true,
          state: "closed",
          untilWallMs: undefined,
        },
      ],
    },
    "board-numbers": { ...laundry, canSelect: true, stations: outlets(24, "", "Skap") },
    "board-all": { ...laundry, stations: outlets(40, "", "Skap"), calls: [{ id: "12", words }] },
    choose: { kind: "choose", offers, reserved: undefined, secondsLeft: 38 },
    "choose-reserved": { kind: "choose", offers, reserved: money(3_900, "NOK"), secondsLeft: 38 },
    "choose-time": {
      kind: "choose-time",
      plate: "AB 12345",
      plateWanted: true,
      isPlateRefused: false,
      minutes: 90,
      fromWallMs: untilWallMs - 90 * 60_000,
      untilWallMs,
      price: money(4_500, "NOK"),
      secondsLeft: 55,
    },
    pay: { kind: "pay", qr: payment, product, price, secondsLeft: 142, canShowCode: false },
    "pay-scanner": {
      kind: "pay",
      qr: payment,
      product: "Peanøtter med havsalt",
      price: money(123_450, "NOK"),
      secondsLeft: 9,
      canShowCode: true,
    },
    "pay-station": {
      kind: "pay",
      qr: payment,
      product: "Vask 60 °C",
      price,
      secondsLeft: 142,
      canShowCode: false,
      station,
      words,
    },
    "approve-station": { kind: "wait", product: "Vask 60 °C", price, toPhone: true, secondsLeft: 60, station, words },
    "deliver-station": { kind: "deliver", product: "Vask 60 °C", form: "time", station, words },
    wait: { kind: "wait", product, price, toPhone: false, secondsLeft: 60 },
    approve: { kind: "wait", product, price, toPhone: true, secondsLeft: 60 },
    deliver: { kind: "deliver", product, form: "drink" },
    thanks: { kind: "thanks", product, price },
    "valid-until": { kind: "valid-until", plate: "AB 12345", untilWallMs, price: money(4_500, "NOK") },
    declined: { kind: "sorry", reason: "declined", money: "nothing-taken", reference: undefined },
    "not-delivered": { kind: "sorry", reason: "not-delivered", money: "being-released", reference: undefined },
    refunded: { kind: "sorry", reason: "interrupted", money: "being-refunded", reference: undefined },
    attention: {
      kind: "sorry",
      reason: "unknown-delivery",
      money: "needs-attention",
      reference: "kvitt-01JZ8Q4M7T3X9B2C",
    },
    busy: { kind: "busy" },
    "refused-age": { kind: "refused", reason: "age" },
    "refused-identity": { kind: "refused", reason: "identity" },
    "out-of-service": { kind: "out-of-service", reason: "mqtt" },
    closed: { kind: "out-of-service", reason: "quiet-hours", opensAt: "06:00" },
    "sold-out": { kind: "out-of-service", reason: "nothing-for-sale" },
  };
  return Object.entries(named).map(([name, scene]) => ({ name, scene }));
}
