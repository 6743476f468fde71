/** `kvitt provision FILE`: makes this computer the machine that the file means; run at boot by kvitt-setup.service. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readablePanel, showNotSetUp } from "../../daemon/provision/panel.ts";
import { failureText, outcomeText, provision } from "../../daemon/provision/provision.ts";
import { runCommand, systemTarget } from "../../daemon/provision/system-target.ts";
import { errorText } from "../../kit/error-text.ts";
import { panelFolder } from "../../panel/assets.ts";
import { listPanels, type PanelFile } from "../../panel/panel-file.ts";
import { createReadableLog } from "../../service/service-log.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { type CliCommand, CommandError, type CommandIo } from "../command.ts";
import { parseFlags } from "../flags.ts";

const usage = `kvitt provision FILE [--root DIR]

Makes this computer the machine that FILE means (kvitt-setup.toml, docs/install.md; docs/schemas/kvitt-setup.schema.json): the configuration, the
keys, the broker's certificates, the network, the host name and the time zone are put in place; then FILE is written over and removed. A file that
is not right changes nothing: the faults stand in kvitt-setup.error.txt beside it, and on the panel where the file names one. A power cut at any
instant leaves it to be done again.

  --root DIR  puts everything below DIR, as for a card that is not running; nothing is applied

Exit code 0 when it is done or there is no FILE, 1 otherwise.`;

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const { values, positionals } = parseFlags(args, { root: { type: "string", default: "/" } });
    const [named, ...more] = positionals;
    if (named === undefined || more.length > 0) throw new CommandError(usage);
    const file = resolve(named);
    const panels = await listPanels(panelFolder(import.meta.url));
    const log = createReadableLog("warn", io.err);
    const run = values.root === "/" ? runCommand : async () => {};
    try {
      const outcome = await provision(file, systemTarget({ root: values.root, log, run }), panels);
      io.err(outcomeText(outcome));
      if (outcome.kind !== "refused") return 0;
      if (values.root === "/") await tellOnPanel(file, outcome.faults, panels, io);
      return 1;
    } catch (cause) {
      throw new CommandError(failureText(cause), 1, { cause });
    }
  },
};

/** The panel is a courtesy: where it cannot be driven, the note beside the file has to do. */
async function tellOnPanel(
  file: string,
  [fault = ""]: readonly string[],
  panels: readonly PanelFile[],
  io: CommandIo,
): Promise<void> {
  const panel = readablePanel(await readFile(file, "utf8"), panels);
  if (panel === undefined) return;
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const log = createReadableLog("warn", io.err);
  await showNotSetUp(panel, fault, { panels, clock, log }).catch((error: unknown) =>
    io.err(`the panel could not say so: ${errorText(error)}`),
  );
}
