/** `kvitt init`: writes a configuration from answers, of a person or of a file. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { faultText } from "../../config/load.ts";
import { pinsPage } from "../../config/header-pins.ts";
import { readToml } from "../../config/toml.ts";
import { setUp } from "../../config/setup/plan.ts";
import { errorText } from "../../kit/error-text.ts";
import { panelFolder } from "../../panel/assets.ts";
import { listPanels } from "../../panel/panel-file.ts";
import { groupId } from "../../service/accounts.ts";
import { placeFile } from "../../service/place-file.ts";
import { readConfigText } from "../../config/load.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlagsOnly } from "../flags.ts";
import { interview, InterviewEnded, type OfferedPanel } from "../interview.ts";
import { withTerminal } from "../terminal-asking.ts";

const defaultFile = "/etc/kvitt/kvitt.toml";

const usage = `kvitt init [--out FILE] [--answers FILE] [--replace] [--print]

Asks what the machine sells, which panel it has, how it is wired, prices and languages, and writes a checked, commented configuration.
Each answer is checked when it is given; Enter takes what stands in brackets.

  --out FILE      where it is written; default ${defaultFile}
  --answers FILE  asks nothing: answers in TOML or JSON, for a fleet (docs/schemas/init-answers.schema.json)
  --replace       writes over a file that is there; without it that is refused
  --print         writes the configuration to standard output, and no file

The file has mode 0640 and belongs to the group kvitt where root writes it and the group is there, and mode 0600 otherwise. Keys are never asked and never written:
docs/install.md says where they go.`;

const command: CliCommand = {
  usage,
  async run(args, io) {
    const values = parseFlagsOnly(args, {
      out: { type: "string", default: defaultFile },
      answers: { type: "string" },
      replace: { type: "boolean", default: false },
      print: { type: "boolean", default: false },
    });
    const out = resolve(values.out);
    // Before the questions: nobody wants to hear it after the last of them.
    if (!values.print) await checkPlace(out, values.replace);
    const panels = await listPanels(panelFolder(import.meta.url));
    const answers = values.answers === undefined ? await asked(panels, io) : await readAnswers(values.answers);
    const made = setUp(answers, panels);
    if (!made.ok) throw new CommandError(`these answers make no right configuration:\n\n${made.faults.join("\n")}`, 1);
    if (values.print) {
      io.out(made.text.trimEnd());
      return 0;
    }
    await write(out, made.text, values.replace);
    io.out(out);
    for (const warning of made.warnings) io.err(faultText(warning));
    io.err(`\nThe header of the Raspberry Pi:\n\n${pinsPage(made.config, panels)}\n`);
    io.err(
      `Next: put the keys into ${made.config.vipps.credentials_dir ?? "the credentials folder"} (docs/install.md), then: kvitt config check ${out} --here`,
    );
    return 0;
  },
};
export default command;

async function checkPlace(out: string, mayReplace: boolean): Promise<void> {
  const folder = await stat(dirname(out)).catch(() => undefined);
  if (folder?.isDirectory() !== true)
    throw new CommandError(`there is no folder ${dirname(out)}: make it, or write elsewhere with --out FILE`, 1);
  const there = await stat(out).catch(() => undefined);
  if (there !== undefined && !mayReplace) throw thereAlready(out);
}

function thereAlready(out: string): CommandError {
  return new CommandError(`${out} is there already: add --replace to write over it, or --out FILE`, 1);
}

/** Readable by the daemon's group where there is one, by its owner alone otherwise. */
async function write(out: string, text: string, mayReplace: boolean): Promise<void> {
  const group = process.getuid?.() === 0 ? await groupId("kvitt") : undefined;
  const rights =
    group === undefined ? { mode: 0o600, owner: undefined } : { mode: 0o640, owner: { uid: 0, gid: group } };
  try {
    if (!(await placeFile({ path: out, text, ...rights, mayReplace }))) throw thereAlready(out);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(`${out} cannot be written: ${errorText(cause)}; as root: sudo kvitt init`, 1, { cause });
  }
}

async function readAnswers(path: string): Promise<unknown> {
  const read = await readConfigText(path);
  if (!read.ok) throw new CommandError(`${path}: ${read.faults.map(({ allowed }) => allowed).join("; ")}`, 1);
  if (path.endsWith(".json")) {
    try {
      return JSON.parse(read.text);
    } catch (cause) {
      throw new CommandError(`${path} is not JSON: ${errorText(cause)}`, 1, { cause });
    }
  }
  const toml = readToml(read.text);
  if (!toml.ok) throw new CommandError(`${path}: ${toml.where}: ${toml.why}`, 1);
  return toml.raw;
}

async function asked(panels: readonly OfferedPanel[], io: CommandIo): Promise<unknown> {
  try {
    return await withTerminal(io, (asking) => interview(asking, panels));
  } catch (cause) {
    if (!(cause instanceof InterviewEnded)) throw cause;
    throw new CommandError(
      "the questions were not all answered, and nothing was written; from a script: --answers FILE",
      1,
      { cause },
    );
  }
}
