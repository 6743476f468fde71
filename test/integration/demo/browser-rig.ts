/** The demo as a process, and Chromium to look at it with. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { kvittArgs } from "../kvitt.ts";

export const top = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

/** On a computer without a browser the tests are skipped, but never in CI. */
export const hasBrowser = executablePath !== undefined || process.env["CI"] !== undefined;

export interface RunningDemo {
  readonly child: ChildProcess;
  /** From the line that the demo prints. */
  readonly url: Promise<string>;
}

export function startDemo(port = "0"): RunningDemo {
  const child = spawn(process.execPath, kvittArgs("demo", "--port", port), {
    cwd: top,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (found !== null) resolve(found[0]);
    });
  });
  return { child, url };
}

/** Asks it to end, and waits until it has. */
export async function endDemo({ child }: RunningDemo): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
