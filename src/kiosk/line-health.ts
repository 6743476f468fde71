/** The lines that are not for sale, for the health report: what is wrong with each, since when, and what a person does about it. Pure. */
import { isForSale, type Product, productOnLine } from "../sale/catalogue.ts";
import { catalogueNow, isCountedOut, type LineState, type SaleState } from "../sale/state.ts";
import type { LineHealth } from "./port.ts";

export function linesNotForSale(state: SaleState): readonly LineHealth[] {
  const withProduct = catalogueNow(state)
    .products.filter((product) => !isForSale(product))
    .map((product) => healthOf(product.line, state));
  const withoutProduct = [...state.lines]
    .filter(([name, line]) => line.state !== "for-sale" && productOnLine(state.catalogue, name) === undefined)
    .map(([name]) => healthOf(name, state));
  return [...withProduct, ...withoutProduct];
}

function healthOf(name: string, { catalogue, lines }: SaleState): LineHealth {
  const line = lines.get(name);
  const product = productOnLine(catalogue, name);
  const since = line === undefined || line.sinceWallMs === null ? undefined : new Date(line.sinceWallMs).toISOString();
  return {
    line: name,
    product: product?.name,
    state: line?.state === "jammed" ? "jammed" : "sold-out",
    since,
    action: actionFor(name, line, product),
  };
}

/** The last reason that has to go counts: a jam behind a product that the catalogue takes off sale is not worth a visit. */
function actionFor(name: string, line: LineState | undefined, product: Product | undefined): string {
  if (product?.soldOut === true) return "the catalogue says that it is sold out: set it on sale there";
  const then = `then say so: kvitt machine serviced ${name}`;
  if (line?.state === "jammed") return `free what is stuck on line ${name}, ${then}`;
  if (line !== undefined && product !== undefined && isCountedOut(product, line))
    return `all ${product.stock ?? 0} that were counted are sold: refill line ${name}, ${then}`;
  return product?.stock === 0 ? "the catalogue's stock is 0: count it anew there" : `refill line ${name}, ${then}`;
}
