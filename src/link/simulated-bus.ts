/**
 * A broker inside the process, on whatever clock it is given: the real one's twin, for simulations that have to replay exactly. It is the
 * stricter of the two: it refuses a client that publishes outside its own topics, or anything but JSON, and it does no more than MQTT
 * promises. At QoS 1 a message arrives at least once; it may be late, come twice, or be overtaken.
 */
import type { Clock, Entropy } from "../service/port.ts";
import type { ConnectionHooks } from "./connection.ts";
import { LinkError } from "./link-error.ts";
import { parseJson } from "../kit/json.ts";
import type { Outgoing } from "./mqtt-settings.ts";

export interface BusFaults {
  /** Between a publish and each delivery, in milliseconds, uniform. Different delays reorder. */
  readonly delayMs: { readonly min: number; readonly max: number };
  /** 0..1: a delivery is made twice. */
  readonly duplicate: number;
  /** 0..1: a delivery or an acknowledgement is lost with its connection, which comes back after a moment. */
  readonly loss: number;
}

export const noFaults: BusFaults = { delayMs: { min: 0, max: 0 }, duplicate: 0, loss: 0 };

export interface BusClient {
  readonly clientId: string;
  readonly hooks: ConnectionHooks;
  /** Another client connected with this client's id (MQTT 5.0 §3.1.4): called before `hooks.disconnected`. */
  readonly takenOver?: () => void;
  /** Whether the session, and what is queued in it, outlives the connection. */
  readonly persistent: boolean;
  /** What this client may write to; undefined: everything. */
  readonly mayPublish?: (topic: string) => boolean;
}

interface Session {
  client: BusClient;
  will: Outgoing | undefined;
  online: boolean;
  /** CONNACK and SUBACK are through. */
  ready: boolean;
  partitioned: boolean;
  /** Unacknowledged, in order of arrival. */
  readonly queue: Map<number, Queued>;
}

interface Queued {
  readonly message: Outgoing;
  readonly retained: boolean;
  /** QoS 0: not kept for a client that is away. */
  readonly isView: boolean;
  /** What is lost with its connection comes again with the next one: QoS 1, and what is retained. */
  readonly comesAgain: boolean;
  readonly expiresMs: number;
  beingDelivered: boolean;
}

/** As mosquitto's `max_queued_messages`: beyond it the newest is dropped. */
const queueMax = 1_000;
const redeliverMs = 250;

export class SimulatedBus {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #sessions = new Map<string, Session>();
  readonly #retained = new Map<string, Outgoing>();
  readonly #watchers = new Set<(message: Outgoing) => void>();
  #faults: BusFaults;
  #up = true;
  #next = 0;

  constructor(clock: Clock, entropy: Entropy, faults: BusFaults = noFaults) {
    this.#clock = clock;
    this.#entropy = entropy;
    this.#faults = faults;
  }

  setFaults(faults: BusFaults): void {
    this.#faults = faults;
  }

  /** A broker that is down drops every connection without a will, and takes none. What it had is still there when it is back. */
  setUp(up: boolean): void {
    this.#up = up;
    if (up) return;
    for (const session of this.#sessions.values()) this.#drop(session, false);
  }

  /** A broker without a disk was started anew: no session, no queue, nothing retained. Everybody connects again. */
  forget(): void {
    for (const session of this.#sessions.values()) session.queue.clear();
    this.#retained.clear();
    for (const session of this.#sessions.values()) this.#drop(session, false);
  }

  /** The client's network is gone: the broker notices, and publishes the will. */
  setPartitioned(clientId: string, partitioned: boolean): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    session.partitioned = partitioned;
    if (partitioned) this.#drop(session, true);
  }

  /** Everything that is published, for the simulation to look at; returns how to stop. */
  watch(watcher: (message: Outgoing) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  retained(topic: string): Outgoing | undefined {
    return this.#retained.get(topic);
  }

  /** Whether the client is connected now; its session is resumed, and everything retained comes again, as with each SUBSCRIBE. */
  connect(client: BusClient): boolean {
    const known = this.#sessions.get(client.clientId);
    if (!this.#up || known?.partitioned === true) return false;
    if (known?.online === true) {
      if (known.client !== client) known.client.takenOver?.();
      this.#drop(known, true);
    }
    const session: Session = {
      client,
      will: client.hooks.will(),
      online: true,
      ready: false,
      partitioned: false,
      queue: client.persistent && known !== undefined ? known.queue : new Map<number, Queued>(),
    };
    this.#sessions.set(client.clientId, session);
    for (const queued of session.queue.values()) queued.beingDelivered = false;
    this.#clock.startTimer("bus connected", 0, () => this.#begin(session));
    return true;
  }

  /** `graceful`: DISCONNECT, which takes the will with it. */
  disconnect(client: BusClient, graceful: boolean): void {
    const session = this.#sessions.get(client.clientId);
    // Another client with the same id has a session of its own.
    if (session?.client === client) this.#drop(session, !graceful, false);
  }

  isOnline(clientId: string): boolean {
    const session = this.#sessions.get(clientId);
    return this.#up && session?.online === true && session.ready;
  }

  /** Publishes for a connected client; resolves when the bus has it. */
  async publishFrom(clientId: string, message: Outgoing): Promise<void> {
    const client = this.#sessions.get(clientId)?.client;
    if (client === undefined || !this.isOnline(clientId))
      throw new LinkError("link-not-connected", `${clientId} is not connected to the bus`);
    if (client.mayPublish?.(message.topic) === false)
      throw new LinkError("link-refused", `${clientId} may not publish on ${message.topic}`);
    if (message.payload !== "" && parseJson(Buffer.from(message.payload, "utf8")) === undefined)
      throw new LinkError("link-refused", `${clientId} published something that is no JSON on ${message.topic}`);
    const delayMs = this.#delayMs();
    if (delayMs > 0) await this.#clock.sleep(delayMs);
    if (!this.isOnline(clientId))
      throw new LinkError("link-refused", `${clientId} lost its connection while publishing`);
    this.publish(message);
    // The broker has it, and the client never hears so.
    if (this.#happens(this.#faults.loss)) throw new LinkError("link-timed-out", `no PUBACK for ${message.topic}`);
  }

  /** Publishes for somebody who is no client of this bus. */
  publish(message: Outgoing): void {
    for (const watcher of this.#watchers) watcher(message);
    if (message.retain) {
      if (message.payload === "") this.#retained.delete(message.topic);
      else this.#retained.set(message.topic, message);
    }
    for (const session of this.#sessions.values()) this.#enqueue(session, message, false);
  }

  #begin(session: Session): void {
    if (!this.#isCurrent(session)) return;
    session.ready = true;
    session.client.hooks.connected();
    for (const message of this.#retained.values()) this.#enqueue(session, message, true);
    for (const id of session.queue.keys()) this.#schedule(session, id, this.#delayMs());
  }

  #enqueue(session: Session, message: Outgoing, retained: boolean): void {
    const { hooks, persistent } = session.client;
    const isFilter = hooks.filters.some((filter) => matches(filter, message.topic));
    const isView = !isFilter && hooks.views.some((filter) => matches(filter, message.topic));
    if (!isFilter && !isView) return;
    if (!session.online && (isView || !persistent)) return;
    if (session.queue.size >= queueMax) return;
    const id = (this.#next += 1);
    const expiresMs =
      message.expiryS === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() + message.expiryS * 1000;
    const comesAgain = isFilter || message.retain;
    const queued = { message, retained, isView, comesAgain, expiresMs, beingDelivered: false };
    session.queue.set(id, queued);
    this.#schedule(session, id, this.#delayMs());
    if (session.online && this.#happens(this.#faults.duplicate))
      this.#clock.startTimer("bus duplicate", this.#delayMs() + redeliverMs, () => void this.#hand(session, queued));
  }

  #schedule(session: Session, id: number, delayMs: number): void {
    if (session.online) this.#clock.startTimer("bus delivery", delayMs, () => void this.#deliver(session, id));
  }

  async #deliver(session: Session, id: number): Promise<void> {
    const queued = session.queue.get(id);
    if (queued === undefined || !this.#isCurrent(session) || queued.beingDelivered) return;
    if (this.#clock.monotonicMs() > queued.expiresMs) {
      session.queue.delete(id);
      return;
    }
    if (this.#happens(this.#faults.loss)) {
      if (queued.comesAgain) this.#schedule(session, id, redeliverMs);
      else session.queue.delete(id);
      return;
    }
    queued.beingDelivered = true;
    const taken = await this.#hand(session, queued);
    queued.beingDelivered = false;
    if (!taken || !this.#isCurrent(session)) return;
    const isUnacknowledged = this.#happens(this.#faults.loss);
    if (isUnacknowledged && !queued.isView) this.#schedule(session, id, redeliverMs);
    else session.queue.delete(id);
  }

  /** Whether the client took the message in. */
  async #hand(session: Session, { message, retained }: Queued): Promise<boolean> {
    if (!this.#isCurrent(session)) return false;
    try {
      await session.client.hooks.message({
        topic: message.topic,
        payload: Buffer.from(message.payload, "utf8"),
        retained,
      });
      return true;
    } catch {
      // As the real connection does: it is dropped and made again, and what was not acknowledged comes again.
      if (this.#isCurrent(session)) this.#drop(session, true);
      return false;
    }
  }

  #drop(session: Session, withWill: boolean, tell = true): void {
    if (!session.online) return;
    session.online = false;
    session.ready = false;
    for (const [id, { isView }] of session.queue) if (isView) session.queue.delete(id);
    if (withWill && session.will !== undefined) this.publish(session.will);
    if (tell) session.client.hooks.disconnected();
  }

  #isCurrent(session: Session): boolean {
    return session.online && this.#sessions.get(session.client.clientId) === session;
  }

  #delayMs(): number {
    const { min, max } = this.#faults.delayMs;
    return min + this.#entropy.fraction() * (max - min);
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#entropy.fraction() < probability;
  }
}

/** MQTT 5.0 §4.7.1: `+` is one level, `#` is the rest, the parent included. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split("/");
  const given = topic.split("/");
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (index >= given.length || (level !== "+" && level !== given[index])) return false;
  }
  return wanted.length === given.length;
}
