/** A folder tree like an installed machine's, with releases whose "runtime" is a script that says which one it is, and the real launcher. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Manifest } from "../../../src/update/manifest.ts";

const exec = promisify(execFile);
const launcher = fileURLToPath(new URL("../../../scripts/package/files/launch", import.meta.url));

/** A release's files: the program prints its version, and "broken" when a file beside it is not whole. */
export function releaseFiles(version: string, journalFormat = 1): ReadonlyMap<string, string> {
  const program = `#!/bin/sh
here=\${0%/bin/node}
case $1 in */gate.js) exec sleep 0 ;; esac
[ "$(cat "$here/kvitt.js")" = "kvitt ${version}" ] && [ "$(cat "$here/chunks/one.js")" = "one ${version}" ] || { echo "broken ${version}"; exit 9; }
echo "${version} format=\${KVITT_JOURNAL_FORMAT:-newest}"
`;
  return new Map([
    ["bin/node", program],
    ["chunks/one.js", `one ${version}`],
    ["kvitt.js", `kvitt ${version}`],
    ["package.json", "{}"],
    ["release.json", JSON.stringify({ version, architecture: "amd64", journalFormat })],
  ]);
}

export async function writeRelease(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    if (path === "bin/node") await chmod(join(folder, path), 0o755);
  }
}

export function manifestOf(version: string, files: ReadonlyMap<string, string>): Manifest {
  return {
    kvitt: "release",
    format: 1,
    version,
    architecture: "amd64",
    needsPackage: "1.0.0",
    files: [...files].map(([path, content]) => ({
      path,
      bytes: Buffer.byteLength(content),
      sha256: createHash("sha256").update(content).digest("hex"),
      isProgram: path === "bin/node",
    })),
  };
}

export interface SlotMachine {
  readonly base: string;
  readonly slots: string;
}

/** The package's release 1.0.0, and no slot. */
export async function makeSlotMachine(folder: string): Promise<SlotMachine> {
  const base = join(folder, "base");
  const slots = join(folder, "slots");
  await writeRelease(join(base, "releases/1.0.0"), releaseFiles("1.0.0"));
  await mkdir(join(slots, "state"), { recursive: true });
  return { base, slots };
}

export interface Launched {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export async function launch({ base, slots }: SlotMachine, ...args: readonly string[]): Promise<Launched> {
  const env = { PATH: "/usr/bin:/bin", KVITT_BASE: base, KVITT_SLOTS: slots, KVITT_LAUNCHER_CONF: "/nonexistent" };
  try {
    const { stdout, stderr } = await exec("/bin/sh", [launcher, ...args], { env, timeout: 60_000 });
    return { out: stdout.trim(), err: stderr, code: 0 };
  } catch (error) {
    if (!(error instanceof Error && "stdout" in error && "stderr" in error && "code" in error)) throw error;
    return { out: String(error.stdout).trim(), err: String(error.stderr), code: Number(error.code) };
  }
}

export async function mark({ slots }: SlotMachine, version: string, what: "good" | "tried"): Promise<void> {
  await writeFile(join(slots, "state", `${version}.${what}`), "");
}

export async function isMarked({ slots }: SlotMachine, version: string, what: "good" | "tried"): Promise<boolean> {
  return readFile(join(slots, "state", `${version}.${what}`)).then(
    () => true,
    () => false,
  );
}
