/** The composition root of the daemon: builds every part, hands it its parts, starts them, and stops them in reverse order. */
import { mkdir, readFile } from "node:fs/promises";
import { readVippsKeys, secretOf } from "../config/credentials.ts";
import type { Config } from "../config/schema.ts";
import { openJournal } from "../journal/journal.ts";
import { openNodeDisk } from "../journal/node-disk.ts";
import type { Journal } from "../journal/port.ts";
import { backOffMs } from "../kit/back-off.ts";
import { untilAborted } from "../kit/abort.ts";
import { createKiosk, type Kiosk } from "../kiosk/kiosk.ts";
import { bootKey, commandCounterKey, seenCommandKey } from "../kiosk/journal-keys.ts";
import { createMqttLink } from "../link/mqtt-link.ts";
import type { Link } from "../link/port.ts";
import { readTlsFiles } from "../link/tls-files.ts";
import type { Machine } from "../machine/port.ts";
import { type MachineChoice, openMachine } from "./machine.ts";
import { fontFolder } from "../panel/assets.ts";
import { createPanel } from "../panel/create-panel.ts";
import { openDrawing } from "../panel/open-drawing.ts";
import type { Panel } from "../panel/port.ts";
import { choosePanel, openSink, readLook } from "./panel.ts";
import { type MerchantQrId, merchantQrId, referenceOf } from "../sale/ids.ts";
import { catalogueOf, policyOf, quietHoursOf } from "./sale.ts";
import { createSystemEntropy } from "../service/entropy.ts";
import { isJournalTrouble, type JournalTrouble, standOutOfService } from "./out-of-service.ts";
import { createNotifier, type Notifier } from "../service/notify.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { startStateSocket } from "../service/state-socket.ts";
import { createSystemClock, type SystemClock } from "../service/system-clock.ts";
import { createUlid } from "../service/ulid.ts";
import {
  type AdjustableClock,
  adjustableClock,
  type MachineControl,
  startMachineControl,
} from "../simulator/machine-control.ts";
import { createVippsClient, type VippsClient } from "../vipps/client.ts";
import { credentials } from "../vipps/credentials.ts";
import { createFetchTransport } from "../vipps/fetch-transport.ts";
import { createMerchantQrs, createPayments, outcomeOf, type PresentationSettings } from "../vipps/payments.ts";
import type { QrPicture } from "../vipps/port.ts";

export interface DaemonOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly version: string;
  /** Aborted when the daemon should stop. */
  readonly signal: AbortSignal;
}

const baseUrls = { test: "https://apitest.vipps.no", production: "https://api.vipps.no" } as const;
const dayMs = 86_400_000;

/** Not before this version was made: an older clock is wrong. */
const buildFloorMs = Date.UTC(2026, 10, 1);

/** Runs until `signal` aborts. Throws before anything is shown or moved when the parts cannot be built. */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, log, env, signal } = options;
  const isSimulated = config.delivery.driver === "simulated";
  const systemClock = createSystemClock({
    floorWallMs: buildFloorMs,
    requireSynchronized: !isSimulated && config.vipps.base_url === undefined,
  });
  const service: Service = {
    systemClock,
    clock: adjustableClock(systemClock),
    entropy: createSystemEntropy(),
    notifier: await createNotifier(env["NOTIFY_SOCKET"], log),
  };
  while (!signal.aborted) {
    try {
      await sell(options, service);
      return;
    } catch (error) {
      if (!isJournalTrouble(error)) throw error;
      await waitForJournal(options, service, error);
    }
  }
}

/** What lives as long as the process. */
interface Service {
  readonly systemClock: SystemClock;
  readonly clock: AdjustableClock;
  readonly entropy: Entropy;
  readonly notifier: Notifier;
}

/** One life of the kiosk. @throws JournalError or StoredValueError before anything is sold. */
async function sell(options: DaemonOptions, service: Service): Promise<void> {
  const { config, log, env, signal } = options;
  const { systemClock, clock, entropy, notifier } = service;
  const id = merchantQrId(config.machine.id);
  const journal = await openJournalOf(config, clock);
  const { machine, twin, attach } = openMachine(config, { clock, entropy, env, log: log.child({ room: "machine" }) });
  const panel = await panelOf(options, clock);
  try {
    const session = await countBoot(journal);
    const { client, presentation } = await providerOf(options, panel, clock, entropy, (wallMs) =>
      systemClock.observeServerDate(wallMs),
    );
    const link = await linkOf(options, id, session, commandMemory(journal), clock, entropy);
    const kiosk = kioskOf(options, {
      id,
      journal,
      panel,
      machine,
      link,
      clock,
      entropy,
      client,
      presentation,
      shopQr: shopQrOf(options, client, clock, entropy),
    });
    attach?.(kiosk.counter);
    await kiosk.start();
    const describe = (): unknown => ({ ...kiosk.health(), scene: kiosk.scene().kind });
    const control = await controlOf(config, twin, clock, describe);
    const { state_socket: statePath } = config.machine;
    const stateSocket = statePath === undefined ? undefined : await startStateSocket(statePath, describe);
    notifier.notify("READY=1");
    const stopWatchdog = feedWatchdog(kiosk, clock, notifier.isActive ? env["WATCHDOG_USEC"] : undefined, (text) =>
      notifier.notify(text),
    );
    await untilAborted(signal);
    log.info({}, "stopping");
    notifier.notify("STOPPING=1");
    stopWatchdog();
    await kiosk.stop();
    await control?.close();
    await stateSocket?.close();
  } catch (error) {
    // Outputs off and a safe picture, whatever it was.
    await machine.stop().catch((failure: unknown) => log.error({ error: failure }, "the machine could not be stopped"));
    await panel.stop().catch((failure: unknown) => log.error({ error: failure }, "the panel could not be stopped"));
    throw error;
  } finally {
    await journal.close();
  }
}

/** The journal cannot be read: says so on the glass and upstream, until it can. Opening the machine puts its outputs off. */
async function waitForJournal(
  options: DaemonOptions,
  { clock, entropy, notifier }: Service,
  trouble: JournalTrouble,
): Promise<void> {
  const { config, env, log, signal, version } = options;
  const { machine, attach } = openMachine(config, { clock, entropy, env, log: log.child({ room: "machine" }) });
  // A front end moves nothing of ours, and has to find nobody who takes orders.
  if (attach === undefined) {
    await machine.start(() => {});
    await machine.stop();
  }
  const link = await linkOf(options, merchantQrId(config.machine.id), 0, noMemory, clock, entropy);
  notifier.notify("READY=1\nSTATUS=out of service: the journal cannot be read");
  await standOutOfService({
    trouble,
    panel: await panelOf(options, clock),
    link,
    openJournal: () => openJournalOf(config, clock),
    clock,
    log,
    version,
    signal,
    onAlive: () => notifier.notify("WATCHDOG=1"),
  });
}

async function panelOf({ config, log }: DaemonOptions, clock: Clock): Promise<Panel> {
  const choice = await choosePanel(config);
  return createPanel({
    geometry: choice.geometry,
    sink: await openSink(config, choice, clock, log),
    drawing: openDrawing(choice.geometry, { clock, log, fontFolder: fontFolder(import.meta.url) }),
    clock,
    log: log.child({ room: "panel" }),
    languages: config.panel.languages,
    ...(config.panel.language_mode === undefined ? {} : { languageMode: config.panel.language_mode }),
    look: await readLook(config),
    timeZone: config.machine.time_zone,
  });
}

/** Tells systemd that we are alive only while the loop makes progress or has nothing to do. */
function feedWatchdog(
  kiosk: Kiosk,
  clock: Clock,
  watchdogUsec: string | undefined,
  notify: (text: string) => void,
): () => void {
  const periodMs = Number(watchdogUsec ?? 0) / 1_000 / 3;
  if (!(periodMs > 0)) return () => {};
  let last = kiosk.progress();
  const feed = (): void => {
    const now = kiosk.progress();
    if (now !== last || kiosk.health().inbox === 0) notify("WATCHDOG=1");
    last = now;
    timer = clock.startTimer("watchdog", periodMs, feed);
  };
  let timer = clock.startTimer("watchdog", periodMs, feed);
  return () => timer.cancel();
}

async function openJournalOf(config: Config, clock: Clock): Promise<Journal> {
  await mkdir(config.journal.directory, { recursive: true, mode: 0o700 });
  const disk = await openNodeDisk(config.journal.directory);
  return openJournal({
    disk,
    wallMs: () => clock.wallMs(),
    isPlausible: () => clock.isPlausible(),
    retentionMs: config.journal.retention_days * dayMs,
  });
}

/** The number of this boot: an old will must not mark a new session dead. */
async function countBoot(journal: Journal): Promise<number> {
  const before = journal.get("fact", bootKey);
  const number = (typeof before === "number" ? before : 0) + 1;
  await journal.commit([{ kind: "put", table: "fact", key: bootKey, value: number }]);
  return number;
}

async function providerOf(
  { config, env, log, version }: DaemonOptions,
  panel: Panel,
  clock: Clock,
  entropy: Entropy,
  observeDate: (wallMs: number) => void,
): Promise<{ readonly client: VippsClient; readonly presentation: PresentationSettings }> {
  const keys = await readVippsKeys(config.vipps, env);
  const client = createVippsClient({
    baseUrl: config.vipps.base_url ?? baseUrls[config.vipps.environment ?? "test"],
    msn: config.vipps.msn,
    credentials: credentials(keys.clientId, keys.clientSecret, keys.subscriptionKey),
    system: { name: "kvitt", version, pluginName: `kvitt-${config.machine.kind}`, pluginVersion: version },
    transport: createFetchTransport(observeDate),
    clock,
    entropy,
    log: log.child({ room: "vipps" }),
  });
  const presentation: PresentationSettings = {
    oneTimeRoute: config.vipps.one_time_route,
    qrRendering: config.panel.qr_rendering,
    qrSizePx: panel.facts.providerQrSizePx,
    returnUrl: config.vipps.return_url,
  };
  return { client, presentation };
}

/** Which commands were carried out already. */
interface CommandMemory {
  readonly highestCounter: number;
  readonly wasSeen: (commandId: string) => boolean;
}

const noMemory: CommandMemory = { highestCounter: 0, wasSeen: () => false };

function commandMemory(journal: Journal): CommandMemory {
  const counter = journal.get("fact", commandCounterKey);
  return {
    highestCounter: typeof counter === "number" ? counter : 0,
    wasSeen: (commandId) => journal.get("seen", seenCommandKey(commandId)) !== undefined,
  };
}

async function linkOf(
  { config, env, log, version }: DaemonOptions,
  id: MerchantQrId,
  session: number,
  memory: CommandMemory,
  clock: Clock,
  entropy: Entropy,
): Promise<Link> {
  const { mqtt } = config;
  const folder = config.vipps.credentials_dir;
  const password = await secretOf({ file: mqtt.password_file, name: "mqtt-password", folder }, env);
  const commandKey = await secretOf({ file: mqtt.command_key_file, name: "command-key", folder }, env);
  return createMqttLink({
    settings: {
      url: mqtt.url,
      protocol: mqtt.protocol,
      clientId: mqtt.client_id,
      username: mqtt.username,
      password,
      tls: readTlsFiles({ caFile: mqtt.ca_file, certFile: mqtt.cert_file, keyFile: mqtt.key_file }),
      keepaliveS: mqtt.keepalive_s,
      sessionExpiryS: mqtt.session_expiry_s,
      connectTimeoutMs: mqtt.connect_timeout_s * 1_000,
      reconnectMaxMs: mqtt.reconnect_max_s * 1_000,
    },
    msn: config.vipps.msn,
    merchantQrId: id,
    commands: {
      key: commandKey === undefined ? undefined : new TextEncoder().encode(commandKey),
      ...memory,
    },
    sessionNumber: session,
    version,
    clock,
    entropy,
    log: log.child({ room: "link" }),
  });
}

/** The web shop's code: asked for in the background until it is there. It stays the same for the life of the QR. */
function shopQrOf(
  { config, log, signal }: DaemonOptions,
  client: VippsClient,
  clock: Clock,
  entropy: Entropy,
): () => QrPicture | undefined {
  const id = config.shop?.redirect_qr_id;
  const found: { qr: QrPicture | undefined } = { qr: undefined };
  async function fetchIt(shopId: string): Promise<void> {
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      const outcome = await outcomeOf(() =>
        client.redirectQrs.get(shopId, { format: "target-url" }, { deadlineMs: 10_000, signal }),
      );
      if (outcome.kind === "ok") {
        found.qr = { kind: "content", text: outcome.value.url };
        return;
      }
      log.warn({ id: shopId, outcome }, "the web shop's code could not be fetched yet; asking again");
      await clock.sleep(backOffMs({ firstMs: 1_000, maxMs: 60_000 }, attempts, entropy), signal);
    }
  }
  if (id !== undefined)
    fetchIt(id).catch((error: unknown) => {
      if (!signal.aborted) log.error({ error }, "the web shop's code is not asked for any more: a fault in kvitt");
    });
  return () => found.qr;
}

interface Parts {
  readonly id: MerchantQrId;
  readonly journal: Journal;
  readonly panel: Panel;
  readonly machine: Machine;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly client: VippsClient;
  readonly presentation: PresentationSettings;
  readonly shopQr: () => QrPicture | undefined;
}

function kioskOf({ config, log, version }: DaemonOptions, parts: Parts): Kiosk {
  const { id, clock, entropy, client, presentation } = parts;
  return createKiosk(
    {
      merchantQrId: id,
      locationDescription: config.machine.location,
      version,
      policy: policyOf(config),
      catalogue: catalogueOf(config),
      deliverMs: config.sale.deliver_s * 1_000,
      shopQr: parts.shopQr,
      isQuiet: quietHoursOf(config),
      probeMs: config.vipps.probe_s * 1_000,
    },
    {
      journal: parts.journal,
      payments: createPayments(client, presentation),
      merchantQrs: createMerchantQrs(client, presentation),
      panel: parts.panel,
      machine: parts.machine,
      link: parts.link,
      clock,
      entropy,
      log: log.child({ room: "kiosk" }),
      freshReference: () => referenceOf(id, createUlid(clock, entropy)),
      reboot: () => process.kill(process.pid, "SIGTERM"),
    },
  );
}

async function controlOf(
  config: Config,
  twin: MachineChoice["twin"],
  clock: ReturnType<typeof adjustableClock>,
  describe: () => unknown,
): Promise<MachineControl | undefined> {
  if (config.delivery.driver !== "simulated" || twin === undefined) return undefined;
  const socketPath = config.delivery.control_socket;
  if (socketPath === undefined) return undefined;
  return startMachineControl({ socketPath, machine: twin.machine, drops: twin.drops, clock, describe });
}

/** The version of the package, for headers, topics and logs: from the nearest package.json above `from`. */
export async function readVersion(from: string): Promise<string> {
  for (const up of ["./", "../", "../../"]) {
    const text = await readFile(new URL(`${up}package.json`, from), "utf8").catch(() => undefined);
    if (text !== undefined) return versionIn(text);
  }
  return "0.0.0";
}

function versionIn(text: string): string {
  const parsed: unknown = JSON.parse(text);
  const isObject = typeof parsed === "object" && parsed !== null && "version" in parsed;
  return isObject && typeof parsed.version === "string" ? parsed.version : "0.0.0";
}
