/**
 * The other relays of one sales unit, as their signs of life tell. Two relays must never take each other's webhooks down: a registration whose
 * secret a living relay knows is left alone, and of several that want to register one goes first.
 */
import { parseJson } from "../kit/json.ts";
import { ageMs, leftMs } from "../link/freshness.ts";
import { relayHealthSchema } from "../link/messages.ts";
import type { Clock, MonotonicMs } from "../service/port.ts";

interface Peer {
  readonly holds: readonly string[];
  readonly isRegistering: boolean;
  readonly untilMs: MonotonicMs;
}

/** More than anybody runs; a limit in case a broker sends nonsense. */
const peersMax = 1_000;

export class Peers {
  readonly #clock: Clock;
  /** Ever heard of, also those that say they are dead: the provider may still reach a relay that the broker has lost. */
  readonly #peers = new Map<string, Peer | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A message on the relay's topic. Only an emptied one says that it is gone for good. */
  heard(instance: string, payload: Uint8Array): void {
    if (payload.byteLength === 0) this.#peers.delete(instance);
    else if (this.#peers.has(instance) || this.#peers.size < peersMax) this.#peers.set(instance, this.#read(payload));
  }

  /** Whether no other relay of this sales unit has ever been heard of. */
  get isAlone(): boolean {
    return this.#peers.size === 0;
  }

  /** The living relay that knows the secret of one of these registrations. */
  holderOf(ids: readonly string[]): string | undefined {
    return this.#living(({ holds }) => ids.some((id) => holds.includes(id)));
  }

  /** A living relay that is registering. */
  registering(): string | undefined {
    return this.#living(({ isRegistering }) => isRegistering);
  }

  #living(isIt: (peer: Peer) => boolean): string | undefined {
    const now = this.#clock.monotonicMs();
    for (const [instance, peer] of this.#peers)
      if (peer !== undefined && peer.untilMs > now && isIt(peer)) return instance;
    return undefined;
  }

  /** Undefined: dead, or unreadable. */
  #read(payload: Uint8Array): Peer | undefined {
    const parsed = relayHealthSchema.safeParse(parseJson(payload));
    if (!parsed.success || !parsed.data.alive) return undefined;
    const { holds = [], registering = false } = parsed.data;
    const untilMs = this.#clock.monotonicMs() + leftMs(parsed.data, ageMs(parsed.data, this.#clock));
    return { holds, isRegistering: registering, untilMs };
  }
}
