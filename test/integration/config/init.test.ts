/** Goal: kvitt init puts a right file in place, readable by whom it should be, and never over another. Method: the command itself, in a folder of its own. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { command as config } from "../../../src/cli/commands/config.ts";
import init from "../../../src/cli/commands/init.ts";
import { numberOf } from "../../../src/service/accounts.ts";
import { placeFile } from "../../../src/service/place-file.ts";

let folder = "";
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "kvitt-init-"))));
afterEach(() => rm(folder, { recursive: true }));

function rig() {
  const out: string[] = [];
  const err: string[] = [];
  const never = new AbortController().signal;
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    env: {},
    isTty: false,
    columns: 80,
    signal: never,
    hurry: never,
  };
  return { out, err, io };
}

const toml = `trade = "laundry"
id = "laundry-7"
location = "Cellar"
msn = "123456"
broker = "mqtts://broker.example.com:8883"
`;
const json = JSON.stringify({
  trade: "kiosk",
  id: "k-1",
  location: "Hall",
  msn: "123456",
  broker: "mqtts://b.example.com",
});

async function answersIn(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

describe("kvitt init --answers", () => {
  it.each([
    ["answers.toml", toml, "laundry-7"],
    ["answers.json", json, "k-1"],
  ])("writes what kvitt config check calls right, from %s", async (name, text, id) => {
    const { io, out, err } = rig();
    const file = join(folder, "kvitt.toml");
    expect(await init.run(["--answers", await answersIn(name, text), "--out", file], io)).toBe(0);
    expect(out).toEqual([file]);
    expect(err.join("\n")).toMatch(/GND.*●/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const checked = rig();
    expect(await config.run(["check", file], checked.io)).toBe(0);
    expect(checked.out.join("")).toContain(`is right: machine ${id}`);
  });

  it("leaves a file alone that is there, until it is told to replace it", async () => {
    const file = join(folder, "kvitt.toml");
    await writeFile(file, "mine");
    const args = ["--answers", await answersIn("a.toml", toml), "--out", file];
    await expect(init.run(args, rig().io)).rejects.toThrow(/is there already: add --replace/);
    expect(await readFile(file, "utf8")).toBe("mine");
    expect(await init.run([...args, "--replace"], rig().io)).toBe(0);
    expect(await readFile(file, "utf8")).toMatch(/^# kvitt for a laundry/);
    expect((await readdir(folder)).toSorted()).toEqual(["a.toml", "kvitt.toml"]);
  });

  it("prints it, and writes nothing", async () => {
    const { io, out } = rig();
    expect(await init.run(["--answers", await answersIn("a.toml", toml), "--print"], io)).toBe(0);
    expect(out.join("\n")).toMatch(/^# kvitt for a laundry/);
    expect(await readdir(folder)).toEqual(["a.toml"]);
  });

  it.each([
    ["wrong answers", "a.toml", toml.replace("laundry-7", "laundry_7"), /id: .*write for example "laundry-7"/],
    ["what is no TOML", "a.toml", "trade =", /line 1/],
    ["what is no JSON", "a.json", "{", /is not JSON/],
  ])("refuses %s and writes nothing", async (_what, name, text, reason) => {
    const args = ["--answers", await answersIn(name, text), "--out", join(folder, "kvitt.toml")];
    await expect(init.run(args, rig().io)).rejects.toThrow(reason);
    expect(await readdir(folder)).toEqual([name]);
  });

  it("says which folder is missing", async () => {
    const args = ["--answers", await answersIn("a.toml", toml), "--out", join(folder, "no", "kvitt.toml")];
    await expect(init.run(args, rig().io)).rejects.toThrow(/there is no folder .*no: make it/);
  });
});

describe("a file that is put in place", () => {
  const placed = (path: string, mayReplace: boolean) =>
    placeFile({ path, text: "new", mode: 0o640, owner: undefined, mayReplace });

  it("has its mode, whatever a power cut left beside it", async () => {
    const path = join(folder, "f");
    await writeFile(`${path}.new`, "half");
    expect(await placed(path, false)).toBe(true);
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(["f"]);
  });

  it("is not put over another unless it may be", async () => {
    const path = join(folder, "f");
    await writeFile(path, "old");
    expect(await placed(path, false)).toBe(false);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await placed(path, true)).toBe(true);
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["f"]);
  });

  it.skipIf(process.getuid?.() === 0)("leaves nothing behind where it cannot be put", async () => {
    await chmod(folder, 0o500);
    await expect(placed(join(folder, "f"), true)).rejects.toThrow(/EACCES/);
    await chmod(folder, 0o700);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a group's number", () => {
  it.each([
    ["kvitt", 987],
    ["kvit", undefined],
    ["root", 0],
    ["odd", undefined],
  ])("of %s is %s", (name, number) => {
    expect(numberOf("root:x:0:\nkvitt:x:987:pi\nodd:x::\n", name)).toBe(number);
  });
});
