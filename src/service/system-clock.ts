/** The real clock: monotonic time for waiting, wall time for messages, and a guard that says whether wall time can be believed. */
import { existsSync } from "node:fs";
import { abortReason, onAbort } from "../kit/abort.ts";
import type { Clock, Timer } from "./port.ts";

export interface SystemClockSettings {
  /** No wall time before this one is believed: the build's date, or the newest date that the journal has seen. */
  readonly floorWallMs: number;
  /** systemd-timesyncd makes this file when it has synchronised (`man systemd-timesyncd`, Files). */
  readonly synchronizedFile?: string;
  /** Where nothing says that time is synchronised (no timesyncd), the floor alone decides. */
  readonly requireSynchronized: boolean;
}

/** How far a server's `Date` header may be from our wall time before ours is doubted; TLS certificates stand more. */
const skewMsMax = 120_000;
/** setTimeout takes a signed 32-bit number of milliseconds; a longer one fires at once. */
const timeoutMsMax = 2_147_483_647;

export interface SystemClock extends Clock {
  /** A `Date` header of a server whose certificate was checked. Two that agree with us are as good as NTP. */
  observeServerDate(serverWallMs: number): void;
}

export function createSystemClock(settings: SystemClockSettings): SystemClock {
  const { floorWallMs, synchronizedFile = "/run/systemd/timesync/synchronized", requireSynchronized } = settings;
  let serverAgrees: boolean | undefined;

  function isPlausible(): boolean {
    if (Date.now() < floorWallMs) return false;
    if (serverAgrees !== undefined) return serverAgrees;
    return !requireSynchronized || existsSync(synchronizedFile);
  }

  function startTimer(_name: string, delayMs: number, callback: () => void): Timer {
    const endMs = performance.now() + Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const wait = (): void => {
      const leftMs = endMs - performance.now();
      handle = setTimeout(
        () => (leftMs > timeoutMsMax ? wait() : callback()),
        Math.min(Math.max(0, leftMs), timeoutMsMax),
      );
    };
    wait();
    return { cancel: () => clearTimeout(handle) };
  }

  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    isPlausible,
    startTimer,
    sleep: (delayMs, signal) => sleepOn(startTimer, delayMs, signal),
    observeServerDate(serverWallMs) {
      serverAgrees = Math.abs(serverWallMs - Date.now()) <= skewMsMax;
    },
  };
}

/** A sleep made of a timer: rejects with the signal's reason when aborted first. */
export function sleepOn(startTimer: Clock["startTimer"], delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const timer = startTimer("sleep", delayMs, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      timer.cancel();
      if (signal !== undefined) reject(abortReason(signal));
    });
  });
}
