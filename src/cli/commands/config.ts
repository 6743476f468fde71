/** `kvitt config check FILE`. */
import {
  type ConfigFault,
  faultText,
  isRelayFile,
  type Loaded,
  parseConfig,
  parseRelayFile,
  readConfigText,
} from "../../config/load.ts";
import type { RelayFile } from "../../config/relay.ts";
import type { Config } from "../../config/schema.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { configFacts } from "../config-facts.ts";
import { faultsText, parseFlags } from "../flags.ts";

const usage = `kvitt config check FILE [--json]

Says for each fault of a configuration, a machine's or a relay's: which key, what value, what is allowed, and a line to write instead.
"is right" means: started with this file on the machine that it describes, the daemon comes up and every product can be sold.
Exit code 0 when there is no fault, 1 otherwise; files that are not on this computer are told, and are no fault. docs/config.md has every key.`;

/** What the file is, said in a word, and what was found. */
interface Judged {
  readonly loaded: Loaded<Config | RelayFile>;
  readonly what: string;
}

async function judge(file: string, env: CommandIo["env"]): Promise<Judged> {
  const read = await readConfigText(file);
  if (!read.ok) return { loaded: read, what: "" };
  const facts = await configFacts(env);
  if (isRelayFile(read.text)) {
    const loaded = parseRelayFile(read.text, facts);
    return { loaded, what: loaded.ok ? `relay ${loaded.config.relay.instance}` : "" };
  }
  const loaded = parseConfig(read.text, facts);
  return {
    loaded,
    what: loaded.ok ? `machine ${loaded.config.machine.id}, ${loaded.config.product.length} products` : "",
  };
}

function warningsText(warnings: readonly ConfigFault[]): string {
  return warnings.length === 0 ? "" : `\n\nworth a look:\n\n${warnings.map(faultText).join("\n")}`;
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, { json: { type: "boolean" } });
    const [action, file, ...more] = positionals;
    if (action !== "check" || file === undefined || more.length > 0) throw new CommandError("kvitt config check FILE");
    const { loaded, what } = await judge(file, io.env);
    const faults = loaded.ok ? [] : loaded.faults;
    const warnings = loaded.ok ? loaded.warnings : [];
    if (values.json === true) io.out(JSON.stringify({ ok: loaded.ok, faults, warnings }, null, 2));
    else io.out(loaded.ok ? `${file} is right: ${what}${warningsText(warnings)}` : faultsText(file, faults));
    return loaded.ok ? 0 : 1;
  },
};
