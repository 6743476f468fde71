/** The journal's folder on a real file system. */
import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../kit/error-text.ts";
import { type Disk, JournalError } from "./disk.ts";
import { lockFolder } from "./lock.ts";

const fileMode = 0o600;
const folderMode = 0o700;

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Makes the folder (mode 0700) when it is missing. */
export async function openNodeDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true, mode: folderMode });
  return diskIn(folder);
}

/**
 * For looking only: makes nothing, so that a slip in the folder's name is found and root leaves no folder that the daemon cannot write.
 * @throws JournalError `disk` when there is no such folder, or it cannot be entered.
 */
export async function openNodeDiskToRead(folder: string): Promise<Disk> {
  const found = await stat(folder).catch((error: unknown) => {
    const why = isMissing(error) ? "there is none" : errorText(error);
    throw new JournalError("disk", `no journal in ${folder}: ${why}`, { cause: error });
  });
  if (!found.isDirectory()) throw new JournalError("disk", `no journal in ${folder}: it is not a folder`);
  return diskIn(folder);
}

function diskIn(folder: string): Disk {
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
