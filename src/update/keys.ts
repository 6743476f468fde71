/** The public keys that a release may be signed with: PEM files in folders. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../kit/error-text.ts";

export interface ReleaseKeys {
  /** Ed25519. */
  readonly keys: readonly KeyObject[];
  /** Files that hold no such key, each with its path and why. One of them does not keep the others from being used. */
  readonly faults: readonly string[];
}

/** Never throws; a folder that is not there has no keys. */
export async function readReleaseKeys(folders: readonly string[]): Promise<ReleaseKeys> {
  const keys: KeyObject[] = [];
  const faults: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((one) => one.endsWith(".pem")).toSorted()) {
      const path = join(folder, name);
      try {
        keys.push(keyOf(await readFile(path, "utf8")));
      } catch (error) {
        faults.push(`${path} is no key for releases and is not used: ${errorText(error)}`);
      }
    }
  }
  return { keys, faults };
}

function keyOf(pem: string): KeyObject {
  // createPublicKey takes a private key, too, and makes the public one of it; that one is the maker's, and has to stay off the machine.
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(pem))
    throw new Error("it is a private key: remove it, and put the public one there (openssl pkey -pubout)");
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new Error(`a release key has to be Ed25519, not ${key.asymmetricKeyType ?? "unknown"}`);
}
