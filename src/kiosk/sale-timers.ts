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
  readonly put: (event: Unstamped<SaleEvent>, more: { readonly isStillWanted: () => boolean }) => void;
}): SaleTimers {
  /** Also one that has run out, until its name is started anew or cancelled. */
  const newest = new Map<string, Timer>();
  return {
    start({ name, afterMs, jitter }) {
      newest.get(name)?.cancel();
      const waitMs = jitter ? jittered(afterMs, entropy, jitterPart) : afterMs;
      const timer = clock.startTimer(`sale ${name}`, waitMs, () => {
        const event = eventOf(name);
        // While it waits for its turn, what was written before it may have ended what it is about, and begun something else under its name.
        if (event !== undefined) put(event, { isStillWanted: () => newest.get(name) === timer });
      });
      newest.set(name, timer);
    },
    cancel(name) {
      newest.get(name)?.cancel();
      newest.delete(name);
    },
    cancelAll() {
      for (const timer of newest.values()) timer.cancel();
      newest.clear();
    },
  };
}

function eventOf(name: string): Unstamped<SaleEvent> | undefined {
  if (name === "session") return { about: "session", event: { kind: "session-timer" } };
  if (name === "notice") return { about: "notice-over" };
  return isReference(name) ? { about: "settlement", reference: name, event: { kind: "timer" } } : undefined;
}
