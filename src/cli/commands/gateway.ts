/** `kvitt gateway`: which machines may pay through the relay's gateway; and, on a machine, how it gets in. */
import { generateKeyPairSync } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { stringify } from "smol-toml";
import { identityCredential } from "../../config/credentials.ts";
import { loadConfig, loadRelayFile } from "../../config/load.ts";
import { brokerList, brokerUrls } from "../../config/mqtt.ts";
import { type RelayFile, unitsOf } from "../../config/relay.ts";
import { defined } from "../../kit/defined.ts";
import { formatTimestamp } from "../../kit/timestamp.ts";
import { connectionFault } from "../../link/connection-fault.ts";
import { brokerName } from "../../link/mqtt-settings.ts";
import { readTlsFiles } from "../../link/tls-files.ts";
import {
  configLines,
  type Enrolment,
  enrolmentSchema,
  enrolmentSchemaName,
  newIdentity,
} from "../../relay/gateway/enrolment.ts";
import { addIdentityLines, readIdentityText } from "../../relay/gateway/identities-file.ts";
import { type MachineKeys, nameOf, readIdentityFile } from "../../relay/gateway/identities.ts";
import { writeOperatorWord } from "../../relay/gateway/operator-word.ts";
import { RelayError } from "../../relay/relay-error.ts";
import { isMachineId, machineIdFault, type MerchantQrId } from "../../sale/ids.ts";
import { readSecretFile, SecretFileError } from "../../service/secret-file.ts";
import { privateKeyOf, publicKeyText } from "../../vipps/identity.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { faultsText, parseFlags } from "../flags.ts";

const usage = `kvitt gateway enrol ID --config FILE --out FILE
kvitt gateway revoke ID --config FILE
kvitt gateway list --config FILE
kvitt gateway operator-key FILE

Machines that hold no key of the sales unit: each has an identity of its own, and the relay's gateway lets it do what docs/gateway.md says.

On the relay's side, with the relay's configuration:
  enrol ID        makes an identity for the machine ID, adds its public half to [gateway] identities_file, and writes the one file that the
                  machine needs; hand it over in secret, on the boot partition of its card
  revoke ID       ends every identity that the machine has so far; gateways that read this file heed it within seconds
  list            machines and how many identities each has
  operator-key    makes a key whose word counts for all relays that have its public half as [gateway] operator_key, which is printed

On the machine:
kvitt gateway join FILE --credentials FOLDER
  join FILE       puts what the file holds into the credentials folder, prints the lines for its configuration, and removes the file

  --msn MSN            which sales unit, where the relay has several
  --out FILE           what enrol writes, mode 600
  --machine-config FILE  the machine's own configuration: --out is then a kvitt-setup.toml, which does the whole set-up from the boot partition
  --broker URL         a broker as the machine reaches it, as often as there are several; default: the relay's own [mqtt] addresses
  --username USER      the machine's user at the broker; default: ID
  --password-file FILE that user's password
  --ca FILE            PEM of the broker's authority; default: the relay's [mqtt] ca_file
  --operator-key FILE  also publishes it, signed with that key, on the relay's broker; the password comes from MQTT_PASSWORD`;

const options = {
  config: { type: "string" },
  out: { type: "string" },
  msn: { type: "string" },
  broker: { type: "string", multiple: true },
  username: { type: "string" },
  "password-file": { type: "string" },
  ca: { type: "string" },
  "operator-key": { type: "string" },
  "machine-config": { type: "string" },
  credentials: { type: "string" },
} as const;
type Flags = ReturnType<typeof parseFlags<typeof options>>["values"];

type Gateway = NonNullable<RelayFile["gateway"]>;

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(args, options);
  const [action, subject, ...more] = positionals;
  if (more.length > 0) throw new CommandError(`"${more.join(" ")}" is not understood here`);
  try {
    switch (action) {
      case "enrol":
        return await enrol(machineOf(subject), values, io);
      case "revoke":
        return await revoke(machineOf(subject), values, io);
      case "list":
        return await list(values, io);
      case "operator-key":
        return await makeOperatorKey(needed("the file to write", subject), io);
      case "join":
        return await joinFleet(needed("the enrolment file", subject), values, io);
      default:
        throw new CommandError("kvitt gateway enrol, revoke, list, operator-key or join");
    }
  } catch (cause) {
    if (cause instanceof RelayError || cause instanceof SecretFileError || cause instanceof RangeError)
      throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
}

function needed(what: string, value: string | undefined): string {
  if (value === undefined) throw new CommandError(`kvitt gateway: ${what} is missing`);
  return value;
}

function machineOf(id: string | undefined): MerchantQrId {
  const given = needed("the machine's id", id);
  if (isMachineId(given)) return given;
  throw new CommandError(machineIdFault(given) ?? `"${given}" is not the id of a machine`);
}

async function relayOf(values: Flags): Promise<{ readonly file: RelayFile; readonly gateway: Gateway }> {
  const path = needed("--config", values.config);
  const loaded = await loadRelayFile(path);
  if (!loaded.ok) throw new CommandError(faultsText(path, loaded.faults), 1);
  const { gateway } = loaded.config;
  if (gateway === undefined) throw new CommandError(`${path} has no [gateway]: docs/gateway.md has an example`, 1);
  return { file: loaded.config, gateway };
}

function unitOf(file: RelayFile, msn: string | undefined) {
  const units = unitsOf(file);
  const found =
    units.find((unit) => unit.msn === msn) ?? (msn === undefined && units.length === 1 ? units[0] : undefined);
  if (found !== undefined) return found;
  throw new CommandError(
    msn === undefined ? "which sales unit? give --msn MSN" : `the relay does not serve sales unit ${msn}`,
  );
}

async function enrol(machine: MerchantQrId, values: Flags, io: CommandIo): Promise<number> {
  if (values["machine-config"] !== undefined && (values.broker !== undefined || values.username !== undefined))
    throw new CommandError("--broker and --username do nothing here: the [mqtt] of --machine-config has both");
  const { file, gateway } = await relayOf(values);
  const { msn, currency } = unitOf(file, values.msn);
  if (currency === undefined) throw new CommandError(`the currency of sales unit ${msn} is not configured`, 1);
  const out = needed("--out FILE", values.out);
  const { privatePem, publicKey } = newIdentity();
  const caFile = values.ca ?? file.mqtt.ca_file;
  const passwordFile = values["password-file"];
  const enrolment: Enrolment = {
    schema: enrolmentSchemaName,
    machine,
    msn,
    currency,
    gatewayUrls: [...gateway.public_urls],
    identity: privatePem,
    broker: {
      ...brokersOf(values, file),
      username: values.username ?? machine,
      ...(passwordFile === undefined ? {} : { password: await readSecretFile(passwordFile, io.env) }),
      ...(caFile === undefined ? {} : { ca: await readFile(caFile, "utf8") }),
    },
  };
  // First what the machine needs: an identity that nobody has does no harm, one that is nowhere written is lost.
  await writeSecret(out, await enrolmentText(enrolment, values["machine-config"]));
  await addIdentityLines(gateway.identities_file, [`machine ${machine} ${msn} ${publicKey} # enrolled ${now()}`]);
  await publish(file, gateway, { machine, msn }, values, io);
  const next =
    values["machine-config"] === undefined
      ? `On the machine: kvitt gateway join ${out} --credentials /etc/kvitt/credentials`
      : "Put it onto the boot partition of the machine's card as kvitt-setup.toml";
  io.out(`${machine} is enrolled: ${out} is its only copy. ${next}`);
  return 0;
}

/** As the machine reaches them; one stands as `url`, which machines of before there were several read, too. */
function brokersOf(values: Flags, { mqtt }: RelayFile): Pick<Enrolment["broker"], "url" | "urls"> {
  const parsed = brokerList.safeParse(values.broker ?? brokerUrls(mqtt));
  if (!parsed.success)
    throw new CommandError(`--broker: ${parsed.error.issues.map(({ message }) => message).join("; ")}`);
  const [url, ...others] = parsed.data;
  return others.length === 0 ? { url } : { urls: parsed.data };
}

/** With the machine's configuration a set-up file for its boot partition (docs/install.md); without it what `kvitt gateway join` takes. */
async function enrolmentText(enrolment: Enrolment, configFile: string | undefined): Promise<string> {
  if (configFile === undefined) return JSON.stringify(enrolment, undefined, 2);
  const loaded = await loadConfig(configFile);
  if (!loaded.ok) throw new CommandError(faultsText(configFile, loaded.faults), 1);
  const { machine, vipps } = loaded.config;
  if (machine.id !== enrolment.machine || vipps.msn !== enrolment.msn || vipps.access !== "gateway")
    throw new CommandError(
      `${configFile} has to be of machine ${enrolment.machine} of sales unit ${enrolment.msn}, with access = "gateway"`,
      1,
    );
  const { password, ca } = enrolment.broker;
  return stringify({
    version: 1,
    config: await readFile(configFile, "utf8"),
    credentials: { [identityCredential]: enrolment.identity, ...defined({ "mqtt-password": password }) },
    identity: defined({ ca }),
  });
}

async function revoke(machine: MerchantQrId, values: Flags, io: CommandIo): Promise<number> {
  const { file, gateway } = await relayOf(values);
  const { msn } = unitOf(file, values.msn);
  const before = await keysIn(gateway, msn, machine);
  if (before === undefined)
    throw new CommandError(`${gateway.identities_file} has no machine ${machine} of sales unit ${msn}`, 1);
  const open = [...before.keys].filter((key) => !before.revoked.has(key));
  if (open.length > 0)
    await addIdentityLines(
      gateway.identities_file,
      open.map((key) => `revoked ${machine} ${msn} ${key} # ${now()}`),
    );
  await publish(file, gateway, { machine, msn }, values, io);
  io.out(
    open.length === 0 ? `${machine} was revoked already` : `${machine} is revoked: ${open.length} identity(s) ended`,
  );
  return 0;
}

async function list(values: Flags, io: CommandIo): Promise<number> {
  const { gateway } = await relayOf(values);
  const { machines, faults } = readIdentityFile((await readIdentityText(gateway.identities_file)).text);
  for (const { msn, machine, keys, revoked } of machines.values()) {
    const open = [...keys].filter((key) => !revoked.has(key)).length;
    io.out(`${machine} ${msn} ${open === 0 ? "revoked" : `${open} identity(s)`}`);
  }
  for (const fault of faults) io.err(`${gateway.identities_file} ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

async function keysIn(gateway: Gateway, msn: string, machine: string): Promise<MachineKeys | undefined> {
  const { text } = await readIdentityText(gateway.identities_file);
  return readIdentityFile(text).machines.get(nameOf(msn, machine));
}

/** What the file now says of the machine, signed, for relays that do not read this file. */
async function publish(
  file: RelayFile,
  gateway: Gateway,
  { machine, msn }: { readonly machine: string; readonly msn: string },
  values: Flags,
  io: CommandIo,
): Promise<void> {
  const path = values["operator-key"];
  if (path === undefined) return;
  const keys = await keysIn(gateway, msn, machine);
  if (keys === undefined) return;
  const operator = privateKeyOf(await readSecretFile(path, io.env), path);
  if (gateway.operator_key !== undefined && publicKeyText(operator) !== gateway.operator_key)
    throw new CommandError(`${path} is not the key of [gateway] operator_key: no relay would believe it`, 1);
  const { topic, payload } = writeOperatorWord(keys, now(), operator);
  const password = io.env["MQTT_PASSWORD"];
  const client = await connectToOne(brokerUrls(file.mqtt), {
    ...readTlsFiles(file.mqtt),
    ...defined({ username: file.mqtt.username, password }),
    reconnectPeriod: 0,
  });
  try {
    await client.publishAsync(topic, payload, { qos: 1, retain: true });
  } finally {
    await client.endAsync();
  }
}

/** The first that answers. */
async function connectToOne(urls: readonly string[], options: IClientOptions): Promise<MqttClient> {
  const faults: string[] = [];
  for (const url of urls) {
    try {
      // Without retries it also ends when a broker closes the connection without a word.
      return await mqtt.connectAsync(url, options, false);
    } catch (error) {
      faults.push(`${brokerName(url)}: ${connectionFault(error).text}`);
    }
  }
  throw new CommandError(`no broker takes the word to the relays: ${faults.join("; ")}`, 1);
}

async function makeOperatorKey(path: string, io: CommandIo): Promise<number> {
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeSecret(path, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  io.out(`operator_key = "${publicKeyText(privateKey)}"`);
  return 0;
}

/** Never over a file that is there: it may be somebody's only key. */
async function writeSecret(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx", flush: true });
  } catch (cause) {
    const isThere = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw new CommandError(
      isThere ? `${path} is there already: name another file` : `${path} cannot be written: ${String(cause)}`,
      1,
      {
        cause,
      },
    );
  }
}

/** A file on a FAT partition has no owner and no mode: what is read here is removed at once. */
async function joinFleet(path: string, values: Flags, io: CommandIo): Promise<number> {
  const folder = needed("--credentials FOLDER", values.credentials);
  const enrolment = await readEnrolment(path);
  const { identity, broker } = enrolment;
  await replaceSecret(join(folder, identityCredential), identity);
  if (broker.password !== undefined) await replaceSecret(join(folder, "mqtt-password"), broker.password);
  const ca = broker.ca === undefined ? undefined : join(folder, "broker-ca.pem");
  if (ca !== undefined && broker.ca !== undefined) await replaceSecret(ca, broker.ca);
  // The blocks of a flash card may keep what stood in them: the sooner the card is in its machine, the better.
  await rm(path);
  io.out(configLines(enrolment, { credentials: folder, ca }));
  return 0;
}

async function readEnrolment(path: string): Promise<Enrolment> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new CommandError(`${path} cannot be read, or is not JSON: kvitt gateway enrol writes it`, 1, { cause });
  }
  const parsed = enrolmentSchema.safeParse(json);
  if (parsed.success) {
    privateKeyOf(parsed.data.identity, `the identity in ${path}`);
    return parsed.data;
  }
  throw new CommandError(
    `${path} is no enrolment: ${parsed.error.issues.map((issue) => issue.path.map(String).join(".")).join(", ")}`,
    1,
  );
}

async function replaceSecret(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  await writeSecret(path, text);
}

function now(): string {
  return formatTimestamp(Date.now());
}

const command: CliCommand = { usage, run };
export default command;
