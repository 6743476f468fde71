/** Several outlets between the parts that the configuration means. Part of the composition root. */
import { catalogueOf, lineFaultOf } from "../config/catalogue.ts";
import { deliveryMsMax } from "../config/delivery.ts";
import type { Config } from "../config/schema.ts";
import { longestQueue, productsOf, waitsFor } from "../config/outlets.ts";
import type { StationConfig } from "../config/station.ts";
import type { Kiosk, KioskSettings } from "../kiosk/port.ts";
import type { Outlets } from "../link/port.ts";
import type { BoardStation, Scene } from "../panel/port.ts";
import { type MerchantQrId, merchantQrId, outletId, referenceOf, stationId } from "../sale/ids.ts";
import { money } from "../sale/money.ts";
import { createUlid } from "../service/ulid.ts";
import type { OutletReport } from "../station/port.ts";
import { createStations } from "../station/stations.ts";
import { kioskPortsOf, type KioskParts, kioskSettingsOf } from "./kiosk.ts";
import { policyOf } from "./sale.ts";

/** The longest that a delivery may take, with those of other outlets that it waits for. */
export function longestDeliveryMs(config: Config): number {
  return deliveryMsMax(config.delivery, config.sale.deliver_s) * longestQueue(config);
}

export function outletsOf({ station }: Config): Outlets | undefined {
  if (station.length === 0) return undefined;
  const stickers = station.flatMap(({ id, qr_id: qrId }) =>
    qrId === undefined ? [] : [[qrId, stationId(id)] as const],
  );
  return { stations: station.map(({ id }) => stationId(id)), qrIds: new Map(stickers) };
}

export function stationsOf(config: Config, parts: KioskParts): Kiosk {
  const { clock, entropy } = parts;
  const machine = merchantQrId(config.machine.id);
  return createStations(
    {
      machine,
      outlets: config.station.map((one) => ({
        outlet: {
          station: stationId(one.id),
          lines: one.lines,
          waitsFor: waitsFor(config, one),
          runsMs: minutes(one.runs_min),
          emptyMs: minutes(one.empty_after_min),
          canExtend: one.extend,
          isParallel: one.parallel,
        },
        kiosk: outletKioskOf(config, one, outletId(machine, stationId(one.id)), parts),
      })),
      idle: (id) => ({
        ...kioskSettingsOf({ ...config, product: [] }, parts),
        merchantQrId: id,
        policy: { ...policyOf(config), checkInStyle: "off", selectFirst: false },
      }),
      board: createBoard(config, () => clock.wallMs()),
    },
    {
      ...kioskPortsOf(parts),
      freshReference: (id: MerchantQrId) => referenceOf(id, createUlid(clock, entropy)),
    },
  );
}

function minutes(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 60_000);
}

/** One product: there is nothing to choose, and its price is asked for at once. */
function outletKioskOf(config: Config, one: StationConfig, id: MerchantQrId, parts: KioskParts): KioskSettings {
  const product = productsOf(config, one);
  const policy = policyOf(config);
  const isOne = product.length === 1 && policy.checkInStyle !== "off";
  return {
    ...kioskSettingsOf(config, parts),
    merchantQrId: id,
    locationDescription: one.name,
    policy: {
      ...policy,
      checkInStyle: isOne ? "pay-at-once" : policy.checkInStyle,
      // What a person with two requests in the app tells them apart by.
      merchantName: `${policy.merchantName}, ${one.name}`,
    },
    catalogue: catalogueOf({ ...config, product }),
    lineFault: lineFaultOf(config),
    deliverMs: longestDeliveryMs(config),
  };
}

/** The time in the scene moves on only when a state does: it would be another picture every second otherwise. */
function createBoard(config: Config, wallMs: () => number): (outlets: readonly OutletReport[]) => Scene {
  let before = "";
  let fromWallMs = 0;
  return (outlets) => {
    const stations = outlets.map((one) => boardStation(config, one));
    const now = JSON.stringify(stations);
    if (now !== before) [before, fromWallMs] = [now, wallMs()];
    return { kind: "board", stations, fromWallMs, canSelect: config.sale.select_first, calls: [] };
  };
}

function boardStation(config: Config, { station, name, state, untilWallMs }: OutletReport): BoardStation {
  const own = config.station.find(({ id }) => id === station);
  const prices = own === undefined ? [] : productsOf(config, own).map(({ price }) => price);
  const lowest = Math.min(...prices);
  return {
    id: station,
    name,
    price: prices.length === 0 ? undefined : money(lowest, config.vipps.currency),
    isFrom: prices.some((price) => price !== lowest),
    state: state === "free" && own?.parallel === true ? "open" : state,
    untilWallMs,
  };
}
