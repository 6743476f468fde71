/** What the journal says was open or set when this machine stopped: read whole, or not at all. */
import type { Journal } from "../journal/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { ServiceVend } from "../sale/event.ts";
import type { Settlement } from "../sale/settlement.ts";
import type { LineState } from "../sale/state.ts";
import { lineStatesKey, partialRefusedKey, timedOutputKey } from "./changes.ts";
import {
  readCatalogue,
  readLineStates,
  readServiceVend,
  readSettlement,
  readTimedOutput,
  type TimedOutput,
} from "./stored.ts";

export interface OpenBusiness {
  readonly settlements: readonly Settlement[];
  readonly serviceVends: readonly ServiceVend[];
  readonly lines: ReadonlyMap<string, LineState>;
  /** What the back office set last; undefined while the configuration's holds. */
  readonly catalogue: Catalogue | undefined;
  readonly inService: boolean;
  readonly partialRefused: boolean;
  readonly timedOutputs: readonly { readonly key: string; readonly output: TimedOutput }[];
}

/** @throws StoredValueError when anything of it cannot be read: no sale is started over a sale that nobody understands. */
export function readOpenBusiness(journal: Journal): OpenBusiness {
  const lines = journal.get("fact", lineStatesKey);
  const catalogue = journal.get("fact", "catalogue");
  return {
    settlements: [...journal.entries("settlement")].map(([, value]) => readSettlement(value)),
    serviceVends: [...journal.entries("service-vend")].map(([, value]) => readServiceVend(value)),
    lines: lines === undefined ? new Map() : new Map(Object.entries(readLineStates(lines))),
    catalogue: catalogue === undefined ? undefined : readCatalogue(catalogue),
    inService: journal.get("fact", "operator-out-of-service") !== true,
    partialRefused: journal.get("fact", partialRefusedKey) === true,
    timedOutputs: [...journal.entries("fact")]
      .filter(([key]) => key.startsWith(timedOutputKey("")))
      .map(([key, value]) => ({ key, output: readTimedOutput(value) })),
  };
}
