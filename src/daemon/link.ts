/** The link to the broker that the configuration names. Part of the composition root. */
import { secretOf } from "../config/credentials.ts";
import type { Config } from "../config/schema.ts";
import { createMqttLink } from "../link/mqtt-link.ts";
import type { Link } from "../link/port.ts";
import { readTlsFiles } from "../link/tls-files.ts";
import { merchantQrId } from "../sale/ids.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import type { CommandMemory } from "./journal.ts";

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
  const password = await secretOf({ file: mqtt.password_file, name: "mqtt-password", folder }, env);
  const commandKey = await secretOf({ file: mqtt.command_key_file, name: "command-key", folder }, env);
  return createMqttLink({
    settings: {
      url: mqtt.url,
      protocol: mqtt.protocol,
      clientId: mqtt.client_id,
      username: mqtt.username,
      password,
      tls: readTlsFiles({ caFile: mqtt.ca_file, certFile: mqtt.cert_file, keyFile: mqtt.key_file }),
      keepaliveS: mqtt.keepalive_s,
      sessionExpiryS: mqtt.session_expiry_s,
      connectTimeoutMs: mqtt.connect_timeout_s * 1_000,
      reconnectMaxMs: mqtt.reconnect_max_s * 1_000,
    },
    msn: config.vipps.msn,
    merchantQrId: merchantQrId(config.machine.id),
    commands: { key: commandKey === undefined ? undefined : new TextEncoder().encode(commandKey), ...memory },
    sessionNumber: session,
    version,
    clock,
    entropy,
    log,
  });
}
