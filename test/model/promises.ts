/** What has to be true of every world, of a world in which all has come to an end, and of the way from the one to the other. */
import { readSaleHistory } from "../../src/kiosk/stored.ts";
import { entriesOf, needsPerson, type SaleHistory, totalsOf } from "../../src/sale/record.ts";
import { type Model, validUntilMs, type World } from "./world.ts";

/** Promises 1 to 3, at every moment; undefined when they hold. */
export function brokenNow(world: World): string | undefined {
  if (world.violation !== null) return world.violation;
  for (const [reference, payment] of Object.entries(world.provider.payments)) {
    const fallen = [...world.fell.values()].filter((one) => one.reference === reference && one.fell);
    if (fallen.length > 1) return `${fallen.length} things fell for ${reference}`;
    const worth = fallen[0]?.price ?? 0;
    if (payment.captured - payment.refunded > worth)
      return `${payment.captured - payment.refunded} is kept of ${reference}, and ${worth} was delivered`;
    if (payment.captured + payment.cancelled > payment.authorized) return `more than all is taken of ${reference}`;
  }
  return undefined;
}

/** Whether nothing is under way any more: no open settlement, no request, no machine that moves. */
export function isAtRest(world: World): boolean {
  return (
    world.sale.settlements.size === 0 &&
    world.sale.serviceVends.size === 0 &&
    world.sale.session.kind === "none" &&
    world.flights.length === 0 &&
    world.late.length === 0 &&
    world.replies.length === 0 &&
    world.deliveries.length === 0
  );
}

function booksOf(world: World, reference: string): SaleHistory | undefined {
  const stored = world.disk.get(`sale/${reference}`);
  return stored === undefined ? undefined : readSaleHistory(stored);
}

function timeOf(validUntil: string | null): number | undefined {
  return validUntil === null ? undefined : Date.parse(validUntil);
}

/** Promise 5 and the books, when all is at rest; undefined when they hold. */
export function brokenAtRest(model: Model, world: World): string | undefined {
  if (world.isMachineOpen) return "the machine still lets a customer select";
  for (const order of world.orders)
    if (order.answers !== 1) return `${order.id} (${order.kind}) has ${order.answers} answers`;
  for (const [reference, payment] of Object.entries(world.provider.payments)) {
    if (world.portalTouched.has(reference)) continue;
    const books = booksOf(world, reference);
    if (books === undefined) return `the books know nothing of ${reference}`;
    if (books.sale.outcome === "sold" && timeOf(books.sale.validUntil) !== validUntilMs(model, world, reference))
      return `the books say that ${reference} is valid until ${books.sale.validUntil}`;
    if (books.sale.currency !== payment.currency) return `the books have ${reference} in ${books.sale.currency}`;
    if (needsPerson(books) && entriesOf(books).some(({ reason }) => reason === "money-missing"))
      return `somebody is asked to look for the money of ${reference}, and nobody took it`;
    // Somebody was asked to look: what they will find may be newer than the books.
    if (needsPerson(books)) continue;
    const { captured, refunded } = totalsOf(books);
    if (captured !== payment.captured || refunded !== payment.refunded)
      return `the books of ${reference} say ${captured} − ${refunded}, the ledger ${payment.captured} − ${payment.refunded}`;
    if (payment.state === "CREATED") return `${reference} has ended, and can still be approved`;
    if (payment.state === "AUTHORIZED" && payment.authorized !== payment.captured + payment.cancelled)
      return `something stays reserved of ${reference}`;
    const fallen = [...world.fell.values()].find((one) => one.reference === reference && one.fell);
    const soldFor = books.sale.captured - books.sale.refunded;
    if (books.sale.outcome === "sold" && soldFor !== fallen?.price)
      return `${reference} is sold for ${soldFor}, and ${fallen?.price ?? 0} was delivered`;
  }
  return undefined;
}
