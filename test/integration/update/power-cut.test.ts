/**
 * Goal: cut the power at any instant of an update, and the machine starts something that works. Method: an update as its sequence of file operations on
 * a real folder, cut after each of them, with what was not synced lost in several ways; then the package's own launcher starts what it finds.
 */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { UpdateError } from "../../../src/update/manifest.ts";
import { openSlotDisk } from "../../../src/update/slot-disk.ts";
import { unpack } from "../../../src/update/unpack.ts";
import {
  launch,
  makeSlotMachine,
  manifestOf,
  mark,
  releaseFiles,
  type SlotMachine,
  writeRelease,
} from "./machine-with-slots.ts";
import { copyFolder, cuttableDisk, type Loss, PowerCut } from "./power-cut-disk.ts";

let folder: string;
let machine: SlotMachine;
let prepared: string;

/** 1.0.0 is the package's, 1.1.0 runs, 1.2.0 failed its gate, 0.9.0 is of long ago; 1.2.0 comes anew. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-cut-"));
  machine = await makeSlotMachine(folder);
  for (const version of ["0.9.0", "1.1.0", "1.2.0"])
    await writeRelease(join(machine.slots, version), releaseFiles(version));
  await mark(machine, "1.1.0", "good");
  await mark(machine, "1.2.0", "tried");
  prepared = join(folder, "prepared");
  await copyFolder(machine.slots, prepared);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const files = releaseFiles("1.2.0");
const manifest = manifestOf("1.2.0", files);

async function* contentOf({ path }: { readonly path: string }): AsyncGenerator<Uint8Array> {
  yield Buffer.from(files.get(path) ?? "");
}

/** @returns how many operations there were, or undefined when the power went. */
async function updateUntil(after: number, loss: Loss): Promise<number | undefined> {
  const disk = cuttableDisk(machine.slots, after, loss);
  try {
    await unpack({ disk, manifest, contentOf, keep: ["1.1.0"] });
    return disk.operations;
  } catch (error) {
    if (error instanceof PowerCut) return undefined;
    throw error;
  }
}

it("starts a whole release after a cut anywhere, and the new one once the update is over", async () => {
  const all = await updateUntil(Number.POSITIVE_INFINITY, "nothing");
  expect(all).toBeGreaterThan(20);
  expect((await launch(machine, "service", "run")).out).toBe("1.2.0 format=1");
  const seen = new Set<string>();
  for (let after = 0; after < (all ?? 0); after += 1)
    for (const loss of ["nothing", "contents", "names", "both"] as const) {
      await copyFolder(prepared, machine.slots);
      expect(await updateUntil(after, loss)).toBeUndefined();
      const { out, err } = await launch(machine, "service", "run");
      expect(["1.1.0 format=newest", "1.2.0 format=1"], `cut after ${after}, lost: ${loss}\n${err}`).toContain(out);
      seen.add(out);
    }
  // Both sides of the one moment were seen.
  expect(seen.size).toBe(2);
});

it("an update after one that was cut goes through, and leaves nothing of it", async () => {
  for (const after of [5, 12, 20]) {
    await copyFolder(prepared, machine.slots);
    await updateUntil(after, "both");
    await unpack({ disk: openSlotDisk(machine.slots), manifest, contentOf, keep: ["1.1.0"] });
    expect((await readdir(machine.slots)).toSorted()).toStrictEqual(["1.1.0", "1.2.0", "state"]);
    expect((await launch(machine, "service", "run")).out).toBe("1.2.0 format=1");
  }
});

it("a mark that its owner made a link or a folder is not followed: nothing else of root's is touched", async () => {
  const outside = join(folder, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "kept"), "");
  await rm(join(machine.slots, "state/1.2.0.tried"));
  await symlink(outside, join(machine.slots, "state/1.2.0.tried"));
  const disk = openSlotDisk(machine.slots);
  await unpack({ disk, manifest, contentOf, keep: ["1.1.0"] });
  expect(await readdir(outside)).toStrictEqual(["kept"]);
  await mkdir(join(machine.slots, "state/1.2.0.good"));
  await expect(unpack({ disk, manifest, contentOf, keep: ["1.1.0"] })).rejects.toThrow();
  expect((await launch(machine, "service", "run")).out).toMatch(/^1\.[012]\.0 /);
});

it("a file with other bytes than the signed ones never becomes part of a slot", async () => {
  async function* wrong(file: { readonly path: string }): AsyncGenerator<Uint8Array> {
    if (file.path === "chunks/one.js") yield Buffer.from("one 6.6.6");
    else yield* contentOf(file);
  }
  const failed = unpack({ disk: openSlotDisk(machine.slots), manifest, contentOf: wrong, keep: ["1.1.0"] });
  await expect(failed).rejects.toThrow(UpdateError);
  expect((await launch(machine, "service", "run")).out).toBe("1.1.0 format=newest");
});
