/**
 * The order of starting and stopping. What can fail for a person's mistake is built and opened first; only then is anything moved, shown or
 * said upstream. Everything that was started is owned, and given back in reverse order whatever throws.
 */
import type { Config } from "../config/schema.ts";
import { isProviderHere } from "../config/transport.ts";
import { errorText } from "../kit/error-text.ts";
import { onAbort, untilAborted } from "../kit/abort.ts";
import type { Kiosk } from "../kiosk/kiosk.ts";
import { createShopCode } from "../kiosk/shop-code.ts";
import type { Machine } from "../machine/port.ts";
import { type AdjustableClock, adjustableClock } from "../service/adjustable-clock.ts";
import { createSystemEntropy } from "../service/entropy.ts";
import { createHost } from "../service/host.ts";
import { slotsFolder, stateFolder } from "../update/request.ts";
import { createUpdates } from "../update/updates.ts";
import { createNotifier, type Notifier } from "../service/notify.ts";
import { createOwned } from "../service/owned.ts";
import type { Clock, Entropy, Host, Log, LogExcerpt, Updates } from "../service/port.ts";
import { createSystemClock, type SystemClock } from "../service/system-clock.ts";
import { createTimeExtension } from "../service/time-extension.ts";
import { feedWatchdog } from "../service/watchdog.ts";
import { buildFloorMs } from "./build-floor.ts";
import { markGlass, unmarkGlass } from "./glass-mark.ts";
import { commandMemory, countBoot, noMemory } from "./journal.ts";
import { kioskOf } from "./kiosk.ts";
import { isJournalTrouble, type JournalTrouble, standOutOfService } from "./out-of-service.ts";
import { configuredParts, type DaemonParts } from "./parts.ts";
import { longestDeliveryMs, stationsOf } from "./stations.ts";
import { statusPages } from "./status-page.ts";
import { stopBudget } from "./stop-budget.ts";
import { watch } from "./watched.ts";

export interface DaemonOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** What the log said in the last hour. */
  readonly recentLog: () => LogExcerpt;
  readonly version: string;
  /** Aborted when the daemon should stop. */
  readonly signal: AbortSignal;
  /** Aborted when it should not wait for a delivery that is on: the outputs go off under it, and it counts as unknown. */
  readonly hurry: AbortSignal;
}

/** What lives as long as the process. */
export interface DaemonService {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly notifier: Notifier;
  readonly host: Host;
  readonly updates: Updates;
  /** Puts the wall clock of a simulated machine wrong. */
  readonly setWallOffset: (offsetMs: number) => void;
}

/** Guard, glass and disk in their worst minutes; after it a start that is not over is a start that hangs. */
const startMs = 180_000;

/**
 * Runs until `signal` aborts. Rejects when the machine cannot be started, after everything that was started is stopped, with an error that says
 * what to mend; and with a StopError when something could not be stopped.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, env, log } = options;
  const isSimulated = config.delivery.driver === "simulated";
  const systemClock = createSystemClock({
    floorWallMs: buildFloorMs,
    // Only where no provider but one on this computer is asked may an unchecked clock sign and sell.
    requireSynchronized: !isSimulated && !isProviderHere(config.vipps),
  });
  const { clock, setWallOffset } = clockOf(isSimulated, systemClock);
  const entropy = createSystemEntropy();
  const host = createHost({ env, clock, end: () => process.kill(process.pid, "SIGTERM") });
  const updates = createUpdates({ running: options.version, slots: slotsFolder, state: stateFolder, clock });
  const notifier = await createNotifier(env["NOTIFY_SOCKET"], log);
  const service = { clock, entropy, notifier, host, updates, setWallOffset };
  const parts = configuredParts({
    ...options,
    clock,
    entropy,
    observeServerDate: (wallMs) => systemClock.observeServerDate(wallMs),
  });
  await runParts(options, service, parts);
}

/** The wall clock of a simulated machine can be put wrong; nothing else runs through that. */
function clockOf(
  isSimulated: boolean,
  systemClock: SystemClock,
): { clock: Clock } & Pick<AdjustableClock, "setWallOffset"> {
  if (!isSimulated) return { clock: systemClock, setWallOffset: () => {} };
  const clock = adjustableClock(systemClock);
  return { clock, setWallOffset: (offsetMs) => clock.setWallOffset(offsetMs) };
}

/** The daemon over parts that are given: sells, or stands out of service while its journal cannot be read. */
export async function runParts(options: DaemonOptions, service: DaemonService, parts: DaemonParts): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await sell(options, service, parts);
      return;
    } catch (error) {
      if (!isJournalTrouble(error)) throw error;
      await waitForJournal(options, service, parts, error);
    }
  }
}

/** One life of the kiosk. @throws JournalError or StoredValueError before anything is sold. */
async function sell(options: DaemonOptions, service: DaemonService, parts: DaemonParts): Promise<void> {
  const { config, env, log, recentLog, signal, version } = options;
  const { clock, entropy, notifier, host, updates, setWallOffset } = service;
  const notify = (message: string): void => notifier.notify(message);
  await using owned = createOwned({ clock, log });
  const extension = createTimeExtension(notify, clock);
  owned.defer("time extension", () => extension.end());
  extension.begin(startMs);

  const openedJournal = await parts.openJournal();
  owned.defer("journal", () => openedJournal.close());
  const { panel: openedPanel, stopMs: panelMs } = await parts.openPanel();
  const budget = stopBudget({ deliverMs: longestDeliveryMs(config), panelMs });
  await markGlass(env);
  owned.defer("panel", () => openedPanel.stop().then(() => unmarkGlass(env)), budget.panelMs);
  const openedLink = await parts.openLink(await countBoot(openedJournal), commandMemory(openedJournal));
  owned.defer("link", () => openedLink.stop(), budget.linkMs);
  const provider = await parts.openProvider(openedPanel.facts);
  owned.defer("provider", () => provider.close());
  const { machine: openedMachine, twin, attach } = parts.openMachine();
  owned.defer("machine", () => openedMachine.stop(), budget.machineMs);
  const opened = { journal: openedJournal, panel: openedPanel, link: openedLink, machine: openedMachine };
  const watched = watch(opened, config, budget, clock);
  const { journal, panel, link, machine } = watched;
  const probeMs = config.vipps.probe_s * 1_000;
  const shopCode = createShopCode({ shopQrs: provider.shopQrs, probeMs, clock, entropy, log });
  const doctor = parts.openDoctor({ link, provider, health: () => kiosk.health() });
  owned.defer("doctor", () => doctor.stop());
  const kiosk = (config.station.length === 0 ? kioskOf : stationsOf)(config, {
    version,
    journal,
    panel,
    machine,
    link: doctor.link,
    provider,
    shopQr: () => shopCode.qr(),
    host,
    updates,
    recentLog,
    clock,
    entropy,
    log: log.child({ room: "kiosk" }),
  });
  attach?.(kiosk.counter);
  const startedMs = clock.monotonicMs();
  const pages = statusPages({
    version,
    kiosk,
    journal,
    panel,
    link,
    recentLog,
    findings: () => doctor.latest(),
    residentBytes: () => process.memoryUsage.rss(),
    uptimeS: () => (clock.monotonicMs() - startedMs) / 1_000,
  });
  const describe = (): unknown => ({ ...kiosk.health(), scene: kiosk.scene().kind, findings: doctor.latest() });
  const verbs = {
    describe,
    serviced: (line: string | undefined) => kiosk.serviced(line),
    checkIns: () => kiosk.checkIns(),
    recentLog,
    statusPages: pages,
    examine: () => doctor.examine(),
  };
  await parts.openSockets({ ...verbs, twin, setWallOffset, closeMs: budget.socketsMs }, owned);

  if (signal.aborted) return;
  owned.defer("kiosk", () => stopKiosk(kiosk, machine, options), budget.kioskMs);
  owned.defer("stopping", () => {
    log.info({ withinMs: budget.totalMs }, "stopping");
    notify("STOPPING=1");
    extension.begin(budget.totalMs);
  });
  try {
    await kiosk.start(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    log.info({ reason: errorText(error) }, "stopped while it was starting");
  }
  if (signal.aborted) return;
  shopCode.start();
  doctor.start();
  owned.defer("shop code", () => shopCode.stop());
  extension.end();
  notify("READY=1");
  const watchdog = feedWatchdog({
    watchdogUsec: notifier.isActive ? env["WATCHDOG_USEC"] : undefined,
    clock,
    notify,
    log,
    parts: watched.parts(kiosk),
  });
  owned.defer("watchdog", () => watchdog.stop());
  await untilAborted(signal);
}

/** Lets a delivery end, unless there is a hurry. */
async function stopKiosk(kiosk: Kiosk, machine: Machine, { hurry, log }: DaemonOptions): Promise<void> {
  const forget = onAbort(hurry, () => {
    log.warn({}, "not waiting any longer: the machine is stopped under what it does");
    machine.stop().catch((error: unknown) => log.error({ error }, "the machine could not be stopped"));
  });
  try {
    await kiosk.stop();
  } finally {
    forget();
  }
}

/** The journal cannot be read: says so on the glass and upstream, until it can. */
async function waitForJournal(
  options: DaemonOptions,
  { clock, notifier }: DaemonService,
  parts: DaemonParts,
  trouble: JournalTrouble,
): Promise<void> {
  const { config, log, signal, version } = options;
  await putOutputsOff(parts);
  const { panel, stopMs: panelMs } = await parts.openPanel();
  const budget = stopBudget({ deliverMs: longestDeliveryMs(config), panelMs });
  await using owned = createOwned({ clock, log });
  owned.defer("panel", () => panel.stop(), budget.panelMs);
  const link = await parts.openLink(0, noMemory);
  notifier.notify("READY=1\nSTATUS=out of service: the journal cannot be read");
  await standOutOfService({
    trouble,
    panel,
    link,
    openJournal: () => parts.openJournal(),
    clock,
    log,
    version,
    signal,
    onAlive: () => notifier.notify("WATCHDOG=1"),
    budget,
  });
}

/** Opening the machine puts its outputs off. */
async function putOutputsOff(parts: DaemonParts): Promise<void> {
  const { machine, attach } = parts.openMachine();
  // A front end moves nothing of ours, and has to find nobody who takes orders.
  if (attach !== undefined) return;
  try {
    await machine.start(() => {});
  } finally {
    await machine.stop();
  }
}
