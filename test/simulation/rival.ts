/** Another computer that was given this machine's id: it takes the connection at the broker, and what comes over it, and loses it again. */
import { machineTopic } from "../../src/link/topics.ts";
import { rivalIsGoneMs, Rivalry, sessionTakenOver } from "../../src/link/rivalry.ts";
import type { BusClient } from "../../src/link/simulated-bus.ts";
import type { Timer } from "../../src/service/port.ts";
import { msn } from "./cloud.ts";
import type { World } from "./world.ts";

/** So many in one life of the daemon are no accident (rivalry.ts), and it remembers them for longer than this. */
const stealsMin = 2;
const stealsWithinMs = 60_000;
/** A computer of before that was mended: it comes back at once, for ever. */
const rudeWaitMs = 2_000;

export class Rival {
  readonly #world: World;
  readonly #client: BusClient;
  /** Whether it stays away as ours does, once it has understood. */
  readonly #isPolite: boolean;
  readonly #rivalry = new Rivalry();
  #isTakenOver = false;
  #isOn = false;
  #timer: Timer | undefined;
  #steals: number[] = [];

  constructor(world: World, clientId: string, isPolite: boolean) {
    this.#world = world;
    this.#isPolite = isPolite;
    const address = { msn, merchantQrId: world.id };
    const session = world.dice.pick([1, 500]);
    const state = (word: string, why: { readonly reason?: string }) => ({
      topic: machineTopic(address, "state"),
      payload: JSON.stringify({
        schema: "kvitt.state/1",
        state: word,
        ...why,
        session,
        version: "1.0.0",
        since: "2026-11-01T00:00:00.000Z",
      }),
      qos: 1 as const,
      retain: true,
      contentType: "application/json",
    });
    this.#client = {
      clientId,
      persistent: true,
      takenOver: () => {
        this.#isTakenOver = true;
      },
      hooks: {
        will: () => state("lost", { reason: "connection-lost" }),
        filters: [machineTopic(address, "event/checked-in"), machineTopic(address, "command")],
        views: [],
        message: async ({ topic, payload }) => {
          if (topic.endsWith("/command")) world.office.swallowed(Buffer.from(payload).toString("utf8"));
          world.count("two computers: the other one got what was meant for this one");
        },
        connected: () => {
          world.bus.publishFrom(clientId, state("ready", {})).catch(() => {});
        },
        disconnected: () => this.#lost(),
      },
    };
  }

  /** Whether nobody can fail to see that there are two. */
  get isFighting(): boolean {
    const nowMs = this.#world.clock.monotonicMs();
    this.#steals = this.#steals.filter((atMs) => nowMs - atMs < stealsWithinMs);
    return this.#steals.length >= stealsMin;
  }

  /** Of a daemon that starts anew: it has seen nothing yet. */
  forgetSteals(): void {
    this.#steals = [];
  }

  switchOn(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#connect();
  }

  switchOff(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#timer?.cancel();
    this.#world.bus.disconnect(this.#client, false);
  }

  #connect(): void {
    const { bus, clock } = this.#world;
    if (!this.#isOn) return;
    const isTaken = bus.isOnline(this.#client.clientId);
    if (!bus.connect(this.#client)) return this.#later(rudeWaitMs);
    if (isTaken) this.#steals.push(clock.monotonicMs());
    if (isTaken) this.#world.count("two computers: the connection was taken");
    this.#timer?.cancel();
    this.#timer = clock.startTimer("rival", rivalIsGoneMs, () => this.#rivalry.forget());
  }

  #lost(): void {
    const isRival = this.#isTakenOver && this.#rivalry.ended(0, sessionTakenOver);
    this.#isTakenOver = false;
    this.#later(isRival && this.#isPolite ? this.#rivalry.waitMs(this.#world.dice.entropy) : rudeWaitMs);
  }

  #later(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#isOn) this.#timer = this.#world.clock.startTimer("rival", delayMs, () => this.#connect());
  }
}
