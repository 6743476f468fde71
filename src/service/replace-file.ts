/** Puts a text into a file's place whole, so that who reads it at any moment, also after a power cut, finds the old text or the new one. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

export interface ReplaceFileOptions {
  /** Of the new file, whatever the umask. */
  readonly mode: number;
  /** A file that is there already keeps its owner and mode: another program needs them so. */
  readonly keepsOwner?: boolean;
}

/** @throws the system's error; then the file is as it was. */
export function replaceFileSync(path: string, text: string, { mode, keepsOwner = false }: ReplaceFileOptions): void {
  // Two processes may write at once: each beside the file under a name of its own.
  const next = `${path}.${process.pid}.new`;
  removeLeftovers(path);
  const before = keepsOwner ? statSync(path, { throwIfNoEntry: false }) : undefined;
  const file = openSync(next, "w", 0o600);
  try {
    writeSync(file, text);
    fchmodSync(file, before?.mode ?? mode);
    if (before !== undefined && process.getuid?.() === 0) fchownSync(file, before.uid, before.gid);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
  syncFolderSync(dirname(path));
}

/** What a process that was killed while it wrote has left: there may be a secret in it. */
function removeLeftovers(path: string): void {
  const folder = dirname(path);
  const start = `${basename(path)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(start)) continue;
    const [, pid] = /^(\d+)\.new$/.exec(name.slice(start.length)) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

/** kill(2) with signal 0: ESRCH when there is no such process. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** rename(2) is on the disk only when the folder is (POSIX fsync of the containing directory). */
function syncFolderSync(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
