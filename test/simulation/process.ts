/** One life of the daemon between two power cuts: a clock and a disk that stop answering when the plug is pulled. */
import type { Disk } from "../../src/journal/disk.ts";
import type { Clock, Timer } from "../../src/service/port.ts";
import type { SimulatedClock } from "../../src/service/simulated-clock.ts";

export class Life {
  readonly clock: Clock;
  #isAlive = true;
  readonly #timers = new Set<Timer>();
  readonly #ends: (() => void)[] = [];

  constructor(world: SimulatedClock, device: Pick<Clock, "wallMs" | "isPlausible">) {
    const startTimer = (name: string, delayMs: number, callback: () => void): Timer => {
      if (!this.#isAlive) return { cancel: () => {} };
      const timer = world.startTimer(name, delayMs, () => {
        this.#timers.delete(timer);
        if (this.#isAlive) callback();
      });
      this.#timers.add(timer);
      return {
        cancel: () => {
          timer.cancel();
          this.#timers.delete(timer);
        },
      };
    };
    this.clock = {
      monotonicMs: () => world.monotonicMs(),
      wallMs: () => device.wallMs(),
      isPlausible: () => device.isPlausible(),
      startTimer,
      sleep: (delayMs, signal) =>
        new Promise((resolve, reject) => {
          const abort = (): void => {
            timer.cancel();
            reject(new Error("aborted"));
          };
          const timer = startTimer("sleep", delayMs, () => {
            signal?.removeEventListener("abort", abort);
            resolve();
          });
          if (signal?.aborted === true) abort();
          signal?.addEventListener("abort", abort, { once: true });
        }),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** What happens to the world around when this process is gone: its lines are free, its sockets shut. */
  onEnd(run: () => void): void {
    this.#ends.push(run);
  }

  end(): void {
    this.#isAlive = false;
    for (const run of this.#ends.splice(0)) run();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** An answer that comes when nobody is left to hear it never comes. */
  whileAlive<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.#isAlive && resolve(value),
        (error: unknown) => this.#isAlive && reject(error),
      );
    });
  }

  disk(disk: Disk): Disk {
    const guard =
      <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        this.#isAlive ? this.whileAlive(call(...args)) : new Promise(() => {});
    return {
      list: guard(() => disk.list()),
      read: guard((name: string) => disk.read(name)),
      readNow: (name) => disk.readNow(name),
      append: guard((name: string, bytes: Uint8Array) => disk.append(name, bytes)),
      write: guard((name: string, bytes: Uint8Array) => disk.write(name, bytes)),
      sync: guard((name: string) => disk.sync(name)),
      syncFolder: guard(() => disk.syncFolder()),
      rename: guard((from: string, to: string) => disk.rename(from, to)),
      remove: guard((name: string) => disk.remove(name)),
      lock: guard(() => disk.lock()),
    };
  }
}
