/** What the link and the relay need of a connection to a broker; the real one and its simulated twin both offer it. Types only. */
import type { Incoming } from "./incoming.ts";
import type { Outgoing } from "./mqtt-settings.ts";

export interface ConnectionHooks {
  /** Made anew for every try. */
  readonly will: () => Outgoing;
  /** What must not be missed, at QoS 1: a session keeps it for a client that is away. Read anew for every try. */
  readonly filters: readonly string[];
  /**
   * What is retained and said again (states, signs of life), or worth nothing later, at QoS 0. A cluster keeps a replicated queue for each filter
   * of QoS 1 (docs/decisions/0061-broker-cluster.md): one that it cannot make, or that stands still, must not be in the way of what needs none.
   */
  readonly views: readonly string[];
  /** Resolves: the message is acknowledged. Rejects: the broker sends it again. */
  readonly message: (incoming: Incoming) => Promise<void>;
  readonly connected: () => void;
  readonly disconnected: () => void;
  /** Another client has started, or stopped, using this identity at the broker. */
  readonly rival?: (isThere: boolean) => void;
}

export interface ViewChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface Connection {
  /** Returns at once; the connection comes when the broker does. */
  start(): void;
  isConnected(): boolean;
  /** How often it was tried to connect: while there is no connection, this has to grow. */
  tries(): number;
  /** Resolves with the broker's PUBACK (QoS 0: when it was written); rejects with a LinkError. */
  publish(message: Outgoing, timeoutMs: number): Promise<void>;
  /**
   * Begins and ends views on the connection that is up; the next one takes them from `hooks.views`. Resolves at once where there is none.
   * Rejects with a LinkError when the broker does not grant them.
   */
  changeViews(change: ViewChange): Promise<void>;
  /** Drops the connection and reconnects after a wait, so that the broker sends again what was not acknowledged. */
  interrupt(reason: string): void;
  /** Disconnects properly, so that the will is not published. Idempotent. */
  stop(): Promise<void>;
}
