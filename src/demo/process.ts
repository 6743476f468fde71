/** A child process of the demo: its lines, its end, its start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface DemoProcess {
  readonly isRunning: boolean;
  start(): void;
  /** As a power cut: SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop, and kills it when it does not. */
  stop(): Promise<void>;
}

const stopWithinMs = 5_000;

/** Runs `kvitt ARGS` as this process was started itself: from the sources or from the bundle. */
export function createDemoProcess(
  args: readonly string[],
  onLine: (line: string) => void,
  onExit: (code: number | null) => void,
): DemoProcess {
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
      const timer = setTimeout(() => running.kill("SIGKILL"), stopWithinMs);
      await gone(running);
      clearTimeout(timer);
    },
  };
}
