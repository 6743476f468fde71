/** The provider for commands: which sales unit, which keys, from flags, a configuration or the environment; and errors that a person can mend. */
import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import * as z from "zod";
import { CredentialsError, readVippsKeys } from "../config/credentials.ts";
import { providerFaults } from "../config/check.ts";
import type { Fault } from "../config/fields.ts";
import { fieldWords } from "../config/messages.ts";
import { providerUrl, relayFileSchema } from "../config/relay.ts";
import { errorText } from "../kit/error-text.ts";
import { createSystemEntropy } from "../service/entropy.ts";
import { createReadableLog } from "../service/service-log.ts";
import { readSecretFile, SecretFileError } from "../service/secret-file.ts";
import { createSystemClock } from "../service/system-clock.ts";
import { createUlid } from "../service/ulid.ts";
import { readVersion } from "../service/version.ts";
import { createVippsClient, type VippsClient } from "../vipps/client.ts";
import { type Credentials, credentials } from "../vipps/credentials.ts";
import { type Advice, VippsError } from "../vipps/errors.ts";
import { createHttpTransport } from "../vipps/http-transport.ts";
import type { CallOptions } from "../vipps/port.ts";
import { CommandError, type CommandIo } from "./command.ts";

/** For `parseArgs`. */
export const providerOptions = {
  config: { type: "string" },
  environment: { type: "string" },
  "base-url": { type: "string" },
  msn: { type: "string" },
  credentials: { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean" },
  verbose: { type: "boolean" },
} as const;

export const providerUsage = `Which sales unit, and its keys:
  --config FILE       TOML with [vipps], the machine's or the relay's; flags come before it
  --environment NAME  test (default) or production
  --base-url URL      instead of --environment, for example the simulator's address
  --msn MSN           the merchant serial number
  --credentials FILE  JSON {"client_id": …, "client_secret": …, "subscription_key": …}, mode 600; otherwise as [vipps] says,
                      or VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY in the environment
Also:
  --json              JSON for programs, also of an error
  --timeout S         seconds for all tries together, default 30
  --verbose           tells of repeated tries`;

export interface ProviderFlags {
  readonly config?: string | undefined;
  readonly environment?: string | undefined;
  readonly "base-url"?: string | undefined;
  readonly msn?: string | undefined;
  readonly credentials?: string | undefined;
  readonly timeout?: string | undefined;
  readonly json?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

export interface Provider {
  readonly client: VippsClient;
  /** For each call: stops with the command, ends with its time-out. */
  readonly options: CallOptions;
  /** A new Idempotency-Key. */
  newKey(): string;
}

const fileSchema = z.object({ vipps: relayFileSchema.shape.vipps });
const keylessSchema = z.object({ vipps: z.object({ access: z.literal("gateway") }) });
type VippsSection = z.infer<typeof fileSchema>["vipps"];

const keysSchema = z.strictObject({
  client_id: z.string(),
  client_secret: z.string(),
  subscription_key: z.string(),
});

/** Of any configuration only [vipps] is read: a fault elsewhere is no reason to refuse a look at the provider. */
async function sectionOf(path: string): Promise<VippsSection> {
  let raw: unknown;
  try {
    raw = parse(await readFile(path, "utf8"));
  } catch (cause) {
    const [reason] = errorText(cause).split("\n");
    throw new CommandError(`"${path}" cannot be read: ${reason ?? ""}`, 1, { cause });
  }
  if (keylessSchema.safeParse(raw).success)
    throw new CommandError(
      `"${path}" is of a machine that holds no keys ([vipps] access = "gateway"): ask the provider from where they are, with the relay's file`,
      1,
    );
  const parsed = fileSchema.safeParse(raw, { error: fieldWords });
  const found: readonly Pick<Fault, "message" | "path">[] = parsed.success
    ? providerFaults(parsed.data.vipps)
    : parsed.error.issues.map(({ path: at, message }) => ({ path: at.map(String), message }));
  if (parsed.success && found.length === 0) return parsed.data.vipps;
  const faults = found.map(({ path: at, message }) => `  ${at.join(".")}: ${message}`);
  throw new CommandError(`"${path}" cannot be used:\n${faults.join("\n")}`, 1);
}

async function keysFrom(path: string, env: CommandIo["env"]): Promise<Credentials> {
  const text = await readSecretFile(path, env);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new CommandError(`"${path}" is not JSON`, 1);
  }
  const parsed = keysSchema.safeParse(raw);
  if (!parsed.success)
    throw new CommandError(`"${path}" has to hold client_id, client_secret and subscription_key, and nothing else`, 1);
  return credentials(parsed.data.client_id, parsed.data.client_secret, parsed.data.subscription_key);
}

async function keysOf(
  flags: ProviderFlags,
  section: VippsSection | undefined,
  env: CommandIo["env"],
): Promise<Credentials> {
  if (flags.credentials !== undefined) return keysFrom(flags.credentials, env);
  try {
    const keys = await readVippsKeys(section ?? {}, env);
    return credentials(keys.clientId, keys.clientSecret, keys.subscriptionKey);
  } catch (cause) {
    if (!(cause instanceof CredentialsError)) throw cause;
    throw new CommandError(`${cause.message}; or give --credentials FILE or --config FILE`, 1, { cause });
  }
}

function baseUrlOf(flags: ProviderFlags, section: VippsSection | undefined): string {
  const { environment, "base-url": baseUrl } = flags;
  if (baseUrl !== undefined && environment !== undefined)
    throw new CommandError("either --environment or --base-url, not both");
  if (baseUrl !== undefined) return baseUrl;
  if (environment === "test" || environment === "production") return providerUrl({ environment });
  if (environment !== undefined) throw new CommandError(`--environment takes test or production, not "${environment}"`);
  return providerUrl(section ?? { environment: "test" });
}

function deadlineOf(text: string | undefined): number {
  const seconds = Number(text ?? "30");
  if (seconds > 0 && seconds <= 600) return seconds * 1_000;
  throw new CommandError(`--timeout takes 1 to 600 seconds, not "${text ?? ""}"`);
}

export async function openProvider(flags: ProviderFlags, io: CommandIo): Promise<Provider> {
  const section = flags.config === undefined ? undefined : await sectionOf(flags.config);
  const msn = flags.msn ?? section?.msn;
  if (msn === undefined) throw new CommandError("which sales unit? give --msn MSN, or --config FILE");
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const entropy = createSystemEntropy();
  try {
    const own = await readVersion();
    const client = createVippsClient({
      baseUrl: baseUrlOf(flags, section),
      msn,
      credentials: await keysOf(flags, section, io.env),
      system: { name: "kvitt", version: own, pluginName: "kvitt-cli", pluginVersion: own },
      transport: createHttpTransport(),
      clock,
      entropy,
      log: createReadableLog(flags.verbose === true ? "debug" : "error", io.err),
    });
    return {
      client,
      options: { signal: io.signal, deadlineMs: deadlineOf(flags.timeout) },
      newKey: () => `cli-${createUlid(clock, entropy)}`,
    };
  } catch (cause) {
    if (cause instanceof CredentialsError || cause instanceof SecretFileError || cause instanceof RangeError)
      throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
}

const hints: Readonly<Record<Advice, string>> = {
  retry: "It may work later: nothing in the request has to change.",
  "refresh-token": "The access token was refused.",
  "change-request": "The request has to change.",
  "give-up": "Neither repeating nor changing the request helps.",
};

/** What to do now, by what is known of the failure. */
function hintFor({ facts }: VippsError): string {
  if (facts.takenId !== undefined)
    return `"${facts.takenId}" exists: take another id, or look at it with get and change it with update.`;
  if (facts.mayHaveWorked) return "It may have worked all the same: look with get or list before you send it again.";
  return hints[facts.advice];
}

/** A line a fault where there are several. */
function textOf({ message, facts }: VippsError): string {
  if (facts.faults.length < 2) return message;
  const lines = facts.faults.map(({ name, reason }) => `  ${name}: ${reason}`);
  return [new VippsError({ ...facts, faults: [] }).message, ...lines].join("\n");
}

/** Runs a call of the client; what it throws becomes a readable error, and JSON where that is wanted. */
export async function told<T>(flags: ProviderFlags, io: CommandIo, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof VippsError)) throw cause;
    if (flags.json === true) io.out(JSON.stringify({ error: cause.facts }, null, 2));
    throw new CommandError(`${textOf(cause)}\n${hintFor(cause)}`, 1, { cause });
  }
}

/** What a call found: JSON for programs, text for people. */
export function show(flags: ProviderFlags, io: CommandIo, value: unknown, text: () => string): void {
  io.out(flags.json === true ? JSON.stringify(value, null, 2) : text());
}
