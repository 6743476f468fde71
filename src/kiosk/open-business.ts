/** What the journal says was open or set when this machine stopped: read whole, or not at all. */
import { createHash } from "node:crypto";
import type { Journal, JournalChange } from "../journal/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { ServiceVend } from "../sale/event.ts";
import type { Settlement } from "../sale/settlement.ts";
import type { LineState } from "../sale/state.ts";
import {
  catalogueBasisKey,
  catalogueKey,
  lineStatesKey,
  outOfServiceKey,
  partialRefusedKey,
  timedOutputPrefix,
} from "./journal-keys.ts";
import {
  readCatalogue,
  readLineStates,
  readServiceVend,
  readSettlement,
  readTimedOutput,
  type TimedOutput,
  toJson,
} from "./stored.ts";

function digestOf(catalogue: Catalogue): string {
  return createHash("sha256")
    .update(JSON.stringify(toJson(catalogue)))
    .digest("hex");
}

/** What the journal keeps of a catalogue that the back office set. */
export function catalogueChanges(set: Catalogue, configured: Catalogue): readonly JournalChange[] {
  return [
    { kind: "put", table: "fact", key: catalogueKey, value: toJson(set) },
    { kind: "put", table: "fact", key: catalogueBasisKey, value: digestOf(configured) },
  ];
}

export const noCatalogueChanges: readonly JournalChange[] = [
  { kind: "delete", table: "fact", key: catalogueKey },
  { kind: "delete", table: "fact", key: catalogueBasisKey },
];

export interface OpenBusiness {
  readonly settlements: readonly Settlement[];
  readonly serviceVends: readonly ServiceVend[];
  readonly lines: ReadonlyMap<string, LineState>;
  /** What the back office set last; undefined where the configuration's holds. */
  readonly catalogue: Catalogue | undefined;
  /** The back office set one, and somebody changed the configuration's since: the newer word counts. */
  readonly isCatalogueOutdated: boolean;
  readonly inService: boolean;
  readonly partialRefused: boolean;
  readonly timedOutputs: readonly { readonly key: string; readonly output: TimedOutput }[];
}

/**
 * @param configured the catalogue that the configuration has now; left out by who only asks whether all can be read
 * @throws StoredValueError when anything of it cannot be read: no sale is started over a sale that nobody understands.
 */
export function readOpenBusiness(journal: Journal, configured?: Catalogue): OpenBusiness {
  const lines = journal.get("fact", lineStatesKey);
  const catalogue = journal.get("fact", catalogueKey);
  // Of a journal that knows no basis, the back office's word is kept: nobody can say which is newer.
  const basis = journal.get("fact", catalogueBasisKey) ?? (configured === undefined ? "" : digestOf(configured));
  const isOutdated = catalogue !== undefined && configured !== undefined && basis !== digestOf(configured);
  return {
    settlements: [...journal.entries("settlement")].map(([, value]) => readSettlement(value)),
    serviceVends: [...journal.entries("service-vend")].map(([, value]) => readServiceVend(value)),
    lines: lines === undefined ? new Map() : new Map(Object.entries(readLineStates(lines))),
    catalogue: catalogue === undefined || isOutdated ? undefined : readCatalogue(catalogue),
    isCatalogueOutdated: isOutdated,
    inService: journal.get("fact", outOfServiceKey) !== true,
    partialRefused: journal.get("fact", partialRefusedKey) === true,
    timedOutputs: [...journal.entries("fact")]
      .filter(([key]) => key.startsWith(timedOutputPrefix))
      .map(([key, value]) => ({ key, output: readTimedOutput(value) })),
  };
}
