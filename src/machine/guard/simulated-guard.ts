/**
 * The guard's twin: the same guard in this process, that can be slow, be killed, stopped and refused. Stricter than a real one: a dead
 * process touches nothing any more, and a second one beside a living one is an offence. For drivers' tests, training and the simulation.
 */
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import type { GpioLines, OutputLine } from "../gpio/lines.ts";
import type { SimulatedHeader, SimulatedLines } from "../gpio/simulated-lines.ts";
import { type Guard, openGuard } from "./guard.ts";
import type { GuardEvents, GuardLink, StartGuard } from "./guard-session.ts";
import { helloSchema, orderSchema, type Reply } from "./protocol.ts";

export interface SimulatedGuard {
  /** For `GuardedSettings`. */
  readonly start: StartGuard;
  /** SIGKILL: the outputs stand where they stand. */
  kill(): void;
  /** SIGSTOP: neither orders nor deadlines are looked at. */
  freeze(): void;
  /** How many were started. */
  readonly starts: number;
  /** How many exist now. */
  readonly alive: number;
  /** What the daemon did that it must not do. */
  readonly offences: readonly string[];
  /** Whether the next one to start ends before it is ready. */
  isBroken: boolean;
  /** From its start until it reads its first line. */
  bootMs: number;
  /** From SIGKILL, or its last line, until the process exists no more. */
  dyingMs: number;
}

export function createSimulatedGuard(clock: Clock, header: SimulatedHeader): SimulatedGuard {
  return new GuardTwin(clock, header);
}

class GuardTwin implements SimulatedGuard {
  readonly #clock: Clock;
  readonly #header: SimulatedHeader;
  readonly #alive = new Set<ProcessTwin>();
  readonly offences: string[] = [];
  starts = 0;
  isBroken = false;
  bootMs = 0;
  dyingMs = 0;

  constructor(clock: Clock, header: SimulatedHeader) {
    this.#clock = clock;
    this.#header = header;
  }

  get alive(): number {
    return this.#alive.size;
  }

  readonly start = (events: GuardEvents): GuardLink => {
    if (this.#alive.size > 0) this.offences.push("a guard is started while another one lives");
    this.starts += 1;
    const process = new ProcessTwin({
      clock: this.#clock,
      header: this.#header,
      isBroken: this.isBroken,
      bootMs: this.bootMs,
      dyingMs: this.dyingMs,
      events: {
        line: (text) => events.line(text),
        gone: (reason) => {
          this.#alive.delete(process);
          events.gone(reason);
        },
      },
    });
    this.#alive.add(process);
    return process;
  };

  kill(): void {
    for (const process of this.#alive) process.kill();
  }

  freeze(): void {
    for (const process of this.#alive) process.freeze();
  }
}

interface ProcessSettings {
  readonly clock: Clock;
  readonly header: SimulatedHeader;
  readonly isBroken: boolean;
  readonly bootMs: number;
  readonly dyingMs: number;
  readonly events: GuardEvents;
}

class ProcessTwin implements GuardLink {
  readonly #settings: ProcessSettings;
  readonly #lines: SimulatedLines;
  #guard: Guard | undefined;
  #work: Promise<void>;
  #life: "running" | "frozen" | "dead" = "running";

  constructor(settings: ProcessSettings) {
    this.#settings = settings;
    this.#lines = settings.header.open();
    this.#work = settings.bootMs === 0 ? Promise.resolve() : settings.clock.sleep(settings.bootMs);
  }

  send(text: string): void {
    this.#work = this.#work.then(() => this.#take(text));
  }

  finish(): void {
    this.#work = this.#work.then(async () => {
      if (this.#life !== "running") return;
      await this.#guard?.end();
      this.#end("it ended with code 0");
    });
  }

  kill(): void {
    this.#end("killed by SIGKILL");
  }

  freeze(): void {
    if (this.#life === "running") this.#life = "frozen";
  }

  #end(reason: string): void {
    if (this.#life === "dead") return;
    this.#life = "dead";
    const { clock, dyingMs, events } = this.#settings;
    const gone = (): void => {
      this.#lines.abandon();
      events.gone(reason);
    };
    if (dyingMs === 0) gone();
    else clock.startTimer("guard gone", dyingMs, gone);
  }

  #say(reply: Reply): void {
    if (this.#life === "running") this.#settings.events.line(JSON.stringify(reply));
  }

  async #take(text: string): Promise<void> {
    if (this.#life !== "running") return;
    if (this.#guard !== undefined) {
      this.#guard.take(orderSchema.parse(JSON.parse(text)));
      return;
    }
    if (this.#settings.isBroken) {
      this.#end("it ended with code 1");
      return;
    }
    const fail = (error: unknown): void => {
      this.#say({ reply: "failed", reason: errorText(error) });
      this.#end("it ended with code 1");
    };
    try {
      this.#guard = await openGuard(helloSchema.parse(JSON.parse(text)), {
        lines: this.#ownLines(),
        clock: this.#ownClock(),
        say: (reply) => this.#say(reply),
        onFailure: fail,
      });
      this.#say({ reply: "ready" });
    } catch (error) {
      fail(error);
    }
  }

  /** What a dead or frozen process was about to do does not happen. */
  #ownLines(): GpioLines {
    const lines = this.#lines;
    const isRunning = (): boolean => this.#life === "running";
    return {
      backEnd: lines.backEnd,
      openOutput: async (spec): Promise<OutputLine> => {
        const line = await lines.openOutput(spec, isRunning);
        return {
          spec,
          set: (on) => {
            if (isRunning()) line.set(on);
          },
          isOn: () => line.isOn(),
        };
      },
      openInput: () => Promise.reject(new Error("a guard has no inputs")),
      close: async () => {
        if (isRunning()) await lines.close();
      },
    };
  }

  /** A dead or frozen process looks at no deadline. */
  #ownClock(): Clock {
    const { clock } = this.#settings;
    return {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      isPlausible: () => clock.isPlausible(),
      startTimer: (name, delayMs, callback) =>
        clock.startTimer(name, delayMs, () => {
          if (this.#life === "running") callback();
        }),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    };
  }
}
