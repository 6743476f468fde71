/** The relay's composition root: builds every part from the configuration, runs until it is told to stop. */
import { readTlsFiles } from "../link/tls-files.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { createVippsClient } from "../vipps/client.ts";
import { credentials } from "../vipps/credentials.ts";
import { createFetchTransport } from "../vipps/fetch-transport.ts";
import { verifyDelivery } from "../vipps/signature.ts";
import { openRegistrationFile } from "./registration-file.ts";
import { checkInEvent, paymentEvents, type WantedRegistration } from "./registration-keeper.ts";
import { Relay, type VerifySignature } from "./relay.ts";
import { vippsRegistry } from "./vipps-registry.ts";

export interface RelayOptions {
  readonly instance: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl: string;
  readonly registrationFile: string;
  readonly mayRegister: boolean;
  readonly checkInFreshnessMs: number;
  readonly paymentExpiryMs: number;
  readonly provider: {
    readonly baseUrl: string;
    readonly msn: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly subscriptionKey: string;
  };
  readonly mqtt: {
    readonly url: string;
    readonly protocol: "auto" | "5" | "3.1.1";
    readonly username: string | undefined;
    readonly password: string | undefined;
    readonly caFile: string | undefined;
    readonly certFile: string | undefined;
    readonly keyFile: string | undefined;
    readonly keepaliveS: number;
    readonly connectTimeoutMs: number;
    readonly reconnectMaxMs: number;
  };
  readonly version: string;
}

export interface RelayService {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/**
 * Resolves when the relay listens; `port` is where. It connects, registers and reconnects by itself from then on.
 * @throws RelayError, LinkError for what a person has to mend first: files, port, certificates.
 */
export async function startRelay(
  options: RelayOptions,
  service: RelayService,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { provider, mqtt } = options;
  const client = createVippsClient({
    ...service,
    baseUrl: provider.baseUrl,
    msn: provider.msn,
    credentials: credentials(provider.clientId, provider.clientSecret, provider.subscriptionKey),
    system: { name: "kvitt", version: options.version, pluginName: "kvitt-relay", pluginVersion: options.version },
    transport: createFetchTransport(),
  });
  const relay = new Relay({
    ...service,
    msn: provider.msn,
    instance: options.instance,
    settings: { ...mqtt, tls: readTlsFiles(mqtt) },
    listen: options.listen,
    limits: { checkInFreshnessMs: options.checkInFreshnessMs, paymentExpiryMs: options.paymentExpiryMs },
    wanted: wantedRegistrations(options.publicUrl),
    mayRegister: options.mayRegister,
    registry: vippsRegistry(client.webhooks),
    store: openRegistrationFile(options.registrationFile),
    verify: verifySignature,
  });
  const port = await relay.start();
  service.log.info({ ...options.listen, port, instance: options.instance, msn: provider.msn }, "the relay listens");
  return { port, stop: () => relay.stop() };
}

/** Two urls, so that the two kinds have registrations, and secrets, of their own. */
export function wantedRegistrations(publicUrl: string): readonly WantedRegistration[] {
  const base = publicUrl.replace(/\/+$/, "");
  return [
    { url: `${base}/webhooks/check-in`, events: [checkInEvent], isVital: true },
    { url: `${base}/webhooks/payment`, events: paymentEvents, isVital: false },
  ];
}

export const verifySignature: VerifySignature = ({ headers, body }, { url, secret }) =>
  verifyDelivery({ headers, rawBody: body }, new URL(url), secret).kind === "genuine";
