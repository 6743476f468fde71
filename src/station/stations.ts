/**
 * Several outlets on one controller: a kiosk each, unchanged, behind one journal, one link, one provider, one glass and one machine. Beside them a
 * kiosk for the machine itself and one for each outlet that has left the configuration with something open: these sell nothing, and need no glass.
 */
import { defined } from "../kit/defined.ts";
import { errorFrom } from "../kit/error-text.ts";
import { formatTimestamp } from "../kit/timestamp.ts";
import { outOfServiceKey } from "../kiosk/journal-keys.ts";
import { createKiosk } from "../kiosk/kiosk.ts";
import { createOutbox, type Outbox } from "../kiosk/outbox.ts";
import type { HeardCheckIn, Kiosk, KioskHealth, KioskPorts, ServicedAnswer } from "../kiosk/port.ts";
import { repeat, type Repetition } from "../kiosk/repeat.ts";
import { createStateReport, type StateNow, type StateReport } from "../kiosk/state-report.ts";
import type { Journal } from "../journal/port.ts";
import type { Command, StationReport } from "../link/port.ts";
import type { Counter } from "../machine/kiosk-api/port.ts";
import type { Panel, Scene } from "../panel/port.ts";
import { type MerchantQrId, outletId, type StationId } from "../sale/ids.ts";
import { Glass } from "./glass.ts";
import { machineJournal, stationJournal, stationsInJournal } from "./journal-view.ts";
import { LinkShare, machineItself, type Seller } from "./link-share.ts";
import { MachineShare, type OutletOnMachine } from "./machine-share.ts";
import { perhapsRunningChanges } from "./perhaps-running.ts";
import type { OutletReport, OutletSettings, StationsPorts, StationsSettings } from "./port.ts";
import { createSharedRegistration, type SharedRegistration } from "./shared-registration.ts";

export interface Stations extends Kiosk {
  /** In the order of the configuration. */
  outlets(): readonly OutletReport[];
}

const tickMs = 1_000;
const healthMs = 3_600_000;

/** The journal is open: what is open in it says which outlets there were. */
export function createStations(settings: StationsSettings, ports: StationsPorts): Stations {
  return new WholeMachine(settings, ports);
}

class WholeMachine implements Stations {
  readonly #settings: StationsSettings;
  readonly #ports: StationsPorts;
  readonly #glass: Glass;
  readonly #machine: MachineShare;
  readonly #link: LinkShare;
  readonly #registration: SharedRegistration;
  readonly #report: StateReport;
  readonly #outbox: Outbox;
  /** Those that sell. */
  readonly #selling = new Map<StationId, Kiosk>();
  /** All, with those that only end what was sold. */
  readonly #kiosks = new Map<Seller, Kiosk>();
  readonly #itself: Kiosk;
  #repetitions: readonly Repetition[] = [];
  #heard: readonly HeardCheckIn[] = [];
  #heardUpTo = new Map<StationId, number>();

  constructor(settings: StationsSettings, ports: StationsPorts) {
    this.#settings = settings;
    this.#ports = ports;
    const { journal, panel, machine, link, clock, entropy, log, merchantQrs } = ports;
    const { outlets } = settings;
    const probeMs = settings.idle(settings.machine).probeMs;
    const names = new Map(outlets.map(({ outlet, kiosk }) => [outlet.station, kiosk.locationDescription]));
    this.#glass = new Glass({
      panel,
      board: () => settings.board(this.outlets()),
      sign: (station) => ({ id: station, name: names.get(station) ?? station }),
      log,
    });
    this.#machine = new MachineShare({
      machine,
      outlets: outlets.map(({ outlet }) => outlet),
      clock,
      log,
      touch: (station) => this.#glass.touch(station),
      focus: () => this.#glass.focus(),
      onUseChanged: () => this.#changed(),
    });
    this.#registration = createSharedRegistration({ merchantQrs, probeMs, clock, entropy });
    this.#outbox = createOutbox({ journal, link, clock, entropy, log });
    this.#link = new LinkShare({
      link,
      stationOfLine: (line) => outlets.find(({ outlet }) => outlet.lines.includes(line))?.outlet.station,
      onState: () => this.#changed(),
      onMachineCommand: (command) => this.#doForAll(command),
      onConnected: () => this.#outbox.wake(),
      log,
    });
    this.#report = createStateReport({
      link,
      clock,
      version: settings.idle(settings.machine).version,
      stateNow: () => this.#stateNow(),
      health: () => this.health(),
      inputs: () => machine.inputs?.() ?? [],
    });
    this.#itself = this.#settling(machineItself);
    this.#kiosks.set(machineItself, this.#itself);
    for (const one of outlets) this.#add(one);
    for (const station of stationsInJournal(journal, settings.machine)) this.#addFormer(station);
  }

  #add({ outlet, kiosk: settings }: OutletSettings): void {
    const { station } = outlet;
    const { journal } = this.#ports;
    const kiosk = createKiosk(
      { ...settings, isMachineInService: () => journal.get("fact", outOfServiceKey) !== true },
      {
        ...this.#portsOf(station, settings.merchantQrId, outlet),
        merchantQrs: this.#registration,
        panel: this.#glass.of(station),
      },
    );
    this.#selling.set(station, kiosk);
    this.#kiosks.set(station, kiosk);
  }

  /** No longer in the configuration: ends what is open. */
  #addFormer(station: StationId): void {
    if (this.#kiosks.has(station)) return;
    this.#ports.log.warn(
      { station },
      "an outlet that is not in the configuration has sales that are open: they are ended",
    );
    this.#kiosks.set(station, this.#settling(station));
  }

  #settling(station: Seller): Kiosk {
    const id = outletId(this.#settings.machine, station);
    const proof = this.#registration.proof.bind(this.#registration);
    const refuses = (command: Command): string | undefined =>
      station === machineItself ? this.#link.refusalOf(command) : undefined;
    return createKiosk(
      { ...this.#settings.idle(id), merchantQrId: id, refuses },
      {
        ...this.#portsOf(station, id, undefined),
        merchantQrs: { register: (_id, _location, options) => proof(options), check: (_id, options) => proof(options) },
        panel: withoutGlass(this.#ports.panel),
      },
    );
  }

  #portsOf(
    station: Seller,
    id: MerchantQrId,
    outlet: OutletOnMachine | undefined,
  ): Omit<KioskPorts, "merchantQrs" | "panel"> {
    const { log, freshReference } = this.#ports;
    return {
      ...this.#ports,
      journal: this.#journalOf(station),
      machine: outlet === undefined ? this.#machine.ofNobody() : this.#machine.of(outlet),
      link: this.#link.of(station),
      log: station === machineItself ? log : log.child({ station }),
      freshReference: () => freshReference(id),
    };
  }

  #journalOf(station: Seller): Journal {
    const { journal } = this.#ports;
    const onUnsent = (): void => this.#outbox.wake();
    return station === machineItself
      ? machineJournal(journal, onUnsent)
      : stationJournal({ journal, machine: this.#settings.machine, station, onUnsent });
  }

  // ── start and stop ───────────────────────────────────────────────────────────────────────────────────────────────────

  async start(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    this.#report.publishChange();
    await this.#keepRunning();
    const begun = await Promise.allSettled([...this.#kiosks.values()].map((kiosk) => kiosk.start(signal)));
    for (const one of begun) if (one.status === "rejected") throw errorFrom(one.reason);
    signal?.throwIfAborted();
    await this.#link.start();
    this.#repetitions = [
      repeat(clock, "outlets", tickMs, () => {
        this.#changed();
        this.#report.publishHealthChange();
      }),
      repeat(clock, "health of all outlets", healthMs, () => this.#report.publishHealth()),
    ];
    this.#changed();
  }

  /** An outlet whose power went while it began is in use, perhaps: its kiosk finds that in the journal. */
  async #keepRunning(): Promise<void> {
    const { log } = this.#ports;
    for (const { outlet, kiosk } of this.#settings.outlets) {
      const { station, runsMs, isParallel } = outlet;
      if (runsMs === undefined || isParallel) continue;
      const journal = this.#journalOf(station);
      const beforeMs = kiosk.policy.payMs + kiosk.deliverMs;
      try {
        const changes = perhapsRunningChanges({ journal, runsMs, beforeMs });
        if (changes.length > 0) await journal.commit(changes);
      } catch (error) {
        // What cannot be read its kiosk will say, and what cannot be written is no reason not to end the sales.
        log.error({ error, station }, "whether the outlet runs could not be kept: it counts as free");
      }
    }
  }

  async stop(): Promise<void> {
    const { panel, link } = this.#ports;
    // Each lets its own delivery end; only then is anything taken from all of them.
    const ended = await Promise.allSettled([...this.#kiosks.values()].map((kiosk) => kiosk.stop()));
    for (const repetition of this.#repetitions) repetition.stop();
    this.#outbox.stop();
    this.#registration.close();
    await this.#machine.stop();
    await panel.stop();
    await link.stop();
    for (const one of ended) if (one.status === "rejected") throw errorFrom(one.reason);
  }

  #changed(): void {
    this.#report.publishChange();
    this.#glass.boardChanged();
  }

  /** What the machine as a whole was told, and each outlet has to know. */
  async #doForAll({ order }: Command): Promise<void> {
    if (order.kind === "serviced") for (const kiosk of this.#selling.values()) await kiosk.serviced(order.line);
    this.#changed();
  }

  // ── what is said of all of them ──────────────────────────────────────────────────────────────────────────────────────

  outlets(): readonly OutletReport[] {
    return this.#settings.outlets.map(({ outlet: { station }, kiosk: { locationDescription: name } }) => {
      const { state, reason } = this.#selling.get(station)?.health() ?? { state: "init", reason: undefined };
      const untilWallMs = this.#machine.inUseUntil(station);
      const use = untilWallMs !== undefined ? "in-use" : this.#machine.isFinished(station) ? "finished" : "none";
      return { station, name, ...spoken(state, reason, use), untilWallMs };
    });
  }

  /** One that can sell is enough: who comes to another is told by that one's own state. */
  #stateNow(): StateNow {
    return { ...this.#wholeState(), stations: new Map(this.outlets().map((one) => [one.station, told(one)])) };
  }

  #wholeState(): Pick<StateNow, "state" | "reason"> {
    const all = [...this.#selling.values()].map((kiosk) => kiosk.health());
    for (const state of ["init", "ready", "selling"] as const)
      if (all.some((one) => one.state === state)) return { state, reason: undefined };
    return { state: "out-of-service", reason: all[0]?.reason ?? "config" };
  }

  health(): KioskHealth {
    const { journal, machine, panel } = this.#ports;
    const all = [...this.#kiosks.values()].map((kiosk) => kiosk.health());
    const ofSelling = [...this.#selling.values()].map((kiosk) => kiosk.health());
    const readiness = machine.readiness();
    return {
      ...this.#wholeState(),
      missing: [...new Set(ofSelling.flatMap(({ missing }) => missing))],
      openSettlements: sum(all.map(({ openSettlements }) => openSettlements)),
      unsent: [...journal.entries("unsent")].length,
      inbox: sum(all.map(({ inbox }) => inbox)),
      lines: ofSelling.flatMap(({ lines }) => lines),
      catalogueVersion: this.#itself.health().catalogueVersion,
      machine: readiness.ready ? undefined : readiness.detail,
      panel: panel.absence(),
      refused: all
        .flatMap(({ refused }) => refused ?? [])
        .toSorted((a, b) => a.at.localeCompare(b.at))
        .at(-1),
    };
  }

  /** Counted on over all outlets, in the order in which they were looked at. */
  checkIns(): readonly HeardCheckIn[] {
    for (const [station, kiosk] of this.#selling)
      for (const one of kiosk.checkIns()) {
        if (one.number <= (this.#heardUpTo.get(station) ?? 0)) continue;
        this.#heardUpTo.set(station, one.number);
        this.#heard = [...this.#heard, { ...one, number: (this.#heard.at(-1)?.number ?? 0) + 1 }].slice(-checkInsMax);
      }
    return this.#heard;
  }

  progress(): number {
    return sum([...this.#kiosks.values()].map((kiosk) => kiosk.progress()));
  }

  scene(): Scene {
    const focus = this.#glass.focus();
    const kiosk = focus === undefined ? undefined : this.#selling.get(focus);
    return kiosk?.scene() ?? this.#settings.board(this.outlets());
  }

  /** Of the outlet that the line belongs to, or of all. */
  async serviced(line?: string): Promise<ServicedAnswer> {
    const owner = this.#settings.outlets.find(({ outlet }) => line !== undefined && outlet.lines.includes(line));
    const ownKiosk = owner === undefined ? undefined : this.#selling.get(owner.outlet.station);
    if (ownKiosk !== undefined) return ownKiosk.serviced(line);
    if (line !== undefined) return this.#itself.serviced(line);
    const lines: string[] = [];
    for (const kiosk of this.#selling.values()) {
      const answer = await kiosk.serviced();
      if (answer.kind === "refused") return answer;
      lines.push(...answer.lines);
    }
    return { kind: "done", lines };
  }

  get counter(): Counter {
    return this.#itself.counter;
  }
}

/** More than anybody scans between two looks. */
const checkInsMax = 32;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function told({ state, reason, untilWallMs }: OutletReport): StationReport {
  return { state, ...defined({ reason, until: untilWallMs === undefined ? undefined : formatTimestamp(untilWallMs) }) };
}

function spoken(
  state: KioskHealth["state"],
  reason: string | undefined,
  use: "in-use" | "finished" | "none",
): Pick<OutletReport, "state" | "reason"> {
  if (state === "selling") return { state, reason: undefined };
  if (state === "init") return { state: "out-of-service", reason: "starting" };
  if (reason === "operator" || reason === "quiet-hours") return { state: "closed", reason };
  // Also one that runs and takes more time meanwhile.
  if (state === "ready") return { state: use === "finished" ? "finished" : "free", reason: undefined };
  // A machine that is broken is out of order, also for who waits for its outlet.
  return use === "in-use" && reason === "machine"
    ? { state: "in-use", reason: undefined }
    : { state: "out-of-service", reason };
}

/** For a kiosk that shows nobody anything. */
function withoutGlass(panel: Panel): Panel {
  return {
    facts: panel.facts,
    start: () => Promise.resolve(),
    show: () => Promise.resolve({ kind: "shown" }),
    fit: (text) => panel.fit(text),
    pictureFault: () => undefined,
    isPresent: () => true,
    absence: () => undefined,
    rehearse: () => {},
    screenshot: () => panel.screenshot(),
    stop: () => Promise.resolve(),
  };
}
