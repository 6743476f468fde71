/**
 * What the front end has to deliver now: each delivery waits here for its word. Kept in memory on purpose: after a restart nobody knows how
 * a delivery ended, and the sale says so.
 */
import type { Clock, Timer } from "../../service/port.ts";
import type { DeliveryOutcome } from "../port.ts";

/** A payment's or a web-shop order's id; the two are told apart. */
export interface DeliveryKey {
  readonly kind: "payment" | "hand-in";
  readonly id: string;
}

export interface PendingDelivery {
  /** The front end said that it has begun. */
  readonly hasBegun: boolean;
  /** Wall time until which the front end has to say how it ended. */
  readonly untilWallMs: number;
}

export interface Deliveries {
  /** Resolves with the front end's word, or as unknown when it does not come in time. */
  wait(key: DeliveryKey, signal: AbortSignal): Promise<DeliveryOutcome>;
  /** The front end's word. False when nothing waits for it (any more). */
  end(key: DeliveryKey, outcome: DeliveryOutcome): boolean;
  /** The front end says that it has begun. False when nothing waits. */
  begin(key: DeliveryKey): boolean;
  pending(key: DeliveryKey): PendingDelivery | undefined;
  /** While `work` runs, a delivery of this order is answered "not delivered" at once: the front end takes it back. */
  refuseDuring<T>(key: DeliveryKey, reason: string, work: () => Promise<T>): Promise<T>;
  /** No timer is left behind. What waits is never answered: the sale's record of it stays open. */
  stop(): void;
}

interface Waiting {
  readonly end: (outcome: DeliveryOutcome) => void;
  readonly timer: Timer;
  readonly untilWallMs: number;
  hasBegun: boolean;
}

const nameOf = ({ kind, id }: DeliveryKey): string => `${kind} ${id}`;

export function createDeliveries(clock: Clock, confirmMs: number): Deliveries {
  const waiting = new Map<string, Waiting>();
  const refused = new Map<string, string>();

  function end(key: DeliveryKey, outcome: DeliveryOutcome): boolean {
    const found = waiting.get(nameOf(key));
    found?.end(outcome);
    return found !== undefined;
  }

  return {
    wait: (key, signal) => {
      const name = nameOf(key);
      const reason = refused.get(name);
      if (reason !== undefined) return Promise.resolve({ kind: "not-delivered", reason });
      if (waiting.has(name)) return Promise.resolve({ kind: "not-delivered", reason: "it is being delivered already" });
      if (signal.aborted) return Promise.resolve({ kind: "not-delivered", reason: "stopped before it began" });
      return new Promise((resolve) => {
        const stop = (): void => finish({ kind: "unknown", reason: "stopped before the front end said how it ended" });
        const finish = (outcome: DeliveryOutcome): void => {
          waiting.delete(name);
          timer.cancel();
          signal.removeEventListener("abort", stop);
          resolve(outcome);
        };
        const timer = clock.startTimer("front end", confirmMs, () =>
          finish({ kind: "unknown", reason: `the front end did not say within ${confirmMs / 1_000} s how it ended` }),
        );
        waiting.set(name, { end: finish, timer, untilWallMs: clock.wallMs() + confirmMs, hasBegun: false });
        signal.addEventListener("abort", stop, { once: true });
      });
    },
    end,
    begin: (key) => {
      const found = waiting.get(nameOf(key));
      if (found !== undefined) found.hasBegun = true;
      return found !== undefined;
    },
    pending: (key) => {
      const found = waiting.get(nameOf(key));
      return found === undefined ? undefined : { hasBegun: found.hasBegun, untilWallMs: found.untilWallMs };
    },
    refuseDuring: async (key, reason, work) => {
      const name = nameOf(key);
      refused.set(name, reason);
      try {
        return await work();
      } finally {
        refused.delete(name);
      }
    },
    stop: () => {
      for (const { timer } of waiting.values()) timer.cancel();
      waiting.clear();
    },
  };
}
