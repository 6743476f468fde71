/**
 * A real folder under an update whose power is cut: after a number of operations nothing more happens, and what was not synced is lost, all of it or a part,
 * by the rules that fsync(2) leaves to the kernel: contents that were not synced may be empty, names that were not synced may be missing, in any order.
 */
import { cp, readdir, rm, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openSlotDisk, type SlotDisk } from "../../../src/update/slot-disk.ts";

export class PowerCut extends Error {}

export interface CuttableDisk extends SlotDisk {
  /** How many operations were done. */
  readonly operations: number;
}

/** What is lost of the operations that were not synced: nothing, file contents, the newest names, or both. */
export type Loss = "nothing" | "contents" | "names" | "both";

/** @param after the operation that is not done any more; Infinity for none */
export function cuttableDisk(root: string, after: number, loss: Loss): CuttableDisk {
  const disk = openSlotDisk(root);
  /** Files whose content is not on the disk. */
  const loose = new Set<string>();
  /** How to undo what was done to names in folders that were not synced since, newest last. */
  let renames: { folder: string; undo: () => Promise<void> }[] = [];
  let done = 0;

  async function step(act: () => Promise<void>): Promise<void> {
    if (done >= after) {
      await lose();
      throw new PowerCut(`the power goes after ${after} operations`);
    }
    done += 1;
    await act();
  }

  async function lose(): Promise<void> {
    if (loss === "contents" || loss === "both")
      for (const path of loose) await truncate(join(root, path), 0).catch(() => {});
    if (loss === "names" || loss === "both") for (const { undo } of renames.toReversed()) await undo();
  }

  const folderOf = (path: string): string => (dirname(path) === "." ? "" : dirname(path));

  return {
    get operations() {
      return done;
    },
    list: (folder) => disk.list(folder),
    has: (path) => disk.has(path),
    makeFolder: (path) => step(() => disk.makeFolder(path)),
    write: (path, content, isProgram) =>
      step(async () => {
        loose.add(path);
        await disk.write(path, content, isProgram);
        renames.push({ folder: folderOf(path), undo: () => rm(join(root, path), { force: true }) });
      }),
    sync: (path) =>
      step(async () => {
        await disk.sync(path);
        loose.delete(path);
        renames = renames.filter(({ folder }) => folder !== path);
      }),
    rename: (from, to) =>
      step(async () => {
        await disk.rename(from, to);
        // Contents move with their folder.
        const moved = [...loose].filter((path) => path.startsWith(`${from}/`));
        for (const path of moved) {
          loose.delete(path);
          loose.add(`${to}${path.slice(from.length)}`);
        }
        renames.push({ folder: folderOf(to), undo: () => disk.rename(to, from).catch(() => {}) });
      }),
    remove: (path) => step(() => disk.remove(path)),
    removeFile: (path) => step(() => disk.removeFile(path)),
  };
}

/** A copy of a prepared folder, to cut in. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
  await readdir(to);
}
