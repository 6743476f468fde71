/** `gate.js VERSION PID MINUTES SLOTS RUNTIME-FOLDER CONFIG`: the launcher starts it beside a release that is tried (gate.ts); ends by itself. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createSystemClock } from "../service/system-clock.ts";
import { readUpdateSettings, viewDaemon } from "./daemon-view.ts";
import { watchGate } from "./gate.ts";
import { readAnswer } from "./request.ts";

const [version = "", pidText = "", minutesText = "", slots = "", runtimeFolder = "", configPath = ""] =
  process.argv.slice(2);
const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
const pid = Number(pidText);
const minutes = Number(minutesText);
const state = join(slots, "state");
const { serviceSocket } = await readUpdateSettings(configPath, runtimeFolder);

function signal(name: "SIGTERM" | "SIGKILL" | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

await watchGate({
  look: () => viewDaemon(serviceSocket),
  async missingBefore() {
    const answer = await readAnswer(slots);
    return answer?.version === version ? answer.missingBefore : undefined;
  },
  sleep: (ms) => clock.sleep(ms),
  monotonicMs: () => clock.monotonicMs(),
  withinMs: (Number.isFinite(minutes) && minutes > 0 ? minutes : 5) * 60_000,
  async pass() {
    await using file = await open(join(state, `${version}.good`), "w");
    await file.sync();
    await using folder = await open(state, "r");
    await folder.sync();
  },
  end: (name) => signal(name),
  isAlive: () => signal(0),
  say: (text) => process.stderr.write(`kvitt gate: ${version}: ${text}\n`),
});
