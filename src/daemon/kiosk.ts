/** The kiosk between the parts that the configuration means. Part of the composition root. */
import { catalogueOf, lineFaultOf } from "../config/catalogue.ts";
import { deliveryMsMax } from "../config/delivery.ts";
import type { Config } from "../config/schema.ts";
import type { Journal } from "../journal/port.ts";
import { createKiosk, type Kiosk } from "../kiosk/kiosk.ts";
import type { KioskPorts, KioskSettings } from "../kiosk/port.ts";
import type { Link } from "../link/port.ts";
import type { Machine } from "../machine/port.ts";
import type { Panel } from "../panel/port.ts";
import { merchantQrId, referenceOf } from "../sale/ids.ts";
import type { Clock, Entropy, Host, Log, LogExcerpt, Updates } from "../service/port.ts";
import { createUlid } from "../service/ulid.ts";
import type { QrPicture } from "../vipps/port.ts";
import type { ProviderPorts } from "./provider.ts";
import { policyOf, quietHoursOf, sceneFactsOf } from "./sale.ts";

export interface KioskParts {
  readonly version: string;
  readonly journal: Journal;
  readonly panel: Panel;
  readonly machine: Machine;
  readonly link: Link;
  readonly provider: ProviderPorts;
  /** The web shop's code, once it is known. */
  readonly shopQr: () => QrPicture | undefined;
  readonly host: Host;
  readonly updates: Updates;
  readonly recentLog: () => LogExcerpt;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

export function kioskOf(config: Config, parts: KioskParts): Kiosk {
  const { clock, entropy } = parts;
  const id = merchantQrId(config.machine.id);
  return createKiosk(kioskSettingsOf(config, parts), {
    ...kioskPortsOf(parts),
    freshReference: () => referenceOf(id, createUlid(clock, entropy)),
  });
}

export function kioskSettingsOf(
  config: Config,
  { version, shopQr }: Pick<KioskParts, "version" | "shopQr">,
): KioskSettings {
  return {
    merchantQrId: merchantQrId(config.machine.id),
    locationDescription: config.machine.location,
    version,
    policy: policyOf(config),
    catalogue: catalogueOf(config),
    lineFault: lineFaultOf(config),
    deliverMs: deliveryMsMax(config.delivery, config.sale.deliver_s),
    shopQr,
    isQuiet: quietHoursOf(config),
    sceneFacts: sceneFactsOf(config),
    probeMs: config.vipps.probe_s * 1_000,
  };
}

export function kioskPortsOf(parts: KioskParts): Omit<KioskPorts, "freshReference"> {
  const { journal, panel, machine, link, provider, host, updates, recentLog, clock, entropy, log } = parts;
  const { payments, merchantQrs } = provider;
  return { journal, payments, merchantQrs, panel, machine, link, clock, entropy, log, host, updates, recentLog };
}
