/** `kvitt fleet`: who may do what at the broker of a fleet. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { errorText } from "../../kit/error-text.ts";
import { type BrokerClient, type BrokerList, clashesOf, readBrokerList } from "../../link/fleet/list.ts";
import { mosquittoAcl } from "../../link/fleet/mosquitto.ts";
import { mosquittoPasswords } from "../../link/fleet/mosquitto-passwords.ts";
import { natsAccount, natsFaults, natsPasswords } from "../../link/fleet/nats.ts";
import { type Permissions, permissionsOf } from "../../link/fleet/permissions.ts";
import { readIdentityText } from "../../relay/gateway/identities-file.ts";
import { readIdentityFile } from "../../relay/gateway/identities.ts";
import { RelayError } from "../../relay/relay-error.ts";
import { replaceFileSync } from "../../service/replace-file.ts";
import { readSecretFile, SecretFileError } from "../../service/secret-file.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";

const usage = `kvitt fleet acl --broker mosquitto|nats [--list FILE] [--identities FILE] [--out FILE]
kvitt fleet acl --broker mosquitto|nats … --passwords FOLDER --password-file FILE

Writes what each user may read and write at the broker, from a list of who there is. The same list gives the same text.

  --list FILE          a line each; what follows a # is a remark:
                         machine ID MSN            its user is named like it
                         relay INSTANCE [MSN…]     without MSN: all sales units of the list
                         desk USER MSN…            a back office: reads reports, sends signed commands
                         operator USER MSN…        publishes identities, forgets what is gone
                         home-assistant USER MSN…  finds the machines of these sales units
                       "as USER" at the end of a line: a user of another name
  --identities FILE    the gateway's file: adds every machine in it that is not revoked
  --msn MSN            with --machine ID, --relay INSTANCE, --desk USER, --operator USER, each as often as needed: instead of a list
  --out FILE           instead of printing it
  --passwords FOLDER   a file of mode 600 for each user, with its password; those that are missing are made
  --password-file FILE what the broker reads of them: Mosquitto's password_file, or variables that NATS' account includes

No password is printed, and none is an argument. docs/fleet.md has what the broker's own configuration says.`;

const many = { type: "string", multiple: true } as const;
const options = {
  broker: { type: "string" },
  list: { type: "string" },
  identities: { type: "string" },
  msn: { type: "string" },
  machine: many,
  relay: many,
  desk: many,
  operator: many,
  out: { type: "string" },
  passwords: { type: "string" },
  "password-file": { type: "string" },
} as const;
type Flags = ReturnType<typeof parseFlags<typeof options>>["values"];

interface Broker {
  /** What it cannot have. */
  readonly faults: (clients: readonly BrokerClient[]) => readonly string[];
  /** @param passwordFile as seen from the file that this text is for */
  readonly acl: (users: readonly Permissions[], made: string, passwordFile: string) => string;
  readonly passwords: (passwords: ReadonlyMap<string, string>, before: string) => string;
}

const brokers: Readonly<Record<string, Broker>> = {
  mosquitto: {
    faults: () => [],
    acl: mosquittoAcl,
    passwords: (passwords, before) => mosquittoPasswords(passwords, before, randomBytes),
  },
  nats: { faults: natsFaults, acl: natsAccount, passwords: natsPasswords },
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(args, options);
  if (positionals.join(" ") !== "acl") throw new CommandError("kvitt fleet acl --broker mosquitto|nats --list FILE");
  const broker = Object.hasOwn(brokers, values.broker ?? "") ? brokers[values.broker ?? ""] : undefined;
  if (broker === undefined) throw new CommandError("--broker mosquitto or --broker nats");
  if ((values.passwords === undefined) !== (values["password-file"] === undefined))
    throw new CommandError("--passwords FOLDER and --password-file FILE belong together");
  try {
    const clients = await clientsOf(values, broker);
    const made = "Made by kvitt fleet acl: change the list, and make it again.";
    const text = broker.acl(permissionsOf(clients), made, passwordFileOf(values));
    if (values.passwords !== undefined && values["password-file"] !== undefined)
      await writePasswords(clients, { folder: values.passwords, file: values["password-file"] }, broker, io);
    if (values.out === undefined) io.out(text.trimEnd());
    else write(values.out, text, 0o644);
  } catch (cause) {
    if (cause instanceof RelayError || cause instanceof SecretFileError)
      throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
  return 0;
}

function passwordFileOf({ out, "password-file": file }: Flags): string {
  if (file === undefined) return "./kvitt-passwords.conf";
  return `./${out === undefined ? basename(file) : relative(dirname(out), file)}`;
}

async function clientsOf(values: Flags, broker: Broker): Promise<readonly BrokerClient[]> {
  const lists = [flagged(values)];
  if (values.list !== undefined) lists.push(readBrokerList(await readList(values.list), values.list));
  const listed = lists.flatMap(({ clients }) => clients);
  const clients = [...listed, ...(values.identities === undefined ? [] : await enrolled(values.identities, listed))];
  const faults = [...lists.flatMap((list) => list.faults), ...clashesOf(clients), ...broker.faults(clients)];
  if (faults.length > 0) throw new CommandError(faults.join("\n"), 1);
  if (clients.length === 0) throw new CommandError("nobody is listed: give --list FILE");
  return clients;
}

/** The same lines as a list has. */
function flagged({ msn, machine = [], relay = [], desk = [], operator = [] }: Flags): BrokerList {
  const lines = Object.entries({ machine, relay, desk, operator }).flatMap(([kind, names]) =>
    names.map((name) => `${kind} ${name} ${msn ?? ""}`),
  );
  return readBrokerList(lines.join("\n"), "the options");
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CommandError(`--list ${path} cannot be read: ${errorText(cause)}`, 1, { cause });
  }
}

/** A machine of the list keeps the user that its line gives it. */
async function enrolled(path: string, listed: readonly BrokerClient[]): Promise<readonly BrokerClient[]> {
  const known = new Set(
    listed.flatMap((client) => (client.kind === "machine" ? [`${client.msn}/${client.machine}`] : [])),
  );
  const { text, mark } = await readIdentityText(path);
  if (mark === "none") throw new CommandError(`--identities ${path} is not there`, 1);
  const { machines, faults } = readIdentityFile(text);
  if (faults.length > 0) throw new CommandError(faults.map((fault) => `${path}, ${fault}`).join("\n"), 1);
  return [...machines.values()]
    .filter(
      ({ msn, machine, keys, revoked }) =>
        !known.has(`${msn}/${machine}`) && [...keys].some((key) => !revoked.has(key)),
    )
    .map(({ msn, machine }) => ({ kind: "machine", user: machine, machine, msn }));
}

const passwordBytes = 24;

async function writePasswords(
  clients: readonly BrokerClient[],
  to: { readonly folder: string; readonly file: string },
  broker: Broker,
  io: CommandIo,
): Promise<void> {
  await mkdir(to.folder, { recursive: true, mode: 0o700 });
  const passwords = new Map<string, string>();
  let made = 0;
  for (const { user } of clients) {
    const path = join(to.folder, user);
    made += (await makeSecret(path, randomBytes(passwordBytes).toString("base64url"))) ? 1 : 0;
    passwords.set(user, await readSecretFile(path, io.env));
  }
  const before = await readFile(to.file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw new CommandError(`--password-file ${to.file} cannot be read: ${errorText(error)}`, 1, { cause: error });
  });
  write(to.file, broker.passwords(passwords, before), 0o600);
  io.err(`${passwords.size} user(s); ${made} password(s) were made in ${to.folder}`);
}

/** @returns whether it was not there */
async function makeSecret(path: string, secret: string): Promise<boolean> {
  try {
    await writeFile(path, `${secret}\n`, { mode: 0o600, flag: "wx", flush: true });
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
    throw new CommandError(`${path} cannot be written: ${errorText(cause)}`, 1, { cause });
  }
}

/** A broker may read it at any moment; it keeps the owner and mode that the broker needs where it is there already. */
function write(path: string, text: string, mode: number): void {
  try {
    replaceFileSync(path, text, { mode, keepsOwner: true });
  } catch (cause) {
    throw new CommandError(`${path} cannot be written: ${errorText(cause)}`, 1, { cause });
  }
}

const command: CliCommand = { usage, run };
export default command;
