/** What is explored whole: small scopes that CI can afford, and larger ones for `npm run model`. */
import type { Scope } from "./world.ts";

const one: Scope = {
  name: "one payment",
  payments: 1,
  faults: 0,
  cuts: 0,
  orders: 0,
  portal: 0,
  partialCapture: true,
  policy: {},
  begins: ["press"],
  deliveries: ["delivered", "not-delivered", "unknown"],
};
const dearest: Scope = {
  ...one,
  begins: ["check-in"],
  policy: { checkInStyle: "reserve-dearest", selectFirst: false },
};

/** Each explored whole within seconds. */
export const smallScopes: readonly Scope[] = [
  { ...one, name: "one payment, a fault", faults: 1, deliveries: ["delivered", "unknown"] },
  { ...one, name: "one payment, a power cut", cuts: 1 },
  { ...one, name: "one payment, an order of the back office", orders: 1, deliveries: ["delivered", "not-delivered"] },
  { ...one, name: "one payment, the portal", portal: 1, deliveries: ["delivered"] },
  { ...one, name: "a check-in that chooses", begins: ["check-in"] },
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
