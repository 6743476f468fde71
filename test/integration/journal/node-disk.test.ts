/**
 * Goal: on a real file system the journal keeps what it promised through SIGKILL, to itself and for one process alone. Method: another process
 * writes and says what was promised; it is killed at odd moments, and its files are read.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { openJournal, readJournal } from "../../../src/journal/journal.ts";
import { lockFolder } from "../../../src/journal/lock.ts";
import { openNodeDisk, openNodeDiskToRead } from "../../../src/journal/node-disk.ts";
import type { Journal } from "../../../src/journal/port.ts";

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "kvitt-journal-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function open(folder: string): Promise<Journal> {
  return openJournal({
    disk: await openNodeDisk(folder),
    wallMs: () => Date.UTC(2026, 10, 23),
    retentionMs: 1e12,
  });
}

function startWriter(folder: string): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", new URL("writer.ts", import.meta.url).pathname, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Kills the writer once it has promised `count` more sales; the last promise that was heard. */
async function killAfter(writer: ChildProcess, count: number): Promise<number> {
  if (writer.stdout === null) throw new Error("the writer has no output");
  let heard = 0;
  let last = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Number(line);
    heard += 1;
    if (heard === count) writer.kill("SIGKILL");
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  return last;
}

async function allText(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name !== "lock");
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.join("\n");
}

describe("a journal whose process is killed", () => {
  it("keeps every sale that was promised, and opens at once: no lock is left behind", async () => {
    await withFolder(async (folder) => {
      for (const sales of [1, 7, 23, 2, 11]) {
        const promised = await killAfter(startWriter(folder), sales);
        const journal = await open(folder);
        const count = journal.get("fact", "count");
        expect(count).toBeGreaterThanOrEqual(promised);
        // A sale's row stands before the commit that ends it: killed between the two, there is one more, whose payment is still open.
        for (let index = 1; index <= Number(count); index += 1)
          expect(journal.get("sale", `kiosk-7-${index}`)).toEqual({ count: index });
        for (const [key] of journal.entries("settlement")) expect(journal.secret(key)).toBeDefined();
        // What was open when it was killed is ended now, and leaves nothing.
        for (const [key] of journal.entries("settlement"))
          await journal.commit([
            { kind: "delete", table: "settlement", key },
            { kind: "drop-secret", key },
          ]);
        await journal.close();
        expect(await allText(folder)).not.toContain("secret-token");
      }
    });
  });

  it("is read by others while it is written", async () => {
    await withFolder(async (folder) => {
      const writer = startWriter(folder);
      const done = killAfter(writer, 60);
      const disk = await openNodeDiskToRead(folder);
      let seen = 0;
      while (writer.exitCode === null && writer.signalCode === null) {
        const { sales } = await readJournal(disk);
        expect(sales.size).toBeGreaterThanOrEqual(seen);
        seen = sales.size;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await done;
      expect(seen).toBeGreaterThan(0);
    });
  });
});

describe("the journal's folder", () => {
  it("and its files are for their owner alone", async () => {
    await withFolder(async (parent) => {
      const folder = join(parent, "journal");
      const journal = await open(folder);
      await journal.commit([
        { kind: "put", table: "sale", key: "k", value: 1 },
        { kind: "put-secret", key: "k", value: "token" },
      ]);
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
      const names = (await readdir(folder)).filter((name) => name !== "lock");
      expect(names).toHaveLength(3);
      for (const name of names) expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
      await journal.close();
    });
  });

  it("is refused to a second opener, in the same process and in another", async () => {
    await withFolder(async (folder) => {
      const journal = await open(folder);
      await expect(open(folder)).rejects.toMatchObject({ code: "locked" });
      const other = startWriter(folder);
      other.stdout?.resume();
      await once(other, "exit");
      expect(other.exitCode).not.toBe(0);
      await journal.close();
      await (await open(folder)).close();
    });
  });

  it.each(["linux", "darwin"] as const)(
    "is locked by a socket in it, which no other user can make first (%s)",
    async (platform) => {
      await withFolder(async (folder) => {
        const lock = await lockFolder(folder, platform);
        const found = await stat(join(folder, "lock"));
        expect([found.isSocket(), (await stat(folder)).mode & 0o077]).toEqual([true, 0]);
        expect(await readdir(folder)).toEqual(["lock"]);
        // Nothing of it is in the abstract namespace, where anybody may take a name.
        if (process.platform === "linux")
          expect(await readFile("/proc/net/unix", "utf8")).not.toContain("@kvitt-journal");
        await expect(lockFolder(folder, platform)).rejects.toMatchObject({ code: "locked" });
        expect(await readdir(folder)).toEqual(["lock"]);
        await lock.release();
        expect(await readdir(folder)).toEqual([]);
      });
    },
  );

  it("whose path is longer than a socket's may be is locked all the same", async () => {
    await withFolder(async (parent) => {
      const folder = join(parent, "deep".repeat(20), "deeper".repeat(20));
      const journal = await open(folder);
      await expect(open(folder)).rejects.toMatchObject({ code: "locked" });
      await journal.close();
    });
  });

  it.each(["lock", "lock.taking", "lock.0123456789abcdef"])(
    "with a %s that a killed process left is taken over",
    async (name) => {
      await withFolder(async (folder) => {
        await writeFile(join(folder, name), "");
        const lock = await lockFolder(folder).catch(() => lockFolder(folder));
        await expect(lockFolder(folder)).rejects.toMatchObject({ code: "locked" });
        expect(await readdir(folder)).toEqual(["lock"]);
        await lock.release();
      });
    },
  );

  it("whose stale lock somebody else is just taking over is left to them", async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, "lock"), "");
      const other = createServer((socket) => socket.destroy());
      other.listen(join(folder, "lock.taking"));
      await once(other, "listening");
      try {
        await expect(lockFolder(folder)).rejects.toMatchObject({ code: "locked" });
        expect((await readdir(folder)).toSorted()).toEqual(["lock", "lock.taking"]);
        expect((await stat(join(folder, "lock"))).isSocket()).toBe(false);
      } finally {
        other.close();
      }
    });
  });

  it("that was left locked is taken by exactly one of many who come at once", async () => {
    for (let round = 0; round < 10; round += 1)
      await withFolder(async (folder) => {
        await writeFile(join(folder, "lock"), "");
        const starts = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
        const taken = starts.filter((start) => start.status === "fulfilled");
        expect(taken).toHaveLength(1);
        for (const { value } of taken) await value.release();
      });
  });

  it("that does not exist is not made by looking", async () => {
    await withFolder(async (parent) => {
      const folder = join(parent, "no-such");
      await expect(openNodeDiskToRead(folder)).rejects.toMatchObject({ code: "disk" });
      expect(await readdir(parent)).toEqual([]);
    });
  });

  it.skipIf(process.getuid?.() === 0)("that cannot be written is told as the disk's fault", async () => {
    await withFolder(async (folder) => {
      await chmod(folder, 0o500);
      await expect(open(folder)).rejects.toMatchObject({ code: "disk" });
      await chmod(folder, 0o700);
    });
  });
});
