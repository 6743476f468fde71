/** Questions to a person at the terminal: on standard error, because standard output is for data alone. */
import { createInterface } from "node:readline";
import type { CommandIo } from "./command.ts";

export interface Asking {
  /** The answer's line; undefined when there will be no more. */
  ask(question: string): Promise<string | undefined>;
  say(text: string): void;
}

/** Gives the terminal back when `talk` has ended, whatever it throws. */
export async function withTerminal<T>(io: CommandIo, talk: (asking: Asking) => Promise<T>): Promise<T> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: process.stdin.isTTY });
  const waiting = lines[Symbol.asyncIterator]();
  const stop = (): void => lines.close();
  io.signal.addEventListener("abort", stop, { once: true });
  try {
    return await talk({
      async ask(question) {
        process.stderr.write(question);
        const line = await waiting.next();
        return line.done === true ? undefined : line.value;
      },
      say: io.err,
    });
  } finally {
    io.signal.removeEventListener("abort", stop);
    lines.close();
  }
}
