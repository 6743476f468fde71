/** One update, from a request to the restart into the new slot. What it does to the computer is passed in. */
import { errorText } from "../kit/error-text.ts";
import { type GateView, missingIn } from "./gate.ts";
import type { ReleaseKeys } from "./keys.ts";
import { isNewerVersion, type Manifest, readManifest, type ReleaseFile, UpdateError } from "./manifest.ts";
import type { UpdateAnswer, UpdateRequest, WantedRelease } from "./request.ts";
import type { SlotDisk } from "./slot-disk.ts";
import type { ReleaseSource } from "./source.ts";
import { settledVersion, unpack } from "./unpack.ts";

export interface UpdaterParts {
  readonly disk: SlotDisk;
  readonly keys: ReleaseKeys;
  readonly architecture: Manifest["architecture"];
  /** Of the installed package. */
  readonly packageVersion: string;
  /** `[update] url`. */
  readonly configuredUrl: string | undefined;
  readonly sourceAt: (url: string) => ReleaseSource;
  /** The content of a file that is on this computer already, from another release; undefined when none has exactly these bytes. */
  readonly localContent: (file: ReleaseFile) => Promise<AsyncIterable<Uint8Array> | undefined>;
  readonly freeBytes: () => Promise<number>;
  /** The slot that the daemon runs out of now; undefined for the package's own release, or when it does not run. */
  readonly runningSlot: () => Promise<string | undefined>;
  /** Whether there is a daemon that could be asked. */
  readonly isDaemonThere: () => Promise<boolean>;
  readonly look: () => Promise<GateView>;
  /** The answer to the update before this one. */
  readonly earlier: UpdateAnswer | undefined;
  /** Notes the answer where daemon and gate look; it survives a power cut. */
  readonly tell: (answer: UpdateAnswer) => Promise<void>;
  /** Restarts the daemon, if it runs. */
  readonly restart: () => Promise<void>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly monotonicMs: () => number;
  readonly say: (text: string) => void;
}

/** Left for the journal on a card that has only one partition. */
const spareBytes = 32 * 1024 * 1024;
const idleLookMs = 2_000;
/** A customer's sale is over by then; a meter that sells without a pause takes the new release at its next start. */
const idleWithinMs = 900_000;
/**
 * A daemon that does not answer may be busy with a sale. One that hangs is ended by its watchdog (WatchdogSec=60 of kvitt.service) and has loaded anew by
 * then; one that still says nothing has a fault that a new release may mend, and is stopped as any other: in good order, a delivery first.
 */
const silentForMs = 180_000;

/** What went wrong is the answer. @throws only what `tell` throws: then there is none */
export async function carryOut({ id, wanted }: UpdateRequest, parts: UpdaterParts): Promise<UpdateAnswer> {
  const answer = await answerOf(id, wanted, parts);
  // Before the restart: the release that is started reads it, and so does its gate.
  await parts.tell(answer);
  if (!answer.isRestarting) return answer;
  try {
    await parts.restart();
    return answer;
  } catch (error) {
    const text = `${answer.version} is unpacked and is tried when kvitt is next started: it could not be started anew: ${errorText(error)}`;
    const failed: UpdateAnswer = { ...answer, outcome: "failed", isRestarting: false, text };
    await parts.tell(failed);
    return failed;
  }
}

async function answerOf(id: string, wanted: WantedRelease, parts: UpdaterParts): Promise<UpdateAnswer> {
  try {
    const { version, isRunning } = await install(wanted, parts);
    const installed = { id, outcome: "installed", version } as const;
    if (isRunning) {
      const text = `${version} runs already: it stays when it passes its gate`;
      // What its gate was told of the release before it still stands.
      const missingBefore = parts.earlier?.version === version ? parts.earlier.missingBefore : undefined;
      return { ...installed, isRestarting: false, text, missingBefore };
    }
    const { found, view } = await untilIdle(parts);
    const text = `${version} is unpacked${nextTexts[found]}`;
    return { ...installed, isRestarting: found === "idle", text, missingBefore: missingIn(view) };
  } catch (error) {
    const isAnswer = error instanceof UpdateError && error.code !== "unreachable" && error.code !== "local";
    return { id, outcome: isAnswer ? "refused" : "failed", isRestarting: false, text: errorText(error) };
  }
}

interface Installed {
  readonly version: string;
  /** It is the one that is tried now: an update that was cut off by a power cut is carried out again. */
  readonly isRunning: boolean;
}

async function install(wanted: WantedRelease, parts: UpdaterParts): Promise<Installed> {
  const { disk, keys, sourceAt, localContent, freeBytes, say } = parts;
  for (const fault of keys.faults) say(fault);
  const source = sourceAt(addressOf(wanted, parts.configuredUrl));
  const name = wanted.kind === "version" ? wanted.version : "newest";
  const { bytes, signature } = await source.manifest(name);
  const manifest = readManifest(bytes, signature, keys);
  const { version, files } = manifest;
  const [settled, running] = [await settledVersion(disk), await parts.runningSlot()];
  checkFit(manifest, { ...parts, settled, wanted });
  if (version === running) return { version, isRunning: true };

  const needed = files.reduce((sum, file) => sum + file.bytes, spareBytes);
  const free = await freeBytes();
  if (free < needed)
    throw new UpdateError("local", `${version} needs ${needed} bytes where the slots are, and ${free} are free`);
  say(`unpacking ${version}`);
  const keep = [settled, running].filter((one) => one !== undefined);
  await unpack({
    disk,
    manifest,
    keep,
    async *contentOf(file) {
      yield* (await localContent(file)) ?? source.content(file);
    },
  });
  return { version, isRunning: false };
}

function addressOf(wanted: WantedRelease, configured: string | undefined): string {
  const address = wanted.kind === "url" ? wanted.url : configured;
  if (address !== undefined) return address;
  throw new UpdateError(
    "local",
    "the configuration names no address of releases: write [update] url, or name the address",
  );
}

interface Fit {
  readonly architecture: string;
  readonly packageVersion: string;
  readonly settled: string | undefined;
  readonly wanted: WantedRelease;
}

/** A signed release can be an old one, whose faults are known: only newer ones are taken. */
function checkFit(
  { version, architecture, needsPackage }: Manifest,
  { wanted, settled, packageVersion, ...here }: Fit,
): void {
  if (wanted.kind === "version" && version !== wanted.version)
    throw new UpdateError("unfit", `${wanted.version} was asked for, and the manifest is of ${version}`);
  if (architecture !== here.architecture)
    throw new UpdateError("unfit", `${version} is made for ${architecture}, and this computer is ${here.architecture}`);
  if (isNewerVersion(needsPackage, packageVersion))
    throw new UpdateError(
      "unfit",
      `${version} needs the package ${needsPackage} or newer, and ${packageVersion} is installed: update through apt`,
    );
  const newest = settled !== undefined && isNewerVersion(settled, packageVersion) ? settled : packageVersion;
  if (!isNewerVersion(version, newest))
    throw new UpdateError("not-newer", `${version} is not newer than ${newest}, which is here: nothing was changed`);
}

const nextTexts = {
  idle: ", and kvitt is started anew: it stays when it passes its gate",
  stopped: ": it is tried when kvitt is next started",
  selling: "; a sale has been on for long, so it is tried when kvitt is next started",
} as const;

interface Idle {
  readonly found: keyof typeof nextTexts;
  /** The last that the daemon said. */
  readonly view: GateView;
}

/** Nothing is restarted while the daemon says that a sale is on, or for some minutes says nothing at all. */
async function untilIdle({ look, isDaemonThere, sleep, monotonicMs }: UpdaterParts): Promise<Idle> {
  const deadlineMs = monotonicMs() + idleWithinMs;
  let heardMs = monotonicMs();
  for (;;) {
    const view = await look();
    const nowMs = monotonicMs();
    if (view.kind !== "silent") heardMs = nowMs;
    else if (!(await isDaemonThere())) return { found: "stopped", view };
    if (isIdle(view, nowMs - heardMs)) return { found: "idle", view };
    if (nowMs >= deadlineMs) return { found: "selling", view };
    await sleep(idleLookMs);
  }
}

function isIdle(view: GateView, silentMs: number): boolean {
  switch (view.kind) {
    case "silent":
      return silentMs >= silentForMs;
    case "serving":
      return view.state === "ready";
    case "starting":
    case "out-of-service":
      return true;
  }
}
