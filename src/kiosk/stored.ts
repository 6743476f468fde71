/**
 * The journal's values, parsed at the door: a settlement that is read back is checked before anything is decided on it.
 * The schemas say the same as the types of `sale/`; `satisfies` keeps the two together.
 */
import * as z from "zod";
import type { JsonValue } from "../journal/port.ts";
import type { Catalogue } from "../sale/catalogue.ts";
import type { ServiceVend } from "../sale/event.ts";
import { isEffectId, isReference } from "../sale/ids.ts";
import { isCurrency, isMinor, walletCurrenciesText } from "../sale/money.ts";
import type { Customer } from "../sale/payment.ts";
import type { SaleHistory, SaleRecord } from "../sale/record.ts";
import type { Settlement } from "../sale/settlement.ts";
import type { LineState } from "../sale/state.ts";

const reference = z.custom<Settlement["reference"]>(isReference, "is not a reference of a machine");
const effect = z.custom<Settlement["createId"]>(isEffectId, "is not an effect id");
const minor = z.custom<SaleRecord["price"]>(isMinor, "is not a whole number of minor units");
const currency = z.custom<SaleRecord["currency"]>(isCurrency, `is not ${walletCurrenciesText}`);
const money = z.object({ minor, currency }).readonly();

const receiptLine = z.object({
  id: z.string(),
  name: z.string(),
  quantity: z.number(),
  total: minor,
  vatRate: z.number(),
});

const selection = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("line"), line: z.string() }),
  z.object({
    kind: z.literal("priced"),
    price: money,
    item: z
      .string()
      .optional()
      .transform((item): string | undefined => item),
    request: z.number().exactOptional(),
  }),
  z.object({
    kind: z.literal("order"),
    orderId: z.string(),
    amount: money,
    title: z.string(),
    lines: z.array(receiptLine).readonly(),
    minimumAge: z.number().exactOptional(),
  }),
  z.object({
    kind: z.literal("time"),
    minutes: z.number(),
    price: money,
    line: z
      .string()
      .optional()
      .transform((line): string | undefined => line),
    plate: z
      .string()
      .optional()
      .transform((plate): string | undefined => plate),
  }),
]);

const purchase = z.object({
  selection,
  productId: z.string(),
  name: z.string(),
  line: z.string(),
  vatRate: z.number(),
  price: money,
});

const request = z.object({
  reference,
  amount: money,
  flow: z.enum(["qr", "push", "web-redirect"]),
  description: z.string(),
  lines: z.array(receiptLine).readonly(),
  metadata: z.record(z.string(), z.string()),
  minimumAge: z.number().exactOptional(),
});

const payment = z.object({
  reference: z.string(),
  state: z.enum(["CREATED", "AUTHORIZED", "ABORTED", "EXPIRED", "TERMINATED"]),
  currency: z.string(),
  amount: minor,
  authorized: minor,
  captured: minor,
  cancelled: minor,
  refunded: minor,
  captureGuaranteedUntil: z.string().exactOptional(),
});

const delivery = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("none") }),
  z.object({ kind: z.literal("started"), deliveryId: z.string(), untilWallMs: z.number().nullable() }),
  z.object({ kind: z.literal("delivered"), detail: z.string().nullable(), untilWallMs: z.number().nullable() }),
  z.object({ kind: z.literal("not-delivered"), reason: z.string() }),
  z.object({ kind: z.literal("unknown"), reason: z.string(), creditsSent: z.number().nullable() }),
]);

const step = z.object({ kind: z.enum(["capture", "cancel", "withdraw", "refund"]), id: effect, amount: minor });

const settlementState = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("creating"), uncertain: z.boolean() }),
  z.object({ kind: z.literal("awaiting") }),
  z.object({ kind: z.literal("reserved") }),
  z.object({ kind: z.literal("delivering") }),
  z.object({ kind: z.literal("settling"), step: step.nullable(), refusals: z.number() }),
  z.object({ kind: z.literal("doubtful"), uncertain: z.boolean() }),
]);

const saleRecord = z.object({
  id: z.string(),
  revision: z.number(),
  /** Journals of before refunds had entries of their own name none. */
  entry: z.enum(["sale", "refund", "cancel"]).default("sale"),
  outcome: z.enum(["sold", "not-sold", "service", "refunded", "released", "attention"]),
  reason: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  product: z.object({ id: z.string(), name: z.string(), line: z.string(), vatRate: z.number() }).nullable(),
  currency,
  price: minor,
  authorized: minor,
  captured: minor,
  cancelled: minor,
  refunded: minor,
  delivery: z.object({
    outcome: z.enum(["none", "delivered", "not-delivered", "unknown"]),
    detail: z.string().nullable(),
    creditsSent: z.number().nullable(),
  }),
  plate: z.string().nullable(),
  validUntil: z.string().nullable(),
});

/** A sale as the `sale` table has it: its entry, with what came after it inside. */
const saleHistory = saleRecord
  .extend({ corrections: z.array(saleRecord).readonly().default([]) })
  .transform(({ corrections, ...sale }): SaleHistory => ({ sale, corrections }));

const settlementOrder = z.object({
  commandId: z.string(),
  kind: z.enum(["cancel", "refund"]),
  amount: minor.nullable(),
  startedWallMs: z.number().default(0),
});

const settlement = z
  .object({
    reference,
    state: settlementState,
    startedWallMs: z.number(),
    request: request.nullable(),
    createId: effect,
    reserveDearest: z.boolean(),
    purchase: purchase.nullable(),
    delivery,
    target: minor.nullable(),
    payment: payment.nullable(),
    effects: z.number(),
    reason: z.string(),
    needsPerson: z.boolean(),
    order: settlementOrder.nullable(),
    waitingOrders: z.array(settlementOrder).readonly().default([]),
    history: z
      .object({ sale: saleRecord, corrections: z.array(saleRecord).readonly() })
      .nullable()
      .default(null),
    revision: z.number(),
  })
  // Journals of before orders waited for the end of the sale have them in its settlement.
  .transform((one): Settlement => {
    const { order, history, revision } = one;
    return order === null || history !== null || revision > 0 ? one : { ...one, order: null, waitingOrders: [order] };
  });

const customer = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("customer-token"), token: z.string() }),
  z.object({ kind: z.literal("personal-qr"), text: z.string() }),
  z.object({ kind: z.literal("phone-number"), phoneNumber: z.string() }),
]);

const serviceVend = z.object({
  id: z.string(),
  line: z.string(),
  title: z.string().exactOptional(),
  orderId: z.string().nullable(),
  startedWallMs: z.number(),
});

const lineStates = z.record(
  z.string(),
  z.object({
    state: z.enum(["for-sale", "sold-out", "jammed"]),
    sold: z.number().int().min(0),
    sinceWallMs: z.number().nullable().default(null),
  }),
);

const catalogue = z.object({
  currency,
  version: z.string(),
  products: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        price: money,
        vatRate: z.number(),
        line: z.string(),
        minimumAge: z.number().exactOptional(),
        stock: z.number().exactOptional(),
        soldOut: z.boolean().exactOptional(),
      }),
    )
    .readonly(),
});

/** A timed output that was switched on, so that a restart can go on with what is left of it. */
const timedOutput = z.object({
  deliveryId: z.string(),
  /** Null for a service vend. */
  reference: reference.nullable(),
  line: z.string(),
  price: money,
  untilWallMs: z.number(),
  onForMs: z.number(),
});
export type TimedOutput = z.infer<typeof timedOutput>;

/** The journal holds something that this version cannot read: no fresh start, a person has to look. */
export class StoredValueError extends Error {
  readonly code = "journal-value";

  constructor(what: string, cause: z.ZodError) {
    const issue = cause.issues[0];
    super(`the journal's ${what} cannot be read: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`, { cause });
    this.name = "StoredValueError";
  }
}

function reader<T>(what: string, schema: z.ZodType<T>): (value: JsonValue) => T {
  return (value) => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw new StoredValueError(what, parsed.error);
    return parsed.data;
  };
}

export const readSettlement: (value: JsonValue) => Settlement = reader("settlement", settlement);
export const readSaleRecord: (value: JsonValue) => SaleRecord = reader("sale record", saleRecord);
export const readSaleHistory: (value: JsonValue) => SaleHistory = reader("sale", saleHistory);
export const readCustomer: (value: JsonValue) => Customer = reader("customer", customer);
export const readServiceVend: (value: JsonValue) => ServiceVend = reader("service vend", serviceVend);
export const readLineStates: (value: JsonValue) => Record<string, LineState> = reader("line states", lineStates);
export const readCatalogue: (value: JsonValue) => Catalogue = reader("catalogue", catalogue);
export const readTimedOutput: (value: JsonValue) => TimedOutput = reader("timed output", timedOutput);
export const readNumber: (value: JsonValue) => number = reader("number", z.number());

/**
 * Plain data of `sale/` as a JSON value: undefined fields fall away, as JSON.stringify does it. Written out instead of parsed, because it
 * runs with every decision.
 * @throws TypeError for what JSON cannot say (a function, NaN): a fault in kvitt, never the world's.
 */
export function toJson(value: unknown): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => (one === undefined ? null : toJson(one)));
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} cannot be kept in the journal`);
  const found: Record<string, JsonValue> = {};
  for (const [key, one] of Object.entries(value)) if (one !== undefined) found[key] = toJson(one);
  return found;
}

/** The value of the `sale` table: what `readSaleHistory` reads. */
export function saleToJson({ sale, corrections }: SaleHistory): JsonValue {
  return toJson(corrections.length === 0 ? sale : { ...sale, corrections });
}
