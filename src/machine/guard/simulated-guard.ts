/** The guard's twin: the same guard in this process, that can be killed, stopped and made deaf. For drivers' tests, training and the simulation. */
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import type { GpioLines } from "../gpio/lines.ts";
import type { GuardEvents, GuardLink } from "./guarded-actuators.ts";
import { type Guard, openGuard } from "./guard.ts";
import { helloSchema, orderSchema, type Reply } from "./protocol.ts";

export interface SimulatedGuard {
  /** For `GuardedSettings`. */
  readonly start: (events: GuardEvents) => GuardLink;
  /** SIGKILL: the outputs stand where they stand. */
  kill(): void;
  /** SIGSTOP: neither orders nor deadlines are looked at. */
  freeze(): void;
  /** How many were started. */
  readonly starts: number;
  /** Whether the next one to start ends before it is ready. */
  isBroken: boolean;
}

export function createSimulatedGuard(clock: Clock, openLines: () => Promise<GpioLines>): SimulatedGuard {
  return new GuardTwin(clock, openLines);
}

class GuardTwin implements SimulatedGuard {
  readonly #clock: Clock;
  readonly #openLines: () => Promise<GpioLines>;
  #running: { isFrozen: boolean; isDead: boolean; readonly events: GuardEvents } | undefined;
  starts = 0;
  isBroken = false;

  constructor(clock: Clock, openLines: () => Promise<GpioLines>) {
    this.#clock = clock;
    this.#openLines = openLines;
  }

  readonly start = (events: GuardEvents): GuardLink => {
    const running = { isFrozen: false, isDead: false, events };
    this.#running = running;
    this.starts += 1;
    let guard: Guard | undefined;
    let work = Promise.resolve();
    const say = (reply: Reply): void => {
      if (!running.isDead && !running.isFrozen) events.line(JSON.stringify(reply));
    };
    const die = (reason: string): void => {
      if (running.isDead) return;
      running.isDead = true;
      events.gone(reason);
    };
    /** A dead or frozen process looks at no deadline. */
    const clock: Clock = {
      ...this.#boundClock(),
      startTimer: (name, delayMs, callback) =>
        this.#clock.startTimer(name, delayMs, () => {
          if (!running.isDead && !running.isFrozen) callback();
        }),
    };
    const take = async (text: string): Promise<void> => {
      if (running.isDead || running.isFrozen) return;
      if (guard !== undefined) {
        guard.take(orderSchema.parse(JSON.parse(text)));
        return;
      }
      if (this.isBroken) {
        die("it ended with code 1");
        return;
      }
      const hello = helloSchema.parse(JSON.parse(text));
      try {
        guard = await openGuard(hello, {
          lines: await this.#openLines(),
          clock,
          say,
          onFailure: (error) => {
            say({ reply: "failed", reason: error.message });
            die("it ended with code 1");
          },
        });
        say({ reply: "ready" });
      } catch (error) {
        say({ reply: "failed", reason: errorText(error) });
        die("it ended with code 1");
      }
    };
    return {
      send: (line) => {
        work = work.then(() => take(line));
      },
      finish: () => {
        work = work.then(async () => {
          if (running.isFrozen || running.isDead) return;
          await guard?.end();
          die("it ended with code 0");
        });
      },
      kill: () => die("killed by SIGKILL"),
    };
  };

  #boundClock(): Clock {
    const clock = this.#clock;
    return {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      isPlausible: () => clock.isPlausible(),
      startTimer: (name, delayMs, callback) => clock.startTimer(name, delayMs, callback),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    };
  }

  kill(): void {
    const running = this.#running;
    if (running === undefined || running.isDead) return;
    running.isDead = true;
    running.events.gone("killed by SIGKILL");
  }

  freeze(): void {
    if (this.#running !== undefined) this.#running.isFrozen = true;
  }
}
