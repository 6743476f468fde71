/** `kvitt sales`: what the journal knows, for people and for accounting. Reads beside the daemon; changes nothing. */
import { parseArgs } from "node:util";
import { loadConfig, faultText } from "../config/load.ts";
import { readJournal } from "../journal/journal.ts";
import { openNodeDiskToRead } from "../journal/node-disk.ts";
import { readSaleRecord, readSettlement } from "../kiosk/stored.ts";
import type { SaleRecord } from "../sale/record.ts";
import { type CliCommand, CommandError, type CommandIo } from "./command.ts";

const usage = `kvitt sales list|show ID|export|attention  (--config FILE | --journal FOLDER) [--json] [--csv]

  list        ended sales, newest last, and what is still open
  show ID     one sale whole; the end of its reference is enough
  export      every ended sale, as CSV (or --json)
  attention   what a person has to look at`;

async function folderOf(values: {
  readonly config?: string | undefined;
  readonly journal?: string | undefined;
}): Promise<string> {
  if (values.journal !== undefined) return values.journal;
  if (values.config === undefined) throw new CommandError("which journal? add --config FILE or --journal FOLDER");
  const loaded = await loadConfig(values.config);
  if (!loaded.ok) throw new CommandError(loaded.faults.map(faultText).join("\n"), 1);
  return loaded.config.journal.directory;
}

function amount(minor: number, currency: string): string {
  return `${(minor / 100).toFixed(2)} ${currency}`;
}

function row(record: SaleRecord): string {
  const { endedAt, id, outcome, reason, product, captured, refunded, currency } = record;
  const kept = amount(captured - refunded, currency);
  return `${endedAt.slice(0, 19)}  …${id.slice(-8)}  ${outcome.padEnd(9)}  ${kept.padStart(14)}  ${(product?.name ?? "-").padEnd(20)}  ${reason}`;
}

const columns = [
  "id",
  "revision",
  "outcome",
  "reason",
  "startedAt",
  "endedAt",
  "currency",
  "price",
  "authorized",
  "captured",
  "cancelled",
  "refunded",
  "plate",
  "validUntil",
] as const;

function csvCell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, one line a sale. Amounts in minor units. */
export function csvOf(records: readonly SaleRecord[]): string {
  const head = [...columns, "product", "line", "vatRate", "delivery"].join(",");
  const lines = records.map((record) =>
    [
      ...columns.map((name) => csvCell(record[name])),
      csvCell(record.product?.name ?? null),
      csvCell(record.product?.line ?? null),
      csvCell(record.product?.vatRate ?? null),
      csvCell(record.delivery.outcome),
    ].join(","),
  );
  return [head, ...lines].join("\n");
}

function show(records: readonly SaleRecord[], id: string | undefined, io: CommandIo): number {
  const found = id === undefined ? [] : records.filter((record) => record.id.endsWith(id));
  if (found.length !== 1)
    throw new CommandError(
      id === undefined ? "which sale? kvitt sales show ID" : `${found.length} sales end with "${id}"`,
      1,
    );
  io.out(JSON.stringify(found[0], null, 2));
  return 0;
}

export const command: CliCommand = {
  summary: "ended sales, open ones, and what needs a person",
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        journal: { type: "string" },
        json: { type: "boolean" },
        csv: { type: "boolean" },
      },
      allowPositionals: true,
    });
    const [action, id] = positionals;
    const journal = await readJournal(await openNodeDiskToRead(await folderOf(values)));
    const records = [...journal.sales.values()]
      .map(readSaleRecord)
      .toSorted((a, b) => a.endedAt.localeCompare(b.endedAt));
    switch (action) {
      case "list": {
        const open = [...journal.settlements.values()].map(readSettlement);
        if (values.json === true) {
          io.out(
            JSON.stringify({
              sales: records,
              open: open.map(({ reference, state }) => ({ reference, state: state.kind })),
              unsent: journal.unsent,
            }),
          );
          return 0;
        }
        for (const record of records) io.out(row(record));
        for (const one of open) io.out(`open                 …${one.reference.slice(-8)}  ${one.state.kind}`);
        io.out(`${records.length} ended, ${open.length} open, ${journal.unsent} not sent upstream yet`);
        return 0;
      }
      case "show":
        return show(records, id, io);
      case "export":
        io.out(values.json === true ? JSON.stringify(records) : csvOf(records));
        return 0;
      case "attention": {
        const waiting = records.filter(({ outcome }) => outcome === "attention");
        if (values.json === true) io.out(JSON.stringify(waiting));
        else if (waiting.length === 0) io.out("nothing needs a person");
        else
          for (const record of waiting)
            io.out(
              `${row(record)}\n  reference ${record.id}: authorized ${record.authorized}, captured ${record.captured}, cancelled ${record.cancelled}, delivery ${record.delivery.outcome}`,
            );
        return 0;
      }
      case undefined:
      default:
        throw new CommandError(usage);
    }
  },
};
