/** A clock whose wall time can be put wrong, for a machine that is simulated. Waiting is not touched. */
import type { Clock } from "./port.ts";

export interface AdjustableClock extends Clock {
  /** How far wall time is off from now on. */
  setWallOffset(offsetMs: number): void;
}

/** Below it a clock is still right enough: what a server's date may differ from ours. */
const plausibleSkewMs = 120_000;

export function adjustableClock(inner: Clock): AdjustableClock {
  let offsetMs = 0;
  return {
    monotonicMs: () => inner.monotonicMs(),
    wallMs: () => inner.wallMs() + offsetMs,
    isPlausible: () => Math.abs(offsetMs) <= plausibleSkewMs && inner.isPlausible(),
    startTimer: (name, delayMs, callback) => inner.startTimer(name, delayMs, callback),
    sleep: (delayMs, signal) => inner.sleep(delayMs, signal),
    setWallOffset: (value) => {
      offsetMs = value;
    },
  };
}
