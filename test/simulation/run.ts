/** One seed: a day at the machine, then everything heals, time passes, and the promises are checked. */
import { readJournal } from "../../src/journal/journal.ts";
import { readSaleRecord } from "../../src/kiosk/stored.ts";
import { settle } from "../../src/service/simulated-clock.ts";
import { behaviours } from "./customers.ts";
import type { Tally } from "./progress.ts";
import { type Sabotage, World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly story: readonly string[];
  /** How often of each kind: a kind that never happens in any seed is not tested. */
  readonly happened: Tally;
  readonly bytesWritten: number;
}

const dayMs = 20 * 60_000;
const healMs = 6 * 3_600_000;

/** What breaks while customers come and go. Each is set off on the virtual clock by dice. */
function planTroubles(world: World): void {
  const at = (run: () => void): void => void world.clock.startTimer("trouble", world.entropy.fraction() * dayMs, run);
  const off = (run: () => void, withinMs: number): void =>
    void world.clock.startTimer("heal", world.entropy.fraction() * withinMs, run);
  world.faultiness = world.pick([0, 0, 0.03, 0.12, 0.3]);
  if (world.chance(0.3))
    at(() => {
      world.tell("network to the provider is cut");
      world.isPartitioned = true;
      off(() => {
        world.isPartitioned = false;
      }, 300_000);
    });
  if (world.chance(0.3))
    at(() => {
      world.tell("the broker is gone");
      world.isBrokerUp = false;
      world.link?.setConnected(false);
      off(() => {
        world.isBrokerUp = true;
        world.link?.setConnected(true);
      }, 120_000);
    });
  if (world.chance(0.4))
    at(() => {
      const fault = world.pick(["jam", "no-sensor", "slow"] as const);
      world.tell(`machine: ${fault}`);
      world.machine?.setFault(fault);
      off(() => world.machine?.setFault("none"), 600_000);
    });
  if (world.chance(0.2))
    at(() => {
      world.tell("machine: inhibited");
      if (world.isOn) world.machine?.setInhibited(true);
      off(() => world.isOn && world.machine?.setInhibited(false), 60_000);
    });
  if (world.chance(0.2)) at(() => world.deviceClock.jump((world.entropy.fraction() - 0.5) * 600_000));
  if (world.chance(0.3)) at(() => world.deviceClock.drift(world.pick([-3_000, -50, 50, 3_000])));
  if (world.chance(0.3))
    at(() => {
      // Somebody makes up an event, or an old one comes again.
      const payments = world.provider.ledger().map(({ reference }) => reference);
      if (payments.length > 0) world.hint(world.pick(payments), `made up at ${world.clock.monotonicMs()}`);
    });
  world.portalCancels = world.chance(0.3);
  if (world.chance(0.3))
    at(() => {
      world.provider.switches.approveDuringCancel = world.pick(["6060", "6250", "423"] as const);
    });
  const cuts = world.pick([0, 0, 1, 1, 2, 4]);
  for (let cut = 0; cut < cuts; cut += 1)
    at(() => {
      if (world.chance(0.6) && world.isOn) world.cutAtWrite(1 + Math.floor(world.entropy.fraction() * 12));
      else world.cutPower();
      off(() => void world.powerOn(), 30_000);
    });
}

async function live(world: World): Promise<void> {
  const customers = 2 + Math.floor(world.entropy.fraction() * 6);
  const stories: Promise<void>[] = [];
  for (let index = 0; index < customers; index += 1) {
    const behaviour = world.pick(behaviours);
    const startMs = world.entropy.fraction() * (dayMs - 180_000);
    const user = `customer ${index % 3}`;
    stories.push(
      world.clock.sleep(startMs).then(async () => {
        world.tell(`${user} comes`);
        await behaviour(world, user);
      }),
    );
  }
  const all = Promise.all(stories);
  await world.clock.advance(dayMs);
  await Promise.race([all, settle()]);
}

/** Everything is mended; then the machine has hours to bring every payment to an end. */
async function heal(world: World): Promise<void> {
  world.tell("everything is mended");
  world.faultiness = 0;
  world.isPartitioned = false;
  world.isBrokerUp = true;
  world.disk.beforeChange = undefined;
  world.disk.fault = undefined;
  world.deviceClock.correct();
  world.portalCancels = false;
  world.machine?.setFault("none");
  const booting = world.powerOn();
  await world.clock.advance(5_000);
  await booting;
  world.machine?.setInhibited(false);
  world.link?.setConnected(true);
  const until = world.clock.monotonicMs() + healMs;
  while (world.clock.monotonicMs() < until) {
    await world.clock.advance(60_000);
    const open = world.kiosk?.health().openSettlements ?? 1;
    if (open === 0 && world.provider.ledger().every(({ state }) => state !== "CREATED")) break;
  }
  await world.clock.advance(120_000);
}

/** What a person has to look at in this world: everything else ends by itself. */
const forPersons: ReadonlySet<string> = new Set(["unknown-delivery", "partial-capture-refused"]);

function checkRow(
  world: World,
  row: ReturnType<World["provider"]["ledger"]>[number],
  record: ReturnType<typeof readSaleRecord> | undefined,
): void {
  const name = `payment …${row.reference.slice(-8)}`;
  const kept = row.captured - row.refunded;
  const fallen = world.drops.filter(({ reference }) => reference === row.reference);
  const value = fallen.reduce((sum, { priceMinor }) => sum + priceMinor, 0);
  const isOver =
    row.state !== "CREATED" && (row.state !== "AUTHORIZED" || row.authorized === row.captured + row.cancelled);
  const needsPerson = record?.outcome === "attention";
  if (fallen.length > 1) world.violate(`never twice: ${name} was delivered ${fallen.length} times`);
  if (kept > value) world.violate(`nobody pays for nothing: ${name} keeps ${kept} for ${value}`);
  if (record?.outcome === "attention" && !forPersons.has(record.reason))
    world.violate(`only what no machine can end is left to a person: ${name}, ${record.reason}`);
  if (!isOver && !needsPerson) world.violate(`every payment ends: ${name} is ${JSON.stringify(row)}`);
  if (record === undefined) world.violate(`every payment is in the journal: ${name} is not`);
  else if (record.delivery.outcome === "delivered" && !needsPerson && kept !== record.price)
    world.violate(`what was delivered is captured: ${name} keeps ${kept} of ${record.price}`);
  else if (isOver && !needsPerson && (record.captured !== row.captured || record.refunded !== row.refunded))
    world.violate(`the journal agrees with the ledger: ${name} ${record.captured} and ${row.captured}`);
}

async function check(world: World): Promise<void> {
  for (const [deliveryId, count] of world.starts)
    if (count > 1) world.violate(`never twice: delivery ${deliveryId} started ${count} times`);
  for (const drop of world.drops) {
    const row = world.provider.ledger().find(({ reference }) => reference === drop.reference);
    if (row === undefined || row.authorized < drop.priceMinor)
      world.violate(`nobody gets anything for nothing: ${drop.what} fell for ${JSON.stringify(row)}`);
  }
  // That a sale was sent is written with the next commit.
  await world.journal?.commit([]);
  const journal = await readJournal(world.disk);
  for (const row of world.provider.ledger()) {
    const stored = journal.sales.get(row.reference);
    checkRow(world, row, stored === undefined ? undefined : readSaleRecord(stored));
  }
  if (journal.settlements.size > 0)
    world.violate(`no settlement stays open: ${[...journal.settlements.keys()].join(", ")}`);
  if (journal.unsent > 0) world.violate(`every sale goes upstream: ${journal.unsent} wait`);
  const text = world.disk.everything();
  for (const token of world.provider.state.customerTokens.keys())
    if (text.includes(token)) world.violate("a customer token is left on the disk");
}

export async function runSeed(seed: number, sabotage: Sabotage = {}): Promise<Outcome> {
  const world = new World(seed, sabotage);
  world.watchGlass();
  await world.registerWebhooks();
  const booting = world.boot();
  await world.clock.advance(3_000);
  await booting;
  planTroubles(world);
  sabotage.prepare?.(world);
  await live(world);
  await heal(world);
  await check(world);
  return {
    seed,
    violations: world.violations,
    story: world.story.map(({ atMs, text }) => `${(atMs / 1_000).toFixed(3).padStart(10)} s  ${text}`),
    happened: world.happened(),
    bytesWritten: world.disk.bytesWritten,
  };
}
