/** Weeks in which nobody comes, after which old accounts may be forgotten. */
import type { World } from "./world.ts";

const dayMs = 86_400_000;

export class Weeks {
  readonly #world: World;
  readonly #retentionMs: number;
  /** Of what is over since a day that is long gone: the wall time at which that day began. */
  readonly #beganAfter = new Map<string, number>();
  #dayBeganMs: number;
  /** Longer than accounts are kept. */
  #isLong = false;

  constructor(world: World, retentionMs: number) {
    this.#world = world;
    this.#retentionMs = retentionMs;
    this.#dayBeganMs = world.clock.wallMs();
  }

  /** Nobody was here for weeks: months pass, and old accounts may be forgotten. */
  async pass(): Promise<void> {
    const world = this.#world;
    world.daemon.cutPower();
    const days = world.pick([10, 40, 75, 120]);
    world.tell(`${days} days pass`);
    world.count("weeks later");
    for (const { reference } of world.provider.ledger()) this.#beganAfter.set(reference, this.#dayBeganMs);
    for (const commandId of world.office.sent.keys()) this.#beganAfter.set(commandId, this.#dayBeganMs);
    world.clock.jumpWall(days * dayMs);
    this.#dayBeganMs = world.clock.wallMs();
    this.#isLong = days * dayMs > this.#retentionMs;
    world.duties.wasClockLost = false;
    world.deviceClock.correct();
    await world.daemon.powerOn();
  }

  /** Whether the machine need not know of this sale any more. */
  isForgotten(saleId: string): boolean {
    const world = this.#world;
    const beganMs = this.#beganAfter.get(saleId);
    const month = (ms: number): string => new Date(ms).toISOString().slice(0, 7);
    if (this.#isLong && world.duties.wasClockLost) {
      // docs/reliability.md, "What is not promised": its row may stand in a file that was old enough to be forgotten.
      world.count("sale may be forgotten with an old month");
      return true;
    }
    return beganMs !== undefined && month(beganMs) < month(world.clock.wallMs() - this.#retentionMs);
  }
}
