/** `kvitt config check FILE`. */
import { faultText, loadConfig } from "../../config/load.ts";
import { type CliCommand, CommandError } from "../command.ts";
import { parseFlags } from "../flags.ts";

const usage = `kvitt config check FILE [--json]

Says for each fault of a configuration: which key, what value, what is allowed, and a line to write instead.
Exit code 0 when there is none, 1 otherwise. docs/config.md has every key.`;

export const command: CliCommand = {
  summary: "check a configuration",
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, { json: { type: "boolean" } });
    const [action, file] = positionals;
    if (action !== "check" || file === undefined) throw new CommandError("kvitt config check FILE");
    const loaded = await loadConfig(file);
    const faults = loaded.ok ? [] : loaded.faults;
    if (values.json === true) io.out(JSON.stringify({ ok: loaded.ok, faults }, null, 2));
    else if (loaded.ok)
      io.out(`${file} is right: machine ${loaded.config.machine.id}, ${loaded.config.product.length} products`);
    else io.out(`${file} has ${faults.length} fault(s):\n\n${faults.map(faultText).join("\n")}`);
    return loaded.ok ? 0 : 1;
  },
};
