/** What the configuration says about selling, as the sale takes it. Part of the composition root. */
import type { Config } from "./config/schema.ts";
import type { Catalogue } from "./sale/catalogue.ts";
import { minor, money } from "./sale/money.ts";
import type { SalePolicy, TimeSales } from "./sale/policy.ts";

function timeSalesOf(config: Config): TimeSales | undefined {
  const { tariff } = config;
  if (tariff === undefined) return undefined;
  return {
    minutesMin: tariff.minutes_min,
    minutesMax: tariff.minutes_max,
    minutesStep: tariff.minutes_step,
    quote: (fromWallMs, minutes) => ({
      price: minor(Math.ceil((tariff.price_per_hour * minutes) / 60)),
      untilWallMs: fromWallMs + minutes * 60_000,
    }),
  };
}

export function policyOf(config: Config): SalePolicy {
  const { sale, vipps, machine, tariff } = config;
  return {
    currency: vipps.currency,
    checkInStyle: sale.check_in_style,
    selectFirst: sale.select_first,
    showCode: sale.show_code,
    checkInFlow: vipps.user_flow,
    unknownDelivery: sale.unknown_delivery,
    chooseMs: sale.choose_s * 1_000,
    payMs: sale.pay_s * 1_000,
    showMs: sale.show_s * 1_000,
    freshnessMs: sale.check_in_freshness_s * 1_000,
    merchantName: machine.name ?? machine.location,
    timeSales: timeSalesOf(config),
    plateWanted: tariff?.plate ?? false,
    timeLine: tariff?.line,
    defaultVatRate: sale.default_vat_rate,
  };
}

export function catalogueOf(config: Config): Catalogue {
  const { currency } = config.vipps;
  return {
    currency,
    version: "config",
    products: config.product.map((one) => ({
      id: one.id,
      name: one.name,
      price: money(one.price, currency),
      vatRate: one.vat_rate,
      line: one.line,
      ...(one.minimum_age === undefined ? {} : { minimumAge: one.minimum_age }),
      ...(one.stock === undefined ? {} : { stock: one.stock }),
      ...(one.sold_out === undefined ? {} : { soldOut: one.sold_out }),
    })),
  };
}

/** Whether a wall time lies in the quiet hours, which may go over midnight. */
export function quietHoursOf(config: Config): (wallMs: number) => boolean {
  const { quiet_hours: quiet, machine } = config;
  if (quiet === undefined) return () => false;
  const format = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: machine.time_zone,
  });
  const { from, to } = quiet;
  return (wallMs) => {
    const now = format.format(wallMs);
    return from <= to ? now >= from && now < to : now >= from || now < to;
  };
}
