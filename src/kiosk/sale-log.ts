/** The log of one sale: every line carries the sale's `reference`, so that one search finds the whole sale. */
import type { Log } from "../service/port.ts";

/** @param reference undefined for a service vend, which has no payment; its lines carry the id of the delivery. */
export function saleLog(log: Log, reference: string | undefined): Log {
  return reference === undefined ? log : log.child({ reference });
}
