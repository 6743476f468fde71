/** Goal: a customer token is in memory while its own session chooses, and not a moment longer. Method: a table of what is decided. */
import { expect, it } from "vitest";
import { CustomerInHand } from "../../../src/kiosk/customer-in-hand.ts";
import type { SaleEvent, Unstamped } from "../../../src/sale/event.ts";
import type { Customer } from "../../../src/sale/payment.ts";
import type { Session } from "../../../src/sale/session.ts";
import { catalogue } from "../sale/support.ts";

const anna: Customer = { kind: "customer-token", token: "anna" };
const bo: Customer = { kind: "customer-token", token: "bo" };
const choosing = (eventId: string): Session => ({ kind: "choosing", eventId, catalogue, deadlineMono: 0 });
const time = (eventId: string | null): Session => ({
  kind: "choosing-time",
  eventId,
  catalogue,
  plate: "",
  minutes: 30,
  deadlineMono: 0,
});
const none: Session = { kind: "none" };
const scanned = (eventId: string): Unstamped<SaleEvent> => ({
  about: "session",
  event: { kind: "checked-in", eventId, ageMs: 0 },
});
const other: Unstamped<SaleEvent> = { about: "hint-all" };

type Step = readonly [Unstamped<SaleEvent> | undefined, Customer | undefined, Session];

it.each<readonly [string, readonly Step[], Customer | undefined]>([
  ["nobody, before anything happened", [], undefined],
  ["whose check-in opened the session", [[scanned("a"), anna, choosing("a")]], anna],
  ["the same, for time", [[scanned("a"), anna, time("a")]], anna],
  ["nobody, when the check-in opened nothing", [[scanned("a"), anna, none]], undefined],
  ["nobody, when the session is another's", [[scanned("a"), anna, choosing("b")]], undefined],
  ["nobody, for a session that began with a key", [[scanned("a"), anna, time(null)]], undefined],
  [
    "the first, when another's check-in is refused",
    [
      [scanned("a"), anna, choosing("a")],
      [scanned("b"), bo, choosing("a")],
    ],
    anna,
  ],
  [
    "the first, whatever else is decided",
    [
      [scanned("a"), anna, choosing("a")],
      [other, undefined, choosing("a")],
      [undefined, undefined, choosing("a")],
    ],
    anna,
  ],
  [
    "nobody, once the session is over",
    [
      [scanned("a"), anna, choosing("a")],
      [other, undefined, none],
    ],
    undefined,
  ],
  [
    "the second, in the second session",
    [
      [scanned("a"), anna, choosing("a")],
      [other, undefined, none],
      [scanned("b"), bo, choosing("b")],
    ],
    bo,
  ],
  [
    "nobody, when the second session came without a customer",
    [
      [scanned("a"), anna, choosing("a")],
      [scanned("b"), undefined, choosing("b")],
    ],
    undefined,
  ],
  ["nobody, for a customer who came with something else", [[other, anna, choosing("a")]], undefined],
])("holds %s", (_, steps, expected) => {
  const held = new CustomerInHand();
  for (const [event, customer, session] of steps)
    held.follow({ event, customers: customer === undefined ? {} : { "check-in": customer } }, session);
  expect(held.inHand()).toEqual(expected === undefined ? {} : { "check-in": expected });
});
