/**
 * root's program behind kvitt-update.service: takes the request, carries it out, says what became of it. It belongs to the package and runs on the
 * package's own Node, never out of a slot.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, readlink, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../kit/error-text.ts";
import { createSystemEntropy } from "../service/entropy.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { readUpdateSettings, viewDaemon } from "./daemon-view.ts";
import { readReleaseKeys } from "./keys.ts";
import { type Manifest, type ReleaseFile, UpdateError } from "./manifest.ts";
import {
  forgetRequest,
  readAnswer,
  readRequest,
  slotsFolder,
  stateFolder,
  type UpdateAnswer,
  type UpdateRequest,
  writeAnswer,
} from "./request.ts";
import { openSlotDisk } from "./slot-disk.ts";
import { httpSource } from "./source.ts";
import { carryOut } from "./updater.ts";

const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
const run = promisify(execFile);
const commandTimeoutMs = 60_000;
/** The release that this program came with. */
const ownRelease = join(process.execPath, "../..");
const configPath = "/etc/kvitt/kvitt.toml";
const keyFolders = ["/usr/lib/kvitt/update-keys", "/etc/kvitt/update-keys"];
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function architecture(): Manifest["architecture"] {
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new UpdateError("local", `there are no releases for ${process.arch}`);
}

async function runningFolder(): Promise<string | undefined> {
  const { stdout } = await run("systemctl", ["show", "--property=MainPID", "--value", "kvitt.service"], {
    timeout: commandTimeoutMs,
  });
  const program = await readlink(`/proc/${stdout.trim()}/exe`).catch(() => undefined);
  return program === undefined ? undefined : join(program, "../..");
}

/** A file of the same name and content in the package's release or the running one. */
async function localContent(file: ReleaseFile): Promise<AsyncIterable<Uint8Array> | undefined> {
  for (const folder of [ownRelease, await runningFolder()]) {
    if (folder === undefined) continue;
    const path = join(folder, file.path);
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile() !== true || stats.size !== file.bytes) continue;
    const hash = createHash("sha256");
    for await (const part of bytesOf(path)) hash.update(part);
    if (hash.digest("hex") === file.sha256) return bytesOf(path);
  }
  return undefined;
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  for await (const part of createReadStream(path)) if (part instanceof Uint8Array) yield part;
}

async function main(): Promise<void> {
  const request = await readRequest(stateFolder);
  if (request === undefined) return;
  const earlier = await readAnswer(slotsFolder);
  // The power went between the answer and the end of the request.
  if (earlier?.id === request.id) return;
  const answer = await perform(request, earlier).catch(async (error: unknown) => {
    const failed = { id: request.id, outcome: "failed", isRestarting: false, text: errorText(error) } as const;
    await tell(failed);
    return failed;
  });
  say(`${answer.outcome}: ${answer.text}`);
  if (answer.outcome !== "installed") process.exitCode = 1;
}

const tell = (answer: UpdateAnswer): Promise<void> => writeAnswer(slotsFolder, answer);

async function perform(request: UpdateRequest, earlier: UpdateAnswer | undefined): Promise<UpdateAnswer> {
  const settings = await readUpdateSettings(configPath, "/run/kvitt");
  const packageVersion = (await readFile(join(ownRelease, "package.json"), "utf8")).match(
    /"version":\s*"([^"]+)"/,
  )?.[1];
  const runningSlot = async (): Promise<string | undefined> => {
    const folder = await runningFolder();
    return folder?.startsWith(`${slotsFolder}/`) === true ? folder.slice(slotsFolder.length + 1) : undefined;
  };
  return carryOut(request, {
    disk: openSlotDisk(slotsFolder),
    keys: await readReleaseKeys(keyFolders),
    architecture: architecture(),
    packageVersion: packageVersion ?? "0.0.0",
    configuredUrl: settings.url,
    sourceAt: (url) =>
      httpSource({
        url,
        architecture: architecture(),
        sleep: (ms) => clock.sleep(ms),
        randomness: createSystemEntropy(),
      }),
    localContent,
    async freeBytes() {
      const { bavail, bsize } = await statfs(slotsFolder);
      return bavail * bsize;
    },
    runningSlot,
    isDaemonThere: async () => (await runningFolder()) !== undefined,
    look: () => viewDaemon(settings.serviceSocket),
    earlier,
    tell,
    async restart() {
      // Not waited for: whether it starts well is the gate's to say.
      await run("systemctl", ["--no-block", "try-restart", "kvitt.service"], { timeout: commandTimeoutMs });
    },
    sleep: (ms) => clock.sleep(ms),
    monotonicMs: () => clock.monotonicMs(),
    say,
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`kvitt update: ${errorText(error)}\n`);
  process.exitCode = 1;
} finally {
  // Taken once, whatever came of it; a power cut before this line lets the next start take it again.
  await forgetRequest(stateFolder);
}
