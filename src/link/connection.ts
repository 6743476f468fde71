/** What the link and the relay need of a connection to a broker; the real one and its simulated twin both offer it. Types only. */
import type { Incoming } from "./incoming.ts";
import type { Outgoing } from "./mqtt-settings.ts";

export interface ConnectionHooks {
  /** Made anew for every try. */
  readonly will: () => Outgoing;
  readonly filters: readonly string[];
  /** Acknowledged when it resolves; sent again later when it rejects. */
  readonly message: (incoming: Incoming) => Promise<void>;
  readonly connected: () => void;
  readonly disconnected: () => void;
  /** Another client uses this identity at the broker, or does so no more. */
  readonly rival?: (isThere: boolean) => void;
}

export interface Connection {
  /** Returns at once; the connection comes when the broker does. */
  start(): void;
  isConnected(): boolean;
  /** Resolves with the broker's PUBACK (QoS 0: when it was written); rejects with a LinkError. */
  publish(message: Outgoing, timeoutMs: number): Promise<void>;
  /** Drops the connection and makes it again after a wait: what was not acknowledged comes once more. */
  interrupt(reason: string): void;
  /** Disconnects in good order, without the will. Idempotent. */
  stop(): Promise<void>;
}
