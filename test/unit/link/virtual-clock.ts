/** A clock that moves only when the test moves it, and entropy from a seed. */
import type { Clock, Entropy, Log, Timer } from "../../../src/service/port.ts";

export class VirtualClock implements Clock {
  plausible = true;
  #nowMs = 0;
  #wallStartMs: number;
  #timers: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  constructor(wallStartMs = Date.UTC(2026, 10, 23, 10)) {
    this.#wallStartMs = wallStartMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  isPlausible(): boolean {
    return this.plausible;
  }

  startTimer(_name: string, delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: (this.#order += 1), run: callback };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) reject(new Error("aborted"));
      const timer = this.startTimer("sleep", delayMs, resolve);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(new Error("aborted"));
      });
    });
  }

  /** Runs every timer that is due within `ms`, in order, letting promises settle between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Mulberry32: small, seeded, good enough to shake a test. */
export function seededEntropy(seed: number): Entropy {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { fraction, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)) };
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export function recordingLog(lines: LogLine[] = []): Log & { readonly lines: readonly LogLine[] } {
  const at = (level: LogLine["level"]) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push({ level, fields, message });
  const log = { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), child: () => log };
  return log;
}
