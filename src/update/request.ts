/**
 * How an update is ordered: whoever may write into the daemon's folder of the slots asks by a file there. root takes it (kvitt-update.path starts
 * kvitt-update.service) and trusts nothing of it: what is unpacked has to be signed, wherever it comes from.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { errorText } from "../kit/error-text.ts";
import { parseJson } from "../kit/json.ts";
import { versionPattern } from "../kit/release-version.ts";
import { UpdateError } from "./manifest.ts";

/** Where slots and what is known of them are. */
export const slotsFolder = "/var/lib/kvitt-slots";
/** The part that belongs to the daemon's user. */
export const stateFolder = `${slotsFolder}/state`;
const requestName = "request.json";
const requestBytesMax = 4_096;

/** Plain http only on this computer: a listener in between could not change a release, but could keep one away. */
const releaseUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine(
    (text) => text.startsWith("https:") || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//.test(text),
    "an https address",
  );

const wanted = z.discriminatedUnion("kind", [
  /** What the address of the configuration calls newest. */
  z.strictObject({ kind: z.literal("newest") }),
  z.strictObject({ kind: z.literal("version"), version: z.string().regex(versionPattern) }),
  /** A folder that holds a release, as the configuration's address is one. */
  z.strictObject({ kind: z.literal("url"), url: releaseUrl }),
]);
export type WantedRelease = z.infer<typeof wanted>;

const updateRequest = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), wanted });
/** `id` comes back in the answer. */
export type UpdateRequest = z.infer<typeof updateRequest>;

/** What a person or a command wrote: nothing, a version, an address. Undefined for anything else. */
export function wantedRelease(text: string | undefined): WantedRelease | undefined {
  if (text === undefined || text === "") return { kind: "newest" };
  const parsed = wanted.safeParse(
    versionPattern.test(text) ? { kind: "version", version: text } : { kind: "url", url: text },
  );
  return parsed.success ? parsed.data : undefined;
}

/**
 * Orders an update. Resolves when the request is there and survives a power cut, long before anything is updated.
 * @param folder `stateFolder`, unless a test has another
 * @throws UpdateError `local` while another order is not carried out yet: one after the other, so that each gets its answer; the file system's error when
 * this user may not
 */
export async function requestUpdate(folder: string, request: UpdateRequest): Promise<void> {
  // root may order, too, in a folder that is another user's: a new file under a name that nobody could have put a link at ("wx": O_EXCL, open(2)).
  const fresh = join(folder, `${requestName}.${randomUUID()}`);
  const path = join(folder, requestName);
  try {
    await writeFile(fresh, `${JSON.stringify(request)}\n`, { mode: 0o600, flush: true, flag: "wx" });
    // Whole at once, and never in another's place (link(2), EEXIST).
    await link(fresh, path);
    await syncFolder(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UpdateError(
      "local",
      `an earlier order is still being carried out: journalctl -u kvitt-update tells of it; where nobody does, enable kvitt-update.path, or take it back with rm ${path}`,
      { cause: error },
    );
  } finally {
    await rm(fresh, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/**
 * root's side. The folder belongs to another user: a link is not followed, a FIFO is not waited for, and nothing large is read.
 * @returns undefined when nothing is asked for
 * @throws UpdateError `local` when what is there is no request
 */
export async function readRequest(folder: string): Promise<UpdateRequest | undefined> {
  const path = join(folder, requestName);
  const bytes = await readPlainFile(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UpdateError("local", `${path} cannot be read: ${errorText(error)}`, { cause: error });
  });
  if (bytes === undefined) return undefined;
  const parsed = updateRequest.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new UpdateError("local", `${path} is no request for an update: ${z.prettifyError(parsed.error)}`);
}

async function readPlainFile(path: string): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (!stats.isFile()) throw new UpdateError("local", "it is not a plain file");
  if (stats.size > requestBytesMax) throw new UpdateError("local", `it has more than ${requestBytesMax} bytes`);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(requestBytesMax), 0, requestBytesMax, 0);
  return buffer.subarray(0, bytesRead);
}

/** The daemon's side: whether its request is still there, which the updater takes away when it has answered. */
export async function isRequested(folder: string, id: string): Promise<boolean> {
  const request = await readRequest(folder).catch((error: unknown) => {
    if (error instanceof UpdateError) return undefined;
    throw error;
  });
  return request?.id === id;
}

/** Nobody answered: it is not to be carried out any more. */
export async function withdrawRequest(folder: string, id: string): Promise<void> {
  if (await isRequested(folder, id)) await forgetRequest(folder);
}

/** Carried out or refused: it is not taken again. */
export async function forgetRequest(folder: string): Promise<void> {
  await rm(join(folder, requestName), { force: true });
}

/** Read by releases of other ages than the updater's: what they do not know is left out. */
const updateAnswer = z.object({
  id: z.string(),
  outcome: z.enum(["installed", "refused", "failed"]),
  /** The one that is unpacked. */
  version: z.string().regex(versionPattern).optional(),
  text: z.string(),
  /** The daemon is about to be started anew, for this release to get its try; else that comes with its next start, or this release runs already. */
  isRestarting: z.boolean().default(false),
  /** What the daemon said to be missing before it was restarted, for the gate; undefined when it did not say. */
  missingBefore: z.array(z.string()).readonly().optional(),
});
/** What became of a request: told in the slots' folder, which only root writes. */
export type UpdateAnswer = z.infer<typeof updateAnswer>;
const answerName = "answer.json";

/** Resolves when it survives a power cut. */
export async function writeAnswer(folder: string, answer: UpdateAnswer): Promise<void> {
  const fresh = join(folder, `${answerName}.new`);
  await writeFile(fresh, `${JSON.stringify(answer)}\n`, { mode: 0o644, flush: true });
  await rename(fresh, join(folder, answerName));
  await syncFolder(folder);
}

/** The last answer; undefined while there is none. */
export async function readAnswer(folder: string): Promise<UpdateAnswer | undefined> {
  const bytes = await readPlainFile(join(folder, answerName)).catch(() => undefined);
  return bytes === undefined ? undefined : updateAnswer.safeParse(parseJson(bytes)).data;
}
