/** The demo as a process, and Chromium to look at it with. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { readCode } from "../../../src/demo/camera.ts";
import { kvittArgs } from "../kvitt.ts";
import { patienceMs } from "../patience.ts";

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
  /** Of the page for a visitor's own phone, where the demo was asked for it. */
  readonly phoneUrl: Promise<string>;
}

export function startDemo(port = "0", ...more: readonly string[]): RunningDemo {
  const child = spawn(process.execPath, kvittArgs("demo", "--port", port, ...more), {
    cwd: top,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const said = (pattern: RegExp): Promise<string> => {
    const found = new Promise<string>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
      lines.on("line", (line) => {
        const [text] = pattern.exec(line) ?? [];
        if (text !== undefined) resolve(text);
      });
    });
    found.catch(() => {});
    return found;
  };
  return {
    child,
    url: said(/http:\/\/127\.0\.0\.1:\d+(?!\d|\/)/),
    phoneUrl: said(/https:\/\/127\.0\.0\.1:\d+\/[\w-]+\//),
  };
}

/** What a camera reads from the panel as the browser shows it. The panel's words are there a moment before its picture. */
export async function codeInBrowser(page: Page): Promise<string | undefined> {
  return readCode(new Uint8Array(await page.locator("#bezel").screenshot()));
}

/** Asks it to end, and waits until it has. */
export async function endDemo({ child }: RunningDemo): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

export function openBrowser(...more: readonly string[]): Promise<Browser> {
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
      ...more,
    ],
  });
}

/** A browser's window, or a phone's, in which every step is waited for as everything else is: Playwright's own half minute is short on a busy computer. */
export async function openContext(browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patienceMs);
  return context;
}
