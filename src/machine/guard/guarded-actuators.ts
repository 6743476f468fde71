/**
 * The outputs in the daemon: orders go to a guard in a process of its own, and when that guard is lost the outputs are put off from here
 * and another one is started, with back-off. Each of the two processes watches the other.
 *
 * One loop owns the guard: it starts the next one only when the last process exists no more and the outputs were put off after it. So no
 * two hands ever touch the outputs, and nothing is left when the loop has ended.
 */
import { backOffMs } from "../../kit/back-off.ts";
import type { Clock, Entropy, Log } from "../../service/port.ts";
import type { Actuators, PulseTrain, TrainEnd } from "../actuators.ts";
import type { GpioLines } from "../gpio/lines.ts";
import { finishMs, GuardLost, GuardSession, type StartGuard } from "./guard-session.ts";
import type { Hello } from "./protocol.ts";

export interface GuardedSettings {
  readonly hello: Hello;
  readonly startGuard: StartGuard;
  /** The way around the guard, for when it is dead: opening an output puts it off. */
  readonly openLines: () => Promise<GpioLines>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** A killed process is gone within milliseconds, unless the kernel holds it in a driver. */
const deathMs = 1_000;
/** sysfs waits up to 5 s for udev, for all lines at once; beyond this nobody can say that the outputs are off. */
const putOffMs = 10_000;
const stopMs = finishMs + deathMs + putOffMs;
const restart = { firstMs: 500, maxMs: 60_000 };

export function createGuardedActuators(settings: GuardedSettings): Actuators {
  return new GuardedActuators(settings);
}

class GuardedActuators implements Actuators {
  readonly #settings: GuardedSettings;
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  readonly #firstTry: Promise<void>;
  #endFirstTry: () => void = () => {};
  #life: Promise<void> | undefined;
  #guard: GuardSession | undefined;
  #trouble: string | undefined = "the guard is not started yet";
  /** Whether the outputs were seen going off after the last guard was lost; under way while it is pending. */
  #putOff: Promise<boolean> = Promise.resolve(false);

  constructor(settings: GuardedSettings) {
    this.#settings = settings;
    this.#firstTry = new Promise((resolve) => {
      this.#endFirstTry = resolve;
    });
  }

  start(): Promise<void> {
    this.#life ??= this.#live();
    return this.#firstTry;
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  onTrouble(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    for (const listener of this.#listeners) listener();
  }

  /** One guard after the other, until stopped. */
  async #live(): Promise<void> {
    const { clock, entropy } = this.#settings;
    const { signal } = this.#stopping;
    let retries = 0;
    while (!signal.aborted) {
      const wasReady = await this.#liveWithOne();
      retries = wasReady ? 0 : retries + 1;
      await clock.sleep(backOffMs(restart, retries, entropy), signal).catch(() => {});
    }
    this.#endFirstTry();
  }

  /** One guard, from its start until it is gone and the outputs were put off after it. Resolves to whether it was ever ready. */
  async #liveWithOne(): Promise<boolean> {
    const { hello, startGuard, clock, log } = this.#settings;
    const { signal } = this.#stopping;
    let wasReady = false;
    const guard = new GuardSession({
      hello,
      startGuard,
      clock,
      onReady: () => {
        wasReady = true;
        log.info({}, "the outputs have a guard");
        this.#setTrouble(undefined);
        this.#endFirstTry();
      },
      onLost: (reason) => {
        if (!signal.aborted)
          log.error({ reason }, "the guard of the outputs is lost: putting them off without it, and starting another");
        this.#putOff = this.#putOffAfter(guard);
        this.#setTrouble(`the guard of the outputs is lost (${reason})`);
        this.#endFirstTry();
      },
    });
    this.#guard = guard;
    guard.start();
    await guard.ended;
    await this.#putOff;
    return wasReady;
  }

  /** True when every output was seen going off. */
  async #putOffAfter(guard: GuardSession): Promise<boolean> {
    const { openLines, hello, log } = this.#settings;
    // While it exists it holds the lines, and may still act on an order.
    await this.#within(deathMs, guard.ended, undefined);
    let isOff = true;
    try {
      const lines = await openLines();
      await Promise.all(
        hello.outputs.map((spec) =>
          lines.openOutput(spec).catch((error: unknown) => {
            isOff = false;
            log.error({ error, output: spec.name }, "an output could not be put off");
          }),
        ),
      );
      await lines.close();
    } catch (error) {
      isOff = false;
      log.error({ error }, "the outputs could not be put off");
    }
    return isOff;
  }

  /** What the work resolves to, or `late` when it takes longer. */
  async #within<T>(limitMs: number, work: Promise<T>, late: T): Promise<T> {
    const over = new AbortController();
    try {
      return await Promise.race([work, this.#settings.clock.sleep(limitMs, over.signal).then(() => late)]);
    } finally {
      over.abort();
    }
  }

  async pulse(output: string, train: PulseTrain, signal: AbortSignal): Promise<TrainEnd> {
    const guard = this.#guard;
    if (guard === undefined || this.#trouble !== undefined)
      return { begun: 0, isWhole: false, reason: this.#trouble ?? "there is no guard" };
    return guard.pulse(output, train, signal);
  }

  async on(output: string, maxMs: number): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined || this.#trouble !== undefined) throw new GuardLost(this.#trouble ?? "there is no guard");
    await guard.ask({ order: "on", output, maxMs });
  }

  async off(output: string): Promise<void> {
    let cause: unknown;
    try {
      if (this.#guard?.isReady === true) {
        await this.#guard.ask({ order: "off", output });
        return;
      }
    } catch (error) {
      if (!(error instanceof GuardLost)) throw error;
      cause = error;
    }
    // A guard that is still starting was begun after the outputs were put off, and has had no order yet.
    if (!(await this.#within(deathMs + putOffMs, this.#putOff, false)))
      throw new Error(`nobody can say that "${output}" is off`, { cause });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the actuators are being stopped"));
    this.#guard?.finish();
    const isOver = await this.#within(
      stopMs,
      (this.#life ?? Promise.resolve()).then(() => true),
      false,
    );
    if (!isOver) this.#settings.log.error({}, "nobody can say that the outputs are off: it takes too long");
    this.#setTrouble("stopped");
  }
}
