/** Something that is done again and again, until it is stopped. */
import type { Clock, Timer } from "../service/port.ts";

export interface Repetition {
  stop(): void;
}

/** Runs for the first time after `everyMs`. */
export function repeat(clock: Clock, name: string, everyMs: number, run: () => void): Repetition {
  let isStopped = false;
  let timer: Timer | undefined;
  const again = (): void => {
    timer = clock.startTimer(name, everyMs, () => {
      run();
      if (!isStopped) again();
    });
  };
  again();
  return {
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
