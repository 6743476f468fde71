/** The link to the broker that the configuration names. Part of the composition root. */
import { secretOf } from "../config/credentials.ts";
import { connectionSettings } from "../config/mqtt.ts";
import type { Config } from "../config/schema.ts";
import { homeAssistantDiscovery } from "../link/home-assistant.ts";
import { createMqttLink } from "../link/mqtt-link.ts";
import type { MqttSecrets } from "../link/mqtt-settings.ts";
import type { Link } from "../link/port.ts";
import { readTlsFiles } from "../link/tls-files.ts";
import { merchantQrId } from "../sale/ids.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import type { CommandMemory } from "./journal.ts";
import { outletsOf } from "./stations.ts";

export interface LinkParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** @throws LinkError, SecretFileError for files that a person has to mend. @param session the number of this boot */
export async function openLink(
  config: Config,
  session: number,
  memory: CommandMemory,
  { env, version, clock, entropy, log }: LinkParts,
): Promise<Link> {
  const { mqtt } = config;
  const folder = config.vipps.credentials_dir;
  const readSecrets = async (): Promise<MqttSecrets> => ({
    password: await secretOf({ file: mqtt.password_file, name: "mqtt-password", folder }, env),
    tls: readTlsFiles(mqtt),
  });
  const commandKey = await secretOf({ file: mqtt.command_key_file, name: "command-key", folder }, env);
  const { home_assistant: home } = config;
  const address = { msn: config.vipps.msn, merchantQrId: merchantQrId(config.machine.id) };
  return createMqttLink({
    settings: { ...connectionSettings(mqtt), clientId: mqtt.client_id, ...(await readSecrets()) },
    readSecrets,
    ...address,
    outlets: outletsOf(config),
    announcement:
      home === undefined
        ? undefined
        : homeAssistantDiscovery({
            ...address,
            prefix: home.discovery_prefix,
            name: config.machine.location,
            version,
            lines: config.product.map(({ line }) => line),
          }),
    commands: { key: commandKey === undefined ? undefined : new TextEncoder().encode(commandKey), ...memory },
    sessionNumber: session,
    version,
    clock,
    entropy,
    log,
  });
}
