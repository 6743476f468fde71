/**
 * The daemon's side of the guard: orders with a time-out, a guard that does not answer is killed and the outputs are put off from here,
 * and a new guard is started, with back-off. Each of the two processes watches the other.
 */
import { backOffMs } from "../../kit/back-off.ts";
import type { Clock, Entropy, Log, Timer } from "../../service/port.ts";
import type { Actuators, PulseTrain, TrainEnd } from "../actuators.ts";
import type { GpioLines } from "../gpio/lines.ts";
import { type Hello, type Order, type Reply, replySchema } from "./protocol.ts";

/** One guard process, or its twin. */
export interface GuardLink {
  send(line: string): void;
  /** Closes its input: it puts everything off and ends. */
  finish(): void;
  /** SIGKILL. */
  kill(): void;
}

export interface GuardEvents {
  line(text: string): void;
  /** It is gone, for whatever reason; nothing comes after this. */
  gone(reason: string): void;
}

export interface GuardedSettings {
  readonly hello: Hello;
  readonly startGuard: (events: GuardEvents) => GuardLink;
  /** The way around the guard, for when it is dead: opening an output puts it off. */
  readonly openLines: () => Promise<GpioLines>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

const readyMs = 15_000;
const answerMs = 1_000;
const trainGraceMs = 2_000;
const pingEveryMs = 5_000;
const finishMs = 3_000;
const restart = { firstMs: 500, maxMs: 60_000 };

export function createGuardedActuators(settings: GuardedSettings): Actuators {
  return new GuardedActuators(settings);
}

class GuardLost extends Error {
  override readonly name = "GuardLost";
}

interface Waiting {
  readonly onReply: (reply: Reply) => void;
  readonly onLost: (reason: string) => void;
}

/** How one guard came to its end, as the trains that it leaves behind have to know. */
class GuardedActuators implements Actuators {
  readonly #settings: GuardedSettings;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<() => void>();
  #guard: GuardLink | undefined;
  #onReady: ((failure: string | undefined) => void) | undefined;
  #trouble: string | undefined = "the guard is not started yet";
  #nextId = 1;
  #failures = 0;
  #timer: Timer | undefined;
  #isStopped = false;
  /** The outputs are being put off without the guard. */
  #rescue: Promise<boolean> = Promise.resolve(true);

  constructor(settings: GuardedSettings) {
    this.#settings = settings;
  }

  async start(): Promise<void> {
    this.#isStopped = false;
    const failure = await this.#launch();
    if (failure === undefined) return;
    this.#isStopped = true;
    throw new Error(failure);
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

  /** Resolves to what went wrong, or undefined when the guard takes orders. */
  #launch(): Promise<string | undefined> {
    const { startGuard, clock, hello } = this.#settings;
    return new Promise((resolve) => {
      const timer = clock.startTimer("guard ready", readyMs, () => this.#lose(guard, "it did not get ready in time"));
      this.#onReady = (failure) => {
        timer.cancel();
        this.#onReady = undefined;
        resolve(failure);
      };
      const guard = startGuard({
        line: (text) => this.#hear(guard, text),
        gone: (reason) => this.#lose(guard, reason),
      });
      this.#guard = guard;
      guard.send(JSON.stringify(hello));
    });
  }

  #hear(guard: GuardLink, text: string): void {
    if (guard !== this.#guard) return;
    const reply = readReply(text);
    if (reply === undefined) {
      this.#lose(guard, "it said something that is no reply");
      return;
    }
    switch (reply.reply) {
      case "ready":
        this.#failures = 0;
        this.#setTrouble(undefined);
        this.#onReady?.(undefined);
        this.#startPinging(guard);
        return;
      case "failed":
        this.#lose(guard, reply.reason);
        return;
      case "done":
      case "refused":
      case "begun":
      case "train":
        this.#waiting.get(reply.id)?.onReply(reply);
        return;
    }
  }

  /** A guard that is stopped (SIGSTOP) or hangs is as bad as a dead one: its outputs stand where they stood. */
  #startPinging(guard: GuardLink): void {
    this.#timer?.cancel();
    this.#timer = this.#settings.clock.startTimer("guard ping", pingEveryMs, () => {
      if (guard !== this.#guard) return;
      this.#ask({ order: "ping", id: this.#freshId() })
        .then(() => this.#startPinging(guard))
        .catch(() => {});
    });
  }

  #freshId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** Resolves when it was done. @throws GuardLost, or the guard's refusal. */
  #ask(order: Order): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined) return Promise.reject(new GuardLost(this.#trouble ?? "there is no guard"));
    return new Promise((resolve, reject) => {
      const timer = this.#settings.clock.startTimer("guard answer", answerMs, () =>
        this.#lose(guard, "it does not answer"),
      );
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(order.id);
      };
      this.#waiting.set(order.id, {
        onReply: (reply) => {
          end();
          if (reply.reply === "refused") reject(new Error(reply.reason));
          else resolve();
        },
        onLost: (reason) => {
          end();
          reject(new GuardLost(reason));
        },
      });
      guard.send(JSON.stringify(order));
    });
  }

  /** Kills what is left of it, puts the outputs off from here, and starts another one. */
  #lose(guard: GuardLink | undefined, reason: string): void {
    if (guard === undefined || guard !== this.#guard) return;
    this.#guard = undefined;
    this.#timer?.cancel();
    guard.kill();
    const { log } = this.#settings;
    if (!this.#isStopped) log.error({ reason }, "the guard of the outputs is lost: putting them off without it");
    this.#rescue = this.#putOff();
    const trouble = `the guard of the outputs is lost (${reason})`;
    this.#setTrouble(trouble);
    for (const { onLost } of this.#waiting.values()) onLost(trouble);
    this.#onReady?.(trouble);
    if (!this.#isStopped) this.#restartLater();
  }

  /** True when every output was seen going off. */
  async #putOff(): Promise<boolean> {
    const { openLines, hello, log } = this.#settings;
    let isOff = true;
    try {
      const lines = await openLines();
      for (const spec of hello.outputs)
        await lines.openOutput(spec).catch((error: unknown) => {
          isOff = false;
          log.error({ error, output: spec.name }, "an output could not be put off");
        });
      await lines.close();
    } catch (error) {
      isOff = false;
      log.error({ error }, "the outputs could not be put off");
    }
    return isOff;
  }

  #restartLater(): void {
    const { clock, entropy, log } = this.#settings;
    const waitMs = backOffMs(restart, this.#failures, entropy);
    this.#failures += 1;
    this.#timer = clock.startTimer("guard restart", waitMs, () => {
      void this.#rescue
        .then(() => (this.#isStopped ? undefined : this.#launch()))
        .then((failure) => {
          if (failure === undefined && !this.#isStopped) log.info({}, "the outputs have a guard again");
        });
    });
  }

  async pulse(output: string, train: PulseTrain, signal: AbortSignal): Promise<TrainEnd> {
    const guard = this.#guard;
    if (guard === undefined || this.#trouble !== undefined)
      return { begun: 0, isWhole: false, reason: this.#trouble ?? "there is no guard" };
    if (signal.aborted) return { begun: 0, isWhole: false, reason: "it was stopped before it began" };
    const { clock } = this.#settings;
    const id = this.#freshId();
    let begun = 0;
    return new Promise((resolve) => {
      const durationMs = (train.onMs + train.offMs) * train.count;
      const timer = clock.startTimer("pulse train", durationMs + trainGraceMs, () =>
        this.#lose(guard, "a pulse train does not end"),
      );
      const stop = (): void => {
        this.off(output).catch(() => {});
      };
      const end = (result: TrainEnd): void => {
        timer.cancel();
        signal.removeEventListener("abort", stop);
        this.#waiting.delete(id);
        resolve(result);
      };
      this.#waiting.set(id, {
        onReply: (reply) => {
          if (reply.reply === "begun") begun = reply.pulses;
          else if (reply.reply === "train")
            end({
              begun: reply.begun,
              isWhole: reply.isWhole,
              ...(reply.reason === undefined ? {} : { reason: reply.reason }),
            });
          else if (reply.reply === "refused") end({ begun: 0, isWhole: false, reason: reply.reason });
        },
        onLost: (reason) => end({ begun: this.#possiblyBegun(begun, train.count), isWhole: false, reason }),
      });
      signal.addEventListener("abort", stop, { once: true });
      guard.send(JSON.stringify({ order: "pulse", id, output, ...train } satisfies Order));
    });
  }

  /** The order was sent, and its guard died: one more pulse than it told of may have begun. */
  #possiblyBegun(told: number, count: number): number {
    return Math.min(count, told + 1);
  }

  on(output: string, maxMs: number): Promise<void> {
    return this.#ask({ order: "on", id: this.#freshId(), output, maxMs });
  }

  async off(output: string): Promise<void> {
    try {
      await this.#ask({ order: "off", id: this.#freshId(), output });
    } catch (error) {
      if (!(error instanceof GuardLost)) throw error;
      if (!(await this.#rescue)) throw new Error(`nobody can say that "${output}" is off`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopped && this.#guard === undefined) return;
    this.#isStopped = true;
    this.#timer?.cancel();
    const guard = this.#guard;
    if (guard !== undefined) {
      const gone = new Promise<void>((resolve) => {
        const late = this.#settings.clock.startTimer("guard end", finishMs, () => this.#lose(guard, "it does not end"));
        this.#onReady = () => {
          late.cancel();
          this.#onReady = undefined;
          resolve();
        };
      });
      guard.finish();
      await gone;
    }
    await this.#rescue;
    this.#setTrouble("stopped");
  }
}

function readReply(text: string): Reply | undefined {
  try {
    const parsed = replySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
