/**
 * One guard process, from its start to its end, as the daemon sees it: a hello, orders with a time-out each, a ping now and then.
 * A guard that does not answer is killed. A session is never ready again once it was lost.
 */
import { onAbort } from "../../kit/abort.ts";
import { defined } from "../../kit/defined.ts";
import { errorText } from "../../kit/error-text.ts";
import type { Clock, Timer } from "../../service/port.ts";
import type { PulseTrain, TrainEnd } from "../actuators.ts";
import { type Hello, type Order, type Reply, replySchema } from "./protocol.ts";

/** One guard process, or its twin. */
export interface GuardLink {
  send(line: string): void;
  /** Closes its input: it puts everything off and ends. */
  finish(): void;
  /** SIGKILL. The end itself is told by `gone`, a little later. */
  kill(): void;
}

export interface GuardEvents {
  line(text: string): void;
  /** The process exists no more, for whatever reason; nothing comes after this. */
  gone(reason: string): void;
}

export type StartGuard = (events: GuardEvents) => GuardLink;

export interface GuardSessionSettings {
  readonly hello: Hello;
  readonly startGuard: StartGuard;
  readonly clock: Clock;
  /** It takes orders. */
  readonly onReady: () => void;
  /** Once, in the moment in which it is found out. */
  readonly onLost: (reason: string) => void;
}

/** A Node process on the slowest Pi, with lines that udev has to hand over first. */
const readyMs = 15_000;
const answerMs = 1_000;
const trainGraceMs = 2_000;
const pingEveryMs = 5_000;
/** How long a guard may take to put everything off and end. */
export const finishMs = 3_000;
/** How long a guard is silent is counted in so many pieces. */
const pieces = 4;

/**
 * Silence that is charged to the other process: when this one got no time itself, its timer fires before the answer that came meanwhile is read. Of such
 * a while only one piece counts.
 */
function startPatience(clock: Clock, name: string, patienceMs: number, onOver: () => void): Timer {
  let left = pieces;
  let timer: Timer | undefined;
  const wait = (): void => {
    timer = clock.startTimer(name, patienceMs / pieces, () => {
      left -= 1;
      if (left === 0) onOver();
      else wait();
    });
  };
  wait();
  return { cancel: () => timer?.cancel() };
}

/** The order did not reach a guard, or its guard was lost before it answered. */
export class GuardLost extends Error {
  override readonly name = "GuardLost";
}

interface Waiting {
  readonly onReply: (reply: Reply) => void;
  readonly onLost: (reason: string) => void;
}

type Phase = "starting" | "ready" | "finishing" | "lost";

export class GuardSession {
  readonly #settings: GuardSessionSettings;
  readonly #waiting = new Map<number, Waiting>();
  /** Resolves when the process exists no more. */
  readonly ended: Promise<void>;
  #tellEnded: () => void = () => {};
  #link: GuardLink | undefined;
  #phase: Phase = "starting";
  /** Of the start, the next ping, or the end: one after the other. */
  #timer: Timer | undefined;
  #nextId = 1;

  constructor(settings: GuardSessionSettings) {
    this.#settings = settings;
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
  }

  get isReady(): boolean {
    return this.#phase === "ready";
  }

  /** Once. `onReady` or `onLost` may be called before it returns. */
  start(): void {
    const { startGuard, hello } = this.#settings;
    this.#setPatience("guard ready", readyMs, () => this.#lose("it did not get ready in time"));
    try {
      this.#link = startGuard({
        line: (text) => this.#hear(text),
        gone: (reason) => {
          this.#tellEnded();
          this.#lose(reason);
        },
      });
    } catch (error) {
      this.#tellEnded();
      this.#lose(`it could not be started: ${errorText(error)}`);
      return;
    }
    if (this.#phase === "lost") this.#link.kill();
    else this.#link.send(JSON.stringify(hello));
  }

  /** Asks it to put everything off and to end; kills it when it does not. Idempotent. */
  finish(): void {
    if (this.#phase === "finishing" || this.#phase === "lost") return;
    this.#phase = "finishing";
    this.#setPatience("guard end", finishMs, () => this.#lose("it does not end"));
    this.#link?.finish();
  }

  #setPatience(name: string, patienceMs: number, onOver: () => void): void {
    this.#timer?.cancel();
    this.#timer = startPatience(this.#settings.clock, name, patienceMs, onOver);
  }

  #lose(reason: string): void {
    if (this.#phase === "lost") return;
    this.#phase = "lost";
    this.#timer?.cancel();
    this.#link?.kill();
    this.#settings.onLost(reason);
    for (const { onLost } of this.#waiting.values()) onLost(`the guard of the outputs is lost (${reason})`);
  }

  #hear(text: string): void {
    if (this.#phase === "lost") return;
    const reply = readReply(text);
    if (reply === undefined) {
      this.#lose("it said something that is no reply");
      return;
    }
    switch (reply.reply) {
      case "ready":
        if (this.#phase !== "starting") return;
        this.#phase = "ready";
        this.#pingLater();
        this.#settings.onReady();
        return;
      case "failed":
        this.#lose(reply.reason);
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
  #pingLater(): void {
    this.#timer?.cancel();
    this.#timer = this.#settings.clock.startTimer("guard ping", pingEveryMs, () => {
      this.ask({ order: "ping" })
        .then(() => {
          if (this.#phase === "ready") this.#pingLater();
        })
        .catch(() => {});
    });
  }

  #freshId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** Resolves when it was done. @throws GuardLost, or the guard's refusal. */
  ask(order: OrderWithoutId): Promise<void> {
    const link = this.#link;
    if (link === undefined || this.#phase !== "ready")
      return Promise.reject(new GuardLost("the guard of the outputs takes no orders now"));
    const id = this.#freshId();
    return new Promise((resolve, reject) => {
      const { clock } = this.#settings;
      const timer = startPatience(clock, "guard answer", answerMs, () => this.#lose("it does not answer"));
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
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
      link.send(JSON.stringify({ ...order, id } satisfies Order));
    });
  }

  /** As `Actuators.pulse`. */
  pulse(output: string, train: PulseTrain, signal: AbortSignal): Promise<TrainEnd> {
    const link = this.#link;
    if (link === undefined || this.#phase !== "ready")
      return Promise.resolve({ begun: 0, isWhole: false, reason: "the guard of the outputs takes no orders now" });
    if (signal.aborted) return Promise.resolve({ begun: 0, isWhole: false, reason: "it was stopped before it began" });
    const id = this.#freshId();
    let begun = 0;
    return new Promise((resolve) => {
      const durationMs = (train.onMs + train.offMs) * train.count;
      const { clock } = this.#settings;
      const timer = startPatience(clock, "pulse train", durationMs + trainGraceMs, () =>
        this.#lose("a pulse train does not end"),
      );
      const forget = onAbort(signal, () => {
        this.ask({ order: "off", output }).catch(() => {});
      });
      const end = (result: TrainEnd): void => {
        timer.cancel();
        forget();
        this.#waiting.delete(id);
        resolve(result);
      };
      this.#waiting.set(id, {
        onReply: (reply) => {
          if (reply.reply === "begun") begun = reply.pulses;
          else if (reply.reply === "train")
            end({ begun: reply.begun, isWhole: reply.isWhole, ...defined({ reason: reply.reason }) });
          else if (reply.reply === "refused") end({ begun: 0, isWhole: false, reason: reply.reason });
        },
        onLost: (reason) => end({ begun: possiblyBegun(begun, train.count), isWhole: false, reason }),
      });
      link.send(JSON.stringify({ order: "pulse", id, output, ...train } satisfies Order));
    });
  }
}

type OrderWithoutId = Order extends infer O ? (O extends Order ? Omit<O, "id"> : never) : never;

/** The order was sent, and its guard died: one more pulse than it told of may have begun. */
function possiblyBegun(told: number, count: number): number {
  return Math.min(count, told + 1);
}

function readReply(text: string): Reply | undefined {
  try {
    const parsed = replySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
