/** `kvitt relay`: the cloud side. */
import { CredentialsError, readVippsKeys, secretOf } from "../../config/credentials.ts";
import { loadRelayFile } from "../../config/load.ts";
import { type RelayFile, usualKeys } from "../../config/relay.ts";
import { untilAborted } from "../../kit/abort.ts";
import { errorText } from "../../kit/error-text.ts";
import { type RelaySecrets, type RunningRelay, startRelay } from "../../relay/main.ts";
import { createSystemEntropy } from "../../service/entropy.ts";
import type { Log } from "../../service/port.ts";
import { onReload } from "../../service/reloads.ts";
import { createServiceLog, formatOf, logWarnings } from "../../service/service-log.ts";
import { SecretFileError } from "../../service/secret-file.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { readVersion } from "../../service/version.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { faultsText, parseFlagsOnly } from "../flags.ts";

const usage = `kvitt relay --config FILE [--json]

Takes the provider's webhooks over HTTP and hands them to the machines over MQTT. Runs until SIGINT or SIGTERM; SIGHUP reads the [[unit]]
sections and the keys again.

  --config FILE   TOML with [vipps], [mqtt] and [relay], and [[unit]] for several sales units; docs/relay.md has examples
  --json          prints {"port": …} when it listens, instead of a sentence

The keys come from files in the systemd credentials directory (or [vipps] credentials_dir): vipps-client-id,
vipps-client-secret, vipps-subscription-key, mqtt-password; or from the environment: VIPPS_CLIENT_ID,
VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY, MQTT_PASSWORD.`;

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const values = parseFlagsOnly(args, { config: { type: "string" }, json: { type: "boolean", default: false } });
  if (values.config === undefined) throw new CommandError("kvitt relay needs --config FILE");
  const file = await loadFile(values.config);
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const { log } = createServiceLog({
    level: "info",
    format: formatOf(2, { isTty: io.isTty, env: io.env }),
    clock,
    write: (text) => io.err(text.trimEnd()),
  });
  logWarnings(process, log);
  const service = { version: await readVersion(), clock, entropy: createSystemEntropy(), log };
  const relay = await started(startRelay(file, await secretsFor(file, io), service));
  const path = values.config;
  const endReloads = onReload(process, () => reload(relay, path, log));
  try {
    io.out(
      values.json
        ? JSON.stringify({ port: relay.port, gatewayPort: relay.gatewayPort })
        : `listening on port ${relay.port}`,
    );
    await untilAborted(io.signal);
  } finally {
    endReloads();
    await relay.stop();
  }
  return 0;
}

async function started(starting: Promise<RunningRelay>): Promise<RunningRelay> {
  try {
    return await starting;
  } catch (cause) {
    if (cause instanceof CredentialsError || cause instanceof SecretFileError)
      throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
}

/** A file with faults changes nothing. */
async function reload(relay: RunningRelay, path: string, log: Log): Promise<void> {
  try {
    await relay.reload(await loadFile(path));
  } catch (error) {
    log.error({ reason: errorText(error) }, "the configuration could not be read again: everything stays as it is");
  }
}

async function loadFile(path: string): Promise<RelayFile> {
  const loaded = await loadRelayFile(path);
  if (loaded.ok) return loaded.config;
  throw new CommandError(faultsText(path, loaded.faults), 1);
}

async function secretsFor({ vipps, mqtt }: RelayFile, { env }: CommandIo): Promise<RelaySecrets> {
  try {
    const password = { file: mqtt.password_file, name: "mqtt-password", folder: vipps.credentials_dir };
    // Read once here, so that what is wrong with it is said before anything starts.
    await secretOf(password, env);
    return {
      // Keys that stand in the file are those of a simulator on this computer, and of no other name.
      readKeys: ({ vipps: section }, { keys }) =>
        readVippsKeys(keys === usualKeys ? section : { credentials_dir: section.credentials_dir }, env, keys),
      readMqttPassword: () => secretOf(password, env),
    };
  } catch (cause) {
    if (cause instanceof CredentialsError || cause instanceof SecretFileError)
      throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
}

const command: CliCommand = { usage, run };
export default command;
