/** The probes of this computer, for the daemon and for `kvitt doctor`. Part of the composition root. */
import type { Config } from "../../config/schema.ts";
import type { Clock, Entropy } from "../../service/port.ts";
import type { ProviderPorts } from "../provider.ts";
import type { ConfigurationFacts, DaemonFacts, Probes } from "./facts.ts";
import {
  probeClock,
  probeJournal,
  probeNetwork,
  probePower,
  probeTemperature,
  probeVersions,
  probeWatchdog,
} from "./probe-computer.ts";
import { probeAdapter, probeInputs, probeLines, probePanel } from "./probe-machine.ts";
import { hostsOf, probeBroker, probeCredentials, probeProvider, providerDate } from "./probe-outside.ts";

const root = "/";

/** What can be looked at without a configuration. */
export function computerProbes(version: string): Probes {
  return {
    power: () => probePower(root),
    temperature: () => probeTemperature(root),
    watchdog: () => probeWatchdog(root),
    versions: () => probeVersions(root, version),
  };
}

/** What the daemon looks at by itself every hour: nothing that writes, asks anybody outside, or is in the kiosk's own health already. */
export function quietProbes(version: string, config: Config, clock: Clock): Probes {
  const { directory: folder } = config.journal;
  return { ...computerProbes(version), journal: () => probeJournal({ root, folder, clock, isThorough: false }) };
}

export interface ProbeParts {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Not before this version was made. */
  readonly floorMs: number;
  /** Undefined where somebody else judges the file. */
  readonly configuration: (() => Promise<ConfigurationFacts>) | undefined;
  readonly daemon: () => DaemonFacts;
  readonly openProvider: () => Promise<Pick<ProviderPorts, "merchantQrs" | "payments">>;
}

export function allProbes(parts: ProbeParts): Probes {
  const { config, env, version, clock, entropy, floorMs, configuration } = parts;
  const machine = { root, config, env };
  const outside = { config, env, clock, entropy };
  const { directory: folder } = config.journal;
  return {
    ...computerProbes(version),
    ...(configuration === undefined ? {} : { configuration }),
    credentials: () => probeCredentials(config, env),
    daemon: async () => parts.daemon(),
    clock: (signal) => probeClock({ root, clock, floorMs, serverDate: (inner) => providerDate(config, inner) }, signal),
    network: () => probeNetwork(root, hostsOf(config)),
    provider: (signal) => probeProvider(outside, parts.openProvider, signal),
    broker: (signal) => probeBroker(outside, signal),
    panel: () => probePanel(machine),
    lines: () => probeLines(machine),
    inputs: () => probeInputs(machine),
    adapter: () => probeAdapter(machine),
    journal: () => probeJournal({ root, folder, clock, isThorough: true }),
  };
}
