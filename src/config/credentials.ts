/** Where secrets come from: systemd's credentials folder, a folder of tight files, the environment; from the TOML only for a simulator. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errorText } from "../kit/error-text.ts";
import type { Config } from "./schema.ts";

export class CredentialsError extends Error {
  readonly code = "credentials";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Bits of a file's mode that say that others than its owner can reach it. */
const sharedBits = 0o077;
const worldBits = 0o007;
/** Where systemd puts credentials of its units (systemd.exec(5), LoadCredential=). */
const systemdFolder = "/run/credentials/";

/**
 * Since version 254 systemd hands a credential to a unit's user by an ACL, whose mask stands in the group's bits of the mode: 0440
 * (github.com/systemd/systemd/issues/29435, "not a bug"). Its folder lets in nobody but that user, so only the world's bits tell something there.
 */
function forbiddenBits(path: string, env: Environment): number {
  const folder = env["CREDENTIALS_DIRECTORY"];
  const isCredential =
    resolve(path).startsWith(systemdFolder) || (folder !== undefined && dirname(resolve(path)) === resolve(folder));
  return isCredential ? worldBits : sharedBits;
}

/**
 * A secret's file: not readable by group or others, one line. Undefined when there is none, or an empty one.
 * @throws CredentialsError when others can read it, or nobody can.
 */
export async function readSecretFile(path: string, env: Environment = {}): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & forbiddenBits(path, env)) !== 0)
      throw new CredentialsError(
        `${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it`,
      );
    const text = (await readFile(path, "utf8")).trim();
    // The installer makes an empty file for each credential, because systemd wants them all to exist.
    return text === "" ? undefined : text;
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new CredentialsError(`${path} cannot be read: ${errorText(error)}`, {
      cause: error,
    });
  }
}

export interface VippsKeys {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionKey: string;
}

/** A secret by its credential's name ("vipps-client-id"), from the first place that has it. */
export async function findSecret(
  name: string,
  folder: string | undefined,
  env: Environment,
): Promise<string | undefined> {
  for (const place of [env["CREDENTIALS_DIRECTORY"], folder]) {
    const found = place === undefined ? undefined : await readSecretFile(join(place, name), env);
    if (found !== undefined) return found;
  }
  const variable = env[name.toUpperCase().replaceAll("-", "_")];
  return variable === undefined || variable === "" ? undefined : variable;
}

/** @throws CredentialsError that says which is missing and where it may stand. */
export async function readVippsKeys(vipps: Config["vipps"], env: Environment): Promise<VippsKeys> {
  const find = async (name: string, inline: string | undefined): Promise<string> => {
    const found = inline ?? (await findSecret(name, vipps.credentials_dir, env));
    if (found !== undefined) return found;
    const folder = vipps.credentials_dir ?? "systemd's credentials folder";
    throw new CredentialsError(
      `the credential ${name} is missing: put it into a file of that name in ${folder} (mode 600), or into the environment as ${name.toUpperCase().replaceAll("-", "_")}`,
    );
  };
  return {
    clientId: await find("vipps-client-id", vipps.client_id),
    clientSecret: await find("vipps-client-secret", vipps.client_secret),
    subscriptionKey: await find("vipps-subscription-key", vipps.subscription_key),
  };
}
