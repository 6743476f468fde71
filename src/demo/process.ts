/** A child process of the demo: its lines, its end, its start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { readLedger } from "./clients.ts";
import { onAbort } from "../kit/abort.ts";

export interface DemoProcess {
  readonly isRunning: boolean;
  start(): void;
  /** As a power cut: SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop, and kills it when it does not. */
  stop(): Promise<void>;
}

/** The longest delivery of the demo takes 10 s, and is not cut short by a stop. */
export const stopWithinMs = 15_000;

export interface DemoProcessSettings {
  /** Of `kvitt`. */
  readonly args: readonly string[];
  readonly onLine: (line: string) => void;
  readonly onExit: (code: number | null) => void;
  /** Aborted when a stop should not be waited for. */
  readonly hurry: AbortSignal | undefined;
}

/** Runs `kvitt ARGS` as this process was started itself: from the sources or from the bundle. */
export function createDemoProcess({ args, onLine, onExit, hurry }: DemoProcessSettings): DemoProcess {
  let child: ChildProcess | undefined;

  function gone(running: ChildProcess): Promise<void> {
    if (running.exitCode !== null || running.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => running.once("exit", () => resolve()));
  }

  return {
    get isRunning() {
      return child !== undefined;
    },
    start() {
      if (child !== undefined) return;
      const script = process.argv[1];
      if (script === undefined) throw new Error("the demo does not know how it was started");
      const started = spawn(process.execPath, [...process.execArgv, script, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = started;
      for (const stream of [started.stdout, started.stderr]) createInterface({ input: stream }).on("line", onLine);
      started.once("exit", (code) => {
        if (child === started) child = undefined;
        onExit(code);
      });
    },
    async kill() {
      const running = child;
      if (running === undefined) return;
      running.kill("SIGKILL");
      await gone(running);
    },
    async stop() {
      const running = child;
      if (running === undefined) return;
      running.kill("SIGTERM");
      const kill = (): void => void running.kill("SIGKILL");
      const timer = setTimeout(kill, stopWithinMs);
      const forget = onAbort(hurry, kill);
      await gone(running);
      clearTimeout(timer);
      forget();
    },
  };
}

/** A computer that does much else starts a process in half a minute; one that ends is noticed at once all the same. */
const answersWithinMs = 120_000;

/** Waits until the provider's process answers. @throws Error with the last that the process said, when it ends or does not answer in time; the signal's reason */
export async function untilAnswers(
  url: string,
  process: DemoProcess,
  lastLine: () => string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = Date.now() + answersWithinMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      await readLedger(url);
      return;
    } catch (cause) {
      if (!process.isRunning || Date.now() > until)
        throw new Error(`the simulated provider did not start: ${lastLine() ?? "it said nothing"}`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
