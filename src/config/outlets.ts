/** What `[[station]]` means beside the rest of the file: what each outlet sells, by which code, and which of them wait for each other. */
import { type MerchantQrId, merchantQrId, outletId, stationId } from "../sale/ids.ts";
import type { Config } from "./schema.ts";
import type { StationConfig } from "./station.ts";

/** The word by which this outlet waits for others. The GPIO driver moves one line at a time. */
export function waitsFor({ delivery }: Pick<Config, "delivery">, station: StationConfig): string {
  return delivery.driver === "gpio" ? "machine" : (station.waits_for ?? `station ${station.id}`);
}

/** How many outlets may stand before a delivery in the worst case, itself included; 1 without outlets. */
export function longestQueue(config: Pick<Config, "delivery" | "station">): number {
  const counts = new Map<string, number>();
  for (const one of config.station) {
    const word = waitsFor(config, one);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Math.max(1, ...counts.values());
}

/** What is sold at an outlet, as the file has it. */
export function productsOf({ product }: Pick<Config, "product">, { lines }: StationConfig): Config["product"] {
  return product.filter((one) => lines.includes(one.line));
}

/** A code that customers scan. */
export interface CallbackCode {
  readonly id: MerchantQrId;
  readonly place: string;
  /** What is sold there. */
  readonly products: Config["product"];
}

/** The machine's own code, or its outlets', and then it has none of its own. */
export function codesOf(config: Pick<Config, "machine" | "station" | "product">): readonly CallbackCode[] {
  const { machine, station, product } = config;
  const id = merchantQrId(machine.id);
  if (station.length === 0) return [{ id, place: machine.location, products: product }];
  return station.map((one) => ({
    id: outletId(id, stationId(one.id)),
    place: one.name,
    products: productsOf(config, one),
  }));
}

/** Where a scan alone buys: outlets with one product, whose price it asks for at once. */
export function linesBoughtByScan(config: Pick<Config, "station" | "product" | "sale">): ReadonlySet<string> {
  if (config.sale.check_in_style === "off") return new Set();
  const alone = config.station.map((one) => productsOf(config, one)).filter(({ length }) => length === 1);
  return new Set(alone.flat().map(({ line: name }) => name));
}
