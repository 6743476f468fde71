/**
 * What one outlet sees of the machine's journal. One file, one order of commits; each kiosk finds what is its own and nothing of its neighbours'.
 * The keys of a machine without outlets are what they always were. docs/decisions/0062-stations.md says for each key whose it is.
 */
import type { CarriedChange, Journal, JournalChange, JournalTable, JsonValue } from "../journal/port.ts";
import { bootKey, commandCounterKey, handInPrefix, hostOrderPrefix, replyPrefix } from "../kiosk/journal-keys.ts";
import {
  isStationId,
  machineOf,
  type MerchantQrId,
  merchantQrIdOf,
  outletId,
  type StationId,
  stationOf,
} from "../sale/ids.ts";

/** An outlet's facts and service vends are `station.{id}.{key}`: an id has no dot, and no key of a machine begins so. */
const stationPrefix = "station.";
const prefixOf = (station: string): string => `${stationPrefix}${station}.`;
/**
 * Facts of the machine: it boots as a whole, its commands are counted in one row, whichever outlet they are for, and what was paid in the web shop is
 * handed out once, whichever outlet is named.
 */
const isMachineFact = (key: string): boolean =>
  key === bootKey || key === commandCounterKey || key.startsWith(handInPrefix);

export interface StationView {
  readonly journal: Journal;
  readonly machine: MerchantQrId;
  readonly station: StationId;
  /** A sale ended: it waits in the machine's one outbox. */
  readonly onUnsent: () => void;
}

/** The journal as the kiosk of one outlet has it. Its `close` closes nothing: the file is the machine's. */
export function stationJournal({ journal, machine, station, onUnsent }: StationView): Journal {
  /** Its payments are named after it. */
  const merchantQrId = outletId(machine, station);
  const prefix = prefixOf(station);
  const isOwn = ([key]: readonly [string, JsonValue]): boolean => merchantQrIdOf(key) === merchantQrId;
  const keyIn = (table: JournalTable, key: string): string =>
    table === "service-vend" || (table === "fact" && !isMachineFact(key)) ? `${prefix}${key}` : key;
  const stored = <Change extends JournalChange>(change: Change): Change =>
    change.kind === "put" || change.kind === "delete" ? { ...change, key: keyIn(change.table, change.key) } : change;
  return {
    async commit(changes) {
      await journal.commit(changes.map(stored));
      if (hasUnsent(changes)) onUnsent();
    },
    carry: (changes: readonly CarriedChange[]) => journal.carry(changes.map(stored)),
    get: (table, key) => journal.get(table, keyIn(table, key)),
    secret: (key) => journal.secret(key),
    entries(table) {
      switch (table) {
        case "settlement":
        case "sale":
          return [...journal.entries(table)].filter(isOwn);
        case "fact":
        case "service-vend":
          return [...journal.entries(table)]
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => [key.slice(prefix.length), value]);
        // Whose they are nobody has to know: the machine sends what has ended, and forgets what it may.
        case "unsent":
        case "seen":
          return [];
      }
    },
    close: () => Promise.resolve(),
  };
}

function hasUnsent(changes: readonly JournalChange[]): boolean {
  return changes.some((change) => change.kind === "put" && change.table === "unsent");
}

/** The same for what is the machine's own: commands to the whole of it, and the sales that it made before it had outlets. */
export function machineJournal(journal: Journal, onUnsent: () => void): Journal {
  const isOutlets = (id: string): boolean => {
    const owner = merchantQrIdOf(id);
    return owner !== undefined && stationOf(owner) !== undefined;
  };
  return {
    async commit(changes) {
      await journal.commit(changes);
      if (hasUnsent(changes)) onUnsent();
    },
    carry: (changes) => journal.carry(changes),
    get: (table, key) => journal.get(table, key),
    secret: (key) => journal.secret(key),
    entries(table) {
      switch (table) {
        case "settlement":
        case "sale":
          return [...journal.entries(table)].filter(([key]) => !isOutlets(key));
        case "fact":
        case "service-vend":
          return [...journal.entries(table)].filter(([key]) => !key.startsWith(stationPrefix));
        case "unsent":
          return [];
        case "seen":
          return journal.entries(table);
      }
    },
    close: () => Promise.resolve(),
  };
}

/** What keeps an outlet that has left the configuration in mind: money, a delivery, or an answer that is owed. Its settings alone do not. */
const owedFacts = [replyPrefix, hostOrderPrefix];

/** The outlets that something is open of, whether the configuration still has them or not. */
export function stationsInJournal(journal: Pick<Journal, "entries">, machine: MerchantQrId): ReadonlySet<StationId> {
  const found = new Set<StationId>();
  for (const [reference] of journal.entries("settlement")) {
    const owner = merchantQrIdOf(reference);
    const station = owner !== undefined && machineOf(owner) === machine ? stationOf(owner) : undefined;
    if (station !== undefined) found.add(station);
  }
  for (const [key] of journal.entries("service-vend")) addOwner(key, "", found);
  for (const [key] of journal.entries("fact")) for (const owed of owedFacts) addOwner(key, owed, found);
  return found;
}

function addOwner(key: string, keyStart: string, found: Set<StationId>): void {
  if (!key.startsWith(stationPrefix)) return;
  const end = key.indexOf(".", stationPrefix.length);
  const station = key.slice(stationPrefix.length, Math.max(end, 0));
  if (isStationId(station) && key.startsWith(keyStart, end + 1)) found.add(station);
}
