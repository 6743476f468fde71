/**
 * Goal: whatever stands in the slots, something that works is started, and a new release gets exactly one try. Method: the launcher of the package
 * itself, on folders of a test.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isMarked,
  launch,
  makeSlotMachine,
  mark,
  releaseFiles,
  type SlotMachine,
  writeRelease,
} from "./machine-with-slots.ts";

describe("the launcher", () => {
  let folder: string;
  let machine: SlotMachine;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvitt-launch-"));
    machine = await makeSlotMachine(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const slot = (version: string, journalFormat = 1): Promise<void> =>
    writeRelease(join(machine.slots, version), releaseFiles(version, journalFormat));
  const service = async (): Promise<string> => (await launch(machine, "service", "run")).out;

  it("starts the package's own release when there is no slot, and no folder of slots", async () => {
    expect(await service()).toBe("1.0.0 format=newest");
    await rm(machine.slots, { recursive: true });
    expect(await service()).toBe("1.0.0 format=newest");
  });

  it("tries a new slot once, and notes it before it starts it", async () => {
    await slot("1.1.0");
    expect(await service()).toBe("1.1.0 format=1");
    expect(await isMarked(machine, "1.1.0", "tried")).toBe(true);
    expect(await service()).toBe("1.0.0 format=newest");
  });

  it("takes the newest slot that passed its gate, as often as it is started", async () => {
    for (const version of ["1.2.0", "1.10.0", "1.9.0"]) {
      await slot(version);
      await mark(machine, version, "tried");
      await mark(machine, version, "good");
    }
    expect(await service()).toBe("1.10.0 format=newest");
    expect(await service()).toBe("1.10.0 format=newest");
  });

  it("falls back from a failed try to the slot before it, not to the package", async () => {
    await slot("1.1.0");
    await mark(machine, "1.1.0", "good");
    await slot("1.2.0");
    expect(await service()).toBe("1.2.0 format=1");
    expect(await service()).toBe("1.1.0 format=newest");
  });

  it("a release that is tried writes the journal format that the one behind it reads", async () => {
    await slot("1.1.0", 3);
    await mark(machine, "1.1.0", "good");
    await slot("1.2.0", 4);
    expect(await service()).toBe("1.2.0 format=3");
  });

  it("a command never is a try", async () => {
    await slot("1.1.0");
    expect((await launch(machine, "tool", "help")).out).toBe("1.0.0 format=newest");
    expect(await isMarked(machine, "1.1.0", "tried")).toBe(false);
    await mark(machine, "1.1.0", "good");
    expect((await launch(machine, "tool", "help")).out).toBe("1.1.0 format=newest");
  });

  it("a package that is newer than every slot is what is started", async () => {
    await slot("1.1.0");
    await mark(machine, "1.1.0", "good");
    await writeRelease(join(machine.base, "releases/1.2.0"), releaseFiles("1.2.0"));
    expect(await service()).toBe("1.2.0 format=newest");
  });

  it.each([
    ["no last file", async (at: string) => rm(join(at, "release.json"))],
    ["no runtime", async (at: string) => rm(join(at, "bin/node"))],
    ["a runtime that cannot be run", async (at: string) => chmod(join(at, "bin/node"), 0o644)],
    ["no bundle", async (at: string) => rm(join(at, "kvitt.js"))],
  ])("a slot with %s does not count, even after its gate", async (_what, harm) => {
    await slot("1.1.0");
    await mark(machine, "1.1.0", "good");
    await harm(join(machine.slots, "1.1.0"));
    expect(await service()).toBe("1.0.0 format=newest");
  });

  it("a package that is half unpacked does not count: its old release is started", async () => {
    await writeRelease(join(machine.base, "releases/1.1.0"), releaseFiles("1.1.0"));
    await rm(join(machine.base, "releases/1.1.0/release.json"));
    expect(await service()).toBe("1.0.0 format=newest");
  });

  it("other names in the slots' folder count for nothing", async () => {
    for (const name of ["new-9.0.0", "old-9.0.0", "9.0", "9.0.0-rc1", ".9.0.0", "9.0.0 x"])
      await writeRelease(join(machine.slots, name), releaseFiles("9.0.0"));
    await writeFile(join(machine.slots, "9.9.9"), "a file");
    expect(await service()).toBe("1.0.0 format=newest");
  });

  it("tries nothing when it could not note that it did", async () => {
    await slot("1.1.0");
    await rm(join(machine.slots, "state"), { recursive: true });
    const { out, err } = await launch(machine, "service", "run");
    expect(out).toBe("1.0.0 format=newest");
    expect(err).toContain("cannot be written");
    await mkdir(join(machine.slots, "state"));
  });

  it("root's updater is the package's own, whatever stands in the slots", async () => {
    await slot("1.1.0");
    await mark(machine, "1.1.0", "good");
    expect((await launch(machine, "update")).out).toBe("1.0.0 format=newest");
  });

  it.each([["service", "run"], ["tool", "help"], ["update"]])(
    "with nothing to start it says how to mend that: %s",
    async (...args) => {
      await rm(join(machine.base, "releases"), { recursive: true });
      const { code, err } = await launch(machine, ...args);
      expect(code).toBe(78);
      expect(err).toContain("apt install --reinstall kvitt");
    },
  );

  it("never runs root's updater out of a slot, though it is all that is left", async () => {
    await slot("1.1.0");
    await mark(machine, "1.1.0", "good");
    await rm(join(machine.base, "releases"), { recursive: true });
    expect(await launch(machine, "update")).toMatchObject({ code: 78, out: "" });
  });
});
