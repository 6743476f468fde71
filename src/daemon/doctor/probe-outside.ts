/** Gathers facts of credentials, provider and broker: each is tried as the daemon uses it, with requests that change nothing. */
import { join } from "node:path";
import { variableOf } from "../../config/credentials.ts";
import { brokerUrls, connectionSettings } from "../../config/mqtt.ts";
import { providerUrl } from "../../config/relay.ts";
import type { Config } from "../../config/schema.ts";
import { codesOf } from "../../config/outlets.ts";
import { identityCredential, secretOf } from "../../config/credentials.ts";
import { errorText } from "../../kit/error-text.ts";
import { tryBroker } from "../../link/broker-trial.ts";
import { readTlsFiles } from "../../link/tls-files.ts";
import { merchantQrId, referenceOf } from "../../sale/ids.ts";
import type { Clock, Entropy } from "../../service/port.ts";
import { findSecretFile } from "../../service/secret-file.ts";
import { createUlid } from "../../service/ulid.ts";
import type { ProviderPorts } from "../provider.ts";
import type { BrokerFacts, CredentialFact, ProviderFacts } from "./facts.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface WantedSecret {
  readonly name: string;
  readonly isNeeded: boolean;
  /** Stands in the file itself (a simulator's). */
  readonly isInline?: boolean;
  readonly file?: string | undefined;
}

function wantedSecrets({ vipps, mqtt, delivery }: Config): readonly WantedSecret[] {
  const key = (name: string, inline: string | undefined): WantedSecret => ({
    name,
    isNeeded: true,
    isInline: inline !== undefined,
  });
  const token = delivery.driver === "kiosk" ? delivery.token_file : undefined;
  const access =
    vipps.access === "gateway"
      ? [key(identityCredential, undefined)]
      : [
          key("vipps-client-id", vipps.client_id),
          key("vipps-client-secret", vipps.client_secret),
          key("vipps-subscription-key", vipps.subscription_key),
        ];
  return [
    ...access,
    {
      name: "mqtt-password",
      isNeeded: mqtt.username !== undefined && mqtt.cert_file === undefined,
      file: mqtt.password_file,
    },
    { name: "command-key", isNeeded: false, file: mqtt.command_key_file },
    ...(token === undefined ? [] : [{ name: "kiosk-token", isNeeded: true, file: token }]),
  ];
}

export function probeCredentials(config: Config, env: Environment): Promise<readonly CredentialFact[]> {
  return Promise.all(wantedSecrets(config).map((one) => credentialFact(one, config.vipps.credentials_dir, env)));
}

async function credentialFact(
  wanted: WantedSecret,
  folder: string | undefined,
  env: Environment,
): Promise<CredentialFact> {
  const { name, isNeeded, isInline = false, file } = wanted;
  const about = { name, isNeeded };
  if (isInline) return { ...about, state: { kind: "there", place: "the configuration" } };
  const folders = [env["CREDENTIALS_DIRECTORY"], folder].flatMap((one) => (one === undefined ? [] : [join(one, name)]));
  const places = file === undefined ? folders : [file];
  try {
    for (const place of places)
      if ((await findSecretFile(place, env)) !== undefined) return { ...about, state: { kind: "there", place } };
  } catch (error) {
    return { ...about, state: { kind: "wrong", reason: errorText(error) } };
  }
  const variable = variableOf(name);
  if (file === undefined && (env[variable] ?? "") !== "")
    return { ...about, state: { kind: "there", place: `$${variable}` } };
  return { ...about, state: { kind: "missing", places: places.length === 0 ? [`$${variable}`] : places } };
}

export interface OutsideProbe {
  readonly config: Config;
  readonly env: Environment;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** @param open the provider's ports; the daemon's own where it runs */
export async function probeProvider(
  { config, clock, entropy }: OutsideProbe,
  open: () => Promise<Pick<ProviderPorts, "merchantQrs" | "payments">>,
  signal: AbortSignal,
): Promise<ProviderFacts> {
  const { merchantQrs, payments } = await open();
  const id = merchantQrId(config.machine.id);
  const options = { signal, deadlineMs: 15_000, retry: "never" } as const;
  // With outlets the machine has no code of its own, and one of theirs proves the same.
  const [code] = codesOf(config);
  const qr = await merchantQrs.check(code?.id ?? id, options);
  const payment = await payments.get(referenceOf(id, createUlid(clock, entropy)), options);
  return { environment: config.vipps.environment ?? providerUrl(config.vipps), qr, payment };
}

/** The provider's `Date`, from an answer that needs no key; any status has one. */
export async function providerDate(config: Config, signal: AbortSignal): Promise<number | undefined> {
  try {
    const answer = await fetch(providerUrl(config.vipps), {
      method: "HEAD",
      signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
    });
    const date = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(date) ? undefined : date;
  } catch {
    // The provider's own check says why.
    return undefined;
  }
}

/** All addresses at once: each has to work, since which one the machine takes is chance. */
export async function probeBroker(probe: OutsideProbe, signal: AbortSignal): Promise<readonly BrokerFacts[]> {
  return Promise.all(brokerUrls(probe.config.mqtt).map((url) => probeOneBroker(url, probe, signal)));
}

async function probeOneBroker(
  url: string,
  { config, env, clock }: OutsideProbe,
  signal: AbortSignal,
): Promise<BrokerFacts> {
  const { mqtt, vipps, machine } = config;
  const address = { msn: vipps.msn, merchantQrId: merchantQrId(machine.id) };
  try {
    const password = await secretOf(
      { file: mqtt.password_file, name: "mqtt-password", folder: vipps.credentials_dir },
      env,
    );
    const clientId = mqtt.client_id ?? `kvitt-${vipps.msn}-${machine.id}`;
    const settings = { ...connectionSettings(mqtt), url, clientId, password, tls: readTlsFiles(mqtt) };
    return { url, outcome: await tryBroker({ settings, address, clock, signal }) };
  } catch (error) {
    return { url, outcome: { kind: "failed", fault: errorText(error) } };
  }
}

/** The names that the machine has to find. */
export function hostsOf({ vipps, mqtt }: Config): readonly string[] {
  return [
    ...new Set(
      [providerUrl(vipps), ...brokerUrls(mqtt)].map((url) => new URL(url).hostname.replaceAll(/^\[|\]$/g, "")),
    ),
  ];
}
