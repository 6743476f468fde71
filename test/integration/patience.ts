/**
 * Tests with real processes wait for states, never for a time: a computer that has much else to do starts a process in twenty seconds instead of
 * one, and that is no fault of the product. The bound is there against waiting for ever and says nothing about how quick anything should be.
 */
import { setTimeout as sleep } from "node:timers/promises";

export const patienceMs = 150_000;

const lookMsDefault = 20;

/** Looks until `find` gives something: what it gave; undefined when the patience is over. What it throws counts as nothing. */
export async function until<T>(
  find: () => T | undefined | Promise<T | undefined>,
  withinMs = patienceMs,
  lookMs = lookMsDefault,
): Promise<T | undefined> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await Promise.resolve()
      .then(find)
      .catch(() => undefined);
    if (found !== undefined || performance.now() > end) return found;
    await sleep(lookMs);
  }
}

/** Looks until it is true; false when the patience is over. */
export async function untilTrue(isTrue: () => boolean | Promise<boolean>, withinMs = patienceMs): Promise<boolean> {
  return (await until(async () => ((await isTrue()) ? true : undefined), withinMs)) ?? false;
}
