/** Fields that several messages have. Each reads what it says, and says it in the published JSON Schemas too (docs/schemas). */
import * as z from "zod";
import { parseTimestamp } from "../kit/timestamp.ts";
import {
  isMachineId,
  isMerchantQrId,
  isReference,
  isStationId,
  merchantQrIdShape,
  referenceShape,
  stationShape,
} from "../sale/ids.ts";
import { isMinor, walletCurrencies } from "../sale/money.ts";

/**
 * The name and version of a message's schema. The number changes only when a reader of the old one would misunderstand the new one, and such a
 * message is unreadable to it; a new field keeps the number. Machines and relays of before there were names write none.
 */
export function named<const Name extends `kvitt.${string}/${number}`>(name: Name) {
  return z
    .literal(name)
    .optional()
    .describe("Which message this is, and in which version. Older senders leave it out.");
}

export const timestamp = z
  .string()
  .max(40)
  .refine((text) => parseTimestamp(text) !== undefined, "not an RFC 3339 time with its offset")
  .meta({ format: "date-time" });

export const merchantQrId = z.string().regex(merchantQrIdShape).refine(isMerchantQrId, "not a merchantQrId");

/** Never an outlet's. */
export const machineId = z.string().regex(merchantQrIdShape).refine(isMachineId, "not a machine's id");

export const stationId = z.string().regex(stationShape).refine(isStationId, "not a station's id");

export const reference = z
  .string()
  .regex(referenceShape, "not a reference of ours")
  .refine(isReference, "not a reference of ours");

export const currency = z.enum(walletCurrencies);
export const minor = z.int().min(0).refine(isMinor, "not a whole number of minor units");
export const money = z.object({ minor, currency });
