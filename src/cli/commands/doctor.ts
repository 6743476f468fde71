/** `kvitt doctor`: what is wrong with this machine, and what to do. Asks the daemon that runs, and looks itself where none does. */
import * as z from "zod";
import { faultText, loadUnchecked, parseConfig, readConfigText } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { buildFloorMs } from "../../daemon/build-floor.ts";
import { examine } from "../../daemon/doctor/doctor.ts";
import type { ConfigurationFacts, DaemonFacts } from "../../daemon/doctor/facts.ts";
import { exitCodeOf, type Finding, findingsText } from "../../daemon/doctor/finding.ts";
import { findingSchema } from "../../link/report-messages.ts";
import { applyFix, fixesFor, pathFact, wantedPaths } from "../../daemon/doctor/fix.ts";
import { allProbes, computerProbes } from "../../daemon/doctor/probes.ts";
import { openProvider } from "../../daemon/provider.ts";
import { groupId, userId } from "../../service/accounts.ts";
import { createSystemEntropy } from "../../service/entropy.ts";
import { createReadableLog } from "../../service/service-log.ts";
import { createSystemClock } from "../../service/system-clock.ts";
import { readVersion } from "../../service/version.ts";
import type { CliCommand, CommandIo } from "../command.ts";
import { factsOfComputer } from "../config-facts.ts";
import { parseFlagsOnly } from "../flags.ts";
import { askDaemon, DaemonAway, serviceSocketOf } from "../service-socket.ts";

const defaultFile = "/etc/kvitt/kvitt.toml";

const usage = `kvitt doctor [--config FILE] [--json] [--fix]

Looks at everything that has to be right for this machine to sell: configuration, credentials, clock, network, provider, broker and relay, panel,
lines, scanners, MDB adapter, journal disk, power, temperature, watchdog, versions. Says for each what was found, whether that is good, and what
to do. Asks the daemon that runs, over its service socket; where none runs, it looks itself. Nothing is sold, moved or shown by it.

  --config FILE  default ${defaultFile}
  --json         a list of {check, verdict: good|look|bad|unknown, found, todo?}
  --fix          first mends what is safe: closes credentials that others can read, makes folders that are missing

Exit code 0 when nothing is bad, 1 otherwise. Run it as root: other users may not read the credentials, or see who holds a line.`;

const answer = z.object({ findings: z.array(findingSchema) });
/** Longer than each probe may take. */
const daemonMs = 30_000;

export const command: CliCommand = {
  usage,
  async run(args, io) {
    const values = parseFlagsOnly(args, {
      config: { type: "string", default: defaultFile },
      json: { type: "boolean", default: false },
      fix: { type: "boolean", default: false },
    });
    const loaded = await loadUnchecked(values.config);
    const config = loaded.ok ? loaded.config : undefined;
    if (values.fix && config !== undefined) await fix(config, io);
    const findings = await findingsOf(values.config, config, io);
    io.out(values.json ? JSON.stringify(findings, null, 2) : findingsText(findings));
    return exitCodeOf(findings);
  },
};

async function findingsOf(file: string, config: Config | undefined, io: CommandIo): Promise<readonly Finding[]> {
  const clock = createSystemClock({ floorWallMs: 0, requireSynchronized: false });
  const configuration = (): Promise<ConfigurationFacts> => judged(file, io.env);
  const version = await readVersion();
  // Without a file that can be read nobody knows what belongs to the machine: then only the computer is looked at.
  if (config === undefined) return examine({ configuration, ...computerProbes(version) }, clock, io.signal);
  const ofDaemon = await askIfThere(config);
  if (ofDaemon !== undefined) return [...(await examine({ configuration }, clock, io.signal)), ...ofDaemon];
  const log = createReadableLog("error", io.err);
  const entropy = createSystemEntropy();
  const parts = { env: io.env, version, clock, entropy, log, observeServerDate: () => {} };
  const probes = allProbes({
    ...parts,
    config,
    floorMs: buildFloorMs,
    configuration,
    daemon: () => away,
    openProvider: () => openProvider(config, { providerQrSizePx: qrSizePx }, parts),
  });
  return examine(probes, clock, io.signal);
}

/** Any size that the provider takes: the picture is thrown away. */
const qrSizePx = 400;

const away: DaemonFacts = {
  isRunning: false,
  state: undefined,
  reason: undefined,
  missing: [],
  machine: undefined,
  panel: undefined,
  openSettlements: 0,
  unsent: 0,
  lines: [],
};

/** Undefined when no daemon listens. */
async function askIfThere(config: Config): Promise<readonly Finding[] | undefined> {
  try {
    return answer.parse(await askDaemon(serviceSocketOf(config), "GET", "doctor", undefined, daemonMs)).findings;
  } catch (error) {
    if (error instanceof DaemonAway) return undefined;
    throw error;
  }
}

async function judged(file: string, env: CommandIo["env"]): Promise<ConfigurationFacts> {
  const read = await readConfigText(file);
  if (!read.ok) return { file, faults: read.faults.map(faultText), warnings: [] };
  const loaded = parseConfig(read.text, await factsOfComputer(env, true));
  if (!loaded.ok) return { file, faults: loaded.faults.map(faultText), warnings: [] };
  return { file, faults: [], warnings: loaded.warnings.map(faultText) };
}

async function fix(config: Config, io: CommandIo): Promise<void> {
  const wanted = wantedPaths(config);
  const fixes = fixesFor(wanted, await Promise.all(wanted.map(({ path }) => pathFact(path))));
  const isRoot = process.getuid?.() === 0;
  const [uid, gid] = isRoot ? [await userId("kvitt"), await groupId("kvitt")] : [undefined, undefined];
  const owner = uid === undefined || gid === undefined ? undefined : { uid, gid };
  for (const one of fixes) io.err(await applyFix(one, owner));
}
