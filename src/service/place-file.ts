/** Puts a file in place whole: readers see the old one or the new one, never half, also after a power cut; and never over one that is there unless told to. */
import { chmod, chown, link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface PlacedFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Numeric owner; undefined leaves whoever runs this. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether one that is there may be replaced. */
  readonly mayReplace: boolean;
}

/** Resolves to whether it was put there: false when another file is there and may not be replaced. Rejects with the file system's error. */
export async function placeFile({ path, text, mode, owner, mayReplace }: PlacedFile): Promise<boolean> {
  const fresh = `${path}.new`;
  // Left by a power cut; nobody reads it.
  await rm(fresh, { force: true });
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(text, "utf8");
      await file.sync();
    } finally {
      await file.close();
    }
    if (owner !== undefined) await chown(fresh, owner.uid, owner.gid);
    await chmod(fresh, mode);
    // rename(2) replaces; link(2) fails with EEXIST, and nothing can come between.
    if (mayReplace) await rename(fresh, path);
    else await link(fresh, path);
  } catch (error) {
    if (!mayReplace && error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return true;
}
