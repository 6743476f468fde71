/** What the configuration says about selling, as the sale takes it. Part of the composition root. */
import { isInWindow, timeOfDayIn } from "../kit/time-of-day.ts";
import type { Config } from "../config/schema.ts";
import { ratesOf } from "../config/tariff.ts";
import type { SceneFacts } from "../kiosk/port.ts";
import type { DeliveryForm } from "../panel/port.ts";
import type { SalePolicy, TimeSales } from "../sale/policy.ts";
import { quotesOf } from "../sale/tariff.ts";

function timeSalesOf(config: Config): TimeSales | undefined {
  const { tariff, machine } = config;
  if (tariff === undefined) return undefined;
  return {
    minutesMin: tariff.minutes_min,
    minutesMax: tariff.minutes_max,
    minutesStep: tariff.minutes_step,
    quote: quotesOf({
      timeZone: machine.time_zone,
      perHour: tariff.price_per_hour,
      rates: ratesOf(tariff),
      holidays: new Set(tariff.holidays),
      first:
        tariff.first_minutes === undefined || tariff.first_price === undefined
          ? undefined
          : { minutes: tariff.first_minutes, price: tariff.first_price },
      dayMax: tariff.day_max,
      roundTo: tariff.round_up_to,
    }),
  };
}

export function policyOf(config: Config): SalePolicy {
  const { sale, vipps, machine, tariff, panel } = config;
  return {
    currency: vipps.currency,
    checkInStyle: sale.check_in_style,
    // What is chosen first is paid by a code on the panel.
    selectFirst: sale.select_first && panel.output !== "none",
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

/** Whether a wall time lies in the quiet hours, which may go over midnight. */
export function quietHoursOf(config: Config): (wallMs: number) => boolean {
  const { quiet_hours: quiet, machine } = config;
  if (quiet === undefined) return () => false;
  const timeOfDay = timeOfDayIn(machine.time_zone);
  return (wallMs) => isInWindow(quiet, timeOfDay(wallMs));
}

/** What the words on the panel take from the configuration. */
export function sceneFactsOf({ delivery, panel, quiet_hours: quiet }: Config): SceneFacts {
  const lines = new Map(delivery.driver === "gpio" ? delivery.lines.map(({ line, form }) => [line, form]) : []);
  const ofForm = { motor: "falls", timed: "time", relay: "goods", pulse: "goods" } as const;
  const formOf = (line: string): DeliveryForm => {
    const form = lines.get(line);
    return panel.delivery_words ?? (form === undefined ? "goods" : ofForm[form]);
  };
  return { formOf, opensAt: quiet?.to };
}
