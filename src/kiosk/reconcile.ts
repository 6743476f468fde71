/** What a boot does with what the journal knows: every open sale asks the provider what is true, and timed outputs go on for what is left. */
import type { Journal } from "../journal/port.ts";
import type { Machine } from "../machine/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import { type CatalogueAround, catalogueFaults, catalogueFaultText } from "../sale/catalogue-check.ts";
import { initialState } from "../sale/state.ts";
import type { Clock, Log } from "../service/port.ts";
import type { Loop } from "./loop.ts";
import { noCatalogueChanges, type OpenBusiness, readOpenBusiness } from "./open-business.ts";
import { saleLog } from "./sale-log.ts";
import type { TimedOutputs } from "./timed-outputs.ts";

export interface ReconcileParts {
  readonly journal: Journal;
  /** The configuration's. */
  readonly catalogue: Catalogue;
  readonly sellable: CatalogueAround;
  readonly machine: Pick<Machine, "resume">;
  readonly clock: Clock;
  readonly log: Log;
  readonly loop: Pick<Loop, "put" | "restore">;
  readonly timedOutputs: Pick<TimedOutputs, "forget" | "follow">;
}

/** @throws StoredValueError when something of it cannot be read: then nothing was changed. */
export async function reconcile(parts: ReconcileParts): Promise<void> {
  const { journal, log, loop, sellable } = parts;
  const open = readOpenBusiness(journal, parts.catalogue);
  const { settlements, serviceVends, lines, inService, partialRefused } = open;
  // The lines or the currency of the configuration may have changed since the back office's catalogue was checked.
  const faults = open.catalogue === undefined ? [] : catalogueFaults(open.catalogue, sellable);
  const catalogue = faults.length === 0 ? (open.catalogue ?? parts.catalogue) : parts.catalogue;
  loop.restore({ ...initialState(catalogue, lines), inService, partialRefused });
  if (faults.length > 0) {
    const reason = catalogueFaultText(faults);
    log.error({ reason }, "the back office's products cannot be sold any more: the configuration's count");
    loop.put(undefined, { changes: noCatalogueChanges });
  }
  if (open.isCatalogueOutdated) {
    log.info(
      {},
      "the configuration's products were changed after the back office set others: the configuration's count",
    );
    loop.put(undefined, { changes: noCatalogueChanges });
  }
  if (settlements.length > 0 || serviceVends.length > 0) {
    log.info(
      { settlements: settlements.length, serviceVends: serviceVends.length },
      "sales were open when this machine stopped; asking the provider what is true",
    );
    loop.put({ about: "boot", settlements, serviceVends });
  }
  for (const timed of open.timedOutputs) await resume(timed, parts);
}

async function resume(
  { key, output }: OpenBusiness["timedOutputs"][number],
  { clock, loop, machine, log, timedOutputs }: ReconcileParts,
): Promise<void> {
  const { price, line, deliveryId, untilWallMs, onForMs } = output;
  // A clock that is ahead would take away what was paid for. The driver waits until it can be believed, and never goes on for longer than was bought.
  if (clock.isPlausible() && untilWallMs <= clock.wallMs()) {
    loop.put(undefined, { changes: [{ kind: "delete", table: "fact", key }] });
    return;
  }
  // It was bought before this start, so by then it is over, whatever the clock says; the driver goes by the same rule.
  timedOutputs.forget(key, onForMs);
  timedOutputs.follow(key, output, { endsAfterMs: undefined });
  const reference = output.reference ?? undefined;
  const selection = { kind: "line", line } as const;
  await machine
    .resume({ deliveryId, reference, selection, price, untilWallMs, onForMs })
    .catch((error: unknown) =>
      saleLog(log, reference).error({ error, line }, "a timed output could not be switched on again"),
    );
}
