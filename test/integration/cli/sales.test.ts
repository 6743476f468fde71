/** Goal: people and spreadsheets read from a journal on disk what was sold and what is open. Method: a journal of real records, the command run on it. */
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/sales.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import { openNodeDisk } from "../../../src/journal/node-disk.ts";
import { journalChanges } from "../../../src/kiosk/changes.ts";
import type { DeliveryOutcome } from "../../../src/sale/selection.ts";
import { saleToJson, toJson } from "../../../src/kiosk/stored.ts";
import { isReference } from "../../../src/sale/ids.ts";
import { money } from "../../../src/sale/money.ts";
import { SaleUnderTest, view } from "../../unit/sale/support.ts";

const token = "the-customers-token";

/** Sells one from A1 with that end of the delivery, as the kiosk writes it down. */
function sell(outcome: DeliveryOutcome, nowMs: number, unknownDelivery: "release" | "attention" = "release") {
  const sale = new SaleUnderTest({ unknownDelivery });
  sale.nowMs = nowMs;
  const reference = sale.selectAndCreate();
  sale.see(view(reference, "AUTHORIZED", { authorized: 2_500 }));
  const { deliveryId } = sale.one("deliver");
  sale.payment(reference, { kind: "delivery-ended", deliveryId, outcome });
  for (const capture of sale.of("capture")) {
    sale.payment(reference, { kind: "adjusted", id: capture.id });
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500 }));
  }
  return sale;
}

const dayMs = 86_400_000;

async function salesIn(
  folder: string,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  const out: string[] = [];
  const line = (text: string): void => void out.push(text);
  const signal = new AbortController().signal;
  const io = { out: line, err: line, env: {}, isTty: false, columns: 80, signal, hurry: signal };
  const code = await command.run([...args, "--journal", folder], io);
  return { code, out: out.join("\n") };
}

describe("a sale that was refunded in a later month", () => {
  const folder = mkdtemp(join(tmpdir(), "kvitt-refund-"));

  beforeAll(async () => {
    const journal = await openJournal({
      disk: await openNodeDisk(await folder),
      wallMs: () => Date.now(),
      retentionMs: 1e12,
    });
    const sale = sell({ kind: "delivered" }, 0);
    const { history, record } = sale.one("report");
    if (!isReference(record.id)) throw new Error("no payment");
    const reference = record.id;
    sale.nowMs = 40 * dayMs;
    sale.tell({
      about: "back-office",
      commandId: "c1",
      order: "refund",
      reference,
      amount: money(1_000, "NOK"),
      history,
    });
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500 }));
    sale.payment(reference, { kind: "adjusted", id: sale.one("refund").id });
    sale.see(view(reference, "AUTHORIZED", { authorized: 2_500, captured: 2_500, refunded: 1_000 }));
    for (const report of sale.everyEffect("report"))
      await journal.commit([{ kind: "put", table: "sale", key: reference, value: saleToJson(report.history) }]);
    await journal.close();
  });

  afterAll(async () => rm(await folder, { recursive: true, force: true }));

  const monthOf = (line: string | undefined): string => line?.slice(0, 7) ?? "";

  it("stays in its month as it was, and the refund is a line of the month in which it was made", async () => {
    const [sold, refund, summary] = (await salesIn(await folder, "list")).out.split("\n");
    expect(sold).toMatch(/ sold .* 25\.00 NOK .* delivered$/);
    expect(refund).toMatch(/ refunded .* -10\.00 NOK .* refunded$/);
    expect(summary).toMatch(/^2 ended/);
    expect(monthOf(sold)).not.toBe(monthOf(refund));
    const first = (await salesIn(await folder, "export", "--month", monthOf(sold))).out.split("\r\n");
    expect(first).toHaveLength(2);
    expect(first[1]).toMatch(/,0,sold,delivered,.*,2500,2500,2500,0,0,.*,sale$/);
    const second = (await salesIn(await folder, "export", "--month", monthOf(refund))).out.split("\r\n");
    expect(second).toHaveLength(2);
    expect(second[1]).toMatch(/,1,refunded,refunded,.*,2500,0,0,0,1000,.*,refund$/);
  });

  it("is shown whole", async () => {
    const [sold] = (await salesIn(await folder, "list")).out.split("\n");
    const end = /…(\S+)/.exec(sold ?? "")?.[1] ?? "";
    expect(JSON.parse((await salesIn(await folder, "show", end)).out)).toMatchObject({
      outcome: "sold",
      refunded: 0,
      corrections: [{ entry: "refund", refunded: 1_000 }],
    });
  });
});

describe("kvitt sales", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-sales-"));
    const journal = await openJournal({
      disk: await openNodeDisk(folder),
      wallMs: () => Date.now(),
      retentionMs: 1e12,
    });
    const sales = [
      sell({ kind: "delivered" }, 0),
      sell({ kind: "unknown", reason: 'no "sensor", they say' }, 40 * dayMs, "attention"),
    ];
    const reports = sales.flatMap((sale) => sale.everyEffect("report"));
    for (const [index, { record }] of reports.entries()) {
      const id = `demo-1-000000${index}0Z`;
      const product = record.product === null ? null : { ...record.product, name: '=cmd|"x", y' };
      await journal.commit([{ kind: "put", table: "sale", key: id, value: toJson({ ...record, id, product }) }]);
    }
    const open = new SaleUnderTest();
    open.checkIn();
    const before = open.state;
    const effects = open.press("A1");
    await journal.commit(
      journalChanges(before, open.state, effects, { "check-in": { kind: "customer-token", token } }),
    );
    await journal.close();
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (...args: readonly string[]) => salesIn(folder, ...args);

  it("list shows what ended, oldest first, and what is open", async () => {
    const { code, out } = await run("list");
    const lines = out.split("\n");
    expect(code).toBe(0);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/sold .* 25\.00 NOK/);
    expect(lines[1]).toMatch(/attention .* 0\.00 NOK .* unknown-delivery/);
    expect(lines[2]).toMatch(/^open .* creating/);
    expect(lines[3]).toBe("2 ended, 1 open, 0 not noted as sent upstream yet");
  });

  it("list --month keeps to that month", async () => {
    const all = (await run("list")).out.split("\n");
    const month = all[0]?.slice(0, 7) ?? "";
    const { out } = await run("list", "--month", month);
    expect(out).toContain(all[0]);
    expect(out).not.toContain(all[1]);
  });

  it.each(["2026", "2026-13", "november"])("refuses --month %s and says how to write it", async (month) => {
    await expect(run("list", "--month", month)).rejects.toThrow("YYYY-MM");
  });

  it("export is what RFC 4180 says, and no cell is a formula", async () => {
    const { out } = await run("export");
    const lines = out.split("\r\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      "id,revision,outcome,reason,startedAt,endedAt,currency,price,authorized,captured,cancelled,refunded,plate,validUntil,product,line,vatRate,delivery,entry",
    );
    expect(lines[1]).toMatch(
      /^demo-1-\S+,0,sold,delivered,.*,NOK,2500,2500,2500,0,0,,,"'=cmd\|""x"", y",A1,\d+,delivered,sale$/,
    );
    expect(lines[2]).toMatch(/,attention,unknown-delivery,.*,NOK,2500,2500,0,0,0,,,.*,A1,\d+,unknown,sale$/);
  });

  it("export --json is the records whole", async () => {
    const records: unknown = JSON.parse((await run("export", "--json")).out);
    expect(records).toMatchObject([
      { outcome: "sold", captured: 2_500 },
      { outcome: "attention", delivery: { outcome: "unknown", detail: 'no "sensor", they say' } },
    ]);
  });

  it("attention shows everything a person needs, and what the machine still settles", async () => {
    const { out } = await run("attention");
    expect(out).toMatch(
      /reference demo-1-\S+: authorized 2500, captured 0, cancelled 0, refunded 0, delivery unknown \(no "sensor", they say\)/,
    );
    expect(out).toContain("the machine itself still settles 1:");
  });

  it("show finds a sale by the end of its reference, and says so when there is none or more than one", async () => {
    const [sold] = (await run("list")).out.split("\n");
    const end = /…(\S+)/.exec(sold ?? "")?.[1] ?? "";
    expect(JSON.parse((await run("show", end)).out)).toMatchObject({ outcome: "sold", price: 2_500 });
    await expect(run("show", "nothing-like-it")).rejects.toThrow('no sale ends with "nothing-like-it"');
    await expect(run("show", "Z")).rejects.toThrow("write more of it");
  });

  it("names no customer in anything it prints, though one is on the disk", async () => {
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
    expect(files.some((text) => text.includes(token))).toBe(true);
    for (const args of [
      ["list"],
      ["list", "--json"],
      ["export"],
      ["export", "--json"],
      ["attention"],
      ["attention", "--json"],
    ])
      expect((await run(...args)).out, args.join(" ")).not.toContain(token);
  });

  it("says what is damaged, and where", async () => {
    const [month] = (await readdir(folder)).filter((name) => name.startsWith("sales-"));
    const path = join(folder, month ?? "");
    await appendFile(path, "00000000 {}\n00000000 {}\n");
    await expect(run("list")).rejects.toThrow(month ?? "sales-");
  });
});
