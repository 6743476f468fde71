/** Several outlets in one simulated machine: a code and a sticker each, one glass, and some of them wait for each other. */
import * as z from "zod";
import type { Kiosk, KioskPorts, KioskSettings } from "../../src/kiosk/port.ts";
import type { BoardStation } from "../../src/panel/port.ts";
import { type MerchantQrId, merchantQrIdOf, outletId, type StationId, stationId } from "../../src/sale/ids.ts";
import type { OutletReport, OutletSettings } from "../../src/station/port.ts";
import { createStations, type Stations } from "../../src/station/stations.ts";
import type { Dice } from "./traits.ts";
import type { World } from "./world.ts";

const checkIn = z.looseObject({ customerToken: z.string(), merchantQrId: z.string() });

export interface Outlet {
  readonly station: StationId;
  readonly id: MerchantQrId;
  readonly lines: readonly string[];
  /** Outlets of one name wait for each other. */
  readonly waitsFor: string;
  readonly runsMs: number | undefined;
  readonly emptyMs: number | undefined;
}

export class Outlets {
  readonly all: readonly Outlet[];
  /** Those that stand in the configuration. */
  #configured: readonly Outlet[];
  readonly #world: World;
  readonly #dice: Dice;
  /** Whose sticker gave a customer's token. */
  readonly #scanned = new Map<string, string>();

  constructor(world: World, dice: Dice, lines: readonly string[]) {
    this.#world = world;
    this.#dice = dice;
    const size = dice.pick([1, 2]);
    const doShare = dice.chance(0.5);
    const runsMs = dice.chance(0.5) ? 30_000 : undefined;
    const emptyMs = dice.chance(0.5) ? 20_000 : undefined;
    this.all = Array.from({ length: Math.ceil(lines.length / size) }, (_, index): Outlet => {
      const station = stationId(`w${index + 1}`);
      const own = lines.slice(index * size, (index + 1) * size);
      return {
        station,
        id: outletId(world.id, station),
        lines: own,
        waitsFor: doShare ? "supply" : station,
        runsMs,
        emptyMs,
      };
    });
    this.#configured = this.all;
  }

  get stations(): readonly StationId[] {
    return this.#configured.map(({ station }) => station);
  }

  /** The configuration is another at the next start: an outlet is gone, or is there again. */
  change(): void {
    const isWhole = this.#configured.length === this.all.length;
    this.#configured = isWhole ? this.all.slice(0, -1) : this.all;
    this.#world.count(`outlet ${isWhole ? "taken out of" : "put back into"} the configuration`);
  }

  /** The machine as the daemon makes it from such a configuration. */
  house(settings: KioskSettings, ports: Omit<KioskPorts, "freshReference">, freshReference: FreshReference): Stations {
    const { id: machine, sabotage } = this.#world;
    const outlets = this.#configured.map((outlet): OutletSettings => this.#settingsOf(outlet, settings));
    return createStations(
      {
        machine,
        outlets: sabotage.outlets?.(outlets) ?? outlets,
        idle: (id) => ({
          ...settings,
          merchantQrId: id,
          catalogue: { ...settings.catalogue, products: [] },
          policy: { ...settings.policy, checkInStyle: "off", selectFirst: false },
        }),
        board: (reports) => ({
          kind: "board",
          stations: reports.map(onBoard),
          fromWallMs: 0,
          canSelect: true,
          calls: [],
        }),
      },
      { ...ports, freshReference },
    );
  }

  /** Also a delivery waits for those of the others. */
  #settingsOf({ id, ...outlet }: Outlet, settings: KioskSettings): OutletSettings {
    const products = settings.catalogue.products.filter(({ line }) => outlet.lines.includes(line));
    const isOne = products.length === 1;
    return {
      outlet: { ...outlet, canExtend: false, isParallel: false },
      kiosk: {
        ...settings,
        merchantQrId: id,
        locationDescription: outlet.station,
        catalogue: { ...settings.catalogue, products },
        policy: { ...settings.policy, checkInStyle: isOne ? "pay-at-once" : settings.policy.checkInStyle },
        deliverMs: settings.deliverMs * this.all.length,
      },
    };
  }

  /** The sticker of one of them. */
  sticker(): string {
    return this.#dice.pick(this.all).id;
  }

  /** What the provider sends to a relay. */
  heard(event: unknown): void {
    const scan = checkIn.safeParse(event);
    if (scan.success) this.#scanned.set(scan.data.customerToken, scan.data.merchantQrId);
  }

  /** Who scanned an outlet's code pays at that outlet. */
  checkPayment(reference: string, token: string): void {
    const [meant, asked] = [this.#scanned.get(token), merchantQrIdOf(reference)];
    this.#world.count("outlets: a scan asked for a price");
    if (meant !== undefined && meant !== asked)
      this.#world.violate(`a scan is of one outlet: ${meant} was scanned, and ${asked} asks for money`);
  }

  /** What was paid at an outlet comes from it. */
  checkDelivery(reference: string, line: string): Outlet | undefined {
    const owner = this.all.find(({ id }) => id === merchantQrIdOf(reference));
    if (owner?.lines.includes(line) === true) return owner;
    this.#world.violate(`what is paid at an outlet comes from it: …${reference.slice(-40)} moves ${line}`);
    return undefined;
  }

  /** Outlets that are ill although everything is mended. */
  illness(kiosk: Kiosk | undefined): string | undefined {
    if (kiosk === undefined || !isHouse(kiosk)) return undefined;
    const ill = kiosk.outlets().find(({ state, reason }) => state === "out-of-service" && !forPeople.has(reason ?? ""));
    return ill === undefined ? undefined : `${ill.station}: ${ill.reason}`;
  }
}

type FreshReference = Parameters<typeof createStations>[1]["freshReference"];

/** People refill and mend machines, and nothing else. */
export const forPeople: ReadonlySet<string> = new Set(["operator", "quiet-hours", "nothing-for-sale", "machine"]);

function isHouse(kiosk: Kiosk): kiosk is Stations {
  return "outlets" in kiosk;
}

function onBoard({ station, name, state, untilWallMs }: OutletReport): BoardStation {
  return { id: station, name, price: undefined, isFrom: false, state, untilWallMs };
}
