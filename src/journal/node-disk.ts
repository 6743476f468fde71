/** The journal's folder on a real file system. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Disk, JournalError } from "./disk.ts";

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

const fileMode = 0o600;

/** Makes the folder (mode 0700) when it is missing. */
export async function openNodeDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(folder, name);

  async function withFile(
    name: string,
    flags: string,
    use: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
  ): Promise<void> {
    const file = await open(path(name), flags, fileMode);
    try {
      await use(file);
    } finally {
      await file.close();
    }
  }

  return {
    list: () => readdir(folder),
    async read(name) {
      try {
        return new Uint8Array(await readFile(path(name)));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    readNow(name) {
      try {
        return new Uint8Array(readFileSync(path(name)));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    append: (name, bytes) => withFile(name, "a", (file) => file.writeFile(bytes)),
    write: (name, bytes) => withFile(name, "w", (file) => file.writeFile(bytes)),
    sync: (name) => withFile(name, "r+", (file) => file.sync()),
    async syncFolder() {
      const file = await open(folder, "r");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
    rename: (from, to) => rename(path(from), path(to)),
    remove: (name) => rm(path(name), { force: true }),
    lock: () => lockFolder(folder),
  };
}

/**
 * One process a folder, by an abstract Unix socket (unix(7)): the kernel frees the name when the process is gone, also after SIGKILL,
 * so there is never a stale lock to judge.
 */
async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new JournalError("locked", `another kvitt has the journal in ${folder} open: stop it first`, { cause: error }),
      ),
    );
    server.listen({ path: `\0kvitt-journal-${name}` }, resolve);
  });
  server.unref();
  return {
    release: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
