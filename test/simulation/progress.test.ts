/** A long run goes on where it was stopped, also by SIGKILL, and never counts a seed twice. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { untilTrue } from "../integration/patience.ts";
import { emptyProgress, readProgress, seedsSeen, sharesLeft, withShare, writeProgress } from "./progress.ts";

const nothing = { happened: {}, broken: [] };
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "kvitt-resume-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("what is left", () => {
  it("is all of it, in pieces, when nothing was seen", () => {
    expect(sharesLeft(emptyProgress("c"), { first: 5, count: 25 }, 10)).toEqual([
      { first: 5, count: 10 },
      { first: 15, count: 10 },
      { first: 25, count: 5 },
    ]);
  });

  it("leaves out what was seen, in whatever order it came", () => {
    let state = emptyProgress("c");
    for (const first of [30, 10, 20]) state = withShare(state, { first, count: 10 }, nothing);
    state = withShare(state, { first: 60, count: 10 }, nothing);
    expect(state.seen).toEqual([
      [10, 39],
      [60, 69],
    ]);
    expect(seedsSeen(state)).toBe(40);
    expect(sharesLeft(state, { first: 1, count: 65 }, 100)).toEqual([
      { first: 1, count: 9 },
      { first: 40, count: 20 },
    ]);
  });
});

describe("the file", () => {
  it("is read as it was written", () => {
    const path = join(folder, "run.json");
    expect(readProgress(path)).toBeUndefined();
    const broken = [{ seed: 3, violation: "never twice" }];
    const state = withShare(emptyProgress("c"), { first: 1, count: 5 }, { happened: { payment: 7 }, broken });
    writeProgress(path, state);
    expect(readProgress(path)).toEqual(state);
  });

  it("is not overwritten when it is something else", () => {
    const path = join(folder, "other.json");
    writeFileSync(path, `{"mine":1}`);
    expect(() => readProgress(path)).toThrow(/no file of --resume/);
  });
});

const root = fileURLToPath(new URL("../../", import.meta.url));

function simulate(...args: string[]) {
  const all = ["--import", "tsx", "scripts/simulate.ts", "--workers", "1", ...args];
  const child = spawn(process.execPath, all, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<string>((resolve) => child.once("close", () => resolve(text)));
  return { kill: () => child.kill("SIGKILL"), ended };
}

describe("npm run simulate -- --resume", () => {
  it("goes on after SIGKILL, says what it skips, and refuses seeds of other code", async () => {
    const path = join(folder, "run.json");
    const first = simulate("--runs", "100000", "--resume", path);
    const seenIn = (): number => seedsSeen(readProgress(path) ?? emptyProgress(""));
    expect(await untilTrue(() => seenIn() > 0)).toBe(true);
    first.kill();
    await first.ended;
    const seen = seenIn();
    const text = await simulate("--runs", String(seen + 20), "--resume", path).ended;
    expect(text).toContain(`${seen} of ${seen + 20} seeds were seen before and are skipped`);
    expect(text).toContain(`${seen + 20} seeds, 0 broken`);
    expect(seenIn()).toBe(seen + 20);

    writeFileSync(path, readFileSync(path, "utf8").replace(/"code":"\w+"/, '"code":"another"'));
    expect(await simulate("--runs", "1", "--resume", path).ended).toContain("another version of the code");
  });
});
