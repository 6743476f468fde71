/**
 * What a part of the daemon has begun and not ended: the oldest of it says whether the part hangs. A disk that never answers a sync, glass that never
 * finishes, a broker's library that forgets a promise: all look like a call that never comes back.
 */
import type { Clock, MonotonicMs } from "./port.ts";

export interface WorkInHand {
  /** Hands on the same object, each of whose calls that promise something counts as work until it settles. */
  watched<T extends object>(part: T): T;
  /** When the oldest call that is still on began; undefined when none is. */
  oldestMs(): MonotonicMs | undefined;
}

export function createWorkInHand(clock: Pick<Clock, "monotonicMs">): WorkInHand {
  /** In the order in which they began. */
  const calls = new Set<{ readonly sinceMs: MonotonicMs }>();

  function track(promise: Promise<unknown>): void {
    const call = { sinceMs: clock.monotonicMs() };
    calls.add(call);
    const end = (): void => void calls.delete(call);
    promise.then(end, end);
  }

  return {
    watched: (part) =>
      new Proxy(part, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== "function") return value;
          return (...given: unknown[]): unknown => {
            // On the object itself: a class may keep private fields.
            const result: unknown = Reflect.apply(value, target, given);
            if (result instanceof Promise) track(result);
            return result;
          };
        },
      }),
    oldestMs: () => calls.values().next().value?.sinceMs,
  };
}
