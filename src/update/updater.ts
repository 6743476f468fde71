/** One update, from a request to the restart into the new slot. What it does to the computer is passed in. */
import { errorText } from "../kit/error-text.ts";
import { type GateView, missingIn } from "./gate.ts";
import { isNewerVersion, type Manifest, readManifest, type ReleaseFile, UpdateError } from "./manifest.ts";
import type { UpdateAnswer, UpdateRequest, WantedRelease } from "./request.ts";
import type { SlotDisk } from "./slot-disk.ts";
import type { ReleaseSource } from "./source.ts";
import { settledVersion, unpack } from "./unpack.ts";

export interface UpdaterParts {
  readonly disk: SlotDisk;
  /** PEM, Ed25519. */
  readonly keys: readonly string[];
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
  readonly look: () => Promise<GateView>;
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

/** Never throws: what went wrong is the answer. */
export async function carryOut({ id, wanted }: UpdateRequest, parts: UpdaterParts): Promise<UpdateAnswer> {
  try {
    const version = await install(wanted, parts);
    const { isRestarted, view } = await restartWhenIdle(parts);
    const text = isRestarted
      ? `${version} is unpacked and started: it stays when it passes its gate`
      : `${version} is unpacked; a sale has been on for long, so it starts when kvitt is next started`;
    return { id, outcome: "installed", version, text, missingBefore: missingIn(view) };
  } catch (error) {
    const isAnswer = error instanceof UpdateError && error.code !== "unreachable" && error.code !== "local";
    return { id, outcome: isAnswer ? "refused" : "failed", text: errorText(error) };
  }
}

async function install(wanted: WantedRelease, parts: UpdaterParts): Promise<string> {
  const { disk, keys, sourceAt, localContent, freeBytes, say } = parts;
  const source = sourceAt(addressOf(wanted, parts.configuredUrl));
  const name = wanted.kind === "version" ? wanted.version : "newest";
  const { bytes, signature } = await source.manifest(name);
  const manifest = readManifest(bytes, signature, keys);
  const { version, files } = manifest;
  const [settled, running] = [await settledVersion(disk), await parts.runningSlot()];
  checkFit(manifest, { ...parts, settled, wanted });

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
  return version;
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

/** Never while the daemon says that a sale is on. @returns the last that the daemon said before it was restarted, or was not */
async function restartWhenIdle({
  look,
  restart,
  sleep,
  monotonicMs,
}: UpdaterParts): Promise<{ readonly isRestarted: boolean; readonly view: GateView }> {
  const deadlineMs = monotonicMs() + idleWithinMs;
  for (;;) {
    const view = await look();
    if (view.kind !== "serving" || view.state !== "selling") {
      await restart();
      return { isRestarted: true, view };
    }
    if (monotonicMs() >= deadlineMs) return { isRestarted: false, view };
    await sleep(idleLookMs);
  }
}
