/** One process a folder. */
import { createHash } from "node:crypto";
import { open, readFile, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { JournalError } from "./disk.ts";

export interface FolderLock {
  release(): Promise<void>;
}

/** @throws JournalError `locked` when another process has the folder, `disk` when that cannot be found out. */
export function lockFolder(folder: string, platform: NodeJS.Platform = process.platform): Promise<FolderLock> {
  return platform === "linux" ? lockBySocket(folder) : lockByFile(folder);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function taken(folder: string, cause: unknown): JournalError {
  return new JournalError("locked", `another kvitt has the journal in ${folder} open: stop it first`, { cause });
}

/**
 * An abstract Unix socket (unix(7)): the kernel frees the name when the process is gone, also after SIGKILL, so there is never a stale lock to
 * judge, and nothing is written. Such names belong to a network namespace: two processes in different ones do not see each other.
 */
async function lockBySocket(folder: string): Promise<FolderLock> {
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        codeOf(error) === "EADDRINUSE"
          ? taken(folder, error)
          : new JournalError("disk", `the journal in ${folder} cannot be locked: ${error.message}`, { cause: error }),
      ),
    );
    server.listen({ path: `\0kvitt-journal-${name}` }, resolve);
  });
  server.unref();
  return { release: () => new Promise((resolve) => void server.close(() => resolve())) };
}

const lockName = "lock";

/** For development on other systems, which know no abstract sockets: a file with our process id; one of a process that is gone is taken over. */
async function lockByFile(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if (codeOf(error) !== "EEXIST" || (await ownerIsAlive(path))) throw taken(folder, error);
      await rm(path, { force: true });
    }
  }
  throw taken(folder, undefined);
}

async function ownerIsAlive(path: string): Promise<boolean> {
  const id = Number(await readFile(path, "utf8").catch(() => ""));
  // A file without a number is being written right now.
  if (!Number.isSafeInteger(id) || id <= 0) return true;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
