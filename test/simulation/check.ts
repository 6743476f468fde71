/** The end of a world: everything is mended, hours have passed, and the books, the ledger, the disk and the tray have to agree. */
import { readJournal } from "../../src/journal/journal.ts";
import { readSaleHistory } from "../../src/kiosk/stored.ts";
import type { DroppedThing } from "../../src/machine/simulated.ts";
import { needsPerson, type SaleHistory, type SaleRecord, totalsOf } from "../../src/sale/record.ts";
import type { LedgerRow } from "../../src/simulator/provider.ts";
import type { World } from "./world.ts";

/** What a person has to look at in this world: everything else ends by itself. */
const forPersons: ReadonlySet<string> = new Set(["unknown-delivery", "partial-capture-refused"]);

export async function check(world: World): Promise<void> {
  const journal = await readJournal(world.disk);
  const histories = new Map<string, SaleHistory>();
  for (const [key, stored] of journal.sales) histories.set(key, readSaleHistory(stored));
  for (const row of world.provider.ledger()) checkRow(world, row, histories.get(row.reference));
  for (const history of histories.values()) checkEntries(world, history);
  checkServices(world, histories);
  if (journal.settlements.size > 0)
    world.violate(`no settlement stays open: ${[...journal.settlements.keys()].join(", ")}`);
  const ill = world.daemon.illness;
  if (ill !== undefined) world.violate(`it gets well by itself: everything is mended, and it says ${ill}`);
  for (const { name, present, detail } of world.daemon.machine?.inputs?.() ?? [])
    if (!present)
      world.violate(`it gets well by itself: everything is plugged in, and ${name} is not there: ${detail}`);
  if (journal.unsent > 0) world.violate(`every sale goes upstream: ${journal.unsent} wait`);
  const text = world.disk.everything();
  for (const token of world.provider.state.customerTokens.keys())
    if (text.includes(token)) world.violate("a customer token is left on the disk");
  for (const id of world.releases.answered)
    if (world.office.sent.get(id)?.outcome === undefined)
      world.violate(`every command has one true answer: ${id} (update) is known, and has none`);
  for (const fault of [...world.rig.faultsAtEnd(), ...world.office.faultsAtEnd()]) world.violate(fault);
}

function checkRow(world: World, row: LedgerRow, history: SaleHistory | undefined): void {
  const name = `payment …${row.reference.slice(-8)}`;
  const kept = row.captured - row.refunded;
  const fallen = world.drops.filter(({ reference }) => reference === row.reference);
  const value = fallen.reduce((sum, { priceMinor }) => sum + priceMinor, 0);
  const times = timesOf(fallen);
  if (times > 1) world.violate(`never twice: ${name} was delivered ${times} times`);
  if (row.authorized < value)
    world.violate(`nobody gets anything for nothing: ${value} fell for ${JSON.stringify(row)}`);
  const isPortal = world.portal.has(row.reference);
  if (kept > value && !isPortal) world.violate(`nobody pays for nothing: ${name} keeps ${kept} for ${value}`);
  // The computer that knew of it is gone with its disk; or it is so long ago that nothing is kept of it: it was looked at then.
  const isOfGoneDisk = history === undefined && world.isOfGoneDisk(row.reference);
  if (world.orphaned.has(row.reference) || isOfGoneDisk) return;
  if (history === undefined && world.weeks.isForgotten(row.reference)) return;
  const isOver =
    row.state !== "CREATED" && (row.state !== "AUTHORIZED" || row.authorized === row.captured + row.cancelled);
  const isForPerson = history !== undefined && needsPerson(history);
  if (!isOver && !isForPerson && !isPortal) world.violate(`every payment ends: ${name} is ${JSON.stringify(row)}`);
  if (history === undefined) world.violate(`every payment is in the journal: ${name} is not`);
  else checkHistory(world, row, history);
}

/** How often something was delivered. A pulse train whose guard died is counted by the coin mechanism in two parts: the line fell late. */
function timesOf(fallen: readonly DroppedThing[]): number {
  const trains = new Set(fallen.filter(({ what }) => what.endsWith("credits")).map(({ deliveryId }) => deliveryId));
  return fallen.filter(({ what }) => !what.endsWith("credits")).length + trains.size;
}

function checkHistory(world: World, row: LedgerRow, history: SaleHistory): void {
  const name = `payment …${row.reference.slice(-8)}`;
  const { sale } = history;
  world.count(`sale: ${sale.outcome}`);
  const isForPerson = needsPerson(history);
  // A gateway lets no machine give back what was captured more than a day ago: then only the operator refunds.
  const isTooOld = world.gateways !== undefined && history.corrections.some(({ reason }) => reason === "refused-400");
  if (isForPerson && !isTooOld && !forPersons.has(history.sale.reason) && !world.portal.has(row.reference))
    world.violate(`only what no machine can end is left to a person: ${name}, ${sale.reason}`);
  if (sale.currency !== row.currency) world.violate(`a payment keeps its currency: ${name}, ${sale.currency}`);
  if (world.readers !== undefined && sale.plate !== null) {
    world.count("readers: a plate came through");
    if (!world.readers.typed.includes(sale.plate))
      world.violate(`a plate is what was typed: ${name} has ${sale.plate} of ${world.readers.typed}`);
  }
  const until = world.duties.validUntil.get(row.reference);
  if (sale.validUntil !== null && (until === undefined || sale.validUntil !== new Date(until).toISOString()))
    world.violate(`validUntil is what was paid for: ${name} says ${sale.validUntil}`);
  if (isForPerson || world.portal.has(row.reference)) return;
  if (sale.delivery.outcome === "delivered" && sale.captured - sale.refunded !== sale.price)
    world.violate(`what was delivered is captured: ${name} keeps ${sale.captured - sale.refunded} of ${sale.price}`);
  const books = totalsOf(history);
  for (const key of ["captured", "refunded", "cancelled"] as const)
    if (books[key] !== row[key] && row.state === "AUTHORIZED")
      world.violate(`the books add up to the ledger: ${name}, ${key} ${books[key]} and ${row[key]}`);
  const refunds = history.corrections.filter(({ entry }) => entry === "refund").length;
  const orders = [...world.office.sent.values()].filter(
    ({ order }) => order.kind === "refund" && order.reference === row.reference,
  );
  const done = orders.filter(({ outcome }) => outcome === "done").length;
  const named = orders.flatMap(({ order, outcome }) =>
    outcome === "done" && order.kind === "refund" ? [order.amount?.minor] : [],
  );
  const givenBack = history.corrections.reduce((sum, { refunded }) => sum + refunded, 0);
  const ordered = named.reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
  const unanswered = orders.filter(({ outcome }) => outcome === undefined).length;
  if (unanswered === 0 && !named.includes(undefined) && givenBack !== ordered)
    world.violate(
      `every command has one true answer: ${name} gave back ${givenBack}, and ${ordered} were answered done`,
    );
  if (refunds < done || refunds > done + unanswered)
    world.violate(
      `every command takes effect once: ${name} has ${refunds} refunds in the books, ${done} answered done`,
    );
}

function checkEntries(world: World, history: SaleHistory): void {
  const entries: readonly SaleRecord[] = [history.sale, ...history.corrections];
  for (const [index, { revision, id, startedAt, endedAt }] of entries.entries()) {
    if (revision !== index) world.violate(`the books count their entries: ${id} has ${revision} at ${index}`);
    if (Date.parse(endedAt) < Date.parse(startedAt)) world.violate(`${id} ends before it begins`);
  }
}

/** Deliveries without a payment: each on an order, none twice, the answer is true. */
function checkServices(world: World, histories: ReadonlyMap<string, SaleHistory>): void {
  const services = world.drops.filter(({ reference }) => reference === undefined);
  const byId = Map.groupBy(services, ({ deliveryId }) => deliveryId);
  for (const [deliveryId, fallen] of byId)
    if (timesOf(fallen) > 1) world.violate(`never twice: ${deliveryId} was delivered ${timesOf(fallen)} times`);
  const handedIn = new Set<string>();
  for (const { id, order, outcome } of world.office.sent.values()) {
    if (order.kind !== "deliver") continue;
    const fell = byId.has(id);
    if (outcome === "done" && !fell) world.violate(`every command has one true answer: ${id} is done, nothing fell`);
    // What the computer before this one did is not known to the one that took its place.
    if (world.orphaned.has(id)) continue;
    if (outcome === "done" && histories.get(id) === undefined && !world.weeks.isForgotten(id))
      world.violate(`every service vend is in the books: ${id} is not`);
    if (!fell || order.orderId === undefined) continue;
    if (handedIn.has(order.orderId))
      world.violate(`never twice: web-shop order ${order.orderId} was delivered again by ${id}`);
    handedIn.add(order.orderId);
  }
}
