/** What has to be true of the money, the journal and the glass, whatever was done. */
import { openNodeDisk } from "../journal/node-disk.ts";
import { readJournal } from "../journal/journal.ts";
import type { JsonValue } from "../journal/port.ts";
import { readSaleHistory } from "../kiosk/stored.ts";
import { totalsOf } from "../sale/record.ts";
import { isPayableCode } from "./clients.ts";
import type { Drop } from "./machines/port.ts";
import type { Journalled } from "./story-proof.ts";
import type { DemoWorld } from "./world.ts";
import { isEnded } from "./world-state.ts";

/** What promises 1, 2, 3 and 5 say of a ledger and the things that fell. Pure. */
export function checkMoney(ledger: DemoWorld["ledger"], drops: readonly Drop[]): readonly string[] {
  const failures: string[] = [];
  for (const row of ledger) {
    const name = `payment …${row.reference.slice(-6)}`;
    if (!isEnded(row)) failures.push(`${name} has not ended: ${JSON.stringify(row)}`);
    const kept = row.captured - row.refunded;
    const fallen = drops.filter(({ reference }) => reference === row.reference);
    if (fallen.length > 1) failures.push(`${name} was delivered ${fallen.length} times`);
    const value = fallen.reduce((sum, { priceMinor }) => sum + priceMinor, 0);
    if (kept > value) failures.push(`${name}: ${kept} was kept and ${value} was delivered: somebody paid for nothing`);
  }
  for (const drop of drops) {
    const row = ledger.find(({ reference }) => reference === drop.reference);
    if (row === undefined || row.authorized < drop.priceMinor)
      failures.push(`${drop.what} fell for a payment that was never authorised: somebody got something for nothing`);
  }
  return failures;
}

interface JournalReading {
  readonly sales: ReadonlyMap<string, Journalled>;
  readonly failures: readonly string[];
}

async function readJournals(world: DemoWorld): Promise<JournalReading> {
  const failures: string[] = [];
  const sales = new Map<string, Journalled>();
  for (const folder of world.journalFolders) {
    const journal = await readJournal(await openNodeDisk(folder));
    if (journal.settlements.size > 0) failures.push(`${folder} has ${journal.settlements.size} settlements open`);
    for (const [reference, stored] of journal.sales) {
      const record = totalsOf(readSaleHistory(stored satisfies JsonValue));
      if (record !== undefined) sales.set(reference, record);
    }
  }
  return { sales, failures };
}

/** The sales of all machines that stood here, by payment. */
export async function journalledSales(world: DemoWorld): Promise<ReadonlyMap<string, Journalled>> {
  return (await readJournals(world)).sales;
}

async function checkJournal(world: DemoWorld): Promise<readonly string[]> {
  const { sales, failures } = await readJournals(world);
  return [
    ...failures,
    ...world.ledger.flatMap(({ reference, captured, refunded }) => {
      const record = sales.get(reference);
      const name = `payment …${reference.slice(-6)}`;
      if (record === undefined) return [`${name} is not in the journal`];
      if (record.captured === captured && record.refunded === refunded) return [];
      return [`the journal says ${record.captured} captured of ${name}, the ledger ${captured}`];
    }),
  ];
}

/** Money, journal and glass, as they stand now: what is wrong with them. */
export async function checkWorld(world: DemoWorld): Promise<readonly string[]> {
  const text = await world.code();
  const isPayable = text === undefined || (await isPayableCode(world.providerUrl, text));
  const glass = isPayable ? [] : [`the panel shows a code that cannot be paid: ${text}`];
  return [...checkMoney(world.ledger, world.drops), ...(await checkJournal(world)), ...glass];
}
