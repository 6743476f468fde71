/** A guard that is a real process: `kvitt guard`, as this process was started itself. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { GuardEvents, GuardLink } from "./guard-session.ts";

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** What the guard says to people: its standard error. */
  readonly onText: (text: string) => void;
}

export function startGuardChild({ command, args, onText }: ChildCommand, events: GuardEvents): GuardLink {
  const child = spawn(command, [...args], { stdio: ["pipe", "pipe", "pipe"] });
  let isGone = false;
  const gone = (reason: string): void => {
    if (isGone) return;
    isGone = true;
    events.gone(reason);
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!isGone) events.line(line);
  });
  createInterface({ input: child.stderr }).on("line", onText);
  // Its end is told by `exit`; a pipe that breaks before that is the same news.
  child.stdin.on("error", () => {});
  child.once("error", (error) => gone(`it could not be started: ${error.message}`));
  child.once("exit", (code, signal) =>
    gone(signal === null ? `it ended with code ${code ?? "?"}` : `killed by ${signal}`),
  );
  return {
    send: (line) => void child.stdin.write(`${line}\n`),
    finish: () => void child.stdin.end(),
    kill: () => void child.kill("SIGKILL"),
  };
}
