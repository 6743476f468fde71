/** What unpacking needs of the disk, and the difference between written and synced: tests cut the power between any two of these operations. */
import { chmod, mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

export interface SlotDisk {
  /** Names in a folder; none where there is no folder. "" is the slots' own. */
  list(folder: string): Promise<readonly string[]>;
  has(path: string): Promise<boolean>;
  makeFolder(path: string): Promise<void>;
  /** Not durable before `sync`. */
  write(path: string, content: AsyncIterable<Uint8Array>, isProgram: boolean): Promise<void>;
  /** What stands in this file or folder survives a power cut from now on (fsync(2)). */
  sync(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A folder of root's, with all that is in it; nothing happens when it is not there. */
  remove(path: string): Promise<void>;
  /** One file, in a folder that another user may change meanwhile: never what a link or a folder leads to (unlink(2)). */
  removeFile(path: string): Promise<void>;
}

/** Everybody may read a program, and nobody but root change it. */
const programMode = 0o755;
const fileMode = 0o644;

export function openSlotDisk(root: string): SlotDisk {
  const at = (path: string): string => join(root, path);
  return {
    list: (folder) => readdir(at(folder)).catch(ignoreMissing([])),
    has: (path) =>
      stat(at(path))
        .then(() => true)
        .catch(ignoreMissing(false)),
    async makeFolder(path) {
      await mkdir(at(path), { mode: programMode });
      // Whatever the umask is.
      await chmod(at(path), programMode);
    },
    async write(path, content, isProgram) {
      await using file = await open(at(path), "wx", fileMode);
      for await (const part of content) await file.writeFile(part);
      await file.chmod(isProgram ? programMode : fileMode);
    },
    async sync(path) {
      await using file = await open(at(path), "r");
      await file.sync();
    },
    rename: (from, to) => rename(at(from), at(to)),
    remove: (path) => rm(at(path), { recursive: true, force: true }),
    removeFile: (path) => unlink(at(path)).catch(ignoreMissing(undefined)),
  };
}

function ignoreMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return instead;
    throw error;
  };
}
