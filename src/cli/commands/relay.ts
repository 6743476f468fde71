/** `kvitt relay`: the cloud side. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { untilAborted } from "../../kit/abort.ts";
import { isLoopback, providerUrl, type RelayFile, relayFileSchema } from "../../config/relay.ts";
import { errorText } from "../../kit/error-text.ts";
import { type RelayOptions, startRelay } from "../../relay/main.ts";
import { createSystemEntropy } from "../../service/entropy.ts";
import { createLog } from "../../service/log.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlagsOnly } from "../flags.ts";

const version = "0.1.0";

const usage = `kvitt relay --config FILE [--json]

Takes the provider's webhooks over HTTP and hands them to the machines over MQTT. Runs until SIGINT or SIGTERM.

  --config FILE   TOML with [vipps], [mqtt] and [relay]; docs/link.md has an example
  --json          prints {"port": …} when it listens, instead of a sentence

The keys come from files in the systemd credentials directory (or [vipps] credentials_dir): vipps-client-id,
vipps-client-secret, vipps-subscription-key, mqtt-password; or from the environment: VIPPS_CLIENT_ID,
VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY, MQTT_PASSWORD.`;

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const values = parseFlagsOnly(args, { config: { type: "string" }, json: { type: "boolean", default: false } });
  if (values.config === undefined) throw new CommandError("kvitt relay needs --config FILE");
  const file = loadFile(values.config);
  const log = createLog("info", (line) => io.err(line.trimEnd()));
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const relay = await startRelay(optionsOf(file, io), { clock, entropy: createSystemEntropy(), log });
  io.out(values.json ? JSON.stringify({ port: relay.port }) : `listening on port ${relay.port}`);
  await untilAborted(io.signal);
  await relay.stop();
  return 0;
}

function loadFile(path: string): RelayFile {
  const parsed = relayFileSchema.safeParse(parseToml(path));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    (issue) => `  ${issue.path.map(String).join(".") || "file"}: ${issue.message}`,
  );
  throw new CommandError(`"${path}" cannot be used:\n${faults.join("\n")}`, 1);
}

function parseToml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const reason = errorText(cause);
    throw new CommandError(`"${path}" cannot be read: ${reason}`, 1, { cause });
  }
}

function optionsOf({ vipps, mqtt, relay }: RelayFile, io: CommandIo): RelayOptions {
  const folder = vipps.credentials_dir ?? io.env["CREDENTIALS_DIRECTORY"];
  const baseUrl = providerUrl(vipps);
  const need = (name: string, variable: string, given: string | undefined): string => {
    const value = given ?? credential(folder, name) ?? io.env[variable];
    if (value !== undefined && value !== "") return value;
    throw new CommandError(
      `there is no ${name}: put it into a file of that name in the credentials directory, or into ${variable}`,
      1,
    );
  };
  if (!relay.public_url.startsWith("https:") && !isLoopback(relay.public_url))
    throw new CommandError(`relay.public_url "${relay.public_url}" must be https: the provider calls nothing else`, 1);
  return {
    instance: relay.instance,
    listen: { host: relay.listen_host, port: relay.listen_port },
    publicUrl: relay.public_url,
    registrationFile: relay.registration_file,
    mayRegister: relay.register,
    checkInFreshnessMs: relay.check_in_freshness_s * 1000,
    paymentExpiryMs: relay.payment_expiry_s * 1000,
    provider: {
      baseUrl,
      msn: vipps.msn,
      clientId: need("vipps-client-id", "VIPPS_CLIENT_ID", vipps.client_id),
      clientSecret: need("vipps-client-secret", "VIPPS_CLIENT_SECRET", vipps.client_secret),
      subscriptionKey: need("vipps-subscription-key", "VIPPS_SUBSCRIPTION_KEY", vipps.subscription_key),
    },
    mqtt: {
      url: mqtt.url,
      protocol: mqtt.protocol,
      username: mqtt.username,
      password:
        mqtt.password_file === undefined
          ? (credential(folder, "mqtt-password") ?? io.env["MQTT_PASSWORD"])
          : secretFile(mqtt.password_file),
      caFile: mqtt.ca_file,
      certFile: mqtt.cert_file,
      keyFile: mqtt.key_file,
      keepaliveS: mqtt.keepalive_s,
      connectTimeoutMs: mqtt.connect_timeout_s * 1000,
      reconnectMaxMs: mqtt.reconnect_max_s * 1000,
    },
    version,
  };
}

/** systemd keeps the folder to the service; the text without its line's end. */
function credential(folder: string | undefined, name: string): string | undefined {
  if (folder === undefined) return undefined;
  try {
    return readFileSync(join(folder, name), "utf8").trimEnd();
  } catch {
    return undefined;
  }
}

function secretFile(path: string): string {
  try {
    if ((statSync(path).mode & 0o007) === 0) return readFileSync(path, "utf8").trimEnd();
  } catch (cause) {
    throw new CommandError(`"${path}" cannot be read: it has to exist and belong to the relay's user`, 1, { cause });
  }
  throw new CommandError(`"${path}" holds a secret and everybody can read it: chmod 600 "${path}"`, 1);
}

const command: CliCommand = { summary: "take webhooks and hand them to the machines over MQTT", usage, run };
export default command;
