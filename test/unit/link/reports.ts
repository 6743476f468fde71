/** A sale and a health report as a kiosk hands them to the link. */
import type { HealthBody, SaleBody } from "../../../src/link/port.ts";
import { minor } from "../../../src/sale/money.ts";

export const aSale: SaleBody = {
  revision: 0,
  entry: "sale",
  outcome: "sold",
  reason: "delivered",
  startedAt: "2026-11-23T10:00:00.000Z",
  endedAt: "2026-11-23T10:00:20.000Z",
  product: { id: "cola", name: "Cola", line: "B4", vatRate: 1_500 },
  currency: "NOK",
  price: minor(2_500),
  authorized: minor(2_500),
  captured: minor(2_500),
  cancelled: minor(0),
  refunded: minor(0),
  delivery: { outcome: "delivered", detail: null, creditsSent: null },
  plate: null,
  validUntil: null,
};

export const aHealth = {
  state: "ready",
  reason: undefined,
  missing: [],
  openSettlements: 0,
  unsent: 0,
  inbox: 0,
  lines: [],
  catalogueVersion: "1",
  machine: undefined,
  panel: undefined,
  refused: undefined,
  inputs: [],
} as const satisfies HealthBody;
