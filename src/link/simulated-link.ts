/** The link's twin: the same device side over the simulated bus. */
import type { Clock, Entropy, Timer } from "../service/port.ts";
import { backOffMs } from "../kit/back-off.ts";
import type { Connection, ConnectionHooks } from "./connection.ts";
import { DeviceLink, type DeviceLinkParts } from "./device-link.ts";
import { LinkError } from "./link-error.ts";
import type { Outgoing } from "./mqtt-settings.ts";
import type { Link } from "./port.ts";
import { rivalIsGoneMs, Rivalry, sessionTakenOver } from "./rivalry.ts";
import type { BusClient, SimulatedBus } from "./simulated-bus.ts";
import { parseTopic } from "./topics.ts";

export interface SimulatedLinkParts extends DeviceLinkParts {
  readonly bus: SimulatedBus;
  readonly entropy: Entropy;
}

/** Its client id on the bus, for partitions: `kvitt-{msn}-{merchantQrId}`. */
export function simulatedClientId(parts: Pick<DeviceLinkParts, "msn" | "merchantQrId">): string {
  return `kvitt-${parts.msn}-${parts.merchantQrId}`;
}

export interface SimulatedLink extends Link {
  /** The device lost its power: no DISCONNECT, so the broker publishes the will; nothing of this link runs on. */
  cutPower(): void;
}

export function createSimulatedLink(parts: SimulatedLinkParts): SimulatedLink {
  return new SimulatedDeviceLink(parts);
}

class SimulatedDeviceLink extends DeviceLink implements SimulatedLink {
  readonly #cut: { power: () => void };

  constructor(parts: SimulatedLinkParts) {
    const cut = { power: (): void => undefined };
    super(parts, (hooks) => {
      const { bus, clock, entropy } = parts;
      const client = {
        clientId: simulatedClientId(parts),
        persistent: true,
        mayPublish: (topic: string) => owns(parts, topic),
      };
      const connection = new SimulatedConnection(bus, clock, entropy, client, hooks);
      cut.power = () => connection.cutPower();
      return connection;
    });
    this.#cut = cut;
  }

  cutPower(): void {
    this.#cut.power();
  }
}

const retry = { firstMs: 500, maxMs: 60_000 };

class SimulatedConnection implements Connection {
  readonly #bus: SimulatedBus;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #client: BusClient;
  readonly #rivalry = new Rivalry();
  #rivalTimer: Timer | undefined;
  #isTakenOver = false;
  #retry = 0;
  #tries = 0;
  #isTold = false;
  #timer: Timer | undefined;
  #stopped = true;

  constructor(
    bus: SimulatedBus,
    clock: Clock,
    entropy: Entropy,
    client: Omit<BusClient, "hooks">,
    hooks: ConnectionHooks,
  ) {
    this.#bus = bus;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#client = {
      ...client,
      takenOver: () => {
        this.#isTakenOver = true;
      },
      hooks: { ...hooks, connected: () => this.#connected(hooks), disconnected: () => this.#lost(hooks) },
    };
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#try();
  }

  isConnected(): boolean {
    return !this.#stopped && this.#isTold && this.#bus.isOnline(this.#client.clientId);
  }

  tries(): number {
    return this.#tries;
  }

  async publish(message: Outgoing): Promise<void> {
    if (!this.isConnected()) throw new LinkError("link-not-connected", `not connected: ${message.topic}`);
    await this.#bus.publishFrom(this.#client.clientId, message);
  }

  /** The bus reads the views of a client that is connected for every message. */
  changeViews(): Promise<void> {
    return Promise.resolve();
  }

  interrupt(): void {
    if (!this.isConnected()) return;
    this.#bus.disconnect(this.#client, false);
    this.#client.hooks.disconnected();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#rivalTimer?.cancel();
    this.#bus.disconnect(this.#client, true);
    return Promise.resolve();
  }

  /** Without DISCONNECT. */
  cutPower(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#rivalTimer?.cancel();
    this.#bus.disconnect(this.#client, false);
  }

  #connected(hooks: ConnectionHooks): void {
    this.#retry = 0;
    this.#isTold = true;
    this.#rivalTimer?.cancel();
    this.#rivalTimer = this.#clock.startTimer("bus rival", rivalIsGoneMs, () => this.#rivalIsGone(hooks));
    hooks.connected();
  }

  #rivalIsGone(hooks: ConnectionHooks): void {
    const wasSuspected = this.#rivalry.isSuspected;
    this.#rivalry.forget();
    if (wasSuspected) hooks.rival?.(false);
  }

  #lost(hooks: ConnectionHooks): void {
    if (this.#stopped) return;
    const wasTold = this.#isTold;
    this.#isTold = false;
    this.#rivalTimer?.cancel();
    if (wasTold) hooks.disconnected();
    const hasRival = this.#isTakenOver && this.#rivalry.ended(0, sessionTakenOver);
    this.#isTakenOver = false;
    if (!hasRival) return this.#again();
    hooks.rival?.(true);
    this.#tryAfter(this.#rivalry.waitMs(this.#entropy));
  }

  #try(): void {
    this.#tries += 1;
    if (this.#stopped) return;
    if (!this.#bus.connect(this.#client)) this.#again();
  }

  #again(): void {
    this.#tryAfter(backOffMs(retry, this.#retry, this.#entropy));
    this.#retry += 1;
  }

  #tryAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.startTimer("bus reconnect", delayMs, () => this.#try());
  }
}

/** What the rights of `kvitt fleet acl` let a machine write to. */
function owns(parts: Pick<DeviceLinkParts, "msn" | "merchantQrId">, topic: string): boolean {
  const meaning = parseTopic(topic);
  return (
    meaning?.kind === "machine" &&
    meaning.msn === parts.msn &&
    meaning.merchantQrId === parts.merchantQrId &&
    ["state", "sale", "health", "command/reply"].includes(meaning.leaf)
  );
}
