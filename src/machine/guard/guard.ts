/** The guard's own loop around its core: levels to the lines, replies to whoever listens, deadlines on a clock. Runs in a process of its own. */
import { errorFrom } from "../../kit/error-text.ts";
import type { Clock, Timer } from "../../service/port.ts";
import type { GpioLines, OutputLine } from "../gpio/lines.ts";
import { endAll, type GuardState, type GuardStep, initialGuard, nextDeadlineMs, passTime, takeOrder } from "./core.ts";
import type { Hello, Order, Reply } from "./protocol.ts";

export interface Guard {
  take(order: Order): void;
  /** Everything off, lines freed. Idempotent. */
  end(): Promise<void>;
}

export interface GuardParts {
  readonly lines: GpioLines;
  readonly clock: Clock;
  readonly say: (reply: Reply) => void;
  /** A line failed: nobody can say any more what is on. The guard has put off what it could. */
  readonly onFailure: (error: Error) => void;
}

/** Opens every output, off. @throws GpioError when one cannot be had; then none is held. */
export async function openGuard({ outputs, maxOnMs }: Hello, parts: GuardParts): Promise<Guard> {
  const opened = new Map<string, OutputLine>();
  try {
    for (const spec of outputs) opened.set(spec.name, await parts.lines.openOutput(spec));
  } catch (error) {
    await parts.lines.close();
    throw error;
  }
  return new RunningGuard(opened, initialGuard([...opened.keys()], maxOnMs), parts);
}

class RunningGuard implements Guard {
  readonly #outputs: ReadonlyMap<string, OutputLine>;
  readonly #parts: GuardParts;
  #state: GuardState;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(outputs: ReadonlyMap<string, OutputLine>, state: GuardState, parts: GuardParts) {
    this.#outputs = outputs;
    this.#state = state;
    this.#parts = parts;
  }

  take(order: Order): void {
    if (this.#isOver) return;
    this.#apply(takeOrder(this.#state, order, this.#parts.clock.monotonicMs()));
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    for (const output of this.#outputs.values()) setOrNothing(output, false);
    const { actions } = endAll(this.#state);
    for (const action of actions) if (action.kind === "reply") this.#parts.say(action.reply);
    await this.#parts.lines.close();
  }

  #apply({ state, actions }: GuardStep): void {
    this.#state = state;
    try {
      for (const action of actions)
        if (action.kind === "set") this.#outputs.get(action.output)?.set(action.on);
        else this.#parts.say(action.reply);
    } catch (error) {
      void this.#fail(error);
      return;
    }
    this.#timer?.cancel();
    const next = nextDeadlineMs(this.#state);
    if (next === undefined) return;
    const { clock } = this.#parts;
    this.#timer = clock.startTimer("guard", Math.max(0, next - clock.monotonicMs()), () =>
      this.#apply(passTime(this.#state, clock.monotonicMs())),
    );
  }

  async #fail(error: unknown): Promise<void> {
    await this.end();
    this.#parts.onFailure(errorFrom(error));
  }
}

/** The other outputs have to go off whatever this one does. */
function setOrNothing(output: OutputLine, on: boolean): void {
  try {
    output.set(on);
  } catch {
    // Told by `onFailure`, or by the daemon, which opens every line itself when the guard is gone.
  }
}
