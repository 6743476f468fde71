/**
 * Goal: an output goes off when the daemon is killed (SIGKILL), hangs (SIGSTOP), or when its guard is killed or hangs. Method: real processes;
 * the outputs are files in a folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { kvittArgs } from "../kvitt.ts";
import { untilTrue } from "../patience.ts";

const host = new URL("guard-host.ts", import.meta.url).pathname;

/** proc(5), `/proc/[pid]/stat`: the fourth field is the parent; the second may hold blanks and ends with the last bracket. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((one) => one > 0 && parentOf(one) === pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("outputs with a guard", () => {
  let folder = "";
  let daemon: ChildProcess;
  let guardPid = 0;
  const said: string[] = [];

  const pidOf = (child: ChildProcess): number => {
    if (child.pid === undefined) throw new Error("it did not start");
    return child.pid;
  };
  /** Every level that the output has had. */
  const levels = (): string => {
    try {
      return readFileSync(join(folder, "17"), "utf8");
    } catch {
      return "";
    }
  };
  const isOn = (): boolean => levels().endsWith("1");
  const order = (text: string): void => void daemon.stdin?.write(`${text}\n`);
  const findGuard = (): number => {
    const [found] = childrenOf(pidOf(daemon)).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes("guard"),
    );
    return found ?? 0;
  };

  /** It was told that the guard is lost, and later that there is one again. */
  const isMended = (): boolean =>
    said.findIndex((line) => line.includes("lost")) !== -1 && said.at(-1) === "trouble none";

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "kvitt-guard-"));
    said.length = 0;
    daemon = spawn(process.execPath, ["--import", "tsx", host, folder, inject("kvittBundle")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (daemon.stdout !== null) createInterface({ input: daemon.stdout }).on("line", (line) => said.push(line));
    expect(await untilTrue(() => said.includes("started"))).toBe(true);
    guardPid = findGuard();
    expect(guardPid).toBeGreaterThan(0);
  });

  afterEach(async () => {
    for (const pid of [guardPid, pidOf(daemon)])
      if (isAlive(pid)) {
        process.kill(pid, "SIGCONT");
        process.kill(pid, "SIGKILL");
      }
    await untilTrue(() => daemon.exitCode !== null || daemon.signalCode !== null);
    rmSync(folder, { recursive: true, force: true });
  });

  async function switchOn(ms: number): Promise<void> {
    order(`on ${ms}`);
    expect(await untilTrue(() => levels().includes("1"))).toBe(true);
  }

  it("go off, and the guard ends, when the daemon is killed", async () => {
    await switchOn(60_000);
    daemon.kill("SIGKILL");
    expect(await untilTrue(() => !isOn())).toBe(true);
    expect(await untilTrue(() => !isAlive(guardPid))).toBe(true);
  });

  it("go off at the end of their time when the daemon hangs", async () => {
    await switchOn(1_500);
    daemon.kill("SIGSTOP");
    expect(await untilTrue(() => !isOn())).toBe(true);
    expect(isAlive(guardPid)).toBe(true);
  });

  it("go off when the guard is killed, and a new guard takes orders", async () => {
    await switchOn(60_000);
    process.kill(guardPid, "SIGKILL");
    expect(await untilTrue(() => !isOn())).toBe(true);
    expect(await untilTrue(isMended)).toBe(true);
    guardPid = findGuard();
    await switchOn(60_000);
  });

  it("go off when the guard hangs, and a new guard takes orders", async () => {
    await switchOn(60_000);
    process.kill(guardPid, "SIGSTOP");
    expect(await untilTrue(() => !isOn())).toBe(true);
    expect(await untilTrue(isMended)).toBe(true);
    guardPid = findGuard();
    await switchOn(60_000);
  });

  it("stay what they are when the terminal or systemd signals everybody: the daemon ends first, in its own way", async () => {
    await switchOn(60_000);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGABRT"] as const) process.kill(guardPid, signal);
    order("on 60000");
    expect(await untilTrue(() => said.filter((line) => line === "on").length >= 2)).toBe(true);
    daemon.stdin?.end();
    expect(await untilTrue(() => !isOn())).toBe(true);
    expect(await untilTrue(() => !isAlive(guardPid))).toBe(true);
  });

  it("pulse as often as they were told to", async () => {
    order("train");
    expect(await untilTrue(() => said.some((line) => line.startsWith("{")))).toBe(true);
    expect(said.find((line) => line.startsWith("{"))).toBe('{"begun":20,"isWhole":true}');
  });
});

describe("a guard that is told nonsense", () => {
  it.each([
    ["before its hello", ["on\n"]],
    [
      "after its hello",
      [
        '{"order":"hello","outputs":[{"name":"coil","bcm":17,"activeLow":false}],"maxOnMs":1000,"lines":{"backEnd":"simulated","simulatedFolder":"FOLDER"}}\n',
        '{"order":"on","id":1,"output":"coil","maxMs":900}\n',
        '{"order":"open-the-vault"}\n',
      ],
    ],
  ])("%s ends with everything off and says why", async (_name, lines) => {
    const folder = mkdtempSync(join(tmpdir(), "kvitt-guard-"));
    const guard = spawn(process.execPath, kvittArgs("guard"), { stdio: ["pipe", "pipe", "inherit"] });
    const replies: string[] = [];
    createInterface({ input: guard.stdout }).on("line", (line) => replies.push(line));
    for (const line of lines) guard.stdin.write(line.replace("FOLDER", folder));
    expect(await untilTrue(() => guard.exitCode !== null)).toBe(true);
    expect(guard.exitCode).toBe(1);
    expect(replies.at(-1)).toMatch(/"failed"/);
    if (lines.length > 1) expect(readFileSync(join(folder, "17"), "utf8")).toMatch(/0$/);
    rmSync(folder, { recursive: true, force: true });
  });
});
