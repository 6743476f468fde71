/** A laundry for the tests: washers W1 to Wn on one simulated machine, with real kiosks, one journal, one link, one glass and an obedient provider. */
import type { KioskSettings } from "../../../src/kiosk/port.ts";
import type { JournalChange } from "../../../src/journal/port.ts";
import type { LinkMessage } from "../../../src/link/port.ts";
import type { Panel } from "../../../src/panel/port.ts";
import { createSimulatedMachine, type DroppedThing, type SimulatedMachine } from "../../../src/machine/simulated.ts";
import { type MerchantQrId, merchantQrId, referenceOf, stationId } from "../../../src/sale/ids.ts";
import { minor } from "../../../src/sale/money.ts";
import { createSeededEntropy } from "../../../src/service/entropy.ts";
import { createMemoryLog, type LogLine } from "../../../src/service/log.ts";
import { settle, SimulatedClock } from "../../../src/service/simulated-clock.ts";
import { SimulatedHost } from "../../../src/service/simulated-host.ts";
import { createUlid } from "../../../src/service/ulid.ts";
import type { OutletOnMachine } from "../../../src/station/machine-share.ts";
import { createStations, type Stations } from "../../../src/station/stations.ts";
import { SimulatedUpdates } from "../../../src/update/simulated-updates.ts";
import { MemoryJournal } from "../kiosk/memory-journal.ts";
import { ObedientProvider, RememberingLink, RememberingPanel } from "../kiosk/rig.ts";
import { policy } from "../sale/support.ts";

export const machineId = merchantQrId("laundry-3");
export const probeMs = 20_000;
/** How long a washer's coil turns in this world. */
export const deliveryMs = 2_000;

export interface LaundryOptions {
  readonly stations?: readonly string[];
  readonly journal?: MemoryJournal;
  readonly provider?: ObedientProvider;
  /** Of each washer. */
  readonly outlet?: Partial<OutletOnMachine>;
  readonly drops?: DroppedThing[];
  readonly starts?: Map<string, number>;
  readonly clock?: SimulatedClock;
  readonly seed?: number;
  /** In place of the one that remembers what it showed. Where there is none, only what a scan has begun is sold. */
  readonly glass?: Panel;
}

export class Laundry {
  readonly clock: SimulatedClock;
  readonly panel = new RememberingPanel();
  readonly link = new RememberingLink();
  readonly provider: ObedientProvider;
  readonly journal: MemoryJournal;
  readonly drops: DroppedThing[];
  readonly lines: LogLine[] = [];
  readonly machine: SimulatedMachine;
  readonly house: Stations;
  /** What has begun to move, in order. */
  readonly moves: string[] = [];
  #scans = 0;

  constructor(options: LaundryOptions = {}) {
    const { stations = ["w1", "w2", "w3", "w4"], outlet = {} } = options;
    const { journal = new MemoryJournal(), provider = new ObedientProvider(), drops = [], seed = 1 } = options;
    const { clock = new SimulatedClock(), starts = new Map<string, number>() } = options;
    this.clock = clock;
    this.journal = journal;
    this.provider = provider;
    this.drops = drops;
    const { panel, link } = this;
    const entropy = createSeededEntropy(seed);
    this.machine = createSimulatedMachine({
      clock,
      entropy,
      deliveryMs,
      drops,
      starts,
      onMove: ({ kind, thing }) => {
        if (kind === "starts") this.moves.push(thing.what);
      },
    });
    this.house = createStations(
      {
        machine: machineId,
        outlets: stations.map((station) => ({
          outlet: {
            station: stationId(station),
            lines: [station],
            waitsFor: station,
            runsMs: undefined,
            emptyMs: undefined,
            canExtend: false,
            isParallel: false,
            ...outlet,
          },
          kiosk: washer(station, options.glass?.facts.hasGlass ?? true),
        })),
        idle: (id) => ({ ...settings(id), policy: { ...policy, checkInStyle: "off", selectFirst: false } }),
        board: () => ({ kind: "idle", code: undefined, canSelectFirst: true, offers: [] }),
      },
      {
        journal,
        payments: provider,
        merchantQrs: provider,
        panel: options.glass ?? panel,
        machine: this.machine,
        link,
        clock,
        entropy,
        log: createMemoryLog(this.lines),
        freshReference: (id) => referenceOf(id, createUlid(clock, entropy)),
        host: new SimulatedHost(),
        updates: new SimulatedUpdates(),
        recentLog: () => ({ since: "2026-11-23T12:00:00.000Z", lines: [] }),
      },
    );
  }

  async start(): Promise<this> {
    await this.house.start();
    this.link.setConnected(true);
    await settle();
    return this;
  }

  /** The next start, after a power cut: nothing of this one goes on, and the journal is as the last commit left it. */
  async afterPowerCut(options: LaundryOptions): Promise<Laundry> {
    const { clock, provider, drops, journal } = this;
    this.machine.cutPower();
    clock.dropAll();
    journal.fault = new Error("no power");
    await settle();
    return new Laundry({ clock, provider, drops, journal: copyOf(journal), seed: 2, ...options }).start();
  }

  /** All payments have ended, or half an hour is over. */
  async untilSettled(): Promise<void> {
    const isOpen = (): boolean => [...this.journal.entries("settlement")].length > 0;
    for (let turn = 0; turn < 60 && isOpen(); turn += 1) await this.pass(30_000);
  }

  /** Somebody scans the sticker of this outlet. */
  async scan(station: string): Promise<void> {
    this.#scans += 1;
    const message: LinkMessage = {
      kind: "checked-in",
      station: stationId(station),
      eventId: `scan-${this.#scans}`,
      customerToken: `token-${this.#scans}`,
      ageMs: 0,
      initiatedAtWallMs: this.clock.wallMs(),
      publishedAtWallMs: this.clock.wallMs(),
    };
    await this.link.deliver(message);
    await settle();
  }

  async press(station: string): Promise<void> {
    this.machine.press(station);
    await settle();
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await settle();
  }

  /** What was paid is asked for every few seconds. */
  async untilMoving(outlets: number): Promise<void> {
    for (let turn = 0; turn < 400 && this.moves.length < outlets; turn += 1) await this.pass(50);
  }

  stateOf(station: string): string {
    const report = this.house.outlets().find((one) => one.station === station);
    return report?.reason ?? report?.state ?? "not there";
  }

  get glass(): string {
    return this.panel.scenes.at(-1)?.kind ?? "nothing";
  }

  /** Whose payments were asked for, in order. */
  get buyers(): readonly string[] {
    return this.provider.requests.map(({ reference }) => reference.slice(0, reference.lastIndexOf("-")));
  }

  get captured(): number {
    return [...this.provider.views.values()].reduce((sum, { captured }) => sum + captured, 0);
  }
}

function copyOf(journal: MemoryJournal): MemoryJournal {
  const tables = ["settlement", "service-vend", "sale", "unsent", "seen", "fact"] as const;
  const rows = tables.flatMap((table) =>
    [...journal.entries(table)].map(([key, value]): JournalChange => ({ kind: "put", table, key, value })),
  );
  const secrets = [...journal.entries("settlement")].flatMap(([key]): JournalChange[] => {
    const value = journal.secret(key);
    return value === undefined ? [] : [{ kind: "put-secret", key, value }];
  });
  return new MemoryJournal([...rows, ...secrets]);
}

function settings(id: MerchantQrId): KioskSettings {
  return {
    merchantQrId: id,
    locationDescription: id,
    version: "1",
    policy,
    catalogue: { currency: "NOK", version: "config", products: [] },
    lineFault: () => undefined,
    deliverMs: 20_000,
    shopQr: () => undefined,
    isQuiet: () => false,
    probeMs,
  };
}

export const price = { minor: minor(5_000), currency: "NOK" } as const;

function washer(station: string, selectFirst: boolean): KioskSettings {
  const product = { id: "vask", name: "Vask", price, vatRate: 2_500, line: station };
  return {
    ...settings(merchantQrId(`${machineId}--${station}`)),
    policy: { ...policy, selectFirst },
    catalogue: { currency: "NOK", version: "config", products: [product] },
  };
}
