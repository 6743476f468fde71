/** The record of an ended sale, for the kiosk's tests. */
import { merchantQrId, referenceOf } from "../../../src/sale/ids.ts";
import { minor, noMinor } from "../../../src/sale/money.ts";
import type { SaleHistory, SaleRecord } from "../../../src/sale/record.ts";

export const reference = referenceOf(merchantQrId("kiosk-7"), "01J00000000000000000000001");

export const record: SaleRecord = {
  id: reference,
  revision: 0,
  entry: "sale",
  outcome: "sold",
  reason: "ended",
  startedAt: "2026-11-23T12:00:00.000Z",
  endedAt: "2026-11-23T12:01:00.000Z",
  product: { id: "water", name: "Water", line: "A1", vatRate: 1_500 },
  currency: "NOK",
  price: minor(2_500),
  authorized: minor(2_500),
  captured: minor(2_500),
  cancelled: noMinor,
  refunded: noMinor,
  delivery: { outcome: "delivered", detail: "drop sensor", creditsSent: null },
  plate: null,
  validUntil: null,
};

export const history: SaleHistory = { sale: record, corrections: [] };
