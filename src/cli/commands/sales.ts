/** `kvitt sales`: what the journal knows, for people and for accounting. Reads beside the daemon; changes nothing. */
import { readJournal } from "../../journal/journal.ts";
import { openNodeDiskToRead } from "../../journal/node-disk.ts";
import { readSaleHistory, readSettlement } from "../../kiosk/stored.ts";
import { minor, plainText } from "../../sale/money.ts";
import { entriesOf, needsPerson, type SaleHistory, type SaleRecord, totalsOf } from "../../sale/record.ts";
import type { Settlement } from "../../sale/settlement.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openUncheckedConfig } from "../open-config.ts";

const usage = `kvitt sales list|show ID|export|attention  (--config FILE | --journal FOLDER) [--month YYYY-MM] [--json] [--csv]

  list        ended sales and what came after them, newest last, and what is still open
  show ID     one sale whole; the end of its reference is enough
  export      every ended sale, refund and release, as CSV (or --json): one line each, with what that line moved
  attention   what a person has to look at, and what the machine itself still settles

  --month     only what ended in that month (UTC)`;

async function folderOf(values: {
  readonly config?: string | undefined;
  readonly journal?: string | undefined;
}): Promise<string> {
  if (values.journal !== undefined) return values.journal;
  if (values.config === undefined) throw new CommandError("which journal? add --config FILE or --journal FOLDER");
  return (await openUncheckedConfig(values.config)).journal.directory;
}

function row(record: SaleRecord): string {
  const { endedAt, id, outcome, reason, product, captured, refunded, currency } = record;
  const back = captured < refunded ? "-" : "";
  const kept = back + plainText({ minor: minor(Math.abs(captured - refunded)), currency });
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

/** RFC 4180; a text that a spreadsheet would take for a formula is marked as text (OWASP, CSV injection). */
function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, one line an entry: a sale, a refund, a release. Lines ended by CR LF. Amounts in minor units. */
export function csvOf(records: readonly SaleRecord[]): string {
  const head = [...columns, "product", "line", "vatRate", "delivery", "entry"].join(",");
  const lines = records.map((record) =>
    [
      ...columns.map((name) => csvCell(record[name])),
      csvCell(record.product?.name ?? null),
      csvCell(record.product?.line ?? null),
      csvCell(record.product?.vatRate ?? null),
      csvCell(record.delivery.outcome),
      csvCell(record.entry),
    ].join(","),
  );
  return [head, ...lines].join("\r\n");
}

/** What the journal knows, oldest first. */
interface Books {
  /** Those of the month that was asked for: a refund belongs to the month in which it was made. */
  readonly records: readonly SaleRecord[];
  /** Those of which any entry is of that month. */
  readonly histories: readonly SaleHistory[];
  readonly open: readonly Settlement[];
  readonly unsent: number;
}

async function readBooks(folder: string, month: string): Promise<Books> {
  const journal = await readJournal(await openNodeDiskToRead(folder));
  const isOfMonth = ({ endedAt }: SaleRecord): boolean => endedAt.startsWith(month);
  const histories = [...journal.sales.values()].map(readSaleHistory);
  return {
    records: histories
      .flatMap(entriesOf)
      .filter(isOfMonth)
      .toSorted((a, b) => a.endedAt.localeCompare(b.endedAt)),
    histories: histories.filter((history) => entriesOf(history).some(isOfMonth)),
    open: [...journal.settlements.values()].map(readSettlement),
    unsent: journal.unsent,
  };
}

/** An open settlement, for people and programs: no request of it, which may name a customer. */
function openView({ reference, state, purchase, delivery }: Settlement): Readonly<Record<string, unknown>> {
  return {
    id: reference,
    outcome: "open",
    state: state.kind,
    product: purchase?.name ?? null,
    price: purchase?.price.minor ?? null,
    delivery: delivery.kind,
  };
}

function openRow(settlement: Settlement): string {
  const { reference, state, purchase, delivery } = settlement;
  return `open                 …${reference.slice(-8)}  ${state.kind.padEnd(9)}  ${(purchase?.name ?? "-").padEnd(20)}  delivery ${delivery.kind}`;
}

function list({ records, open, unsent }: Books, asJson: boolean, io: CommandIo): number {
  if (asJson) {
    io.out(JSON.stringify({ sales: records, open: open.map(openView), unsent }));
    return 0;
  }
  for (const record of records) io.out(row(record));
  for (const one of open) io.out(openRow(one));
  io.out(`${records.length} ended, ${open.length} open, ${unsent} not noted as sent upstream yet`);
  return 0;
}

function show({ histories, open }: Books, id: string | undefined, io: CommandIo): number {
  if (id === undefined) throw new CommandError("which sale? kvitt sales show ID");
  const found = [
    ...histories
      .filter(({ sale }) => sale.id.endsWith(id))
      .map(({ sale, corrections }) => (corrections.length === 0 ? sale : { ...sale, corrections })),
    ...open.filter(({ reference }) => reference.endsWith(id)).map(openView),
  ];
  if (found.length !== 1)
    throw new CommandError(
      found.length === 0
        ? `no sale ends with "${id}"; kvitt sales list shows them`
        : `${found.length} sales end with "${id}": write more of it`,
      1,
    );
  io.out(JSON.stringify(found[0], null, 2));
  return 0;
}

function attentionText(history: SaleHistory): string {
  const { id, delivery } = history.sale;
  const { authorized, captured, cancelled, refunded } = totalsOf(history);
  const detail = delivery.detail === null ? "" : ` (${delivery.detail})`;
  const sums = `authorized ${authorized}, captured ${captured}, cancelled ${cancelled}, refunded ${refunded}`;
  return `${entriesOf(history).map(row).join("\n")}\n  reference ${id}: ${sums}, delivery ${delivery.outcome}${detail}`;
}

/** What only a person can end, and what the machine is still bringing to an end by itself. */
function attention({ histories, open }: Books, asJson: boolean, io: CommandIo): number {
  const waiting = histories.filter(needsPerson);
  if (asJson) {
    io.out(JSON.stringify({ attention: waiting.map(({ sale }) => sale), open: open.map(openView) }));
    return 0;
  }
  if (waiting.length === 0) io.out("nothing needs a person");
  for (const history of waiting) io.out(attentionText(history));
  if (open.length > 0) io.out(`the machine itself still settles ${open.length}:`);
  for (const one of open) io.out(openRow(one));
  return 0;
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, {
      config: { type: "string" },
      journal: { type: "string" },
      json: { type: "boolean" },
      csv: { type: "boolean" },
      month: { type: "string" },
    });
    const [action, id] = positionals;
    if (action === undefined || !["list", "show", "export", "attention"].includes(action))
      throw new CommandError(usage);
    const { month = "" } = values;
    if (month !== "" && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      throw new CommandError(`--month ${month}: write it as YYYY-MM, such as 2026-11`);
    const books = await readBooks(await folderOf(values), month);
    const asJson = values.json === true;
    switch (action) {
      case "list":
        return list(books, asJson, io);
      case "show":
        return show(books, id, io);
      case "attention":
        return attention(books, asJson, io);
      default:
        io.out(asJson ? JSON.stringify(books.records) : csvOf(books.records));
        return 0;
    }
  },
};
