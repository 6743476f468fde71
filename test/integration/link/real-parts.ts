/** Real time and real randomness for tests that talk over sockets, and waiting for something to become true. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Entropy } from "../../../src/service/port.ts";
import { untilTrue } from "../patience.ts";

export const realClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  isPlausible: () => true,
  startTimer: (_name, delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  sleep: async (delayMs, signal) => {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  },
};

export const realEntropy: Entropy = { bytes: (count) => randomBytes(count), fraction: () => Math.random() };

/** Waits until `check` is true; fails with `what` when the patience is over. */
export async function until(what: string, check: () => boolean): Promise<void> {
  if (!(await untilTrue(check))) throw new Error(`it never happened: ${what}`);
}
