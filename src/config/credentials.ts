/** Looks up secrets: systemd's credentials folder, then a private folder, then the environment; in the TOML only for a simulator. */
import { join } from "node:path";
import { CodedError } from "../kit/coded-error.ts";
import { findSecretFile, readSecretFile } from "../service/secret-file.ts";

export class CredentialsError extends CodedError<"credentials"> {}

type Environment = Readonly<Record<string, string | undefined>>;

export interface VippsKeys {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionKey: string;
}

/** What `[vipps]` says about keys, in a machine's or a relay's file. */
export interface KeySource {
  readonly credentials_dir?: string | undefined;
  readonly client_id?: string | undefined;
  readonly client_secret?: string | undefined;
  readonly subscription_key?: string | undefined;
}

/** The environment variable of a credential: "vipps-client-id" is VIPPS_CLIENT_ID. */
export function variableOf(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

/**
 * Looks a secret up by credential name ("vipps-client-id"); the first place that has it wins.
 * @throws SecretFileError when a file is readable by others, or not readable at all
 */
export async function findSecret(
  name: string,
  folder: string | undefined,
  env: Environment,
): Promise<string | undefined> {
  for (const place of [env["CREDENTIALS_DIRECTORY"], folder]) {
    const found = place === undefined ? undefined : await findSecretFile(join(place, name), env);
    if (found !== undefined) return found;
  }
  const variable = env[variableOf(name)];
  return variable === undefined || variable === "" ? undefined : variable;
}

/**
 * Reads a secret from the file that the configuration names, which then must exist, or else from the credential of that name.
 * @throws SecretFileError
 */
export function secretOf(
  {
    file,
    name,
    folder,
  }: { readonly file: string | undefined; readonly name: string; readonly folder: string | undefined },
  env: Environment,
): Promise<string | undefined> {
  return file === undefined ? findSecret(name, folder, env) : readSecretFile(file, env);
}

/** @param prefix of the credentials' names. @throws CredentialsError naming every missing key and where it may be put; SecretFileError */
export async function readVippsKeys(vipps: KeySource, env: Environment, prefix = "vipps"): Promise<VippsKeys> {
  const find = async (name: string, inline: string | undefined) => ({
    name: `${prefix}-${name}`,
    value: inline ?? (await findSecret(`${prefix}-${name}`, vipps.credentials_dir, env)),
  });
  const id = await find("client-id", vipps.client_id);
  const secret = await find("client-secret", vipps.client_secret);
  const subscription = await find("subscription-key", vipps.subscription_key);
  if (id.value !== undefined && secret.value !== undefined && subscription.value !== undefined)
    return { clientId: id.value, clientSecret: secret.value, subscriptionKey: subscription.value };
  const missing = [id, secret, subscription].filter(({ value }) => value === undefined).map(({ name }) => name);
  const folder = vipps.credentials_dir ?? "systemd's credentials folder";
  throw new CredentialsError(
    "credentials",
    `missing credentials: ${missing.join(", ")}. Put each into a file of that name in ${folder} (mode 600), or into the environment as ${missing.map(variableOf).join(", ")}`,
  );
}

/** The machine's own identity towards its gateway: the credential of this name. */
export const identityCredential = "gateway-identity";

/** The private key in PEM. @throws CredentialsError when there is none; SecretFileError */
export async function readGatewayIdentity(folder: string | undefined, env: Environment): Promise<string> {
  const pem = await findSecret(identityCredential, folder, env);
  if (pem !== undefined) return pem;
  const place = folder ?? "systemd's credentials folder";
  throw new CredentialsError(
    "credentials",
    `missing credential: ${identityCredential}. On the relay's side "kvitt gateway enrol" makes it; here "kvitt gateway join" puts it into ${place}`,
  );
}
