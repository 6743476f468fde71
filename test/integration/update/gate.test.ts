/**
 * Goal: the gate as the launcher starts it lets a release stay or ends it. Method: its program beside a process that stands for the daemon, a service socket
 * that answers as the daemon does, and an answer of the updater.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LocalSocket, openLocalSocket } from "../../../src/service/local-socket.ts";
import { writeAnswer } from "../../../src/update/request.ts";

const program = fileURLToPath(new URL("../../../src/update/gate-main.ts", import.meta.url));

let folder: string;
let socket: LocalSocket;
let daemon: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvitt-gate-"));
  await mkdir(join(folder, "state"));
  socket = await openLocalSocket(join(folder, "service.sock"), () => ({
    status: 200,
    body: { state: "out-of-service", reason: "panel", missing: ["panel"], scene: "out-of-service" },
  }));
  daemon = spawn("sleep", ["600"]);
  await once(daemon, "spawn");
});

afterEach(async () => {
  daemon.kill("SIGKILL");
  await socket.close();
  await rm(folder, { recursive: true, force: true });
});

/** Resolves to what it said. */
async function gate(version: string): Promise<string> {
  const args = ["--import", "tsx", program, version, String(daemon.pid), "0.001", folder, folder, "/nonexistent"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => void (said += part.toString()));
  await once(child, "close");
  return said;
}

const answer = (version: string, missingBefore: readonly string[]): Promise<void> =>
  writeAnswer(folder, { id: "one", outcome: "installed", version, text: "", isRestarting: true, missingBefore });

it("ends a release that lost the panel", async () => {
  await answer("1.2.0", []);
  const ended = once(daemon, "exit");
  expect(await gate("1.2.0")).toContain("out of service for what was there before it: panel");
  await ended;
  expect(daemon.signalCode).toBe("SIGTERM");
  expect(existsSync(join(folder, "state/1.2.0.good"))).toBe(false);
});

it.each([
  ["the panel was missing before", "1.2.0", ["panel"]],
  ["the answer is of another update", "1.1.0", []],
])("lets it stay where %s", async (_what, version, missingBefore) => {
  await answer(version, missingBefore);
  expect(await gate("1.2.0")).toContain("it stays");
  expect(existsSync(join(folder, "state/1.2.0.good"))).toBe(true);
  expect(daemon.signalCode).toBeNull();
});
