/** Turns the configuration's products into the sale's catalogue, and says what the machine's lines can deliver. Pure. */
import { defined } from "../kit/defined.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { CatalogueFault, LineFaultOf } from "../sale/catalogue-check.ts";
import { money } from "../sale/money.ts";
import type { Fault } from "./fields.ts";
import { creditFault, deliverySeconds, type GpioDelivery, type GpioLineConfig, onSeconds } from "./gpio.ts";
import type { Config } from "./schema.ts";

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
      ...defined({ minimumAge: one.minimum_age, stock: one.stock, soldOut: one.sold_out }),
    })),
  };
}

const keys: Readonly<Record<CatalogueFault["key"], string>> = {
  currency: "currency",
  products: "product",
  id: "id",
  name: "name",
  price: "price",
  vatRate: "vat_rate",
  line: "line",
  minimumAge: "minimum_age",
  stock: "stock",
  soldOut: "sold_out",
};

/** Converts a catalogue fault into a fault of the file. */
export function faultOfProduct({ index, key, message, instead }: CatalogueFault): Fault {
  const name = keys[key];
  return {
    path: index === undefined ? ["product"] : ["product", index, name],
    message,
    instead: instead === undefined ? undefined : `${name} = ${instead}`,
  };
}

/** Checks whether a line of this machine can deliver at a price; used for the file's products and the back office's. */
export function lineFaultOf({ delivery, sale }: Pick<Config, "delivery" | "sale">): LineFaultOf {
  if (delivery.driver === "mdb") return mdbFaultOf(delivery);
  if (delivery.driver !== "gpio") return () => undefined;
  const lines = new Map(delivery.lines.map((one) => [one.line, one]));
  return (name, price) => {
    const one = lines.get(name);
    if (one === undefined)
      return {
        key: "line",
        message: `there is no line "${name}" under [delivery]: it has ${[...lines.keys()].join(", ")}`,
      };
    const message = creditFault(one, price) ?? durationFault(delivery, one, price, sale.deliver_s);
    return message === undefined ? undefined : { key: "price", message };
  };
}

function durationFault(
  delivery: GpioDelivery,
  one: GpioLineConfig,
  price: number,
  deliverS: number,
): string | undefined {
  const onS = onSeconds(one, price);
  if (onS > delivery.max_on_s)
    return `${price} keeps line "${one.line}" on for ${onS} s, and no output is on for more than max_on_s = ${delivery.max_on_s}`;
  const longestS = deliverySeconds(delivery, one, price);
  if (longestS <= deliverS) return undefined;
  return `a delivery for ${price} on line "${one.line}" can take ${longestS} s, and after sale.deliver_s = ${deliverS} it counts as unknown: write deliver_s = ${Math.ceil(longestS)} under [sale]`;
}

/** MDB 4.2, section 7: a price on the bus is P × scale × 10^-decimals, with P of 16 bits, of which FFFFh means "unknown". */
function mdbFaultOf({ decimals, scale }: Extract<Config["delivery"], { driver: "mdb" }>): LineFaultOf {
  const factorMax = 0xfffe;
  return (_line, price) => {
    const factor = (price * 10 ** decimals) / (100 * scale);
    if (Number.isInteger(factor) && factor <= factorMax) return undefined;
    return {
      key: "price",
      message: `${price} cannot be said on the MDB bus with decimals = ${decimals} and scale = ${scale}: a price is a whole number up to ${factorMax} of ${(100 * scale) / 10 ** decimals} minor units`,
    };
  };
}
