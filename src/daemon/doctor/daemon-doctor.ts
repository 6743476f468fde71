/** The doctor of a daemon that runs: answers `GET /doctor`, and looks around by itself every hour for the health report. Part of the composition root. */
import type { Config } from "../../config/schema.ts";
import type { KioskHealth } from "../../kiosk/port.ts";
import type { Link } from "../../link/port.ts";
import type { Clock, Entropy, Log } from "../../service/port.ts";
import { buildFloorMs } from "../build-floor.ts";
import type { ProviderPorts } from "../provider.ts";
import { examine } from "./doctor.ts";
import type { DaemonFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { allProbes, quietProbes } from "./probes.ts";
import { createDoctorWatch, withFindings } from "./watch.ts";

export interface DaemonDoctor {
  /** The daemon's link, whose health reports have the findings in them. */
  readonly link: Link;
  /** Looks at everything now. Whoever asks while it looks gets the same answer. Rejects when the daemon stops. */
  examine(): Promise<readonly Finding[]>;
  /** Of the last hourly round: what is not good, and the versions. */
  latest(): readonly Finding[];
  start(): void;
  /** Breaks off what is being looked at. Idempotent. */
  stop(): void;
}

export interface DoctorContext {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** What the doctor looks at in the daemon itself. */
export interface DoctorSubjects {
  readonly link: Link;
  readonly provider: Pick<ProviderPorts, "merchantQrs" | "payments">;
  readonly health: () => KioskHealth;
}

export function createDaemonDoctor(context: DoctorContext, { link, provider, health }: DoctorSubjects): DaemonDoctor {
  const { config, clock, log, version } = context;
  const ending = new AbortController();
  let looking: Promise<readonly Finding[]> | undefined;
  const quiet = quietProbes(version, config, clock);
  const reports = withFindings(link, () => watch.latest());
  const watch = createDoctorWatch({
    look: (signal) => examine(quiet, clock, signal),
    clock,
    log,
    onChange: (findings) => reports.tell(findings),
  });
  return {
    link: reports.link,
    examine() {
      const probes = allProbes({
        ...context,
        floorMs: buildFloorMs,
        // The file may have changed since: `kvitt doctor` judges it itself.
        configuration: undefined,
        daemon: () => factsOf(health()),
        openProvider: () => Promise.resolve(provider),
      });
      looking ??= examine(probes, clock, ending.signal).finally(() => (looking = undefined));
      return looking;
    },
    latest: () => watch.latest(),
    start: () => watch.start(),
    stop() {
      watch.stop();
      ending.abort(new Error("the daemon stops"));
    },
  };
}

function factsOf(health: KioskHealth): DaemonFacts {
  const { state, reason, missing, machine, panel, openSettlements, unsent, lines } = health;
  return { isRunning: true, state, reason, missing, machine, panel, openSettlements, unsent, lines };
}
