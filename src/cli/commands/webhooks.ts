/** `kvitt webhooks`: registrations at the provider, by hand. The relay keeps its own by itself. */
import { open, rm } from "node:fs/promises";
import { errorText } from "../../kit/error-text.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";
import { openProvider, type Provider, providerOptions, providerUsage, show, told } from "../provider.ts";
import { record, table } from "../table.ts";

const usage = `kvitt webhooks list
kvitt webhooks register URL [--event NAME …] [--secret-file FILE]
kvitt webhooks delete ID

  --event NAME        may be given several times; default user.checked-in.v1, of which a sales unit has one registration only
  --secret-file FILE  writes the secret there, mode 600, instead of printing it; it is told this once

${providerUsage}`;

const options = {
  ...providerOptions,
  event: { type: "string", multiple: true },
  "secret-file": { type: "string" },
} as const;

type Flags = ReturnType<typeof parseWebhookArgs>["values"];

const parseWebhookArgs = (args: readonly string[]) => parseFlags(args, options);

interface Run {
  readonly flags: Flags;
  readonly io: CommandIo;
  readonly provider: Provider;
}

async function list({ flags, io, provider }: Run): Promise<number> {
  const all = await provider.client.webhooks.list(provider.options);
  const rows = all.map(({ id, url, events }) => [id, url, events.join(" ")]);
  show(flags, io, all, () => table(["ID", "URL", "EVENTS"], rows, "there are no webhooks"));
  return 0;
}

async function register({ flags, io, provider }: Run, url: string): Promise<number> {
  const path = flags["secret-file"];
  const events = flags.event ?? ["user.checked-in.v1"];
  const make = () => provider.client.webhooks.register(url, events, provider.options);
  const { id, secret } = await (path === undefined ? make() : makeAndKeep(path, make));
  const shown = path === undefined ? { id, secret } : { id, secretFile: path };
  show(flags, io, { ...shown, url, events }, () => record({ ...shown, url, events: events.join(" ") }));
  if (path === undefined && flags.json !== true) io.err("keep the secret now: it is never told again");
  return 0;
}

/** The file is opened before the call: a secret that cannot be kept would be lost. It goes again when nothing was registered. */
async function makeAndKeep<T extends { readonly secret: string }>(path: string, make: () => Promise<T>): Promise<T> {
  const file = await openNew(path);
  try {
    const made = await make();
    await file.writeFile(`${made.secret}\n`);
    await file.sync();
    return made;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function openNew(path: string) {
  try {
    return await open(path, "wx", 0o600);
  } catch (cause) {
    const reason = errorText(cause);
    throw new CommandError(`the secret cannot be kept in "${path}", so nothing was registered: ${reason}`, 1, {
      cause,
    });
  }
}

async function remove({ flags, io, provider }: Run, id: string): Promise<number> {
  await provider.client.webhooks.delete(id, provider.options);
  show(flags, io, { deleted: id }, () => `deleted ${id}`);
  return 0;
}

async function dispatch(run: Run, [action, argument]: readonly string[]): Promise<number> {
  switch (action) {
    case "list":
      return list(run);
    case "register":
      if (argument === undefined) throw new CommandError("kvitt webhooks register URL: which address?");
      return register(run, argument);
    case "delete":
      if (argument === undefined) throw new CommandError("kvitt webhooks delete ID: which one?");
      return remove(run, argument);
    default:
      throw new CommandError(usage);
  }
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values: flags, positionals } = parseWebhookArgs(args);
    if (positionals.length === 0) throw new CommandError(usage);
    const provider = await openProvider(flags, io);
    return told(flags, io, () => dispatch({ flags, io, provider }, positionals));
  },
};
