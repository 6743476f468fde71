/** The timers that the sale asks for by name: `session`, `notice`, and one for each open payment under its reference. */
import { jittered } from "../kit/back-off.ts";
import type { Effect } from "../sale/effect.ts";
import type { SaleEvent, Unstamped } from "../sale/event.ts";
import { isReference } from "../sale/ids.ts";
import type { Clock, Entropy, Timer } from "../service/port.ts";

export interface SaleTimers {
  /** A name that is running starts anew. */
  start(effect: Extract<Effect, { kind: "start-timer" }>): void;
  cancel(name: string): void;
  cancelAll(): void;
}

/** How much longer or shorter a wait may be, as a part of it, so that many machines do not ask in step. */
const jitterPart = 0.25;

export function createSaleTimers({
  clock,
  entropy,
  put,
}: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly put: (event: Unstamped<SaleEvent>) => void;
}): SaleTimers {
  const running = new Map<string, Timer>();
  return {
    start({ name, afterMs, jitter }) {
      running.get(name)?.cancel();
      const waitMs = jitter ? jittered(afterMs, entropy, jitterPart) : afterMs;
      const timer = clock.startTimer(`sale ${name}`, waitMs, () => {
        if (running.get(name) === timer) running.delete(name);
        const event = eventOf(name);
        if (event !== undefined) put(event);
      });
      running.set(name, timer);
    },
    cancel(name) {
      running.get(name)?.cancel();
      running.delete(name);
    },
    cancelAll() {
      for (const timer of running.values()) timer.cancel();
      running.clear();
    },
  };
}

function eventOf(name: string): Unstamped<SaleEvent> | undefined {
  if (name === "session") return { about: "session", event: { kind: "session-timer" } };
  if (name === "notice") return { about: "notice-over" };
  return isReference(name) ? { about: "settlement", reference: name, event: { kind: "timer" } } : undefined;
}
