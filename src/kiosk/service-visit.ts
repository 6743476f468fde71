/** A person says that the machine was refilled or mended: which lines that puts back, and what is answered. Pure. */
import { productOnLine } from "../sale/catalogue.ts";
import { linesToPutBack, type SaleState } from "../sale/state.ts";
import type { ServicedAnswer } from "./port.ts";

/** @param line only this one; undefined means all of them */
export function serviceVisit(state: SaleState, line: string | undefined): ServicedAnswer {
  const { catalogue, lines } = state;
  const known = new Set([...catalogue.products.map((product) => product.line), ...lines.keys()]);
  if (line !== undefined && !known.has(line)) {
    const names = known.size === 0 ? "this machine names no lines" : `there are ${[...known].join(", ")}`;
    return { kind: "refused", reason: `there is no line "${line}": ${names}` };
  }
  const putBack = linesToPutBack(state, line);
  const product = line === undefined ? undefined : productOnLine(catalogue, line);
  if (product?.soldOut === true || product?.stock === 0)
    return {
      kind: "refused",
      reason: `the catalogue says that "${product.name}" on line ${product.line} is sold out: change it there`,
    };
  return { kind: "done", lines: putBack };
}

/** The answer as one sentence. */
export function servicedText(lines: readonly string[]): string {
  return lines.length === 0 ? "nothing was jammed or sold out" : `tried again: ${lines.join(", ")}`;
}
