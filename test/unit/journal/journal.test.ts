/**
 * Goal: what was committed is there after a power cut, and nothing half. Method: the journal runs on a simulated disk; the power is cut at
 * every single disk operation of a scripted run, with several lots of luck, and what is found is compared with what was promised.
 */
import { describe, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/journal.ts";
import type { CarriedChange, Journal, JournalChange } from "../../../src/journal/port.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 23);
const token = "c3VwZXItc2VjcmV0LWN1c3RvbWVyLXRva2Vu";

function open(disk: SimulatedDisk, wallMs = now): Promise<Journal> {
  return openJournal({ disk, wallMs: () => wallMs, retentionMs: 400 * day });
}

/** What a start would find now, on a disk that keeps all that it was given. */
async function openCopy(disk: SimulatedDisk): Promise<Journal> {
  const copy = new SimulatedDisk();
  for (const name of await disk.list()) await copy.write(name, disk.readNow(name) ?? new Uint8Array());
  return open(copy);
}

/** A sale as the kiosk writes it: intent with secret, steps, end. */
function script(sales: number): readonly (readonly JournalChange[])[] {
  return Array.from({ length: sales }, (_, index) => {
    const key = `kiosk-7-${index}`;
    return [
      [
        { kind: "put", table: "settlement", key, value: { state: "creating", index } },
        { kind: "put-secret", key, value: { token: token + index } },
      ],
      [{ kind: "put", table: "settlement", key, value: { state: "delivering", index } }],
      [
        { kind: "delete", table: "settlement", key },
        { kind: "drop-secret", key },
        { kind: "put", table: "sale", key, value: { captured: 100 + index } },
        { kind: "put", table: "unsent", key: `${key}.0`, value: index },
      ],
    ] satisfies JournalChange[][];
  }).flat();
}

function snapshot(journal: Journal): string {
  const tables = ["settlement", "unsent"] as const;
  return JSON.stringify(tables.map((table) => [...journal.entries(table)].toSorted(([a], [b]) => a.localeCompare(b))));
}

/** What stands after each number of commits, on a disk that never fails. */
async function expected(commits: ReturnType<typeof script>): Promise<readonly string[]> {
  const journal = await open(new SimulatedDisk());
  const states = [snapshot(journal)];
  for (const changes of commits) {
    await journal.commit(changes);
    states.push(snapshot(journal));
  }
  return states;
}

class PowerCut extends Error {}

/** Runs the script until the `cutAt`-th disk operation; undefined when it ends before. */
async function runUntilCut(
  disk: SimulatedDisk,
  commits: ReturnType<typeof script>,
  cutAt: number,
): Promise<number | undefined> {
  let operations = 0;
  let done = 0;
  disk.beforeChange = () => {
    operations += 1;
    if (operations !== cutAt) return;
    disk.cutPower();
    throw new PowerCut("power");
  };
  try {
    const journal = await open(disk);
    for (const changes of commits) {
      await journal.commit(changes);
      done += 1;
    }
    return undefined;
  } catch {
    return done;
  } finally {
    disk.beforeChange = undefined;
  }
}

describe("power cuts", () => {
  it.each([1, 2, 3, 4])("at every disk operation, luck %i: all that was committed, nothing half", async (seed) => {
    const commits = script(3);
    const states = await expected(commits);
    let cuts = 0;
    for (let cutAt = 1; ; cutAt += 1) {
      const disk = new SimulatedDisk();
      const done = await runUntilCut(disk, commits, cutAt);
      if (done === undefined) break;
      cuts += 1;
      disk.restorePower(createSeededEntropy(seed * 1_000 + cutAt));
      const journal = await open(disk);
      // The commit that was under way may be there or not, whole either way.
      expect([states[done], states[done + 1]]).toContain(snapshot(journal));
      await journal.close();
    }
    expect(cuts).toBeGreaterThan(40);
  });

  it("several in a row, also while it mends itself", async () => {
    const commits = script(2);
    const states = await expected(commits);
    for (let first = 1; first < 30; first += 3)
      for (let second = 1; second < 6; second += 1) {
        const disk = new SimulatedDisk();
        const done = await runUntilCut(disk, commits, first);
        if (done === undefined) continue;
        disk.restorePower(createSeededEntropy(first));
        await runUntilCut(disk, [], second);
        disk.restorePower(createSeededEntropy(first * 100 + second));
        expect([states[done], states[done + 1]]).toContain(snapshot(await open(disk)));
      }
  });
});

describe("what is carried", () => {
  const put = (key: string, value: number): CarriedChange => ({ kind: "put", table: "unsent", key, value });

  it("is in memory at once, costs the disk nothing, and is written with the next commit, in order", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    await journal.commit([put("a", 1)]);
    const syncs = disk.syncs;
    await journal.carry([put("a", 2), put("b", 2)]);
    await journal.carry([{ kind: "delete", table: "unsent", key: "b" }]);
    expect([...journal.entries("unsent")]).toEqual([["a", 2]]);
    expect(disk.syncs).toBe(syncs);
    expect([...(await openCopy(disk)).entries("unsent")]).toEqual([["a", 1]]);
    await journal.commit([put("c", 3)]);
    expect(disk.syncs).toBe(syncs + 1);
    expect([...(await openCopy(disk)).entries("unsent")]).toEqual([
      ["a", 2],
      ["c", 3],
    ]);
  });

  it.each<readonly [string, (journal: Journal) => Promise<void>]>([
    ["an empty commit", (journal) => journal.commit([])],
    ["the journal's end", (journal) => journal.close()],
  ])("is written by %s", async (_, write) => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    await journal.carry([put("a", 1)]);
    await write(journal);
    expect([...(await openCopy(disk)).entries("unsent")]).toEqual([["a", 1]]);
  });

  it("does not grow without end: after a while it is written", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    await journal.commit([put("a", 0)]);
    const syncs = disk.syncs;
    for (let value = 1; value <= 1_000; value += 1) await journal.carry([put("a", value)]);
    expect(journal.get("unsent", "a")).toBe(1_000);
    expect(disk.syncs - syncs).toBe(3);
    expect((await openCopy(disk)).get("unsent", "a")).toBeGreaterThan(700);
  });

  it("keeps its place between commits that are under way", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const before = journal.commit([put("a", 1)]);
    const carried = journal.carry([put("a", 2)]);
    await Promise.all([before, carried]);
    expect(journal.get("unsent", "a")).toBe(2);
    await journal.commit([]);
    expect((await openCopy(disk)).get("unsent", "a")).toBe(2);
  });

  it("is still there when the commit that takes it along is refused", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    await journal.carry([put("a", 1)]);
    disk.beforeChange = () => {
      throw new Error("no space left on device");
    };
    await expect(journal.commit([put("b", 1)])).rejects.toMatchObject({ code: "disk" });
    disk.beforeChange = undefined;
    expect([...journal.entries("unsent")]).toEqual([["a", 1]]);
    await journal.commit([]);
    expect([...(await openCopy(disk)).entries("unsent")]).toEqual([["a", 1]]);
  });

  it.each([1, 2, 3])("goes with its commit or not at all, wherever the power is cut, luck %i", async (seed) => {
    const whole = JSON.stringify([
      ["a", 2],
      ["b", 1],
    ]);
    for (let cutAt = 1; ; cutAt += 1) {
      const disk = new SimulatedDisk();
      const journal = await open(disk);
      await journal.commit([put("a", 1)]);
      let operations = 0;
      disk.beforeChange = () => {
        operations += 1;
        if (operations !== cutAt) return;
        disk.cutPower();
        throw new PowerCut("power");
      };
      await journal.carry([put("a", 2)]);
      const isWhole = await journal.commit([put("b", 1)]).then(
        () => true,
        () => false,
      );
      disk.beforeChange = undefined;
      if (isWhole) break;
      disk.restorePower(createSeededEntropy(seed * 100 + cutAt));
      const found = JSON.stringify([...(await open(disk)).entries("unsent")]);
      expect([JSON.stringify([["a", 1]]), whole]).toContain(found);
    }
  });
});

describe("the journal", () => {
  it("keeps ended sales in a file a month and finds them", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    for (const changes of script(2)) await journal.commit(changes);
    expect(await disk.list()).toContain("sales-2026-11.log");
    expect(journal.get("sale", "kiosk-7-1")).toEqual({ captured: 101 });
    expect([...journal.entries("sale")]).toHaveLength(2);
    expect([...journal.entries("settlement")]).toEqual([]);
  });

  it("leaves no byte of a secret once it is dropped", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const [first, , last] = script(1);
    await journal.commit(first ?? []);
    expect(journal.secret("kiosk-7-0")).toEqual({ token: `${token}0` });
    expect(disk.everything()).toContain(token);
    await journal.commit(last ?? []);
    expect(disk.everything()).not.toContain(token);
    expect(journal.secret("kiosk-7-0")).toBeUndefined();
  });

  it("a second process is refused", async () => {
    const disk = new SimulatedDisk();
    await open(disk);
    await expect(open(disk)).rejects.toMatchObject({ code: "locked" });
  });

  it("damage in the middle is no fresh start, and nothing is changed", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    for (const changes of script(2)) await journal.commit(changes);
    await journal.close();
    disk.corrupt("journal.log", 120);
    const before = disk.everything();
    await expect(open(disk)).rejects.toMatchObject({ code: "corrupt" });
    expect(disk.everything()).toBe(before);
  });

  it("damage to any byte of what was committed is no fresh start, and nothing is changed", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    for (const changes of script(1)) await journal.commit(changes);
    await journal.close();
    for (const name of await disk.list()) {
      const length = disk.readNow(name)?.length ?? 0;
      expect(length).toBeGreaterThan(50);
      for (let at = 0; at < length; at += 1) {
        disk.corrupt(name, at);
        const before = disk.bytesWritten;
        await expect(open(disk), `${name} ${at}`).rejects.toMatchObject({ code: "corrupt" });
        expect(disk.bytesWritten).toBe(before);
        disk.corrupt(name, at);
      }
    }
    expect((await open(disk)).get("sale", "kiosk-7-0")).toEqual({ captured: 100 });
  });

  it("a log that is gone or empty while a payment is open is no fresh start", async () => {
    const [first] = script(1);
    for (const harm of [
      (disk: SimulatedDisk) => disk.remove("journal.log"),
      (disk: SimulatedDisk) => disk.write("journal.log", new Uint8Array()),
      (disk: SimulatedDisk) => disk.write("journal.log", new Uint8Array(4_096)),
    ]) {
      const disk = new SimulatedDisk();
      const journal = await open(disk);
      await journal.commit(first ?? []);
      await journal.close();
      await harm(disk);
      await expect(open(disk)).rejects.toMatchObject({ code: "corrupt" });
      // The lock is free again: a person who mends it can start at once.
      await expect(open(disk)).rejects.toMatchObject({ code: "corrupt" });
    }
  });

  it("a card that loses what it was told to keep costs nothing that was promised", async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const disk = new SimulatedDisk();
      const journal = await open(disk);
      const [first, second, third] = script(1);
      await journal.commit(first ?? []);
      disk.fault = "io";
      await expect(journal.commit(third ?? [])).rejects.toMatchObject({ code: "disk" });
      disk.fault = undefined;
      await journal.commit(second ?? []);
      await journal.commit(third ?? []);
      disk.cutPower();
      disk.restorePower(createSeededEntropy(seed));
      const again = await open(disk);
      expect(again.get("sale", "kiosk-7-0")).toEqual({ captured: 100 });
      expect([...again.entries("settlement")]).toEqual([]);
    }
  });

  it("commits that wait for the disk share one write and one sync", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const before = disk.syncs;
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        journal.commit([{ kind: "put", table: "fact", key: String(index), value: index }]),
      ),
    );
    expect(disk.syncs - before).toBeLessThanOrEqual(2);
    expect([...journal.entries("fact")]).toHaveLength(50);
  });

  it("of which only the header is left beside sales is refused, and left as it is; a new one is not", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    await journal.commit([
      { kind: "put", table: "fact", key: "boot", value: 7 },
      { kind: "put", table: "sale", key: "k", value: 1 },
    ]);
    await journal.close();
    const whole = await disk.read("journal.log");
    const header = Buffer.from(whole ?? []).subarray(0, Buffer.from(whole ?? []).indexOf("\n") + 1);
    for (const left of [header, Buffer.concat([header, Buffer.from("0bad")])]) {
      await disk.write("journal.log", left);
      await expect(open(disk)).rejects.toMatchObject({ code: "corrupt" });
      expect(Buffer.from((await disk.read("journal.log")) ?? [])).toEqual(left);
    }
    const empty = new SimulatedDisk();
    await (await open(empty)).close();
    await (await open(empty)).close();
  });

  it("that was cut between two lines is refused, where a month's file shows that there was more", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    for (let count = 1; count <= 4; count += 1) {
      await journal.commit([{ kind: "put", table: "settlement", key: `s${count}`, value: "open" }]);
      await journal.commit([
        { kind: "delete", table: "settlement", key: `s${count}` },
        { kind: "put", table: "sale", key: `s${count}`, value: count },
      ]);
    }
    await journal.close();
    const whole = Buffer.from((await disk.read("journal.log")) ?? []);
    const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
    // The last sale is in its month's file before the commit that ends it: a power cut there leaves all but that one.
    for (const end of ends.slice(0, -2)) {
      await disk.write("journal.log", whole.subarray(0, end));
      await expect(open(disk), `cut after ${end} bytes`).rejects.toMatchObject({ code: "corrupt" });
      expect((await disk.read("journal.log"))?.length).toBe(end);
    }
    await disk.write("journal.log", whole.subarray(0, ends.at(-2)));
    const opened = await open(disk);
    expect(opened.get("settlement", "s4")).toBe("open");
    await opened.close();
  });

  it("that was written anew, and then cut, is refused all the same", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    for (let count = 1; count <= 400; count += 1)
      await journal.commit([{ kind: "put", table: "fact", key: "large", value: `${count} ${"x".repeat(2_000)}` }]);
    const rewritten = (await disk.read("journal.log"))?.length ?? 0;
    expect(rewritten).toBeLessThan(400 * 2_000);
    const early = Buffer.from((await disk.read("journal.log")) ?? []);
    await journal.commit([{ kind: "put", table: "fact", key: "small", value: 1 }]);
    await journal.commit([{ kind: "put", table: "sale", key: "s1", value: 1 }]);
    await journal.close();
    await disk.write("journal.log", early);
    await expect(open(disk)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("a commit that is made in the answer of another one is not forgotten", async () => {
    const journal = await open(new SimulatedDisk());
    const one = (value: number): Promise<void> =>
      journal
        .commit([{ kind: "put", table: "fact", key: "one", value }])
        .then(() => (value < 5 ? one(value + 1) : undefined));
    await one(1);
    expect(journal.get("fact", "one")).toBe(5);
  });

  it("of a secret that is dropped and put again in one commit keeps the last", async () => {
    const journal = await open(new SimulatedDisk());
    await journal.commit([{ kind: "put-secret", key: "k", value: 1 }]);
    await journal.commit([
      { kind: "drop-secret", key: "k" },
      { kind: "put-secret", key: "k", value: 2 },
    ]);
    expect(journal.secret("k")).toBe(2);
  });

  it("a log that is gone while sales are there is no fresh start", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    for (const changes of script(1)) await journal.commit(changes);
    await journal.close();
    await disk.remove("journal.log");
    await expect(open(disk)).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each(["full", "read-only"] as const)(
    "a %s disk refuses commits, and nothing is lost when it works again",
    async (fault) => {
      const disk = new SimulatedDisk();
      const journal = await open(disk);
      const [first, second, third] = script(1);
      await journal.commit(first ?? []);
      disk.fault = fault;
      await expect(journal.commit(second ?? [])).rejects.toMatchObject({ code: "disk" });
      disk.fault = undefined;
      await journal.commit(third ?? []);
      await journal.close();
      const again = await open(disk);
      expect([...again.entries("settlement")]).toEqual([]);
      expect(again.get("sale", "kiosk-7-0")).toEqual({ captured: 100 });
    },
  );

  it.each([1, 2])(
    "is all or nothing, whichever operation of the disk fails, and however many in a row: %i",
    async (inARow) => {
      const commits = script(2);
      const states = await expected(commits);
      const secrets = (journal: Journal): unknown => [journal.secret("kiosk-7-0"), journal.secret("kiosk-7-1")];
      for (let failing = 1; ; failing += 1) {
        const disk = new SimulatedDisk();
        const journal = await open(disk);
        let operations = 0;
        disk.beforeChange = () => {
          operations += 1;
          if (operations >= failing && operations < failing + inARow) throw new Error("EIO");
        };
        // With nothing in it, a commit is enough to take back what the disk did not allow to be taken back at once.
        const probe = (): Promise<void> => journal.commit([]).catch(() => journal.commit([]));
        let refusals = 0;
        for (const [index, changes] of commits.entries()) {
          const before = secrets(journal);
          const isTaken = await journal.commit(changes).then(
            () => true,
            () => false,
          );
          if (isTaken) expect(snapshot(journal)).toBe(states[index + 1]);
          else {
            refusals += 1;
            expect([snapshot(journal), secrets(journal)]).toEqual([states[index], before]);
            await probe();
            const found = await openCopy(disk);
            expect([snapshot(found), secrets(found)]).toEqual([states[index], before]);
            await journal.commit(changes);
          }
        }
        expect(snapshot(journal)).toBe(states[commits.length]);
        await probe();
        expect(disk.everything()).not.toContain(token);
        if (operations < failing) break;
        expect(refusals).toBeLessThanOrEqual(1);
      }
    },
  );

  it("is rewritten when it has grown, and stays small", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const value = "x".repeat(2_000);
    for (let index = 0; index < 400; index += 1)
      await journal.commit([{ kind: "put", table: "fact", key: "one", value: value + index }]);
    expect((await disk.read("journal.log"))?.length ?? 0).toBeLessThan(300_000);
    await journal.close();
    expect((await open(disk)).get("fact", "one")).toBe(`${value}399`);
  });

  it("writes nothing while nothing is committed", async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const before = disk.bytesWritten;
    await journal.commit([]);
    expect(journal.get("fact", "nothing")).toBeUndefined();
    expect(disk.bytesWritten).toBe(before);
  });
});
