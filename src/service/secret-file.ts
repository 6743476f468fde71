/**
 * The one rule for secret files: a small regular file that only its owner can access. Every key, password and token is read here, and every
 * error on the way is reported.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CodedError } from "../kit/coded-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `secret-shared`: others can read it; `secret-unreadable`: nobody can; `secret-missing`: it was named and is not there, or is empty. */
export class SecretFileError extends CodedError<"secret-shared" | "secret-unreadable" | "secret-missing"> {}

/** Mode bits that give access to anybody but the owner. */
const sharedBits = 0o077;
const worldBits = 0o007;
/** Where systemd puts the credentials of its units (systemd.exec(5), LoadCredential=). */
const systemdFolder = "/run/credentials/";
/** Keys and passwords are one line; anything larger is the wrong file. */
const bytesMax = 65_536;
/** Opening a FIFO by mistake must not block until it has a writer. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Since version 254 systemd lets a unit's user in by an ACL, whose mask stands in the group's bits of the mode: 0440
 * (github.com/systemd/systemd/issues/29435, "not a bug"). Its folder lets in nobody but that user, so there only the world's bits mean anything.
 */
function forbiddenBits(path: string, env: Environment): number {
  const folder = env["CREDENTIALS_DIRECTORY"];
  const isCredential =
    resolve(path).startsWith(systemdFolder) || (folder !== undefined && dirname(resolve(path)) === resolve(folder));
  return isCredential ? worldBits : sharedBits;
}

function check(path: string, stats: Stats, env: Environment): void {
  if (!stats.isFile()) throw new SecretFileError("secret-unreadable", `${path} is not a file: name the secret's file`);
  if ((stats.mode & forbiddenBits(path, env)) !== 0)
    throw new SecretFileError(
      "secret-shared",
      `${path} holds a secret and others can read it (mode ${(stats.mode & 0o777).toString(8)}): run chmod 600 on it`,
    );
  if (stats.size > bytesMax)
    throw new SecretFileError("secret-unreadable", `${path} has ${stats.size} bytes: a secret has at most ${bytesMax}`);
}

/** Undefined for a missing file; every other error is thrown. */
function missingOrThrow(path: string, error: unknown): undefined {
  if (error instanceof SecretFileError) throw error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ENOENT") return undefined;
  throw new SecretFileError(
    "secret-unreadable",
    `${path} cannot be read (${code}): it has to belong to the user that runs kvitt`,
    { cause: error },
  );
}

/**
 * Reads a secret file and trims it; undefined if the file is missing or empty. The package makes an empty file for each credential, because
 * systemd requires all of them to exist.
 * @param env where $CREDENTIALS_DIRECTORY is looked up
 * @throws SecretFileError `secret-shared`, `secret-unreadable`
 */
export async function findSecretFile(path: string, env: Environment): Promise<string | undefined> {
  try {
    // Mode and content come from the same open file: the path could be replaced between stat() and a read.
    await using file = await open(path, openFlags);
    check(path, await file.stat(), env);
    return withoutEdges(await file.readFile("utf8"));
  } catch (error) {
    return missingOrThrow(path, error);
  }
}

/** Synchronous version of `findSecretFile`. */
export function findSecretFileSync(path: string, env: Environment): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, openFlags);
    check(path, fstatSync(file), env);
    return withoutEdges(readFileSync(file, "utf8"));
  } catch (error) {
    return missingOrThrow(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Reads a secret file that must exist.
 * @throws SecretFileError `secret-missing` when it is not there, or empty; `secret-shared`, `secret-unreadable`
 */
export async function readSecretFile(path: string, env: Environment): Promise<string> {
  const text = await findSecretFile(path, env);
  if (text !== undefined) return text;
  throw new SecretFileError(
    "secret-missing",
    `${path} is missing or empty: put the secret into it, one line, mode 600`,
  );
}

function withoutEdges(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : trimmed;
}
