/** One seed: a day at the machine, sometimes a second one weeks later, then everything heals, time passes, and the promises are checked. */
import { settle } from "../../src/service/simulated-clock.ts";
import { check } from "./check.ts";
import { behavioursOf } from "./customers.ts";
import type { Tally } from "./progress.ts";
import type { Sabotage } from "./sabotage-port.ts";
import { dayMs, planTroubles } from "./troubles.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly story: readonly string[];
  /** How often of each kind: a kind that never happens in any seed is not tested. */
  readonly happened: Tally;
  readonly bytesWritten: number;
}

const healMs = 6 * 3_600_000;

async function live(world: World): Promise<void> {
  const customers = 3 + Math.floor(world.entropy.fraction() * 6);
  const behaviours = behavioursOf(world.rig.kind);
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
  world.setBrokerUp(true);
  world.gateways?.mend();
  world.glass?.mend();
  world.readers?.setFault(undefined);
  world.rival?.switchOff();
  world.startRelays();
  world.disk.beforeChange = undefined;
  world.disk.fault = undefined;
  world.portalActs = false;
  world.rig.setFault(undefined);
  world.releases.upgrade();
  const booting = world.daemon.powerOn();
  await world.clock.advance(5_000);
  await booting;
  // A time server answers who is there to hear it: a clock that is set while the power is off looks like time that has passed.
  world.deviceClock.correct();
  world.rig.setInhibited(false);
  world.rig.setDoorOpen(false);
  const until = world.clock.monotonicMs() + healMs;
  while (world.clock.monotonicMs() < until) {
    await world.clock.advance(60_000);
    const { openSettlements, unsent } = world.daemon.kiosk?.health() ?? { openSettlements: 1, unsent: 1 };
    const isOpen = world.provider.ledger().some(({ state }) => state === "CREATED");
    if (openSettlements === 0 && unsent === 0 && !isOpen && world.isAtRest) break;
  }
  await world.clock.advance(120_000);
  // What a next start finds out by itself, as that a sale was sent, is written with the next commit.
  await world.daemon.tidyJournal();
}

/** @param look is shown the world before anything happens in it */
export async function runSeed(
  seed: number,
  sabotage: Sabotage = {},
  look: (world: World) => void = () => {},
): Promise<Outcome> {
  const world = new World(seed, sabotage);
  look(world);
  world.watchGlass();
  const booting = world.daemon.powerOn();
  await world.clock.advance(3_000);
  await booting;
  planTroubles(world);
  sabotage.prepare?.(world);
  await live(world);
  await heal(world);
  await check(world);
  if (world.chance(0.1)) {
    const pausing = world.weeks.pass();
    await world.clock.advance(5_000);
    await pausing;
    planTroubles(world);
    sabotage.prepare?.(world);
    await live(world);
    await heal(world);
    await check(world);
  }
  return {
    seed,
    violations: world.violations,
    story: world.story.map(({ atMs, text }) => `${(atMs / 1_000).toFixed(3).padStart(10)} s  ${text}`),
    happened: world.happened(),
    bytesWritten: world.bytesWritten + world.disk.bytesWritten,
  };
}
