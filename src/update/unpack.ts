/**
 * Puts a release into a slot. The launcher looks at folders that are named for a version, and such a folder comes into being by one rename, after
 * everything in it is on the disk: whenever the power goes, what it finds is whole or not there.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { versionPattern } from "../kit/release-version.ts";
import { isNewerVersion, lastFile, type Manifest, type ReleaseFile, UpdateError } from "./manifest.ts";
import type { SlotDisk } from "./slot-disk.ts";

export interface UnpackParts {
  readonly disk: SlotDisk;
  readonly manifest: Manifest;
  /** A file's content: from a release that is here already, or fetched. Not trusted. */
  readonly contentOf: (file: ReleaseFile) => AsyncIterable<Uint8Array>;
  /** Versions whose slots must stay: what runs now, what a failed try falls back to. */
  readonly keep: readonly string[];
}

const marks = ["good", "tried"] as const;

/** @throws UpdateError `content`; the disk's errors. Whatever is thrown, the slots that were there still are. */
export async function unpack({ disk, manifest, contentOf, keep }: UnpackParts): Promise<void> {
  const { version } = manifest;
  const fresh = `new-${version}`;
  const old = `old-${version}`;
  await tidy(disk, [...keep, version]);
  await disk.makeFolder(fresh);
  const folders = foldersOf(manifest.files);
  for (const folder of folders) await disk.makeFolder(`${fresh}/${folder}`);
  // The file that makes it whole comes last: also a folder that somebody renamed by hand is whole or has none.
  const files = manifest.files.toSorted(
    (left, right) => Number(left.path === lastFile) - Number(right.path === lastFile),
  );
  for (const file of files) {
    const path = `${fresh}/${file.path}`;
    await disk.write(path, checked(file, contentOf(file)), file.isProgram);
    await disk.sync(path);
  }
  for (const folder of folders) await disk.sync(`${fresh}/${folder}`);
  await disk.sync(fresh);

  // A slot of this version that failed its gate makes place first, then what is known of it, then the new one comes: never the new with the old's marks.
  if (await disk.has(version)) {
    await disk.rename(version, old);
    await disk.sync("");
  }
  for (const mark of marks) await disk.removeFile(`state/${version}.${mark}`);
  await disk.sync("state");
  await disk.rename(fresh, version);
  await disk.sync("");
  await disk.remove(old);
}

/** What interrupted updates left, and slots that nobody falls back to any more. */
async function tidy(disk: SlotDisk, keep: readonly string[]): Promise<void> {
  const names = await disk.list("");
  for (const name of names.filter((one) => /^(new|old)-/.test(one))) await disk.remove(name);
  for (const name of names.filter((one) => versionPattern.test(one) && !keep.includes(one))) {
    // Out of the launcher's sight by one step, then away.
    await disk.rename(name, `old-${name}`);
    await disk.sync("");
    await disk.remove(`old-${name}`);
    for (const mark of marks) await disk.removeFile(`state/${name}.${mark}`);
  }
}

/** Outer folders before inner ones. */
function foldersOf(files: readonly ReleaseFile[]): readonly string[] {
  const found = new Set<string>();
  for (const { path } of files)
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) found.add(folder);
  return [...found].toSorted();
}

/** Passes on what comes, and throws at the end when it was not what the manifest says, or as soon as it is too long. */
async function* checked(
  { path, bytes, sha256 }: ReleaseFile,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let seen = 0;
  for await (const part of content) {
    seen += part.length;
    if (seen > bytes)
      throw new UpdateError("content", `${path} is longer than the ${bytes} bytes that the release says`);
    hash.update(part);
    yield part;
  }
  if (hash.digest("hex") !== sha256)
    throw new UpdateError("content", `${path} is not what the release says (${seen} of ${bytes} bytes came)`);
}

/** The newest slot that passed its gate, as the launcher chooses it. */
export async function settledVersion(disk: SlotDisk): Promise<string | undefined> {
  const states = await disk.list("state");
  const versions = (await disk.list("")).filter((name) => versionPattern.test(name) && states.includes(`${name}.good`));
  return versions.toSorted((left, right) => (isNewerVersion(left, right) ? -1 : 1))[0];
}
