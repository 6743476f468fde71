/** The wall clock of the machine, beside the world's: it jumps, it drifts, and after a power cut it may be years behind until a time server answers. */
import type { SimulatedClock } from "../../src/service/simulated-clock.ts";

export class DeviceClock {
  readonly #world: SimulatedClock;
  #offsetMs = 0;
  #driftPpm = 0;
  #driftSinceMs = 0;
  #isPlausible = true;
  #setAtMs = -Infinity;

  constructor(world: SimulatedClock) {
    this.#world = world;
  }

  wallMs(): number {
    const drifted = ((this.#world.monotonicMs() - this.#driftSinceMs) * this.#driftPpm) / 1_000_000;
    return Math.floor(this.#world.wallMs() + this.#offsetMs + drifted);
  }

  isPlausible(): boolean {
    return this.#isPlausible;
  }

  /** Since when it goes on without a leap. */
  get setAgoMs(): number {
    return this.#world.monotonicMs() - this.#setAtMs;
  }

  jump(byMs: number): void {
    this.#setAtMs = this.#world.monotonicMs();
    this.#offsetMs += byMs;
  }

  /** A crystal is off by tens of parts in a million; a broken one by thousands. */
  drift(ppm: number): void {
    this.#offsetMs = this.wallMs() - this.#world.wallMs();
    this.#driftSinceMs = this.#world.monotonicMs();
    this.#driftPpm = ppm;
  }

  /** Nobody knows the time, and the machine knows that. */
  lose(offsetMs: number): void {
    this.drift(0);
    this.#setAtMs = this.#world.monotonicMs();
    this.#offsetMs = offsetMs;
    this.#isPlausible = false;
  }

  correct(): void {
    this.drift(0);
    this.#setAtMs = this.#world.monotonicMs();
    this.#offsetMs = 0;
    this.#isPlausible = true;
  }
}
