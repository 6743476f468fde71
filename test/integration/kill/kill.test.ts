/**
 * Goal: promises 1, 2, 3 and 5 hold for the real daemon on a real disk. Method: it sells through a real broker, the relay and the simulated
 * provider, and is killed with SIGKILL at random moments, also while it boots, hundreds of times; then it is left alone, and ledger, journal
 * and tray have to agree. KVITT_KILLS sets how often.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJournal } from "../../../src/journal/journal.ts";
import { openNodeDiskToRead } from "../../../src/journal/node-disk.ts";
import { readSaleRecord, readSettlement } from "../../../src/kiosk/stored.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { checkMoney } from "../../../src/demo/checks.ts";
import { isEnded } from "../../../src/demo/world-state.ts";
import { hasMosquitto } from "../link/brokers.ts";
import { patienceMs, untilTrue } from "../patience.ts";
import { Rig } from "./rig.ts";

const wanted = process.env["KVITT_KILLS"];
const killsMax = Number(wanted ?? "200");
/** Where no number is asked for, a slow computer kills less often; a quick one needs some five minutes for all of them. */
const killingMaxMs = wanted === undefined ? 360_000 : Number.POSITIVE_INFINITY;
const seed = Number(process.env["KVITT_KILL_SEED"] ?? String(Date.now() % 1_000_000));
/** The longest life, in times of what it takes from the start of the process to the end of its first sale: many die while they boot. */
const livesMax = 1.5;
/** So many lives without a sale, and one may live until it has sold: the computer is slower than it was. */
const dryLivesMax = 12;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * The settlements that are open, but for those that nobody can end yet: killed between the intent and the request, and unknown to the
 * provider. They are asked about for as long as such a payment could still appear (25 min), and are of no harm to anybody.
 */
async function openSettlements(rig: Rig): Promise<readonly string[]> {
  const journal = await readJournal(await openNodeDiskToRead(rig.journalFolder));
  const known = new Set((await rig.ledger()).map(({ reference }) => reference));
  return [...journal.settlements].flatMap(([reference, stored]) =>
    readSettlement(stored).state.kind === "doubtful" && !known.has(reference) ? [] : [reference],
  );
}

/** From now, when the machine begins to boot, until it has sold once. The customer learns how slow it is. */
async function timeToSell(rig: Rig): Promise<number> {
  const startMs = performance.now();
  const sold = await rig.sold();
  rig.customerWaitsMs = patienceMs;
  await untilTrue(async () => (await rig.sold()) > sold);
  const saleMs = performance.now() - startMs;
  rig.customerWaitsMs = Math.max(2_500, saleMs);
  return saleMs;
}

/** What was sent a moment before the last kill is waited for two minutes (`inFlightMs`) before it is sent again. */
async function untilSettled(rig: Rig): Promise<boolean> {
  const end = Date.now() + 300_000;
  while (Date.now() < end) {
    const state = await rig.state();
    const isIdle = state !== undefined && !state.isMoving && state.kiosk.scene === "idle";
    if (isIdle && (await rig.ledger()).every(isEnded) && (await openSettlements(rig)).length === 0) return true;
    await pause(500);
  }
  return false;
}

describe.skipIf(!hasMosquitto())(`a daemon that is killed up to ${killsMax} times (seed ${seed})`, () => {
  const entropy = createSeededEntropy(seed);
  let rig: Rig;
  let kills = 0;
  let ended: readonly string[] = [];

  beforeAll(async () => {
    rig = await Rig.start(entropy);
    const living = rig.live();
    let saleMs = await timeToSell(rig);
    let sold = await rig.sold();
    let dryLives = 0;
    const endMs = performance.now() + killingMaxMs;
    for (; kills < killsMax && performance.now() < endMs; kills += 1) {
      await pause(entropy.fraction() * livesMax * saleMs);
      if (rig.machine.exitCode !== undefined) ended = [...ended, rig.machine.said.slice(-5).join("")];
      await rig.machine.end("SIGKILL");
      rig.machine.start();
      const soldBefore = sold;
      sold = await rig.sold();
      dryLives = sold > soldBefore ? 0 : dryLives + 1;
      if (dryLives < dryLivesMax) continue;
      saleMs = await timeToSell(rig);
      dryLives = 0;
    }
    rig.stopLiving();
    await living;
    await rig.setFault("none");
  }, killsMax * patienceMs);

  afterAll(async () => {
    await rig.close();
  });

  it("never ended by itself", () => {
    expect(ended).toEqual([]);
  });

  it("brings everything to an end", async () => {
    expect(await untilSettled(rig), JSON.stringify([await rig.state(), await rig.ledger()])).toBe(true);
  });

  it("has sold between the kills", async () => {
    const ledger = await rig.ledger();
    const sold = ledger.filter(({ captured }) => captured > 0).length;
    console.log(`${kills} kills: ${ledger.length} payments, ${rig.tray().length} moves, ${sold} sold`);
    expect(sold).toBeGreaterThan(kills / 20);
    expect(ledger.length).toBeGreaterThan(sold);
  });

  it("nobody paid for nothing, nobody got anything for nothing, nothing fell twice", async () => {
    const tray = rig.tray();
    const falls = tray.filter(({ kind }) => kind === "falls").map(({ thing }) => thing);
    expect(checkMoney(await rig.ledger(), falls)).toEqual([]);
    const starts = tray.filter(({ kind }) => kind === "starts").map(({ thing }) => thing.deliveryId);
    expect(starts.length).toBe(new Set(starts).size);
    const payments = tray.filter(({ kind }) => kind === "starts").map(({ thing }) => thing.reference);
    expect(payments.length).toBe(new Set(payments).size);
  });

  it("the journal agrees with the provider, and has captured exactly what it saw delivered", async () => {
    const journal = await readJournal(await openNodeDiskToRead(rig.journalFolder));
    expect(await openSettlements(rig)).toEqual([]);
    for (const row of await rig.ledger()) {
      const stored = journal.sales.get(row.reference);
      expect(stored, row.reference).toBeDefined();
      if (stored === undefined) continue;
      const { captured, refunded, cancelled, delivery, price, outcome } = readSaleRecord(stored);
      expect({ captured, refunded, cancelled }, row.reference).toEqual({
        captured: row.captured,
        refunded: row.refunded,
        cancelled: row.cancelled,
      });
      if (delivery.outcome === "delivered") expect(captured - refunded).toBe(price);
      expect(outcome).not.toBe("attention");
    }
  });

  it("leaves no customer's token on the disk", async () => {
    for (const name of await readdir(rig.journalFolder)) {
      const text = await readFile(join(rig.journalFolder, name), "utf8").catch(() => "");
      expect(text, name).not.toMatch(/customer-token|personal-qr/);
    }
  });

  it("stops when it is asked to", async () => {
    expect(await rig.close()).toEqual([]);
  });
});
