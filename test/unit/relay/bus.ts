/** A broker for whole relays in one process: retained messages, wills, delivery after a delay that the test chooses. */
import type { Connection, ConnectionHooks, ViewChange } from "../../../src/link/connection.ts";
import type { Outgoing } from "../../../src/link/mqtt-settings.ts";
import type { Clock } from "../../../src/service/port.ts";

/** MQTT 5.0 §4.7.1 */
function matches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split("/"), topic.split("/")];
  return wanted.length === levels.length && wanted.every((level, index) => level === "+" || level === levels[index]);
}

/** By sales unit: a thousand of them have three filters each. */
type Filters = ReadonlyMap<string, readonly string[]>;

const unitOf = (topic: string): string => topic.split("/", 3)[2] ?? "";

function isMeant(filters: Filters, topic: string): boolean {
  return filters.get(unitOf(topic))?.some((filter) => matches(filter, topic)) === true;
}

export class Bus {
  readonly retained = new Map<string, string>();
  readonly #clock: Clock;
  readonly #connections = new Set<BusConnection>();
  delayMs: () => number = () => 5;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  connectionFor(hooks: ConnectionHooks): BusConnection {
    const connection = new BusConnection(this, hooks, this.#clock);
    this.#connections.add(connection);
    return connection;
  }

  publish({ topic, payload, retain }: Outgoing): void {
    if (retain && payload === "") this.retained.delete(topic);
    else if (retain) this.retained.set(topic, payload);
    for (const connection of this.#connections) connection.deliver(topic, payload, false);
  }

  json(topic: string): unknown {
    const text = this.retained.get(topic);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

export class BusConnection implements Connection {
  readonly #bus: Bus;
  readonly #hooks: ConnectionHooks;
  readonly #clock: Clock;
  #isUp = false;
  #tries = 0;
  #subscribed: Filters = new Map();
  readonly #lastMs = { publish: 0, deliver: 0 };

  constructor(bus: Bus, hooks: ConnectionHooks, clock: Clock) {
    this.#bus = bus;
    this.#hooks = hooks;
    this.#clock = clock;
  }

  start(): void {
    this.#tries += 1;
    this.#clock.startTimer("connect", this.#bus.delayMs(), () => {
      this.#isUp = true;
      this.#subscribed = Map.groupBy(this.#hooks.views, unitOf);
      this.#sendRetained(this.#subscribed);
      this.#hooks.connected();
    });
  }

  isConnected(): boolean {
    return this.#isUp;
  }

  tries(): number {
    return this.#tries;
  }

  async publish(message: Outgoing): Promise<void> {
    if (!this.#isUp) throw new Error("not connected");
    await this.#clock.sleep(this.#inOrder("publish"));
    this.#bus.publish(message);
  }

  changeViews({ added }: ViewChange): Promise<void> {
    this.#subscribed = Map.groupBy(this.#hooks.views, unitOf);
    this.#sendRetained(Map.groupBy(added, unitOf));
    return Promise.resolve();
  }

  deliver(topic: string, payload: string, retained: boolean): void {
    if (!this.#isUp || !isMeant(this.#subscribed, topic)) return;
    this.#clock.startTimer("deliver", this.#inOrder("deliver"), () => {
      if (this.#isUp) void this.#hooks.message({ topic, payload: Buffer.from(payload), retained });
    });
  }

  interrupt(): void {
    this.#isUp = false;
    this.#hooks.disconnected();
    this.start();
  }

  /** The process is gone: its will is published. */
  die(): void {
    this.#isUp = false;
    this.#bus.publish(this.#hooks.will());
  }

  stop(): Promise<void> {
    this.#isUp = false;
    return Promise.resolve();
  }

  /** Each at its own pace, none before the one that left before it (MQTT 5.0 §4.6). */
  #inOrder(way: "publish" | "deliver"): number {
    const now = this.#clock.monotonicMs();
    const atMs = Math.max(this.#lastMs[way], now + this.#bus.delayMs());
    this.#lastMs[way] = atMs;
    return atMs - now;
  }

  #sendRetained(filters: Filters): void {
    for (const [topic, payload] of this.#bus.retained) if (isMeant(filters, topic)) this.deliver(topic, payload, true);
  }
}
