/**
 * A release as its maker signs it: a list of files with their hashes. Who can put something under the address changes nothing, nor does who listens in
 * between: what is not in a signed list is not unpacked.
 */
import { verify } from "node:crypto";
import * as z from "zod";
import { CodedError } from "../kit/coded-error.ts";
import { parseJson } from "../kit/json.ts";
import { versionPattern } from "../kit/release-version.ts";
import type { ReleaseKeys } from "./keys.ts";

export type UpdateErrorCode =
  /** Nothing was found, or not within the time: worth another try. */
  | "unreachable"
  /** Not signed by a key that this machine knows. */
  | "signature"
  /** Signed, and not what a release looks like. */
  | "manifest"
  /** Made for something else than this machine: architecture, or an older package. */
  | "unfit"
  /** As new as what runs here, or older. */
  | "not-newer"
  /** A file is not what the manifest says. */
  | "content"
  /** Something on this computer: the disk, the key folder, the request. */
  | "local";

export class UpdateError extends CodedError<UpdateErrorCode> {}

const version = z.string().regex(versionPattern, "a version of three numbers, as 1.2.3");
/** Folders and names without a leading dot: nothing leaves the slot, and nothing hides in it. */
const pathPattern = /^(?:[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*\/)*[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*$/;
const fileBytesMax = 512 * 1024 * 1024;
const filesMax = 10_000;

const releaseFile = z.strictObject({
  path: z.string().max(240).regex(pathPattern),
  bytes: z.int().min(0).max(fileBytesMax),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  isProgram: z.boolean(),
});
export type ReleaseFile = z.infer<typeof releaseFile>;

/** Without these nothing can be started; the last is what makes a folder whole, and is written after all others. */
export const lastFile = "release.json";
const needed = ["bin/node", "kvitt.js", lastFile];

const manifest = z
  .strictObject({
    kvitt: z.literal("release"),
    format: z.literal(1),
    version,
    architecture: z.enum(["amd64", "arm64"]),
    /** The oldest package whose launcher, units and rules fit this release. */
    needsPackage: version,
    files: z.array(releaseFile).min(1).max(filesMax),
  })
  .refine(({ files }) => new Set(files.map(({ path }) => path)).size === files.length, "a file stands there twice")
  .refine(
    ({ files }) => needed.every((name) => files.some(({ path }) => path === name)),
    `${needed.join(", ")} are needed`,
  );
export type Manifest = z.infer<typeof manifest>;

/** A manifest of 10,000 files has about 2 MB. */
export const manifestBytesMax = 8 * 1024 * 1024;

/**
 * @param signature base64 of an Ed25519 signature (RFC 8032) over exactly these bytes
 * @param known any of its keys may have signed
 * @throws UpdateError `signature` before anything of the bytes is looked at, `manifest`
 */
export function readManifest(bytes: Uint8Array, signature: string, known: ReleaseKeys): Manifest {
  const { keys, faults } = known;
  if (keys.length === 0)
    throw new UpdateError(
      "signature",
      "this machine knows no key for releases: put the maker's public key (PEM) into /etc/kvitt/update-keys, or update through apt" +
        andFaults(faults),
    );
  const raw = Buffer.from(signature.trim(), "base64");
  if (!keys.some((key) => verify(null, bytes, key, raw)))
    throw new UpdateError(
      "signature",
      `the release is not signed by a key that this machine knows: nothing was changed${andFaults(faults)}`,
    );
  const parsed = manifest.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new UpdateError("manifest", `the release's manifest is signed, and wrong: ${z.prettifyError(parsed.error)}`);
}

/** The maker's key may be in one of them. */
function andFaults(faults: readonly string[]): string {
  return faults.map((fault) => `; ${fault}`).join("");
}

/** Both are three numbers. */
export function isNewerVersion(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(".").map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
