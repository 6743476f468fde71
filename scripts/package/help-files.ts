/** A program's manual and completion in its package, from what the built program itself says. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { bashCompletion, type CommandHelp, type ManualWords, manualPage, readCommandList } from "./help-pages.ts";
import { sourceDateEpoch } from "./source-date.ts";

export interface HelpFileParts {
  readonly top: string;
  /** Of the package. */
  readonly root: string;
  /** The program's built script, where it finds its modules. */
  readonly script: string;
  readonly words: ManualWords;
  readonly version: string;
}

export async function writeHelpFiles({ top, root, script, words, version }: HelpFileParts): Promise<void> {
  const commands = await helpOf(script);
  const date = new Date(Number(sourceDateEpoch(top)) * 1_000).toISOString().slice(0, 10);
  const manual = manualPage(words, commands, { version, date });
  // The header of a gzip file would hold the time; zlib writes none.
  write(join(root, `usr/share/man/man1/${words.name}.1.gz`), gzipSync(manual, { level: 9 }));
  write(join(root, `usr/share/bash-completion/completions/${words.name}`), bashCompletion(words.name, commands));
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const run = promisify(execFile);
const helpTimeoutMs = 60_000;

async function helpOf(script: string): Promise<readonly CommandHelp[]> {
  const ask = async (...args: readonly string[]): Promise<string> =>
    (await run(process.execPath, [script, ...args], { timeout: helpTimeoutMs })).stdout.trimEnd();
  const found: CommandHelp[] = [];
  for (const { name, summary } of readCommandList(`${await ask("--help")}\n`))
    found.push({ name, summary, usage: await ask(name, "--help") });
  return found;
}
