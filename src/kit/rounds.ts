/** Work that is done in rounds: one at a time, whenever somebody says that there is something to do, and again after a wait when it failed. */
import { backOffMs, type Randomness } from "./back-off.ts";

interface RoundTimer {
  cancel(): void;
}

export interface Rounds {
  /** There is something to do. During a round it sets off another one. */
  wake(): void;
  isStopped(): boolean;
  stop(): void;
}

export interface RoundParts {
  readonly name: string;
  readonly clock: { startTimer(name: string, delayMs: number, callback: () => void): RoundTimer };
  readonly entropy: Randomness;
  /** Does all there is to do. `onProgress` says that something went through: the next wait is short again. */
  readonly round: (onProgress: () => void) => Promise<void>;
  readonly onFailure: (error: unknown, delayMs: number) => void;
}

const retry = { firstMs: 2_000, maxMs: 300_000 };

export function createRounds({ name, clock, entropy, round, onFailure }: RoundParts): Rounds {
  let isRunning = false;
  let isWoken = false;
  const stopping = new AbortController();
  let attempts = 0;
  let timer: RoundTimer | undefined;

  async function run(): Promise<void> {
    isRunning = true;
    try {
      // Whoever wakes while a round ends may have found it looking away already.
      while (isWoken && !stopping.signal.aborted) {
        isWoken = false;
        await round(() => {
          attempts = 0;
        });
      }
    } catch (error) {
      const delayMs = backOffMs(retry, attempts, entropy);
      attempts += 1;
      onFailure(error, delayMs);
      timer?.cancel();
      if (!stopping.signal.aborted) timer = clock.startTimer(name, delayMs, wake);
    } finally {
      isRunning = false;
    }
  }

  function wake(): void {
    isWoken = true;
    if (!isRunning && !stopping.signal.aborted) void run();
  }

  return {
    wake,
    isStopped: () => stopping.signal.aborted,
    stop() {
      stopping.abort();
      timer?.cancel();
    },
  };
}
