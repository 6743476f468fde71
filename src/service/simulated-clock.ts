/** The clock's twin: time moves only when the test moves it. Timers fire in order of their time, then of their making. */
import type { Clock, Timer } from "./port.ts";
import { sleepOn } from "./system-clock.ts";

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly name: string;
  readonly callback: () => void;
}

export class SimulatedClock implements Clock {
  #monoMs = 0;
  #wallOffsetMs: number;
  #plausible = true;
  #order = 0;
  #waiting: Waiting[] = [];

  constructor(wallMs = Date.UTC(2026, 10, 23, 12)) {
    this.#wallOffsetMs = wallMs;
  }

  monotonicMs(): number {
    return this.#monoMs;
  }

  wallMs(): number {
    return Math.floor(this.#monoMs + this.#wallOffsetMs);
  }

  isPlausible(): boolean {
    return this.#plausible;
  }

  /** Moves wall time alone, as NTP or a person does. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  setPlausible(plausible: boolean): void {
    this.#plausible = plausible;
  }

  startTimer(name: string, delayMs: number, callback: () => void): Timer {
    this.#order += 1;
    const waiting = { atMs: this.#monoMs + Math.max(0, delayMs), order: this.#order, name, callback };
    const index = this.#waiting.findIndex((other) => other.atMs > waiting.atMs);
    if (index === -1) this.#waiting.push(waiting);
    else this.#waiting.splice(index, 0, waiting);
    return {
      cancel: () => {
        const at = this.#waiting.indexOf(waiting);
        if (at !== -1) this.#waiting.splice(at, 1);
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((name, ms, callback) => this.startTimer(name, ms, callback), delayMs, signal);
  }

  /** Names and times of what waits, for diagnostics. */
  timers(): readonly { readonly name: string; readonly atMs: number }[] {
    return this.#waiting.map(({ name, atMs }) => ({ name, atMs }));
  }

  /** When the next timer fires, or undefined. */
  nextMs(): number | undefined {
    return this.#waiting[0]?.atMs;
  }

  /** Fires the next timer, at its time. False when none waits. */
  fireNext(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    this.#monoMs = Math.max(this.#monoMs, next.atMs);
    next.callback();
    return true;
  }

  /** Lets `byMs` pass: every timer that falls due fires, and promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#monoMs + byMs;
    await settle();
    for (let next = this.nextMs(); next !== undefined && next <= endMs; next = this.nextMs()) {
      this.fireNext();
      await settle();
    }
    this.#monoMs = endMs;
    await settle();
  }

  /** This process gets no time for a while: what fell due meanwhile fires at its end, once, before anything that came in is read. */
  stall(byMs: number): void {
    this.#monoMs += byMs;
    for (const due of this.#waiting.filter(({ atMs }) => atMs <= this.#monoMs)) {
      const at = this.#waiting.indexOf(due);
      if (at === -1) continue;
      this.#waiting.splice(at, 1);
      due.callback();
    }
  }

  /** Power is gone: nothing that waited ever happens. */
  dropAll(): void {
    this.#waiting = [];
  }
}

/** Lets every promise that can settle without time passing do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
