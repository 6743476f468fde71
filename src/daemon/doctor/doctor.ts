/** Runs every check: a thin probe gathers facts, a pure judge says what they mean. One that fails or hangs is a finding, never the end of the others. */
import { errorText } from "../../kit/error-text.ts";
import type { Clock } from "../../service/port.ts";
import type { CheckName, Facts, Probes } from "./facts.ts";
import { type Finding, type Judgement, unknown } from "./finding.ts";
import {
  judgeClock,
  judgeJournal,
  judgeNetwork,
  judgePower,
  judgeTemperature,
  judgeVersions,
  judgeWatchdog,
} from "./judge-computer.ts";
import { judgeAdapter, judgeDaemon, judgeInputs, judgeLines, judgePanel } from "./judge-machine.ts";
import { judgeBroker, judgeConfiguration, judgeCredentials, judgeProvider } from "./judge-outside.ts";

type Judges = { readonly [K in CheckName]: (facts: Facts[K]) => readonly Judgement[] };

/** In the order in which they are told: what is wrong first explains what is wrong after it. */
export const judges: Judges = {
  configuration: judgeConfiguration,
  credentials: judgeCredentials,
  daemon: judgeDaemon,
  clock: judgeClock,
  network: judgeNetwork,
  provider: judgeProvider,
  broker: judgeBroker,
  panel: judgePanel,
  lines: judgeLines,
  inputs: judgeInputs,
  adapter: judgeAdapter,
  journal: judgeJournal,
  power: judgePower,
  temperature: judgeTemperature,
  watchdog: judgeWatchdog,
  versions: judgeVersions,
};

const names: readonly CheckName[] = [
  "configuration",
  "credentials",
  "daemon",
  "clock",
  "network",
  "provider",
  "broker",
  "panel",
  "lines",
  "inputs",
  "adapter",
  "journal",
  "power",
  "temperature",
  "watchdog",
  "versions",
];

/** Longer than any probe's own time-outs; below it stands the service socket's own limit of 30 s. */
const probeMs = 20_000;

/** Looks at all that there are probes for, side by side. @throws the signal's reason when it aborts */
export async function examine(
  probes: Probes,
  clock: Pick<Clock, "sleep">,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const round = { clock, signal };
  const found = await Promise.all(names.map((name) => lookAt(name, probes[name], judges[name], round)));
  return found.flat();
}

interface Round {
  readonly clock: Pick<Clock, "sleep">;
  readonly signal: AbortSignal;
}

async function lookAt<K extends CheckName>(
  name: K,
  probe: Probes[K],
  judge: Judges[K],
  { clock, signal }: Round,
): Promise<readonly Finding[]> {
  if (probe === undefined) return [];
  const named = (one: Judgement): Finding => ({ check: name, ...one });
  const over = new AbortController();
  const bound = AbortSignal.any([signal, over.signal]);
  const late = clock.sleep(probeMs, bound).then(
    () => {
      throw new Error(`no answer within ${probeMs / 1_000} s`);
    },
    () => undefined,
  );
  try {
    const facts = await Promise.race([probe(bound), late]);
    signal.throwIfAborted();
    return facts === undefined ? [] : judge(facts).map(named);
  } catch (error) {
    signal.throwIfAborted();
    return [
      named(unknown(`could not be looked at: ${errorText(error)}`, "mend what it says; some things only root may see")),
    ];
  } finally {
    over.abort();
  }
}
