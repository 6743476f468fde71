/**
 * Which relays are alive. Each announces itself in a retained message, withdraws it through its will, and repeats it: a broker that was
 * killed forgets wills but keeps retained messages, so one that is not repeated expires.
 */
import type { Clock, Timer } from "../service/port.ts";
import type { RelayHealthMessage } from "./messages.ts";
import type { RelayHealth } from "./port.ts";
import { ageMs, leftMs } from "./freshness.ts";

/** More instances than anybody runs; a limit in case a broker sends nonsense. */
const instancesMax = 64;

interface Instance {
  readonly health: RelayHealth;
  readonly expiry: Timer | undefined;
}

export class RelayPresence {
  readonly #clock: Clock;
  readonly #onChange: (health: RelayHealth) => void;
  readonly #instances = new Map<string, Instance>();
  #told: RelayHealth = { alive: false, registered: false };

  constructor(clock: Clock, onChange: (health: RelayHealth) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** An instance's message arrived; undefined: its topic was emptied. */
  heard(instance: string, message: RelayHealthMessage | undefined): void {
    this.#forget(instance);
    const leftMs = message === undefined ? 0 : this.#leftMs(message);
    if (message !== undefined && message.alive && leftMs > 0 && this.#instances.size < instancesMax)
      this.#instances.set(instance, {
        health: { alive: true, registered: message.registered },
        expiry: Number.isFinite(leftMs)
          ? this.#clock.startTimer(`relay ${instance} is silent`, leftMs, () => this.heard(instance, undefined))
          : undefined,
      });
    this.#tell();
  }

  /** The connection is gone, and with it everything we knew. */
  reset(): void {
    for (const instance of this.#instances.keys()) this.#forget(instance);
    this.#tell();
  }

  /** By its age, also of one that is not retained: the broker may have kept it for our session while we were away. */
  #leftMs(message: RelayHealthMessage): number {
    return leftMs(message, ageMs(message, this.#clock));
  }

  #forget(instance: string): void {
    this.#instances.get(instance)?.expiry?.cancel();
    this.#instances.delete(instance);
  }

  #tell(): void {
    const all = [...this.#instances.values()];
    const now = { alive: all.length > 0, registered: all.some((instance) => instance.health.registered) };
    if (now.alive === this.#told.alive && now.registered === this.#told.registered) return;
    this.#told = now;
    this.#onChange(now);
  }
}
