/** What is explored whole: small scopes that CI can afford, and larger ones for `npm run model`. */
import { minor } from "../../src/sale/money.ts";
import type { TimeSales } from "../../src/sale/policy.ts";
import type { Scope } from "./world.ts";

const one: Scope = {
  name: "one payment",
  payments: 1,
  faults: 0,
  cuts: 0,
  forgets: 0,
  clockFaults: 0,
  orders: 0,
  orderKinds: ["refund", "cancel"],
  portal: 0,
  partialCapture: true,
  policy: {},
  begins: ["press"],
  lines: ["A1", "A2"],
  deliveries: ["delivered", "not-delivered", "unknown"],
};
const dearest: Scope = {
  ...one,
  begins: ["check-in"],
  policy: { checkInStyle: "reserve-dearest", selectFirst: false },
};

/** A krone a minute: half an hour, or a whole one. */
const timeSales: TimeSales = {
  minutesMin: 30,
  minutesMax: 60,
  minutesStep: 30,
  quote: (fromWallMs, minutes) => ({ price: minor(minutes * 100), untilWallMs: fromWallMs + minutes * 60_000 }),
};
const time: Scope = { ...one, begins: ["key"], policy: { timeSales } };

/** Each explored whole within seconds. */
export const smallScopes: readonly Scope[] = [
  { ...one, name: "one payment, a fault", faults: 1, deliveries: ["delivered", "unknown"] },
  { ...one, name: "one payment, a power cut", cuts: 1 },
  { ...one, name: "one payment, an order of the back office", orders: 1, deliveries: ["delivered", "not-delivered"] },
  { ...one, name: "one payment, the portal", portal: 1, deliveries: ["delivered"] },
  { ...one, name: "one payment, keys forgotten", faults: 1, forgets: 1, lines: ["A1"], deliveries: ["delivered"] },
  { ...time, name: "time, and a clock that is not believed", clockFaults: 1, deliveries: ["delivered"] },
  { ...time, name: "an output for a time", policy: { timeSales, timeLine: "T1" }, deliveries: ["delivered"] },
  { ...one, name: "an order of the counter", begins: ["counter"], cuts: 1, deliveries: ["delivered", "unknown"] },
  { ...one, name: "prices of the machine", begins: ["mdb"], policy: { selectFirst: false } },
  { ...dearest, name: "prices of the machine, the dearest reserved", begins: ["check-in", "mdb"] },
  {
    ...one,
    name: "deliveries on command, and a power cut",
    payments: 0,
    cuts: 1,
    orders: 2,
    orderKinds: ["deliver"],
  },
  { ...one, name: "a check-in that chooses", begins: ["check-in"] },
  {
    ...one,
    name: "one product, paid at once",
    begins: ["check-in"],
    policy: { checkInStyle: "pay-at-once", selectFirst: false },
    products: 1,
    lines: ["A1"],
    faults: 1,
    deliveries: ["delivered", "unknown"],
  },
  { ...dearest, name: "the dearest price reserved", deliveries: ["delivered"] },
  {
    ...dearest,
    name: "the dearest price reserved, no partial capture",
    partialCapture: false,
    deliveries: ["delivered"],
  },
];

/** Minutes to hours on one core. */
export const largeScopes: readonly Scope[] = [
  { ...one, name: "one payment, a fault, a power cut", faults: 1, cuts: 1 },
  { ...one, name: "one payment, two faults", faults: 2 },
  { ...one, name: "one payment, a fault, an order", faults: 1, orders: 1, deliveries: ["delivered", "not-delivered"] },
  { ...one, name: "one payment, two orders", orders: 2, deliveries: ["delivered"] },
  { ...one, name: "one payment, an order, a power cut", orders: 1, cuts: 1, deliveries: ["delivered"] },
  { ...one, name: "one payment, a fault, the portal", faults: 1, portal: 1, deliveries: ["delivered"] },
  { ...one, name: "one payment, two faults, keys forgotten", faults: 2, forgets: 1, deliveries: ["delivered"] },
  {
    ...one,
    name: "one payment, an order, keys forgotten",
    orders: 1,
    faults: 1,
    forgets: 1,
    deliveries: ["delivered"],
  },
  { ...time, name: "time, a fault, a power cut", clockFaults: 1, faults: 1, cuts: 1, deliveries: ["delivered"] },
  { ...one, name: "an order of the counter, a fault", begins: ["counter"], faults: 1 },
  { ...one, name: "prices of the machine, a fault", begins: ["mdb"], policy: { selectFirst: false }, faults: 1 },
  {
    ...dearest,
    name: "prices of the machine, the dearest reserved, a power cut",
    begins: ["check-in", "mdb"],
    cuts: 1,
  },
  { ...one, name: "a sale and deliveries on command", orders: 1, orderKinds: ["deliver"], cuts: 1 },
  {
    ...one,
    name: "a refund, keys forgotten",
    faults: 1,
    forgets: 1,
    orders: 1,
    orderKinds: ["refund"],
    lines: ["A1"],
    deliveries: ["delivered"],
  },
  { ...one, name: "two lines, keys forgotten", faults: 1, forgets: 1, deliveries: ["delivered", "unknown"] },
  { ...one, name: "two payments", payments: 2, deliveries: ["delivered"] },
  {
    ...one,
    name: "a code, then a personal code",
    payments: 2,
    begins: ["press", "scan-code"],
    deliveries: ["delivered"],
  },
  { ...dearest, name: "the dearest price, a fault", faults: 1, deliveries: ["delivered", "not-delivered"] },
  { ...dearest, name: "the dearest price, a power cut", cuts: 1 },
  {
    ...one,
    name: "unknown deliveries need a person",
    policy: { unknownDelivery: "attention" },
    faults: 1,
    deliveries: ["unknown"],
  },
];
