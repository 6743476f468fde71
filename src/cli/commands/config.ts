/** `kvitt config check FILE`, `kvitt config pins FILE`. */
import type { ConfigFacts } from "../../config/check.ts";
import {
  type ConfigFault,
  faultText,
  isRelayFile,
  type Loaded,
  loadUnchecked,
  parseConfig,
  parseRelayFile,
  readConfigText,
} from "../../config/load.ts";
import type { RelayFile } from "../../config/relay.ts";
import type { Config } from "../../config/schema.ts";
import { bootLines, headerPins, pinsPage } from "../../config/header-pins.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { configFacts, factsOfComputer } from "../config-facts.ts";
import { faultsText, parseFlags } from "../flags.ts";

const usage = `kvitt config check FILE [--here] [--json]   tells right from wrong
kvitt config pins FILE [--json]             draws the header with what hangs on each pin, and says what config.txt needs

check says for each fault of a configuration, a machine's or a relay's: which key, what value, what is allowed, and a line to write instead.
"is right" means: started with this file on the machine that it describes, the daemon comes up and every product can be sold.
Anywhere else than on that machine, files and devices that are not there are told and are no fault.
  --here  this computer is the machine: files and devices (panel, header, adapter, scanner) that it does not have are faults

Exit code 0 when there is no fault, 1 otherwise. docs/config.md has every key.`;

/** What the file is, said in a word, and what was found. */
interface Judged {
  readonly loaded: Loaded<Config | RelayFile>;
  readonly what: string;
}

async function judge(file: string, facts: ConfigFacts): Promise<Judged> {
  const read = await readConfigText(file);
  if (!read.ok) return { loaded: read, what: "" };
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

async function check(file: string, facts: ConfigFacts, asJson: boolean, io: CommandIo): Promise<number> {
  const { loaded, what } = await judge(file, facts);
  const faults = loaded.ok ? [] : loaded.faults;
  const warnings = loaded.ok ? loaded.warnings : [];
  if (asJson) io.out(JSON.stringify({ ok: loaded.ok, faults, warnings }, null, 2));
  else io.out(loaded.ok ? `${file} is right: ${what}${warningsText(warnings)}` : faultsText(file, faults));
  return loaded.ok ? 0 : 1;
}

/** Also for a file that is not right yet: whoever wires has to see where two things meet. */
async function pins(file: string, asJson: boolean, io: CommandIo): Promise<number> {
  const { panels = [] } = await configFacts(io.env);
  const loaded = await loadUnchecked(file);
  if (!loaded.ok) throw new CommandError(faultsText(file, loaded.faults), 1);
  const { config } = loaded;
  if (asJson) io.out(JSON.stringify({ pins: headerPins(config, panels), config_txt: bootLines(config) }, null, 2));
  else io.out(pinsPage(config, panels));
  return 0;
}

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, { json: { type: "boolean" }, here: { type: "boolean" } });
    const [action, file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new CommandError(usage);
    const asJson = values.json === true;
    if (action === "pins" && values.here !== true) return pins(file, asJson, io);
    if (action !== "check") throw new CommandError(usage);
    return check(file, await factsOfComputer(io.env, values.here === true), asJson, io);
  },
};
