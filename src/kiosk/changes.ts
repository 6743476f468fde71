/** What a decision changes on the disk: the difference between two states of the sale, and what the effects ask for. Pure. */
import type { CarriedChange, Journal, JournalChange, JsonValue } from "../journal/port.ts";
import type { CommandReply } from "../link/port.ts";
import type { Effect } from "../sale/effect.ts";
import type { SaleState } from "../sale/state.ts";
import type { Customers } from "./customer-in-hand.ts";
import { lineStatesKey, partialRefusedKey, timedOutputKey, unsentKey } from "./journal-keys.ts";
import { handInChanges, isHandInId, orderChanges } from "./orders.ts";
import { replyChange } from "./replies.ts";
import { readSettlement, type TimedOutput, saleToJson, toJson } from "./stored.ts";

function settlementChanges(before: SaleState, after: SaleState): JournalChange[] {
  const changes: JournalChange[] = [];
  for (const [reference, { settlement }] of after.settlements) {
    const old = before.settlements.get(reference)?.settlement;
    if (old === settlement) continue;
    // Only a request to create names the customer: nothing that comes after needs the token or the phone number.
    if (settlement.state.kind !== "creating" && (old === undefined || old.state.kind === "creating"))
      changes.push({ kind: "drop-secret", key: reference });
    // A poll that found nothing new makes a new object with the same content: nothing to write.
    if (old !== undefined && JSON.stringify(old) === JSON.stringify(settlement)) continue;
    changes.push({ kind: "put", table: "settlement", key: reference, value: toJson(settlement) });
  }
  for (const reference of before.settlements.keys()) {
    if (after.settlements.has(reference)) continue;
    changes.push({ kind: "delete", table: "settlement", key: reference }, { kind: "drop-secret", key: reference });
  }
  return changes;
}

/** They ask the provider or wait: none of them moves money or a machine, or tells anybody anything. */
const harmless: readonly Effect["kind"][] = ["look", "start-timer", "cancel-timer", "note"];

/**
 * The changes, where they say no more than that the provider has a payment that was asked for: after a power cut the next start finds it in creation, and
 * looks for it at the provider, as it does when the power goes before the answer. Undefined for everything else, and while the customer's token is still to be dropped.
 */
export function foundAgain(
  journal: Pick<Journal, "get" | "secret">,
  changes: readonly JournalChange[],
  effects: readonly Effect[],
): readonly CarriedChange[] | undefined {
  if (!effects.every(({ kind }) => harmless.includes(kind))) return undefined;
  const carried: CarriedChange[] = [];
  for (const change of changes)
    if (change.kind === "put" && change.table === "settlement" && isCreated(journal, change.key, change.value))
      carried.push({ ...change, table: change.table });
    else if (change.kind !== "drop-secret" || journal.secret(change.key) !== undefined) return undefined;
  return carried;
}

function isCreated(journal: Pick<Journal, "get">, reference: string, after: JsonValue): boolean {
  const before = journal.get("settlement", reference);
  return before !== undefined && stateOf(before) === "creating" && stateOf(after) === "awaiting";
}

function stateOf(settlement: JsonValue): string {
  return readSettlement(settlement).state.kind;
}

/** What a restart has to know of an output that a delivery left on. `wallMs` is now. */
export function timedOutputOf(
  { deliveryId, reference, selection, price }: Extract<Effect, { kind: "deliver" }>,
  onForMs: number,
  wallMs: number,
): TimedOutput | undefined {
  const line = selection.kind === "priced" ? selection.item : selection.kind === "order" ? undefined : selection.line;
  if (line === undefined) return undefined;
  return {
    deliveryId: `${deliveryId}-timed`,
    reference: reference ?? null,
    line,
    price,
    untilWallMs: wallMs + onForMs,
    onForMs,
  };
}

export function timedOutputChange(output: TimedOutput): JournalChange {
  return { kind: "put", table: "fact", key: timedOutputKey(output.deliveryId), value: toJson(output) };
}

function serviceVendChanges(before: SaleState, after: SaleState): JournalChange[] {
  const changes: JournalChange[] = [];
  for (const [id, vend] of after.serviceVends)
    if (!before.serviceVends.has(id))
      changes.push({ kind: "put", table: "service-vend", key: id, value: toJson(vend) }, ...handInChanges(vend));
  for (const id of before.serviceVends.keys())
    if (!after.serviceVends.has(id)) changes.push({ kind: "delete", table: "service-vend", key: id });
  return changes;
}

function factChanges(before: SaleState, after: SaleState): JournalChange[] {
  const changes: JournalChange[] = [];
  if (before.lines !== after.lines)
    changes.push({ kind: "put", table: "fact", key: lineStatesKey, value: toJson(Object.fromEntries(after.lines)) });
  if (!before.partialRefused && after.partialRefused)
    changes.push({ kind: "put", table: "fact", key: partialRefusedKey, value: true });
  return changes;
}

/** The sale's answer to a command, as it is sent. */
export function replyOfEffect({ commandId: id, outcome, detail }: Extract<Effect, { kind: "reply" }>): CommandReply {
  return outcome === "done" ? { id, outcome, detail } : { id, outcome, reason: detail };
}

/**
 * @param customers who pays, where an effect of this decision is the first to need it: kept as a secret beside the settlement.
 */
export function journalChanges(
  before: SaleState,
  after: SaleState,
  effects: readonly Effect[],
  customers: Customers,
): readonly JournalChange[] {
  const changes = [
    ...settlementChanges(before, after),
    ...orderChanges(before, after),
    ...serviceVendChanges(before, after),
    ...factChanges(before, after),
  ];
  for (const effect of effects) {
    if (effect.kind === "create" && effect.customer !== null) {
      const customer = customers[effect.customer];
      if (customer !== undefined) changes.push({ kind: "put-secret", key: effect.reference, value: toJson(customer) });
    }
    // The counter's own deliveries are answered from the books, whenever it is asked.
    if (effect.kind === "reply" && !isHandInId(effect.commandId)) changes.push(replyChange(replyOfEffect(effect)));
    if (effect.kind === "report") {
      const { record, history } = effect;
      const id = unsentKey(record.id, record.revision);
      // What was open before this boot was never in `before`: its end alone says that it has to go.
      const isStillOpen = [...after.settlements.keys()].some((reference) => reference === record.id);
      if (!isStillOpen)
        changes.push(
          { kind: "delete", table: "settlement", key: record.id },
          { kind: "drop-secret", key: record.id },
          { kind: "delete", table: "service-vend", key: record.id },
        );
      changes.push(
        { kind: "put", table: "sale", key: record.id, value: saleToJson(history) },
        { kind: "put", table: "unsent", key: id, value: toJson(record) },
      );
    }
  }
  return changes;
}
