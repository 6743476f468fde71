/** The relay's composition root: builds every part from its configuration, and runs until it is told to stop. */
import { connectionSettings } from "../config/mqtt.ts";
import { providerUrl, type RelayFile } from "../config/relay.ts";
import { MqttConnection } from "../link/mqtt-connection.ts";
import type { MqttSecrets } from "../link/mqtt-settings.ts";
import { readTlsFiles } from "../link/tls-files.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { createVippsClient } from "../vipps/client.ts";
import { credentials } from "../vipps/credentials.ts";
import { createHttpTransport } from "../vipps/http-transport.ts";
import { verifyDelivery } from "../vipps/signature.ts";
import type { VerifySignature } from "./reception.ts";
import { checkRegistrationFolder, openRegistrationFile } from "./registration-file.ts";
import { Relay } from "./relay.ts";
import { vippsRegistry } from "./vipps-registry.ts";

/** What must not stand in the configuration file. */
export interface RelaySecrets {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionKey: string;
  /** Read before each connection, so that a renewed one counts from the next on. */
  readonly readMqttPassword: () => Promise<string | undefined>;
}

export interface RelayService {
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/**
 * Resolves when the relay listens; `port` is where. From then on it connects, registers and reconnects by itself.
 * @throws RelayError, LinkError, ListenError for what a person has to mend first: files, port, certificates.
 */
export async function startRelay(
  { vipps, mqtt, relay: options }: RelayFile,
  secrets: RelaySecrets,
  service: RelayService,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { msn } = vipps;
  const client = createVippsClient({
    ...service,
    baseUrl: providerUrl(vipps),
    msn,
    credentials: credentials(secrets.clientId, secrets.clientSecret, secrets.subscriptionKey),
    system: { name: "kvitt", version: service.version, pluginName: "kvitt-relay", pluginVersion: service.version },
    transport: createHttpTransport(),
  });
  const readSecrets = async (): Promise<MqttSecrets> => ({
    password: await secrets.readMqttPassword(),
    tls: readTlsFiles(mqtt),
  });
  const settings = {
    ...connectionSettings(mqtt),
    clientId: `kvitt-relay-${msn}-${options.instance}`,
    ...(await readSecrets()),
    // No session: what a relay missed while it was away is retained, or was answered by another.
    sessionExpiryS: 0,
  };
  if (options.register) checkRegistrationFolder(options.registration_file);
  const relay = new Relay({
    ...service,
    msn,
    options,
    connectionFor: (hooks) => new MqttConnection({ ...service, settings, readSecrets, hooks }),
    registry: vippsRegistry(client.webhooks),
    store: openRegistrationFile(options.registration_file),
    verify: verifySignature,
  });
  const port = await relay.start();
  service.log.info({ host: options.listen_host, port, instance: options.instance, msn }, "the relay listens");
  return { port, stop: () => relay.stop() };
}

export const verifySignature: VerifySignature = ({ headers, body }, { url, secret }) =>
  verifyDelivery({ headers, rawBody: body }, new URL(url), secret).kind === "genuine";
